/** May a box that carries something lose its picture for a moment, for its own good? */
import { seenOnAir, understudyOf } from "../stream/stream.context.ts";
import { carrierStateOf, type StreamSnapshot } from "../stream/stream.published.ts";

/** Its stream is not on the move: whoever does not carry it quietly is left alone. */
const atRest = new Set(["carried", "suspect"]);

/** @param streams those it carries. Undefined: nobody stands by, or nobody sees the picture now. */
export function whyNotInterrupt(streams: readonly StreamSnapshot[]): string | undefined {
  for (const stream of streams) {
    const { context } = stream;
    const { id } = context.plan;
    if (!atRest.has(carrierStateOf(stream))) return `${id} is being taken over now`;
    const understudy = understudyOf(context)?.encoder;
    if (understudy !== undefined && (seenOnAir(context) || context.farEnd.word === "unknown"))
      return `${id} is on air with ${understudy} standing by`;
  }
  return undefined;
}
