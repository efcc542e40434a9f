/** One use of a stream that is kept for sessions: who asked, how it is to look, and on which boxes. */
import { driftBetween, type EncoderSettings } from "../encoder/settings.ts";
import type { EncoderFacts } from "../encoder/facts.ts";
import type { OutputRef } from "../intents.ts";
import { type Deadline, deadlineIn, rebased, type Stamp } from "../time.ts";
import type {
  SessionAsk,
  SessionChange,
  SessionSettings,
  SessionState,
} from "./session.contract.ts";

export type Session = {
  id: string;
  by: string;
  settings: SessionSettings;
  /** Who carries it, and who is kept free for it. */
  encoders: readonly OutputRef[];
  /** Where its publisher sends the picture; absent: it is plugged into the encoder. */
  ingest?: string;
  revision: number;
  openedAt: Stamp;
  /** null: when it is asked to. */
  ends: Deadline | null;
  /** The word that whoever asks twice repeats, and what was asked with it. */
  once: { word: string; asked: string } | null;
};

/** What a session has of its stream: these boxes, set so, and an ingest that lets in who has its key. */
export type Assigned = Pick<Session, "id" | "encoders" | "settings" | "ingest">;

export type SessionWord = "free" | Exclude<SessionState["state"], "unknown">;
/** Who was given to the newest session of a stream, and when. */
export type Given = { encoder: string; at: Stamp };
export type SessionResume = {
  state: SessionWord;
  since: Stamp;
  session: Session | null;
  /** Absent in what older versions kept. */
  given?: Given | null;
};

export function newSession(p: {
  command: { id: string; by: string };
  ask: SessionAsk;
  encoders: readonly OutputRef[];
  ingest: string | undefined;
  now: Stamp;
}): Session {
  const { ask, command, encoders, ingest, now } = p;
  return {
    ...command,
    settings: ask.settings,
    encoders,
    ...(ingest !== undefined && { ingest }),
    revision: 0,
    openedAt: now,
    ends: ask.endsAfterMs === undefined ? null : deadlineIn(ask.endsAfterMs, now),
    once: ask.once === undefined ? null : { word: ask.once, asked: fingerprint(ask) },
  };
}

/** Moments of an earlier boot, in the clock of this one. */
export function rebasedResume(kept: SessionResume, now: Stamp): SessionResume {
  const given = kept.given && { ...kept.given, at: rebased(kept.given.at, now) };
  return { ...kept, since: rebased(kept.since, now), ...(given && { given }) };
}

/** What was asked, without whom it is answered to. */
export function fingerprint({ sealTo: _, ...ask }: SessionAsk): string {
  const { settings, ...rest } = ask;
  return JSON.stringify([sorted(settings), sorted(rest)]);
}
const sorted = (of: object) => Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));

/** A setting that a box does not have is not told by it, and so not compared. */
export function encoderSettings(wanted: SessionSettings): EncoderSettings {
  const { widthPx, heightPx, framesPerSecond, videoBps, audioBps, keyframeEveryS } = wanted;
  return {
    ...{ sizeOf: "settings" as const, widthPx, heightPx, framesPerSecond },
    videoBitrateBps: videoBps,
    ...(audioBps !== undefined && { audioBitrateBps: audioBps }),
    ...(keyframeEveryS !== undefined && {
      gopFrames: Math.max(1, Math.round(keyframeEveryS * framesPerSecond)),
    }),
  };
}

/** How a box is set otherwise, as far as it tells. */
export const unlike = (wanted: SessionSettings, facts: EncoderFacts | undefined) =>
  facts?.settings ? driftBetween(encoderSettings(wanted), facts.settings) : [];

export function withChange(session: Session, { settings }: SessionChange): Session {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return {
    ...session,
    settings: { ...session.settings, ...(Object.fromEntries(given) as Partial<SessionSettings>) },
    revision: session.revision + 1,
  };
}

export function publishedSession(state: SessionWord, session: Session | null): SessionState | null {
  if (session === null || state === "free") return null;
  const { id, by, settings, encoders, ingest, revision, openedAt, ends } = session;
  return {
    ...{ id, state, by, settings, revision },
    ...(ingest !== undefined && { ingest }),
    encoder: encoders[0]!.encoder,
    backup: encoders[1]?.encoder ?? null,
    openedAtMs: openedAt.wallMs,
    endsAtMs: ends?.wallMs ?? null,
  };
}
