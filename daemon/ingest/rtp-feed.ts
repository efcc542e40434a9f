/** RTP of a publisher as ffmpeg takes it: from loopback, described in SDP that is written here. */
import { createSocket } from "node:dgram";
import { randomInt } from "node:crypto";
import { readersOf } from "./readers.ts";

export type Track = "video" | "audio";
/** One packet of RTP, decrypted. */
export type Arrived = {
  sequenceNumber: number;
  timestamp: number;
  marker: boolean;
  payload: Buffer;
};
/** Which time of the publisher's clock belongs to which timestamp. */
export type Report = {
  /** Seconds since 1900, times 2^32. */
  ntp: bigint;
  timestamp: number;
};

const host = "127.0.0.1";
const tracks = {
  video: { type: 96, hz: 90_000, ssrc: 1, place: 0 },
  audio: { type: 97, hz: 48_000, ssrc: 2, place: 2 },
} as const;
const lookEveryMs = 100;
const reportEveryMs = 500;
/** A browser tells the clock of its sound after some 3 s; then it is judged by what arrives when. */
const clocksWithinMs = 4_000;

/** From one publisher to one ffmpeg; it begins with a keyframe, and with both clocks known. */
export class RtpFeed {
  /** Below those that the kernel gives away; RTCP has the odd ones. */
  readonly #port = 2 * randomInt(5_500, 16_000);
  readonly #socket = createSocket("udp4");
  readonly #hasSound: boolean;
  readonly #told: Clocks;
  readonly #last = new Map<Track, number>();
  readonly #timers: NodeJS.Timeout[];
  #isHeard = false;
  #clocks: ReadonlyMap<Track, Report> | undefined;

  /** @param askForKeyframe ffmpeg listens from now on */
  constructor(p: { hasSound: boolean; clocks: Clocks; askForKeyframe: () => void }) {
    this.#hasSound = p.hasSound;
    this.#told = p.clocks;
    this.#socket.on("error", () => undefined).unref();
    const look = setInterval(() => {
      const last = this.#hasSound ? tracks.audio : tracks.video;
      const group = { address: host, port: this.#port + last.place };
      this.#isHeard = readersOf(group).readers > 0;
      if (!this.#isHeard) return;
      clearInterval(look);
      p.askForKeyframe();
    }, lookEveryMs);
    this.#timers = [look, setInterval(() => this.#report(), reportEveryMs)];
  }

  /** What ffmpeg reads first. */
  get description(): string {
    const { video, audio } = tracks;
    const lines = [
      ...["v=0", `o=- 0 0 IN IP4 ${host}`, "s=-", `c=IN IP4 ${host}`, "t=0 0"],
      `m=video ${this.#port + video.place} RTP/AVP ${video.type}`,
      ...[`a=rtpmap:${video.type} H264/${video.hz}`, `a=fmtp:${video.type} packetization-mode=1`],
    ];
    const sound = [
      `m=audio ${this.#port + audio.place} RTP/AVP ${audio.type}`,
      `a=rtpmap:${audio.type} opus/${audio.hz}/2`,
    ];
    return [...lines, ...(this.#hasSound ? sound : []), ""].join("\r\n");
  }

  packet(track: Track, packet: Arrived): void {
    // Sent only to learn how much gets through.
    if (packet.payload.length === 0) return;
    if (!this.#clocks) {
      if (!this.#isHeard || track !== "video" || !beginsKeyframe(packet.payload)) return;
      this.#clocks = this.#told.known(this.#hasSound ? ["video", "audio"] : ["video"]);
      if (!this.#clocks) return;
    }
    const isFirst = !this.#last.has(track);
    this.#last.set(track, packet.timestamp);
    if (isFirst) this.#report();
    const { type, ssrc, place } = tracks[track];
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = type | (packet.marker ? 0x80 : 0);
    header.writeUInt16BE(packet.sequenceNumber, 2);
    header.writeUInt32BE(packet.timestamp, 4);
    header.writeUInt32BE(ssrc, 8);
    this.#socket.send([header, packet.payload], this.#port + place, host);
  }

  /** The times of both belong together by these. */
  #report(): void {
    for (const [track, timestamp] of this.#last) {
      const clock = this.#clocks?.get(track);
      if (!clock) continue;
      const { hz, ssrc, place } = tracks[track];
      const later = BigInt((timestamp - clock.timestamp) | 0);
      const bytes = Buffer.alloc(28);
      bytes.set([0x80, 200, 0, 6]);
      bytes.writeUInt32BE(ssrc, 4);
      bytes.writeBigUInt64BE(clock.ntp + (later << 32n) / BigInt(hz), 8);
      bytes.writeUInt32BE(timestamp, 16);
      this.#socket.send(bytes, this.#port + place + 1, host);
    }
  }

  close(): void {
    this.#timers.forEach(clearInterval);
    this.#socket.close();
  }
}

/** The clocks of one publisher: as it tells them, or else by when its packets came. */
export class Clocks {
  readonly #told = new Map<Track, Report>();
  readonly #arrived = new Map<Track, Report>();
  #sinceMs: number | undefined;

  packet(track: Track, { timestamp }: Pick<Arrived, "timestamp">, nowMs = performance.now()): void {
    this.#sinceMs ??= nowMs;
    if (this.#arrived.has(track)) return;
    this.#arrived.set(track, {
      ntp: (BigInt(Math.round(nowMs * 2 ** 20)) * 4_096n) / 1_000n,
      timestamp,
    });
  }

  report(track: Track, report: Report): void {
    this.#told.set(track, report);
  }

  /** Undefined: not yet. What it is then stays, or times would jump. */
  known(of: readonly Track[], nowMs = performance.now()): ReadonlyMap<Track, Report> | undefined {
    if (of.every((track) => this.#told.has(track))) return this.#told;
    const waitedMs = nowMs - (this.#sinceMs ?? nowMs);
    return waitedMs < clocksWithinMs ? undefined : this.#arrived;
  }
}

const parameterSets = 7;
const several = 24;

/** In packets of RFC 6184 the parameter sets come first, alone or with others in one packet. */
function beginsKeyframe(payload: Buffer): boolean {
  const type = payload[0]! & 31;
  return type === parameterSets || (type === several && (payload[3] ?? 0) % 32 === parameterSets);
}
