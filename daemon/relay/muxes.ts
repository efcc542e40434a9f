/** The forms in which a programme is handed on. */
import type { ElementaryStream, Frame } from "./frame.ts";
import { FlvMux, type FlvState } from "./flv/mux.ts";
import { Mux, type MuxState } from "./ts/mux.ts";

/** In ffmpeg's words. FLV can tell of another format in its middle: for RTMP. */
export type Form = "mpegts" | "flv";

export type AnyMuxState = MuxState | FlvState;
export type AnyMux = {
  /** From the next frame on. */
  setStreams(streams: ElementaryStream[]): void;
  /** Whole packets or tags: the same bytes whenever it begins with the same state. */
  write(frame: Pick<Frame, "track" | "pts" | "dts" | "key" | "payload">): Buffer;
  state(): AnyMuxState;
};

/** @param state as a mux of an earlier process told it; of another form it is not gone on with */
export function muxOf(form: Form, streams: ElementaryStream[], state?: AnyMuxState): AnyMux {
  const isFlv = state !== undefined && "origin" in state;
  if (form === "flv") return new FlvMux(streams, isFlv ? state : undefined);
  return new Mux(streams, isFlv ? undefined : state);
}
