/** What the site does about sessions: it alone knows all streams and all boxes. */
import type { ActorRefFrom } from "xstate";
import type { CommandRef } from "../command/command-ref.ts";
import type { Decision } from "../decision.ts";
import type { EncoderFacts } from "../encoder/facts.ts";
import type { SitePlan, StreamPlan } from "../site/plan.ts";
import { elapsedMs, type Stamp } from "../time.ts";
import {
  admit,
  type Admission,
  cannotMake,
  type Facility,
  inputWarnings,
  type Refusal,
} from "./admission.ts";
import type { SessionAsk, SessionChange } from "./session.contract.ts";
import {
  type Assigned,
  encoderSettings,
  fingerprint,
  newSession,
  type Session,
  type SessionResume,
  withChange,
} from "./session.ts";
import type { sessionMachine } from "./session.machine.ts";

export type SiteSessions = {
  refs: Record<string, ActorRefFrom<typeof sessionMachine>>;
  /** Stream → what its session has of it. */
  assigned: Record<string, Assigned>;
  /** The plan with the boxes and settings that are wanted of the streams for sessions now. */
  plan: SitePlan;
};

export type SessionCommand =
  | { type: "openSession"; command: CommandRef; ask: SessionAsk }
  | { type: "changeSession"; stream: string; command: CommandRef; change: SessionChange };

type OfSite = Omit<Facility, "assigned" | "lastGiven"> & { sessions: SiteSessions };
const facility = ({ sessions, ...context }: OfSite): Facility => ({
  ...context,
  assigned: sessions.assigned,
  lastGiven: lastGiven(sessions, context.now()),
});

function lastGiven({ refs }: SiteSessions, now: Stamp): string | null {
  const given = Object.values(refs).flatMap((ref) => ref.getSnapshot().context.given ?? []);
  const [newest] = given.sort((a, b) => elapsedMs(a.at, now) - elapsedMs(b.at, now));
  return newest?.encoder ?? null;
}

export function assignedIn(
  plan: SitePlan,
  resume: ReadonlyMap<string, unknown>,
): Record<string, Assigned> {
  return Object.fromEntries(
    plan.streams.flatMap(({ id }) => {
      const kept = resume.get(`session:${id}`) as SessionResume | undefined;
      return kept?.session && kept.state !== "free" ? [[id, kept.session]] : [];
    }),
  );
}

/** A stream for sessions has the boxes of its session, and between two none. */
export function planWith(plan: SitePlan, assigned: SiteSessions["assigned"]): SitePlan {
  return { ...plan, streams: plan.streams.map((stream) => streamNow(stream, assigned[stream.id])) };
}
function streamNow(stream: StreamPlan, assigned: Assigned | undefined): StreamPlan {
  if (stream.sessions !== true) return stream;
  if (!assigned) return { ...stream, encoders: [] };
  const settings = { ...stream.settings, ...encoderSettings(assigned.settings) };
  return { ...stream, encoders: [...assigned.encoders], settings, startWith: settings };
}

/** As its machine is to see it: between two sessions, with all boxes that it could get. */
export const streamFor = (stream: StreamPlan, assigned: Assigned | undefined): StreamPlan =>
  assigned ? streamNow(stream, assigned) : stream;

/** What would be answered now; nothing is opened. */
export const foreseen = (site: OfSite, ask: SessionAsk): Admission | Refusal =>
  admit(facility(site), ask);

type Opening = { decision: Decision; open?: { stream: string; session: Session } };

export function opening(
  site: OfSite,
  { command, ask }: Extract<SessionCommand, { type: "openSession" }>,
): Opening {
  const before = ask.once === undefined ? undefined : askedBefore(site, ask.once);
  if (before && before.session.once?.asked !== fingerprint(ask)) {
    const message = "this was asked for before, with other settings";
    return { decision: refused(command, { code: "idempotency_key_reused", message }) };
  }
  if (before) {
    const warnings = inputWarnings(site.plan, ask);
    return { decision: done(command, before.stream, before.session, { warnings }) };
  }
  const admission = admit(facility(site), ask);
  if ("code" in admission) return { decision: refused(command, admission) };
  const { stream, encoders, ingest, input: _, ...why } = admission;
  const session = newSession({ command, ask, encoders, ingest, now: site.now() });
  return { decision: done(command, stream, session, why), open: { stream, session } };
}

/** @returns the refusal, or undefined: its session judges it */
export function changeRefusal(
  site: OfSite,
  { stream, command, change }: Extract<SessionCommand, { type: "changeSession" }>,
): Decision | undefined {
  const session = sessionOf(site, stream)!;
  const { settings } = withChange(session, change);
  const reasons = session.encoders.flatMap(({ encoder }) =>
    cannotMake(facility(site), encoder, settings).map((reason) => `${encoder}: ${reason}`),
  );
  if (reasons.length === 0) return undefined;
  return refused(command, { code: "not_valid", message: reasons.join("; ") });
}

export const sessionOf = ({ sessions }: Pick<OfSite, "sessions">, stream: string): Session | null =>
  sessions.refs[stream]?.getSnapshot().context.session ?? null;

export const factsOf = (facts: Facility["facts"], { encoders }: Assigned): EncoderFacts[] =>
  encoders.flatMap(({ encoder }) => facts[encoder] ?? []);

function askedBefore(site: OfSite, word: string) {
  for (const stream of Object.keys(site.sessions.refs)) {
    const session = sessionOf(site, stream);
    if (session?.once?.word === word) return { stream, session };
  }
  return undefined;
}

function done(
  command: CommandRef,
  stream: string,
  session: Session,
  why: Pick<Admission, "warnings"> & Partial<Pick<Admission, "because" | "score">>,
): Decision {
  const [carrier, backup] = session.encoders;
  return {
    type: "command.done",
    severity: "info",
    message: `${stream} is kept for ${command.by}, on ${carrier!.encoder}`,
    data: {
      command: command.id,
      answer: {
        ...{ stream, session: session.id, revision: session.revision, ...why },
        encoder: carrier!.encoder,
        backup: backup?.encoder ?? null,
        input: session.ingest === undefined ? "device" : "push",
        ...(session.ingest !== undefined && { ingest: session.ingest }),
        endsAtMs: session.ends?.wallMs ?? null,
      },
    },
  };
}

const refused = (command: CommandRef, { code, message }: Refusal): Decision => ({
  type: "command.refused",
  severity: "info",
  message,
  data: { command: command.id, code },
});
