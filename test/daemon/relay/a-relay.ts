import type { RelayOrders } from "../../../machines/stream/relay-protocol.ts";
import { InputLine } from "../../../daemon/relay/input-line.ts";
import { type Mode, Playout } from "../../../daemon/relay/playout.ts";
import type { OutFrame } from "../../../daemon/relay/restamp.ts";
import { spliceTrack } from "../../../daemon/relay/frame.ts";
import type { SpliceLine } from "../../../daemon/relay/splice-line.ts";
import type { Slate } from "../../../daemon/relay/slate.ts";
import { adtsFrame, numberOf, picture, soundNumberOf } from "./pictures.ts";

/** 25 pictures a second, GOPs of twelve; 48 kHz AAC. */
export const pictureMs = 40;
export const gopPictures = 12;
const soundTicks = 1_920;

/** An encoder of the shared source: what it brings, and when. */
export type Encoder = {
  /** After the source, ms: its latency. */
  lagMs: number;
  /** More for picture `n`, ms. */
  jitterMs?: (n: number) => number;
  /** What the relay knows of its latency. */
  lateMs?: number;
  /** Pictures it never brings. */
  lacks?: (n: number) => boolean;
  /** Pictures that come damaged. */
  damages?: (n: number) => boolean;
  /** Added to its times at picture `n`, ticks. */
  offset?: (n: number) => number;
  /** Its first keyframe after the source's, for encoders with GOPs of their own. */
  phase?: number;
  /** Its clock runs faster than the source's, millionths. */
  ppm?: number;
  /** Its times are whole ms, as RTMP writes them. */
  wholeMs?: boolean;
  /** What it brings is looked for every so many ms. */
  lookedForMs?: number;
  /** Its sound is cut into frames so much later, ticks. */
  soundPhase?: number;
  /** Two pictures between two others are made of both: they come after the second. */
  bFrames?: boolean;
};

/** Which picture of a GOP comes when, with B-frames; and by how many it is shown later. */
const decodingOrder = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 11, 10];
const reordered = 2;

export type Sent = OutFrame & { atMs: number; number: number };

