/** Stream sessions: asked for from outside, placed on encoders here. */
import { enqueueActions } from "xstate";
import { decided } from "../../decision.ts";
import {
  changeRefusal,
  factsOf,
  opening,
  planWith,
  sessionOf,
  streamFor,
} from "../../session/site-sessions.ts";
import { feedersOf } from "../../stream/relay/relay.ts";
import { wantedNews } from "../desired.ts";
import { siteSetup } from "../site.setup.ts";

export const sessions = siteSetup.createStateConfig({
  on: {
    openSession: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { decision, open } = opening(context, event);
        if (open) {
          const { stream, session } = open;
          const facts = factsOf(context.facts, session);
          enqueue.sendTo(context.sessions.refs[stream]!, { type: "open", session, facts });
        }
        enqueue.emit(decided(decision));
      }),
    },
    changeSession: {
      guard: ({ context, event }) => sessionOf(context, event.stream) !== null,
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { stream, command, change } = event;
        const refusal = changeRefusal(context, event);
        if (refusal) enqueue.emit(decided(refusal));
        else enqueue.sendTo(context.sessions.refs[stream]!, { type: "change", command, change });
      }),
    },
    "session.assign": {
      actions: enqueueActions(({ context, event: { stream, assigned: now }, enqueue }) => {
        const { [stream]: before, ...others } = context.sessions.assigned;
        const assigned = { ...others, ...(now && { [stream]: now }) };
        const plan = planWith(context.plan, assigned);
        enqueue.assign({ sessions: { ...context.sessions, assigned, plan } });
        const full = context.plan.streams.find(({ id }) => id === stream)!;
        const { encoders, startWith } = streamFor(full, now ?? undefined);
        const boxes = { encoders, ...(startWith && { startWith }) };
        enqueue.sendTo(context.streams[stream]!, { type: "assigned", ...boxes });
        const concerned = [...(before?.encoders ?? []), ...(now?.encoders ?? [])];
        if (before?.ingest !== undefined && before.ingest !== now?.ingest)
          enqueue.sendTo(context.ingests[before.ingest]!, { type: "admit", session: null });
        if (now?.ingest !== undefined)
          enqueue.sendTo(context.ingests[now.ingest]!, { type: "admit", session: now.id });
        for (const encoder of new Set(concerned.map((ref) => ref.encoder))) {
          const news = wantedNews(context, plan, encoder);
          if (news) enqueue.sendTo(context.encoders[encoder]!, news);
        }
      }),
    },
    "ingest.facts": {
      actions: enqueueActions(({ context, event, enqueue }) => {
        for (const [stream, { ingest }] of Object.entries(context.sessions.assigned)) {
          if (ingest === event.facts.ingest) enqueue.sendTo(context.sessions.refs[stream]!, event);
        }
        const { ingest, flow, sounds, combed, colour } = event.facts;
        const feed = {
          ...{ ingest, flow },
          ...(sounds !== undefined && { sounds }),
          ...(combed && { combed }),
          ...(colour && { colour }),
        };
        for (const { id, ingest: own } of context.plan.encoders) {
          if (own !== ingest) continue;
          enqueue.sendTo(context.encoders[id]!, { type: "feed", feed });
        }
      }),
    },
    "session.setUp": {
      actions: enqueueActions(({ context, event: { encoders }, enqueue }) => {
        for (const id of encoders) enqueue.sendTo(context.encoders[id]!, { type: "setUp" });
      }),
    },
    "session.start": {
      actions: enqueueActions(({ context, event: { stream, to, command }, enqueue }) => {
        enqueue.sendTo(context.streams[stream]!, { type: "start", to, command });
      }),
    },
    "session.stop": {
      actions: enqueueActions(({ context, event: { stream, command }, enqueue }) => {
        enqueue.sendTo(context.streams[stream]!, { type: "stop", command });
      }),
    },
    streamStopped: {
      actions: enqueueActions(({ context, event: { type, stream }, enqueue }) => {
        const session = context.sessions.refs[stream];
        if (session) enqueue.sendTo(session, { type });
        // It may have been wanted again while it was being stopped.
        const { feedOf, encoders } = context.plan.streams.find(({ id }) => id === stream)!;
        const fed = feedOf === undefined ? undefined : context.streams[feedOf]?.getSnapshot();
        const feeds =
          fed && encoders.some(({ encoder }) => feedersOf(fed.context).includes(encoder));
        if (feeds === true && context.standby.held[stream] === undefined) {
          enqueue.sendTo(context.streams[stream]!, { type: "feed", on: true });
        }
      }),
    },
    streamStopAsked: {
      actions: enqueueActions(({ context, event: { type, stream, command }, enqueue }) => {
        const session = context.sessions.refs[stream];
        if (session) enqueue.sendTo(session, { type, command });
      }),
    },
  },
}).on;
