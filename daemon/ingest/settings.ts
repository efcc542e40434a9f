/** What one ingest process is told: its one argument, as JSON. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { IngestConfig } from "../../config/site.schema.ts";
import { Id } from "../../machines/id.ts";
import type { Group } from "./group.ts";

const Port = z.number().int().min(1).max(65_535);
/**
 * SHA-256 of the stream key, hexadecimal: who lists processes does not learn the key. null: it is
 * kept for sessions, and there is none.
 */
const KeySha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .nullable();

/** What is captured is encoded here. */
const encoded = { framesPerSecond: z.number(), bitrateBps: z.number() };
const kind = z.literal("capture");
const Capture = z.discriminatedUnion("by", [
  z.object({
    ...{ kind, by: z.literal("v4l2"), device: z.string(), format: z.string().optional() },
    ...{ width: z.number().optional(), height: z.number().optional() },
    sound: z.string().optional(),
    ...encoded,
  }),
  z.object({
    ...{ kind, by: z.literal("alsa"), sound: z.string() },
    ...{ width: z.number(), height: z.number() },
    ...encoded,
  }),
  z.object({
    ...{ kind, by: z.literal("decklink"), card: z.string() },
    ...{ formatCode: z.string().optional(), connection: z.string().optional() },
    ...encoded,
  }),
  z.object({ kind, by: z.literal("ndi"), source: z.string(), ...encoded }),
]);
export type Capture = z.infer<typeof Capture>;

export const IngestSource = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("rtmp"),
    host: z.string(),
    port: Port,
    app: z.string(),
    keySha256: KeySha256,
  }),
  z.object({ kind: z.literal("whip"), host: z.string(), port: Port, keySha256: KeySha256 }),
  z.object({
    kind: z.literal("nginx-rtmp"),
    host: z.string(),
    port: Port,
    app: z.string(),
    /** null: it is kept for sessions, and there is none. */
    streamKey: z.string().nullable(),
    /** Where nginx asks who may publish. */
    authorise: z.object({ host: z.string(), port: Port }).optional(),
  }),
  z.object({
    kind: z.literal("srt"),
    mode: z.enum(["listener", "caller"]),
    host: z.string(),
    port: Port,
    streamId: z.string().optional(),
    passphrase: z.string().optional(),
    latencyMs: z.number().int(),
  }),
  z.object({
    kind: z.literal("rtsp"),
    url: z.string(),
    username: z.string().optional(),
    password: z.string().optional(),
    token: z.string().optional(),
    transport: z.enum(["tcp", "udp"]),
  }),
  z.object({ kind: z.literal("hls"), url: z.string(), token: z.string().optional() }),
  z.object({
    kind: z.enum(["udp", "rtp"]),
    url: z.string(),
    interface: z.string().optional(),
  }),
  z.object({ kind: z.literal("file"), path: z.string() }),
  Capture,
  z.object({
    kind: z.literal("testPattern"),
    width: z.number(),
    height: z.number(),
    framesPerSecond: z.number(),
    bitrateBps: z.number(),
    label: z.string().optional(),
  }),
]);
export type IngestSource = z.infer<typeof IngestSource>;
/** What it is let in with. */
export function secretsOf(source: IngestSource): string[] {
  const { streamKey, passphrase, password, token } = source as Partial<
    Record<"streamKey" | "passphrase" | "password" | "token", string | null>
  >;
  return [streamKey, passphrase, password, token].filter((secret) => typeof secret === "string");
}

/** Where it is asked for, with what stands behind the ?. */
export const addressOf = ({ url, token }: { url: string; token?: string | undefined }): string =>
  token === undefined ? url : `${url}?${token}`;

export type NetworkSource = Exclude<IngestSource, { kind: "rtmp" | "whip" }>;

/** Publishers come to it, and are let in by us. */
export const hasDoor = (source: IngestSource): source is Exclude<IngestSource, NetworkSource> =>
  source.kind === "rtmp" || source.kind === "whip";

export const IngestSettings = z.object({
  ingest: Id,
  /** Names this start. */
  run: z.string(),
  group: z.object({ address: z.string(), port: Port }),
  /** On loopback: who wants to know how it goes listens there. */
  statusPort: Port,
  source: IngestSource,
  /** Folder that the relay of a stream reads: it goes there, and not to the group. */
  spool: z.string().startsWith("/").optional(),
  /** Folder in memory where relays look for the splice information of the source. */
  splices: z.string().startsWith("/").optional(),
});
export type IngestSettings = z.infer<typeof IngestSettings>;

export const isForSessions = (config: IngestConfig): boolean =>
  "sessions" in config && config.sessions;

/** `key`: of the session that it is for now; undefined: of none. `nobodys`: nobody is ever told it. */
type SessionKeys = { key: string | undefined; nobodys: string };

/** @param keys where it is kept for sessions */
export function settingsOf(
  config: IngestConfig,
  to: {
    run: string;
    group: Group;
    statusPort: number;
    spool?: string | undefined;
    splices?: string | undefined;
  },
  keys?: SessionKeys,
): IngestSettings {
  return { ingest: config.id, ...to, source: sourceOf(config, keys) };
}

function sourceOf(config: IngestConfig, keys: SessionKeys | undefined): IngestSource {
  const { id: _, name: __, ...source } = config;
  if (source.kind === "srt" && source.mode === "listener") {
    const { sessions: ___, ...rest } = source;
    // Without a passphrase a listener would let everybody in.
    return keys ? { ...rest, passphrase: keys.key ?? keys.nobodys } : rest;
  }
  if (source.kind === "nginx-rtmp") {
    const { streamKey, sessions: ___, ...rest } = source;
    return { ...rest, streamKey: (keys ? keys.key : streamKey) ?? null };
  }
  if (source.kind !== "rtmp" && source.kind !== "whip") return source;
  const { streamKey, sessions: ___, ...rest } = source;
  const key = keys ? keys.key : streamKey;
  const keySha256 = key === undefined ? null : createHash("sha256").update(key).digest("hex");
  return { ...rest, keySha256 };
}
