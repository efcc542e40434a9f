/** How an encoder is, in the fields that scripts already read: snake_case, percent 0 to 100. */
import { z } from "zod";
import {
  breakerWords,
  inputWords,
  linkWords,
  serviceWords,
  thermalWords,
  type EncoderState,
} from "../../../machines/encoder/encoder.contract.ts";
import { mediumWords } from "../../../machines/storage/storage.contract.ts";
import type { Seen } from "../../auth/own-sites.ts";
import { refOf, type Actor } from "../../view.ts";
import { figureOf, healthScoreOf, percent } from "../figures.ts";
import { isoOf } from "../times.ts";

/** null: not measured, or not told by this kind of box. */
const figure = (unit: string) => z.number().nullable().describe(unit);
const orUnknown = <const W extends readonly string[]>(words: W) => z.enum([...words, "unknown"]);

const who = {
  ref: z.string(),
  encoder_id: z.string(),
  site_id: z.string(),
  /** When the state was told; the fast figures may be newer. */
  at: z.iso.datetime().nullable(),
  stale: z.boolean().describe("the last thing known, not the truth"),
};

export const EncoderMetrics = z
  .object({
    ...who,
    cpu_usage: figure("%"),
    memory_usage: figure("%"),
    temperature: figure("°C, chassis"),
    fan_speed: figure("rpm"),
    bitrate: figure("bit/s, of what it sends"),
    fps: figure("frames a second"),
    dropped_frames: figure("since its start"),
    output_bytes: figure("since its start"),
    latency: figure("ms, of one question to it"),
    error_rate: figure("% of the questions to it"),
    connection_load: figure("0 to 100: what our asking does to it"),
    client_count: figure("viewers at the box"),
    active_encoding_sessions: figure("streams and recordings under way"),
    storage_health: orUnknown(mediumWords).nullable(),
    not_available: z.array(z.string()).describe("the figures that nobody measures here"),
  })
  .meta({ id: "EncoderMetrics" });
export type EncoderMetrics = z.infer<typeof EncoderMetrics>;

export const healthWords = ["healthy", "warning", "critical", "unknown"] as const;
export type HealthWord = (typeof healthWords)[number];

export const EncoderHealth = z
  .object({
    ...who,
    status: z.enum(healthWords),
    because: z.array(z.string()).describe("what is not as it should be"),
    device_status: z.object({
      link: orUnknown(linkWords),
      service: orUnknown(serviceWords),
      thermal: orUnknown(thermalWords),
      input: orUnknown(inputWords),
      cpu_usage: figure("%"),
      memory_usage: figure("%"),
      temperature: figure("°C, chassis"),
      fan_speed: figure("rpm"),
    }),
    connection_health: z.object({
      health_score: figure("0 to 100"),
      burden: z.string().nullable().describe("what is worst of it"),
      breaker: orUnknown(breakerWords),
      latency: figure("ms"),
      error_rate: figure("%"),
      connection_load: figure("0 to 100"),
    }),
  })
  .meta({ id: "EncoderHealth" });

type Known = Partial<EncoderState>;
const stateOf = (actor: Actor): Known => (actor.state as Known | null) ?? {};

const busy = new Set(["starting", "streaming", "failing", "stopping"]);

/** null: it has not told. */
export function sessionsOf(actor: Actor): number | null {
  const { outputs, recording } = stateOf(actor);
  if (!outputs || outputs.some(({ state }) => state === "unknown")) return null;
  return [...outputs, ...(recording ? [recording] : [])].filter(({ state }) => busy.has(state))
    .length;
}

const identify = (view: Seen, actor: Actor) => ({
  ref: refOf(actor),
  encoder_id: actor.id,
  site_id: actor.site,
  at: isoOf(actor.state?.atMs ?? null),
  stale: view.isStale(actor),
});

export function metricsOf(view: Seen, actor: Actor): EncoderMetrics {
  const { connection } = stateOf(actor);
  const storage = view.find({ site: actor.site, kind: "storage", id: actor.id });
  const figures = {
    cpu_usage: percent(figureOf(actor, "cpuUsageRatio")),
    memory_usage: percent(figureOf(actor, "memoryUsageRatio")),
    temperature: figureOf(actor, "temperatureC"),
    fan_speed: figureOf(actor, "fanSpeedRpm"),
    bitrate: figureOf(actor, "bitrateBps"),
    fps: figureOf(actor, "framesPerSecond"),
    dropped_frames: figureOf(actor, "droppedFrames"),
    output_bytes: figureOf(actor, "outputBytes"),
    latency: connection?.latencyMs ?? null,
    error_rate: percent(connection?.failedRatio),
    connection_load: connection?.requestPressure ?? null,
    client_count: figureOf(actor, "clientCount"),
    active_encoding_sessions: sessionsOf(actor),
    storage_health: mediumWord(storage),
  };
  const missing = Object.entries(figures).filter(([, value]) => value === null);
  return { ...identify(view, actor), ...figures, not_available: missing.map(([name]) => name) };
}

export function healthOf(view: Seen, actor: Actor): z.infer<typeof EncoderHealth> {
  const state = stateOf(actor);
  const { connection } = state;
  const metrics = metricsOf(view, actor);
  const { status, because } = judged(view, actor);
  return {
    ...identify(view, actor),
    ...{ status, because },
    device_status: {
      link: state.link ?? "unknown",
      service: state.service ?? "unknown",
      thermal: state.thermal ?? "unknown",
      input: state.input ?? "unknown",
      cpu_usage: metrics.cpu_usage,
      memory_usage: metrics.memory_usage,
      temperature: metrics.temperature,
      fan_speed: metrics.fan_speed,
    },
    connection_health: {
      health_score: healthScoreOf(actor),
      burden: connection?.burden ?? null,
      breaker: connection?.breaker ?? "unknown",
      latency: metrics.latency,
      error_rate: metrics.error_rate,
      connection_load: metrics.connection_load,
    },
  };
}

/** One word for a wall, and the sentences behind it. Unknown is not down. */
export function judged(view: Seen, actor: Actor): { status: HealthWord; because: string[] } {
  if (view.isStale(actor)) return { status: "unknown", because: ["its site has not spoken"] };
  const { link, thermal, service, input, connection, warnings = [] } = stateOf(actor);
  const critical = [
    ...(link === "unreachable" ? ["it cannot be reached"] : []),
    ...(thermal === "protected" ? ["it was taken off the programme for its heat"] : []),
    ...(service === "quarantined" ? ["it is quarantined"] : []),
  ];
  const worse = [
    ...(link === "silent" ? ["it does not answer"] : []),
    ...(thermal === "hot" || thermal === "warm" || thermal === "cooling"
      ? [`it is ${thermal}`]
      : []),
    ...(service === "maintenance" || service === "rebooting" ? [`it is in ${service}`] : []),
    ...(input === "good" || input === "unknown" || input === undefined
      ? []
      : [`its input is ${input}`]),
    ...(connection && connection.breaker !== "closed" ? ["it failed too often to be asked"] : []),
    ...warnings,
  ];
  const because = [...critical, ...worse];
  if (critical.length > 0) return { status: "critical", because };
  if (worse.length > 0) return { status: "warning", because };
  return link === "reachable" ? { status: "healthy", because } : { status: "unknown", because };
}

function mediumWord(storage: Actor | undefined): EncoderMetrics["storage_health"] {
  const word = storage?.goneAtMs === null ? storage.state?.["state"] : undefined;
  return orUnknown(mediumWords).safeParse(word).data ?? null;
}