/** A playout with encoders on a clock that is moved by hand: every picture and every wake in turn. */
export function aRelay(p: {
  mode?: Mode;
  watchdogMs?: number;
  slate?: Slate;
  splices?: SpliceLine;
  encoders: Record<string, Encoder>;
}) {
  let nowMs = 50_000;
  const startMs = nowMs;
  const ids = Object.keys(p.encoders);
  const lines = ids.map(
    (id) => new InputLine({ id, watchdogMs: p.watchdogMs ?? 300, mostBytes: 8 * 2 ** 20 }),
  );
  for (const [n, line] of lines.entries()) line.lateMs = p.encoders[ids[n]!]!.lateMs ?? 0;
  const sent: Sent[] = [];
  const reasons: string[] = [];
  const orders: Omit<RelayOrders, "type"> = { generation: 1, eligible: ids, preferred: ids[0]! };
  const playout = new Playout({
    lines,
    orders,
    slate: p.slate,
    splices: p.splices,
    mode: p.mode ?? { kind: "gop-atomic", marginMs: 60 },
    watchdogMs: p.watchdogMs ?? 300,
    send: (frame) => {
      const { track, payload } = frame;
      const number =
        track === 0 ? numberOf(payload) : track === spliceTrack ? -1 : soundNumberOf(payload);
      sent.push({ ...frame, atMs: nowMs, number });
    },
    changed: () =>
      reasons.push(
        `${playout.carrier ?? (playout.onSlate ? "slate" : "nobody")}: ${playout.reason}`,
      ),
  });

  /** Everything that arrives of the pictures `from` up to `to`, in the order of its arrival. */
  function arrivals(from: number, to: number) {
    const all = [...ids.entries()].flatMap(([index, id]) => {
      const encoder = p.encoders[id]!;
      let last = -Infinity;
      return Array.from({ length: to - from }, (_, i) => from + i).flatMap((n) => {
        const due = startMs + n * pictureMs + encoder.lagMs + (encoder.jitterMs?.(n) ?? 0);
        // What an encoder brings late makes the rest late, not reordered.
        const each = encoder.lookedForMs ?? 1;
        last = Math.max(last, Math.ceil(due / each) * each);
        return [{ line: lines[index]!, encoder, n, atMs: last }];
      });
    });
    return all.sort((a, b) => a.atMs - b.atMs);
  }

  function bring(line: InputLine, encoder: Encoder, n: number): void {
    const base = 900_000 + (encoder.offset?.(n) ?? 0);
    const rate = 1 + (encoder.ppm ?? 0) / 1e6;
    const whole = (ticks: number) => (encoder.wholeMs ? Math.round(ticks / 90) * 90 : ticks);
    const time = (m: number) => whole(base + Math.round(m * pictureMs * 90 * rate));
    if (encoder.lacks?.(n)) return;
    const damaged = encoder.damages?.(n) ?? false;
    const gapBefore = n > 0 && (encoder.lacks?.(n - 1) ?? false);
    const inGop = n + gopPictures - (encoder.phase ?? 0);
    const made = picture(inGop, 60, gopPictures);
    const at = inGop % gopPictures;
    const shown = encoder.bFrames ? n - at + decodingOrder[at]! : n;
    const { payload } = picture(shown, 60, gopPictures);
    const times = { pts: time(encoder.bFrames ? shown + reordered : n), dts: time(n) };
    line.take({ ...made, payload, ...times, damaged, gapBefore }, nowMs);
    const phase = encoder.soundPhase ?? 0;
    for (let m = Math.ceil((n * pictureMs * 90 - phase) / soundTicks); ; m++) {
      const at = m * soundTicks + phase;
      if (at >= (n + 1) * pictureMs * 90) break;
      const pts = whole(base + Math.round(at * rate));
      const sound = { track: 1, pts, dts: pts, key: false, damaged: false, gapBefore: false };
      line.take({ ...sound, payload: adtsFrame(20, m) }, nowMs);
    }
  }

  let wakeMs = nowMs;
  function passTo(atMs: number): void {
    while (wakeMs <= atMs) {
      nowMs = Math.max(nowMs, wakeMs);
      wakeMs = Math.max(playout.tick(nowMs), nowMs + 1);
    }
    nowMs = Math.max(nowMs, atMs);
  }

  return {
    playout,
    lines,
    sent,
    reasons,
    now: () => nowMs,
    order: (orders: Partial<Omit<RelayOrders, "type">> & { generation: number }) =>
      playout.order({ eligible: ids, preferred: null, ...orders }),
    /** The source shows the pictures `from` up to `to`; afterwards what is left goes out. */
    show(from: number, to: number, tailMs = 0): void {
      for (const { line, encoder, n, atMs } of arrivals(from, to)) {
        passTo(atMs);
        bring(line, encoder, n);
        wakeMs = nowMs;
      }
      passTo(nowMs + tailMs);
    },
    numbers: () => sent.filter(({ track }) => track === 0).map(({ number }) => number),
    /** How far each picture and the sound of its moment are apart from how they were made, ms. */
    skewsMs: () => {
      // Sound number m was made m frames of 1920 ticks after picture 0, and its phase.
      let near: Sent | undefined;
      return sent.flatMap((frame) => {
        if (frame.track === 0) near = frame;
        if (frame.track === 0 || near === undefined) return [];
        const madeApart = frame.number * soundTicks - near.number * pictureMs * 90;
        return [Math.abs(frame.pts - near.pts - madeApart) / 90];
      });
    },
    sounds: () => sent.filter(({ track }) => track === 1).map(({ number }) => number),
  };
}

/** Where a row of numbers does not go up by one. */
export function steps(numbers: number[]): string[] {
  return numbers.flatMap((number, n) => {
    const before = numbers[n - 1];
    return before === undefined || number === before + 1 ? [] : [`${before} → ${number}`];
  });
}
