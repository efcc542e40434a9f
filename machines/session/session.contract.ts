import { z } from "zod";
import { Id, word } from "../id.ts";
import { strategies } from "../placement/place.ts";

const side = z.number().int().min(16).max(8_192);

/** What a session's picture is asked to be. */
export const SessionSettings = z.object({
  widthPx: side,
  heightPx: side,
  framesPerSecond: z.number().min(1).max(240),
  videoBps: z.number().int().min(1_000).max(1_000_000_000),
  audioBps: z.number().int().min(1_000).max(10_000_000).optional(),
  keyframeEveryS: z.number().min(0.1).max(60).optional(),
});
export type SessionSettings = z.infer<typeof SessionSettings>;

/** Whom a stream key is sealed to: the public half of a key pair that lives for one request. */
export const SealTo = z.strictObject({
  kty: z.literal("OKP"),
  crv: z.literal("X25519"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type SealTo = z.infer<typeof SealTo>;

export const longestSessionMs = 7 * 24 * 3_600_000;

/** `open-session` of a site. */
export const SessionAsk = z.object({
  settings: SessionSettings,
  /** `device`: what is plugged into the encoder; `push`: a publisher sends it to the site. */
  input: z.enum(["device", "push"]),
  /** Nobody said which: `push` after all, where the site keeps ingests for sessions. */
  anyInput: z.boolean().optional(),
  /** How the box is picked among those that can; absent: `weighted`. */
  strategy: z.enum(strategies).optional(),
  /** It ends by itself after so long; absent: when it is asked to. */
  endsAfterMs: z.number().int().min(1_000).max(longestSessionMs).optional(),
  /** The same word asks for the same session, however often. */
  once: z.string().min(1).max(128).optional(),
  sealTo: SealTo.optional(),
});
export type SessionAsk = z.infer<typeof SessionAsk>;

/** `change-session` of a stream. */
export const SessionChange = z.object({
  settings: SessionSettings.partial(),
  /** Where its carrier would have to be stopped for it: stop it, set it and start it again. */
  restart: z.boolean().optional(),
  /** Only if the session is still as it was with this number. */
  ifRevision: z.number().int().nonnegative().optional(),
});
export type SessionChange = z.infer<typeof SessionChange>;

/** `waiting`: for its publisher. */
export const sessionWords = ["preparing", "waiting", "running", "restarting", "ending"] as const;

/** In the state of a stream that carries sessions. */
export const SessionState = z.object({
  id: z.string(),
  state: word(sessionWords),
  by: z.string(),
  settings: SessionSettings,
  encoder: Id,
  /** Kept free for it. null: its stream has no other encoder. */
  backup: Id.nullable(),
  /** Where its publisher sends the picture; absent: it is plugged into the encoder. */
  ingest: Id.optional(),
  /** Raised with each change. */
  revision: z.number().int().nonnegative(),
  openedAtMs: z.number(),
  /** null: when it is asked to. */
  endsAtMs: z.number().nullable(),
});
export type SessionState = z.infer<typeof SessionState>;
