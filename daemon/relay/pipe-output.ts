import { closeSync, constants, openSync, writeSync } from "node:fs";
import { Announced, mark } from "./announced.ts";
import { type ElementaryStream, spliceTrack } from "./frame.ts";
import { type AnyMux, type Form, muxOf } from "./muxes.ts";
import type { OutputState } from "./output-state.ts";
import type { OutFrame, Progress } from "./restamp.ts";

const tryAgainMs = 2;
/** Until a reader is there. */
const lookForReaderMs = 50;
const mostBacklogBytes = 8 * 2 ** 20;

/**
 * Writes what goes out into a named pipe, whose reader may outlive us: where it holds the
 * pipe open itself, it waits for our successor. It never waits for a slow reader: what does not
 * drain is thrown away up to a keyframe, and counted.
 */
export class PipeOutput {
  readonly id: string;
  readonly #path: string;
  readonly #form: Form;
  readonly #written: () => void;
  readonly #announced: Announced;
  #mux: AnyMux | undefined;
  #fd: number | undefined;
  #queue: { frame: OutFrame; streams: ElementaryStream[] }[] = [];
  #queuedBytes = 0;
  #bytes: Buffer | undefined;
  #at = 0;
  #waitsForKey = true;
  #timer: NodeJS.Timeout | undefined;
  #state: OutputState | undefined;
  pictures = 0;
  droppedPictures = 0;

  /**
   * @param p.announced file in memory for what is about to be written
   * @param p.written something of a frame has been written
   */
  constructor(p: {
    id: string;
    path: string;
    form?: Form;
    announced: string;
    state?: OutputState;
    written: () => void;
  }) {
    this.id = p.id;
    this.#path = p.path;
    this.#form = p.form ?? "mpegts";
    this.#written = p.written;
    this.#announced = new Announced(p.announced);
    this.#state = p.state;
    this.#waitsForKey = p.state === undefined;
    this.#open();
  }

  get connected(): boolean {
    return this.#fd !== undefined;
  }

  get backlogBytes(): number {
    return this.#queuedBytes;
  }

  /** Undefined while nobody reads: who comes then begins with a keyframe. */
  state(): OutputState | undefined {
    return this.#fd === undefined ? undefined : this.#state;
  }

  push(frame: OutFrame, streams: ElementaryStream[]): void {
    if (frame.track === spliceTrack && this.#form === "flv") return;
    if (this.#queuedBytes > mostBacklogBytes) this.#dropBacklog();
    if (this.#waitsForKey && !(frame.key && this.#fd !== undefined)) {
      if (frame.track === 0) this.droppedPictures++;
      return;
    }
    if (this.#has(frame)) return;
    this.#waitsForKey = false;
    this.#queue.push({ frame, streams });
    this.#queuedBytes += frame.payload.length;
    if (this.#timer === undefined) this.#flush();
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): void {
    this.#timer = undefined;
    try {
      this.#fd = openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      // ENXIO: nobody reads it. ENOENT: it is not made yet.
      this.#timer = setTimeout(() => this.#open(), lookForReaderMs);
    }
  }

  #flush(): void {
    this.#timer = undefined;
    while (this.#fd !== undefined && (this.#bytes ?? this.#next())) {
      const bytes = this.#bytes!;
      this.#announce();
      let taken: number;
      try {
        taken = writeSync(this.#fd, bytes, this.#at);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return this.#lost();
        this.#timer = setTimeout(() => this.#flush(), tryAgainMs);
        return;
      }
      this.#advance(this.#at + taken);
    }
  }

  /** That all of what is left of the frame will have been written. */
  #announce(): void {
    const { progress, writes } = this.#state!;
    const counted = { ...progress, sounds: [...progress.sounds] };
    count(this.#queue[0]!.frame, counted);
    const mux = this.#mux!.state();
    this.#announced.tell({ progress: counted, mux, partly: null, writes: writes + 1 });
  }

  /** Muxes the next frame. False when there is none. */
  #next(): boolean {
    if (this.#state?.partly && !this.#bringForward(this.#state)) return false;
    const next = this.#queue[0];
    if (next === undefined) return false;
    const { frame, streams } = next;
    this.#mux ??= muxOf(this.#form, streams, this.#state?.mux);
    this.#mux.setStreams(streams);
    this.#state ??= {
      progress: { pts: null, dts: null, sounds: [] },
      mux: this.#mux.state(),
      partly: null,
      writes: 0,
    };
    this.#bytes = this.#mux.write(frame);
    const { partly } = this.#state;
    // Our predecessor has written the beginning of this very frame.
    const isPartly = partly?.track === frame.track && partly.dts === frame.dts;
    this.#at = isPartly ? partly.bytes : 0;
    return true;
  }

  /**
   * The rest of what our predecessor began goes before all else: sound that came since may stand
   * before it now.
   * @returns false while it may still come
   */
  #bringForward(state: OutputState): boolean {
    const { track, dts } = state.partly!;
    const at = this.#queue.findIndex(({ frame }) => frame.track === track && frame.dts >= dts);
    if (at === -1) return false;
    if (this.#queue[at]!.frame.dts === dts) this.#queue.unshift(...this.#queue.splice(at, 1));
    else state.partly = null;
    return true;
  }

  #advance(end: number): void {
    const { frame } = this.#queue[0]!;
    const state = this.#state!;
    state.writes++;
    mark(this.#fd!, state);
    if (end < this.#bytes!.length) {
      state.partly = { track: frame.track, dts: frame.dts, bytes: end };
      this.#at = end;
    } else {
      this.#queue.shift();
      this.#queuedBytes -= frame.payload.length;
      this.#bytes = undefined;
      if (frame.track === 0) this.pictures++;
      count(frame, state.progress);
      state.mux = this.#mux!.state();
      state.partly = null;
    }
    this.#written();
  }

  /** Our predecessor wrote it, but not to every output. */
  #has({ track, dts }: OutFrame): boolean {
    const { dts: picture, splices, sounds } = this.#state?.progress ?? {};
    const last = track === 0 ? picture : track === spliceTrack ? splices : sounds?.[track];
    return dts <= (last ?? -Infinity);
  }

  /** All but the frame that is being written. */
  #dropBacklog(): void {
    const dropped = this.#queue.splice(this.#bytes ? 1 : 0);
    this.droppedPictures += dropped.filter(({ frame }) => frame.track === 0).length;
    this.#queuedBytes = this.#queue.reduce((sum, { frame }) => sum + frame.payload.length, 0);
    this.#waitsForKey = true;
  }

  /** The reader is gone. The next one gets a stream of its own, from a keyframe. */
  #lost(): void {
    this.close();
    this.#bytes = undefined;
    this.#dropBacklog();
    this.#mux = undefined;
    this.#state = undefined;
    this.#open();
  }
}

function count(frame: OutFrame, progress: Progress): void {
  if (frame.track === spliceTrack) {
    progress.splices = frame.dts;
    return;
  }
  if (frame.track > 0) {
    progress.sounds[frame.track] = frame.pts;
    return;
  }
  progress.pts = Math.max(progress.pts ?? -Infinity, frame.pts);
  progress.dts = frame.dts;
}
