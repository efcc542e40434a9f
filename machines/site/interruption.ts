/** May a box that carries something lose its picture for a moment, for its own good? */
import { seenOnAir, understudyOf } from "../stream/stream.context.ts";
import { carrierStateOf, type StreamSnapshot } from "../stream/stream.published.ts";

/** @param streams those it carries. Undefined: nobody stands by, or nobody sees the picture now. */
export function whyNotInterrupt(streams: readonly StreamSnapshot[]): string | undefined {
  for (const stream of streams) {
    const { context } = stream;
    const { id } = context.plan;
    const carrier = carrierStateOf(stream);
    if (carrier !== "carried" && carrier !== "suspect") return `${id} is being taken over now`;
    const understudy = understudyOf(context)?.encoder;
    if (understudy === undefined) continue;
    // What is off air is not held up by a step: its understudy comes first.
    if (carrier === "suspect") return `${id} is in doubt with ${understudy} standing by`;
    if (seenOnAir(context) || context.farEnd.word === "unknown")
      return `${id} is on air with ${understudy} standing by`;
  }
  return undefined;
}
