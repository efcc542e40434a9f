/** A box is asked to start or stop its stream: its stream does, for nobody else may publish there. */
import type { CommandRef } from "../machines/command/command-ref.ts";
import type { SiteCore } from "../machines/site/site-core.ts";
import { seenOffAir } from "../machines/stream/stream.context.ts";
import { carrierStateOf } from "../machines/stream/stream.published.ts";
import type { StreamOrder } from "./commands.ts";

type Asked = {
  encoder: string;
  verb: string;
  command: CommandRef;
  stream?: string | undefined;
  interrupt?: boolean | undefined;
};

export function streamOrder(core: SiteCore, asked: Asked): StreamOrder {
  const { encoder, verb, command } = asked;
  const all = Object.keys(core.site().streams)
    .map((id) => core.stream(id))
    .filter(({ context }) => context.plan.encoders.some((ref) => ref.encoder === encoder));
  const carries = all.filter(
    ({ context }) => (context.target ?? context.carrier)?.encoder === encoder,
  );
  const named = ({ context }: (typeof all)[number]) => context.plan.id === asked.stream;
  const among = verb === "stop-stream" ? carries : all;
  const possible = asked.stream === undefined ? among : among.filter(named);
  const [stream, ...others] = possible;
  if (!stream) {
    const what = asked.stream ?? "a stream";
    return {
      refused:
        verb === "stop-stream"
          ? `${encoder} does not carry ${what}`
          : `${encoder} is no encoder of ${what}: nothing is started on it beside the streams`,
    };
  }
  if (others.length > 0) {
    const names = possible.map(({ context }) => context.plan.id).join(", ");
    return { refused: `it is an encoder of several streams, say which: ${names}` };
  }
  const { context } = stream;
  const { id } = context.plan;
  const to = `stream:${id}` as const;
  const state = carrierStateOf(stream);
  const isAtRest = state === "stopped" || state === "offDuty";
  if (verb === "stop-stream") {
    if (isAtRest) return { done: `${id} is stopped already` };
    if (asked.interrupt !== true && !seenOffAir(context))
      return { refused: `${id} is on air from ${encoder}: say interrupt to take it off air` };
    return { inputs: [{ to, event: { type: "stop", command } }] };
  }
  if (isAtRest) return { inputs: [{ to, event: { type: "start", command, to: encoder } }] };
  return context.carrier?.encoder === encoder && state === "carried"
    ? { done: `${encoder} carries ${id} already` }
    : { inputs: [{ to, event: { type: "failover", command, to: encoder } }] };
}
