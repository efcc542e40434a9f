import type { OutputReading } from "../../../machines/encoder/reading.ts";
import type { BoxSettings, BoxStatus, LiveSession, ServerEntry } from "./answers.ts";
import type { MagewellOptions } from "./options.ts";
import { live, onTheWay, statusBit, typeRtmp } from "./words.ts";

export type State = OutputReading["state"];

/** Ids of the entries that stand for `stream-1`. */
export function ownServers({ server, servers }: MagewellOptions): number[] {
  return servers ? [...new Set(Object.values(servers))] : [server];
}

/**
 * What one session says of itself. Its own result is believed over the mask: whether `living` is
 * set while a box still connects is not documented. A result whose meaning is not known is unknown.
 */
export function stateOf(
  { isInUse, result }: LiveSession,
  bits: number,
  wasConnected: boolean,
): State {
  if (result === live.connected) return "streaming";
  if (result !== undefined && onTheWay.has(result)) return wasConnected ? "failing" : "starting";
  const isLive = (bits & statusBit.living) !== 0;
  if (isInUse === false || !isLive) return "idle";
  if (result === undefined) return "unknown";
  if (result < 0 || result === live.notSet || result === live.refused) return "failing";
  return result === 0 ? "idle" : "unknown";
}

const order: State[] = ["streaming", "failing", "starting", "unknown", "stopping", "idle"];

/**
 * The most alive of the sessions with these ids. "Unknown" and "stopped" are kept apart
 * (encoder-devices.md §5 item 16): a box that is live and does not tell of one of them is unknown.
 */
export function liveOf(
  { bits, sessions }: BoxStatus,
  ids: readonly number[],
  wasConnected: boolean,
): { state: State; session?: LiveSession } {
  const untold: { state: State } = { state: bits & statusBit.living ? "unknown" : "idle" };
  if (sessions === undefined) return untold;
  const [whole] = sessions;
  if (whole && whole.id === undefined)
    return { state: stateOf(whole, bits, wasConnected), session: whole };
  const ours = ids.map((id) => {
    const session = sessions.find((candidate) => candidate.id === id);
    return session ? { state: stateOf(session, bits, wasConnected), session } : untold;
  });
  ours.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return ours[0] ?? { state: "idle" };
}

/** An address nobody listens on: the documented calls write addresses, none is said to empty one. */
export const nowhere = "rtmp://127.0.0.1/none";
/** Two entries may not be alike, so the empty key names its entry. */
export const noKey = (id: number) => `none-${id}`;

export function isEmpty({ id, url, key }: ServerEntry): boolean {
  return url === "" || (url === nowhere && key === noKey(id));
}

/** Only RTMP entries are ever given a key; one of another kind is not ours to overwrite. */
export const mayHoldKey = (entry: ServerEntry) => entry.type === typeRtmp && !isEmpty(entry);

export function entryOf({ servers }: BoxSettings, id: number): ServerEntry | undefined {
  return servers.find((entry) => entry.id === id);
}
