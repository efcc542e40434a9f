/**
 * The numbers of Magewell's `usapi` (encoder-devices.md §2.1, the vendor's public API pages for
 * Ultra Encode, and the types of a public client).
 */

/** Bits of `cur-status`. */
export const statusBit = {
  recording: 0x02,
  living: 0x04,
  upgrading: 0x4000,
  loading: 0x1000000,
  resetting: 0x4000000,
  rebooting: 0x20000000,
} as const;

/** `result` of an answer. */
export const result = {
  succeeded: 0,
  /** What was asked is so already, or is under way. */
  repeated: 1,
  running: 2,
  wrongPassword: -1,
  busy: -9,
  notFound: -14,
  needsLogin: -17,
} as const;

/** What a refusal means, for messages. */
export const refusals: ReadonlyMap<number, string> = new Map([
  [-1, "wrong password"],
  [-2, "used by somebody else"],
  [-9, "busy"],
  [-10, "parameters not accepted"],
  [-12, "timed out"],
  [-14, "no such entry"],
  [-16, "no space left"],
  [-17, "login needed"],
  [-18, "system error"],
  [-21, "network fault"],
  [-35, "no signal"],
]);

/** `result` of one live session, while it runs. */
export const live = {
  connected: 22,
  connecting: 23,
  waiting: 24,
  authorising: 25,
  initialising: 27,
  resolving: 28,
  notSet: 29,
  refused: 30,
  noSignal: -35,
} as const;

/** `result` of one recording, while it runs. */
export const record = { tooSlow: 3 } as const;

export const onTheWay: ReadonlySet<number> = new Set([
  live.connecting,
  live.waiting,
  live.authorising,
  live.initialising,
  live.resolving,
]);

/** `type` of a server entry: RTMP to an address of one's own. 1 to 3 are platforms. */
export const typeRtmp = 0;

/**
 * Entries that wait for others to fetch the picture: RTSP, SRT and RIST listener, NDI, HLS. They
 * carry nothing to a destination, so they are left alone.
 */
export const servesOthers: ReadonlySet<number> = new Set([100, 121, 130, 131, 151]);
