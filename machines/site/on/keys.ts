/** Who holds a stream key: only the site says so. */
import { assign, emit, enqueueActions } from "xstate";
import { decided } from "../../decision.ts";
import { isBenched } from "../../encoder/encoder.published.ts";
import { adopt, grant, holdings, type Keys, refusal, release } from "../keys.ts";
import type { EncoderRef, SiteContext } from "../site.context.ts";
import type { SiteEvent } from "../site.events.ts";
import { programmeOf } from "../plan.ts";
import { siteSetup } from "../site.setup.ts";

export const keys = siteSetup.createStateConfig({
  on: {
    claim: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { stream, destination, encoder, output } = event;
        const because =
          refusal(context.keys, event) ??
          spareRefusal(context, event) ??
          practiceRefusal(context, event);
        if (because !== undefined) {
          enqueue.emit(
            decided({
              type: "key.refused",
              severity: "critical",
              message: `${encoder} does not get the key of ${destination}: ${because}`,
              data: { stream, destination, encoder, output },
            }),
          );
          enqueue.sendTo(context.streams[stream]!, { type: "key.refused", because });
          if (context.exercise?.encoder === encoder) {
            const because = `${stream} needs it`;
            enqueue.sendTo(context.exercises, { type: "breakOff", because });
          }
          return;
        }
        const keys = grant(context.keys, event, context.now().wallMs);
        const { generation } = keys[destination]!;
        enqueue.assign({ keys });
        enqueue.emit(
          decided({
            type: "key.granted",
            severity: "info",
            message: `${encoder} holds the key of ${destination}, generation ${generation}`,
            data: { stream, destination, encoder, output, generation, because: event.because },
          }),
        );
        handOver(context, event, keys, enqueue);
        enqueue.sendTo(context.streams[stream]!, {
          type: "key.granted",
          keyGeneration: generation,
        });
      }),
    },
    adopt: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { stream, destination, encoder, output } = event;
        const keys = adopt(context.keys, event, event.keyGeneration);
        const { generation } = keys[destination]!;
        enqueue.assign({ keys });
        enqueue.emit(
          decided({
            type: "key.adopted",
            severity: "info",
            message: `${encoder} publishes to ${destination} already: it keeps the key`,
            data: { stream, destination, encoder, output, generation },
          }),
        );
        handOver(context, event, keys, enqueue);
        enqueue.sendTo(context.streams[stream]!, {
          type: "key.granted",
          keyGeneration: generation,
        });
      }),
    },
    releaseKey: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const holder = context.keys[event.destination]?.holder;
        const keys = release(context.keys, event.destination);
        enqueue.assign({ keys });
        enqueue.emit(
          decided({
            type: "key.released",
            severity: "info",
            message: `nobody holds the key of ${event.destination}`,
            data: { stream: event.stream, destination: event.destination },
          }),
        );
        if (holder) {
          enqueue.sendTo(context.encoders[holder.encoder]!, {
            type: "benched",
            output: holder.output,
          });
          const facts = context.facts[holder.encoder];
          if (facts) enqueue.raise({ type: "encoder.facts", facts });
        }
      }),
    },
    publishesBenched: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { encoder, output, destination } = event;
        const streams = context.plan.streams.filter(
          (s) =>
            (destination === null || s.destination === destination) &&
            [...s.encoders, ...(s.relay?.inputs ?? [])].some(
              (ref) => ref.encoder === encoder && ref.output === output,
            ),
        );
        for (const { id } of streams) {
          enqueue.sendTo(context.streams[id]!, { type: "publishesBenched", encoder, output });
        }
        if (streams.length > 0) return;
        enqueue.sendTo(context.encoders[encoder]!, { type: "rogue", output });
      }),
    },
    rogue: {
      actions: enqueueActions(({ context, event: { encoder, output }, enqueue }) => {
        enqueue.sendTo(context.encoders[encoder]!, { type: "rogue", output });
      }),
    },
    rolledBack: {
      actions: [
        assign({
          keys: ({ context }) =>
            Object.fromEntries(
              Object.entries(context.keys).map(([id, key]) => [
                id,
                { ...key, known: false, holder: null },
              ]),
            ),
        }),
        emit(({ event }) =>
          decided({
            type: "site.rolledBack",
            severity: "critical",
            message: `${event.because}: looking who publishes before doing anything`,
          }),
        ),
        enqueueActions(({ context, enqueue }) => {
          // Who is benched was the old journal's word, too: nobody is an intruder by it.
          for (const { id, outputs } of context.plan.encoders) {
            for (const output of outputs) {
              enqueue.sendTo(context.encoders[id]!, { type: "released", output });
            }
          }
          for (const ref of Object.values(context.streams)) {
            enqueue.sendTo(ref, { type: "ownershipUnknown" });
          }
        }),
      ],
    },
  },
}).on;

/**
 * The holder may use its output; every other box of the stream forgets the key. Only who has not
 * done so already is told, and only boxes with another holder are passed on: a takeover must not
 * take longer the more boxes stand by.
 */
function handOver(
  context: SiteContext,
  claim: { stream: string; encoder: string; output: string },
  keys: Keys,
  enqueue: {
    sendTo: (
      ref: EncoderRef,
      event: { type: "granted" | "benched"; output: string; asSpareFor?: string },
    ) => void;
    raise: (event: Extract<SiteEvent, { type: "encoder.facts" }>) => void;
  },
) {
  const before = holdings(context.keys);
  const held = holdings(keys);
  const plan = context.plan.streams.find((s) => s.id === claim.stream)!;
  const { encoders, spares, relay } = plan;
  for (const { encoder, output } of [...encoders, ...(relay?.directly ?? [])]) {
    const ref = context.encoders[encoder]!;
    const place = `${encoder}/${output}`;
    const isHolder = encoder === claim.encoder && output === claim.output;
    if (isHolder || (held[place] === undefined && !isBenched(ref.getSnapshot(), output))) {
      enqueue.sendTo(ref, {
        type: isHolder ? "granted" : "benched",
        output,
        ...(isHolder && spares?.includes(encoder) && { asSpareFor: programmeOf(plan) }),
      });
    }
    const facts = context.facts[encoder];
    if (facts && held[place] !== before[place]) enqueue.raise({ type: "encoder.facts", facts });
  }
}

/** A spare covers one stream at a time, whatever it has outputs for. */
function spareRefusal(
  { plan, keys, facts }: SiteContext,
  { stream, encoder }: { stream: string; encoder: string },
): string | undefined {
  const claims = plan.streams.find(({ id }) => id === stream);
  if (!claims?.spares?.includes(encoder)) return undefined;
  const holders = Object.values(keys).map(({ holder }) => holder);
  const carried = holders.find((holder) => holder?.encoder === encoder)?.stream;
  const carries = plan.streams.find(({ id }) => id === carried);
  const keptFor = (carries && programmeOf(carries)) ?? facts[encoder]?.inUseFor ?? null;
  return keptFor === null || keptFor === programmeOf(claims)
    ? undefined
    : `${encoder} is a spare, and in use for ${keptFor}`;
}

/** A box that is practised is free again a moment later, and has to be: the exercise ends now. */
function practiceRefusal(
  { exercise }: SiteContext,
  { encoder }: { encoder: string },
): string | undefined {
  return exercise?.encoder === encoder ? `${encoder} is being practised` : undefined;
}
