import { assign, emit, not, sendParent, setup, type SnapshotFrom } from "xstate";
import type { CommandRef } from "../command/command-ref.ts";
import { decided, type Decision } from "../decision.ts";
import { driftSentence } from "../encoder/settings.ts";
import type { EncoderFacts } from "../encoder/facts.ts";
import type { IngestFacts } from "../ingest/ingest.published.ts";
import { stepped } from "../stepping/stepped.ts";
import { elapsedMs, leftMs, type Stamp } from "../time.ts";
import type { SessionChange, SessionState } from "./session.contract.ts";
import {
  type Assigned,
  type Given,
  publishedSession,
  rebasedResume,
  type Session,
  type SessionResume,
  type SessionWord,
  unlike,
  withChange,
} from "./session.ts";

export type SessionEvent =
  /** The site has found boxes for it. */
  | { type: "open"; session: Session; facts: readonly EncoderFacts[] }
  | { type: "change"; command: CommandRef; change: SessionChange }
  | { type: "encoder.facts"; facts: EncoderFacts }
  | { type: "ingest.facts"; facts: IngestFacts }
  /** Its stream is stopped: proven off, if it was on. */
  | { type: "streamStopped" }
  /** Somebody wants its stream stopped, by whatever command. */
  | { type: "streamStopAsked"; command: CommandRef };

/** What a session asks of the site. */
export type SessionToSite =
  /** These boxes are for this stream, set so; null: they are free again. */
  | { type: "session.assign"; stream: string; assigned: Assigned | null }
  /** Set these now: they are idle, and not as asked. */
  | { type: "session.setUp"; stream: string; encoders: string[] }
  | { type: "session.start"; stream: string; to: string; command: CommandRef }
  | { type: "session.stop"; stream: string; command: CommandRef };

type SessionContext = {
  stream: string;
  now: () => Stamp;
  was: SessionWord | undefined;
  since: Stamp;
  session: Session | null;
  given: Given | null;
  /** Of its boxes; lost with a restart and read again. */
  facts: Record<string, EncoderFacts>;
  /** A picture comes from its publisher; null: not known, as after a restart. */
  isFed: boolean | null;
};

export type SessionInput = { stream: string; now: () => Stamp; resume?: SessionResume };
type Changing = Extract<SessionEvent, { type: "change" }>;

/** A box that takes longer than this is started as it is: on air comes before as asked. */
const preparedWithinMs = 20_000;

const setUpOf = ({ session, facts }: SessionContext) =>
  session!.encoders.map(({ encoder }) => ({
    encoder,
    isKnown: facts[encoder]?.link === "reachable",
    isIdle: facts[encoder]?.outputs[session!.encoders[0]!.output]?.state === "idle",
    unlike: unlike(session!.settings, facts[encoder]),
  }));

/** Its stream would have to be stopped for it. */
const touchesCarrier = (context: SessionContext, { change }: Changing) => {
  const session = withChange(context.session!, change);
  return setUpOf({ ...context, session }).some((box) => !box.isIdle && box.unlike.length > 0);
};
const isOutdated = ({ session }: SessionContext, { change }: Changing) =>
  change.ifRevision !== undefined && change.ifRevision !== session!.revision;

const own = (session: Session, what: string): CommandRef => ({
  id: `${session.id}/${what}`,
  by: session.by,
});

