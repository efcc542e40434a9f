import { type Frame, spliceTrack, type Ticks } from "../relay/frame.ts";
import { Mux } from "../relay/ts/mux.ts";
import { Fragments, initOf } from "./fragments.ts";
import type { Format } from "./segmenter.ts";

export type Container = "ts" | "fmp4";

/** How the frames of one form become the bytes of segments. */
export type SegmentForm = {
  ending: string;
  /** What stands in a file of its own before them. */
  init(format: Format): Buffer | undefined;
  frame(frame: Frame): Buffer | undefined;
  /** @param dts where the next picture begins */
  end(dts: Ticks): Buffer | undefined;
};

export const formOf = (container: Container): SegmentForm =>
  container === "ts" ? new TsForm() : new Mp4Form();

class TsForm implements SegmentForm {
  readonly ending = "ts";
  #mux: Mux | undefined;

  init({ streams }: Format): undefined {
    this.#mux = new Mux(streams);
  }
  frame(frame: Frame): Buffer {
    return this.#mux!.write(frame);
  }
  end(): undefined {}
}

/** A fragment holds a GOP. */
class Mp4Form implements SegmentForm {
  readonly ending = "m4s";
  #fragments: Fragments | undefined;
  #isEmpty = true;

  init(format: Format): Buffer {
    this.#fragments = new Fragments(format);
    return initOf(format);
  }
  /** Of splice information its playlist tells. */
  frame(frame: Frame): Buffer | undefined {
    if (frame.track === spliceTrack) return undefined;
    const done = frame.key && !this.#isEmpty ? this.#fragments!.cut(frame.dts) : undefined;
    this.#fragments!.take(frame);
    this.#isEmpty = false;
    return done;
  }
  end(dts: Ticks): Buffer {
    this.#isEmpty = true;
    return this.#fragments!.cut(dts);
  }
}
