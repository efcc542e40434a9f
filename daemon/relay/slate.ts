import { readFileSync } from "node:fs";
import type { Frame, Ticks } from "./frame.ts";
import { ticksPerMs } from "./frame.ts";
import type { Gop } from "./gop-store.ts";
import { InputLine } from "./input-line.ts";
import { Timeline } from "./timeline.ts";

/** Sound goes on where it ended, unless that is longer ago, ticks. */
const mostSilenceTicks = 1_000 * ticksPerMs;

type Silence = { frame: Frame; ticks: number };

/** A prepared programme for when no encoder delivers: its pictures in a loop, and silence. */
export class Slate {
  /** As if it were an input, whose times are those of the output. */
  readonly line = new InputLine({ id: "slate", watchdogMs: Infinity, mostBytes: Infinity });
  readonly #pictures: Frame[];
  readonly #silences: (Silence | undefined)[];
  readonly #loopTicks: Ticks;
  readonly #timeline = new Timeline(0, false, {});

  /** @param path of a transport stream as `makeSlate` writes it @throws when nothing can be shown */
  constructor(path: string) {
    const file = new InputLine({ id: "file", watchdogMs: Infinity, mostBytes: Infinity });
    file.feed(readFileSync(path), 0);
    // The last GOP has no end that would tell how long its last picture stays.
    const gops = file.store.gops.slice(0, -1);
    this.#pictures = gops.flatMap(({ frames }) => frames);
    const end = gops.at(-1)?.endDts;
    if (end === undefined) throw new Error(`${path} has no two keyframes`);
    this.#loopTicks = end - this.#pictures[0]!.dts;
    this.#silences = file.store.sounds.map((sounds) => silenceOf(sounds.map((it) => it.frame)));
    this.line.streams = file.streams;
  }

  /**
   * One pass through it, and the sound beside it.
   *
   * @param from output time of its first picture
   * @param sounds last output time of each sound track
   */
  pass(from: Ticks, sounds: (Ticks | null)[]): Gop {
    const to = from + this.#loopTicks;
    const timeline = this.#timeline;
    const shift = from - this.#pictures[0]!.dts;
    const moved = ({ pts, dts, ...frame }: Frame): Frame => {
      return { ...frame, pts: pts + shift, dts: dts + shift };
    };
    this.line.store.clear();
    for (const [track, silence] of this.#silences.entries()) {
      if (silence === undefined) continue;
      const { frame, ticks } = silence;
      const goesOn = (sounds[track] ?? -Infinity) + ticks;
      const first = goesOn < from - mostSilenceTicks ? from : goesOn;
      for (let n = 0; first + n * ticks < to; n++) {
        const pts = Math.round(first + n * ticks);
        this.line.store.add({ ...frame, pts, dts: pts }, timeline, 0);
      }
    }
    const frames = this.#pictures.map(moved);
    return { timeline, frames, arrivedMs: Infinity, lastMs: Infinity, endDts: to, damaged: false };
  }
}

/** Its last frame: an encoder's first ones hold what stood before. */
function silenceOf(frames: Frame[]): Silence | undefined {
  const [first, last] = [frames[0], frames.at(-1)];
  if (first === undefined || last === undefined || frames.length < 2) return undefined;
  return { frame: last, ticks: (last.pts - first.pts) / (frames.length - 1) };
}