const sessionSetup = setup({
  types: {} as {
    context: SessionContext;
    input: SessionInput;
    events: SessionEvent;
    emitted: ReturnType<typeof decided>;
  },
  guards: {
    was: ({ context }, word: SessionWord) => context.was === word,
    isSetUp: ({ context }) => {
      const [carrier] = setUpOf(context);
      return carrier!.isKnown && carrier!.unlike.length === 0;
    },
    ends: ({ context }) => context.session?.ends !== null,
    /** An encoder without a picture would only fail. */
    awaitsPublisher: ({ context: { session, isFed } }) =>
      session!.ingest !== undefined && isFed !== true,
    hasLostPublisher: ({ context: { isFed } }) => isFed === false,
    isOutdated: ({ context }, event: Changing) => isOutdated(context, event),
    mustRestart: ({ context }, event: Changing) =>
      touchesCarrier(context, event) && event.change.restart !== true,
    restarts: ({ context }, event: Changing) => touchesCarrier(context, event),
    isAskedByOthers: ({ context, event }) =>
      event.type === "streamStopAsked" && !event.command.id.startsWith(`${context.session!.id}/`),
  },
  actions: {
    note: assign(({ context }) => ({ since: context.now() })),
    open: assign(({ context, event }) =>
      event.type === "open"
        ? {
            session: event.session,
            since: context.now(),
            given: { encoder: event.session.encoders[0]!.encoder, at: context.now() },
            facts: Object.fromEntries(event.facts.map((facts) => [facts.encoder, facts])),
            isFed: null,
          }
        : {},
    ),
    keepFed: assign(({ context: { session, isFed }, event }) =>
      event.type === "ingest.facts" && session?.ingest === event.facts.ingest
        ? { isFed: event.facts.session === session.id ? event.facts.isFed : null }
        : { isFed },
    ),
    keepFacts: assign(({ context, event }) =>
      event.type === "encoder.facts"
        ? { facts: { ...context.facts, [event.facts.encoder]: event.facts } }
        : {},
    ),
    change: assign(({ context }, { change }: Changing) => ({
      session: withChange(context.session!, change),
      since: context.now(),
    })),
    forget: assign({ session: null, facts: {}, isFed: null }),
    tell: emit((_, decision: Decision) => decided(decision)),
    assignBoxes: sendParent(({ context: { stream, session } }): SessionToSite => {
      const { id, encoders, settings, ingest } = session!;
      const of = { id, encoders, settings, ...(ingest !== undefined && { ingest }) };
      return { type: "session.assign", stream, assigned: of };
    }),
    setUp: sendParent(({ context }): SessionToSite => {
      const boxes = setUpOf(context).filter((box) => box.isIdle && box.unlike.length > 0);
      return {
        type: "session.setUp",
        stream: context.stream,
        encoders: boxes.map(({ encoder }) => encoder),
      };
    }),
    freeBoxes: sendParent(({ context: { stream } }): SessionToSite => ({
      type: "session.assign",
      stream,
      assigned: null,
    })),
    start: sendParent(({ context: { stream, session } }): SessionToSite => ({
      type: "session.start",
      stream,
      to: session!.encoders[0]!.encoder,
      command: own(session!, "start"),
    })),
    stop: sendParent(({ context: { stream, session } }, why: string): SessionToSite => ({
      type: "session.stop",
      stream,
      command: own(session!, why),
    })),
  },
  delays: {
    preparedWithin: ({ context }) =>
      Math.max(0, preparedWithinMs - elapsedMs(context.since, context.now())),
    lifeLeft: ({ context }) => leftMs(context.session?.ends ?? undefined, context.now()),
  },
});

/** Before its encoder is taken for frozen: nobody else would have a picture either. */
const publisherMissedAfterMs = 1_000;

type Args = { context: SessionContext };
const tells = (of: (args: Args) => Decision) => ({ type: "tell", params: of }) as const;
const tellsChange = (of: (context: SessionContext, event: Changing) => Decision) =>
  ({
    type: "tell",
    params: ({ context, event }: Args & { event: Changing }) => of(context, event),
  }) as const;
const changing = ({ event }: { event: Changing }) => event;

const opened = ({ context: { stream, session } }: Args): Decision => {
  const [carrier, backup] = session!.encoders;
  return {
    type: "session.opened",
    severity: "info",
    message: `${stream}: session opened for ${session!.by} on ${carrier!.encoder}, ${
      backup ? `${backup.encoder} is kept free for it` : "without an understudy"
    }`,
    data: { session: session!.id, by: session!.by, encoders: session!.encoders },
  };
};
const ended = ({ context: { stream, session, now } }: Args): Decision => {
  const { id, by, ends } = session!;
  const why = ends && leftMs(ends, now()) === 0 ? "its time was up" : "its stream is stopped";
  return {
    type: "session.ended",
    severity: "info",
    message: `${stream}: the session of ${by} is over, ${why}`,
    data: { session: id },
  };
};
const abandoned = ({ context: { stream, session } }: Args): Decision => ({
  type: "session.abandoned",
  severity: "warning",
  message: `${stream}: nobody publishes to ${session!.ingest} any more: it is on air again when ${session!.by} does`,
  data: { session: session!.id },
});
const notSetUp = ({ context }: Args): Decision => {
  const [carrier] = setUpOf(context);
  const why =
    carrier!.unlike.length > 0 ? driftSentence(carrier!.unlike) : "it does not tell how it is set";
  return {
    type: "session.notSetUp",
    severity: "warning",
    message: `${context.stream}: ${carrier!.encoder} is started though it is not set as asked: ${why}`,
    data: { session: context.session!.id },
  };
};

const taken = ({ stream, session }: SessionContext, { command, change }: Changing): Decision => ({
  type: "command.done",
  severity: "info",
  message: `${stream}: ${command.by} has changed the session`,
  data: {
    command: command.id,
    answer: {
      session: session!.id,
      revision: session!.revision,
      restarts: change.restart ?? false,
    },
  },
});
const refused = (code: string, what: (context: SessionContext) => string) =>
  tellsChange((context, { command }) => ({
    type: "command.refused",
    severity: "info",
    message: `${context.stream}: ${what(context)}`,
    data: { command: command.id, code },
  }));

