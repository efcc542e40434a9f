/** The words of the site machine: whom it owns, what it asks and does. The chart is beside it. */
import { assign, enqueueActions, setup } from "xstate";
import type { Decided } from "../decision.ts";
import { destinationMachine } from "../destination/destination.machine.ts";
import type { EncoderFacts } from "../encoder/facts.ts";
import { exerciseMachine } from "../exercise/exercise.machine.ts";
import { ingestMachine } from "../ingest/ingest.machine.ts";
import { outputMachine } from "../output/output.machine.ts";
import { sessionMachine } from "../session/session.machine.ts";
import { storageMachine } from "../storage/storage.machine.ts";
import { streamMachine } from "../stream/stream.machine.ts";
import { elapsedMs } from "../time.ts";
import { concernedBy, isAsSetUp, wantedNews } from "./desired.ts";
import { exerciseRefusal } from "./exercises.ts";
import { holdings } from "./keys.ts";
import { mayUse } from "./plan.ts";
import { recordOrders } from "./recordings.ts";
import type { SiteContext, SiteInput } from "./site.context.ts";
import type { SiteEvent } from "./site.events.ts";
import { neededNow, roomFor, started } from "./standby.ts";

/** Three stalls in a minute are no accident: the host cannot keep up. */
const impairedAfter = { stalls: 3, withinMs: 60_000 };

export const siteSetup = setup({
  types: {} as {
    context: SiteContext;
    input: SiteInput;
    events: SiteEvent;
    emitted: Decided;
  },
  actors: {
    stream: streamMachine,
    session: sessionMachine,
    destination: destinationMachine,
    storage: storageMachine,
    ingest: ingestMachine,
    output: outputMachine,
    exercises: exerciseMachine,
  },
  guards: {
    mayPractise: ({ context, event }) =>
      event.type === "practise" && exerciseRefusal(context, event.encoder) === undefined,
    isImpaired: ({ context }) =>
      context.stalls.filter((at) => elapsedMs(at, context.now()) < impairedAfter.withinMs).length +
        1 >=
      impairedAfter.stalls,
  },
  actions: {
    /** Streams judge; they get the facts of every box they may use, and who holds its outputs. */
    passOn: enqueueActions(({ context, enqueue }, facts: EncoderFacts) => {
      const held = holdings(context.keys);
      const heldBy = Object.fromEntries(
        Object.keys(facts.outputs).flatMap((output) => {
          const holder = held[`${facts.encoder}/${output}`];
          return holder === undefined ? [] : [[output, holder]];
        }),
      );
      for (const stream of context.plan.streams) {
        if (!mayUse(stream, facts.encoder)) continue;
        enqueue.sendTo(context.streams[stream.id]!, { type: "encoder.facts", facts, heldBy });
      }
      for (const [id, { encoders }] of Object.entries(context.sessions.assigned)) {
        if (!encoders.some((ref) => ref.encoder === facts.encoder)) continue;
        enqueue.sendTo(context.sessions.refs[id]!, { type: "encoder.facts", facts });
      }
    }),
    tellWanted: enqueueActions(({ context, enqueue }, told: EncoderFacts) => {
      if (isAsSetUp(context.facts[told.encoder], told)) return;
      const facts = { ...context.facts, [told.encoder]: told };
      const { plan } = context.sessions;
      for (const encoder of concernedBy(plan, told.encoder)) {
        const news = wantedNews({ ...context, facts }, plan, encoder);
        if (news) enqueue.sendTo(context.encoders[encoder]!, news);
      }
    }),
    /** Whoever is to record because of another box is told so, and whoever no longer is. */
    orderRecordings: enqueueActions(({ context, enqueue }) => {
      if (Object.keys(context.recordings.facts).length === 0) return;
      const orders = recordOrders(context);
      for (const { encoder, order: before } of Object.values(context.recordings.facts)) {
        const order = orders.get(encoder) ?? null;
        if (JSON.stringify(order) === JSON.stringify(before)) continue;
        enqueue.sendTo(context.storages[encoder]!, { type: "recordFor", order });
      }
    }),
    tellEverybody: enqueueActions(({ context, enqueue }) => {
      for (const ref of Object.values(context.encoders)) enqueue.sendTo(ref, { type: "stalled" });
      for (const ref of Object.values(context.destinations)) {
        enqueue.sendTo(ref, { type: "stalled" });
      }
    }),
    startNeeded: enqueueActions(({ context, enqueue }) => {
      started(context, neededNow(context), true, enqueue);
    }),
    startWhereRoom: enqueueActions(({ context, enqueue }) => {
      if (Object.keys(context.standby.held).length === 0) return;
      const { standby, legs } = roomFor(context);
      enqueue.assign({ standby });
      started({ ...context, standby }, legs, false, enqueue);
    }),
    noteStall: assign({ stalls: ({ context }) => [...context.stalls.slice(-9), context.now()] }),
  },
});