const outdated = {
  guard: { type: "isOutdated", params: changing },
  actions: refused(
    "changed_meanwhile",
    ({ session }) => `the session was changed meanwhile: its revision is ${session!.revision}`,
  ),
} as const;
const changes = { type: "change", params: changing } as const;
const over = { target: "free", actions: [tells(ended), "freeBoxes", "forget"] } as const;
/** By a command that its stream obeys already. */
const endsByOthers = { guard: "isAskedByOthers", target: "ending", actions: "note" } as const;
const stops = (why: "restart" | "end") => ({ type: "stop", params: why }) as const;

/**
 * Keeps a stream for whoever asked for it: sets its boxes up, starts it, and gives everything back
 * when it is stopped. What is on air, and on which box, is the stream's own business.
 */
export const sessionMachine = sessionSetup.createMachine({
  id: "session",
  context: ({ input: { stream, now, resume } }) => {
    const kept = resume && rebasedResume(resume, now());
    return {
      ...{ stream, now, was: kept?.state, facts: {}, isFed: null },
      since: kept?.since ?? now(),
      session: kept?.session ?? null,
      given: kept?.given ?? null,
    };
  },
  initial: "deciding",
  on: { "encoder.facts": { actions: "keepFacts" }, "ingest.facts": { actions: "keepFed" } },
  states: {
    deciding: {
      always: [
        { guard: { type: "was", params: "preparing" }, target: "preparing" },
        { guard: { type: "was", params: "waiting" }, target: "waiting" },
        { guard: { type: "was", params: "running" }, target: "running" },
        {
          guard: { type: "was", params: "restarting" },
          target: "restarting",
          actions: stops("restart"),
        },
        { guard: { type: "was", params: "ending" }, target: "ending", actions: stops("end") },
        { target: "free" },
      ],
    },
    free: { on: { open: { target: "preparing", actions: ["open", tells(opened)] } } },
    preparing: {
      entry: ["assignBoxes", "setUp"],
      always: { guard: "isSetUp", target: "starting" },
      after: { preparedWithin: { target: "starting", actions: tells(notSetUp) } },
      on: {
        "encoder.facts": { actions: ["keepFacts", "setUp"] },
        change: [
          outdated,
          { target: "preparing", reenter: true, actions: [changes, tellsChange(taken)] },
        ],
        streamStopAsked: over,
      },
    },
    starting: {
      always: [
        { guard: "awaitsPublisher", target: "waiting" },
        { target: "running", actions: "start" },
      ],
    },
    /** Its boxes are ready, and nobody publishes to its ingest yet. */
    waiting: {
      always: { guard: not("awaitsPublisher"), target: "starting" },
      after: { lifeLeft: { guard: "ends", ...over } },
      on: {
        "encoder.facts": { actions: ["keepFacts", "setUp"] },
        change: [outdated, { target: "preparing", actions: ["note", changes, tellsChange(taken)] }],
        streamStopAsked: over,
      },
    },
    running: {
      initial: "fed",
      states: {
        fed: { always: { guard: "hasLostPublisher", target: "alone" } },
        alone: {
          always: { guard: not("hasLostPublisher"), target: "fed" },
          after: {
            [publisherMissedAfterMs]: {
              target: "#session.restarting",
              actions: [tells(abandoned), stops("restart")],
            },
          },
        },
      },
      after: { lifeLeft: { guard: "ends", target: "ending", actions: ["note", stops("end")] } },
      on: {
        change: [
          outdated,
          {
            guard: { type: "mustRestart", params: changing },
            actions: refused(
              "on_air",
              () => "this cannot be changed on air: ask with restart, and it is stopped for it",
            ),
          },
          {
            guard: { type: "restarts", params: changing },
            target: "restarting",
            actions: [changes, tellsChange(taken), stops("restart")],
          },
          { actions: [changes, tellsChange(taken), "assignBoxes", "setUp"] },
        ],
        streamStopAsked: endsByOthers,
        streamStopped: over,
      },
    },
    restarting: {
      on: {
        change: [outdated, { actions: [changes, tellsChange(taken)] }],
        streamStopAsked: endsByOthers,
        streamStopped: { target: "preparing", actions: "note" },
      },
    },
    ending: { on: { streamStopped: over } },
  },
});
stepped(sessionMachine);

export type SessionSnapshot = SnapshotFrom<typeof sessionMachine>;
function wordOf({ value }: SessionSnapshot): SessionWord {
  if (typeof value === "object") return "running";
  if (value === "deciding") return "free";
  return value === "starting" ? "preparing" : value;
}

export function sessionResume(snapshot: SessionSnapshot): SessionResume | undefined {
  const { session, since, given } = snapshot.context;
  return { state: wordOf(snapshot), since, session, given };
}

export const sessionStateOf = (snapshot: SessionSnapshot): SessionState | null =>
  publishedSession(wordOf(snapshot), snapshot.context.session);
