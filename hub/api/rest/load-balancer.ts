/** Which encoder would take one stream more, and why. A look only: the site decides. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { EncoderState } from "../../../machines/encoder/encoder.contract.ts";
import { place, strategies, type Ranked } from "../../../machines/placement/place.ts";
import { factorNames, type Candidate } from "../../../machines/placement/score.ts";
import { capabilityOf } from "../../../machines/profile/encoder-capability.ts";
import { profiles } from "../../../machines/profile/profiles.ts";
import { judgeStream, type WantedStream } from "../../../machines/profile/validate.ts";
import type { SiteHost } from "../../../machines/site/site.contract.ts";
import type { StreamState } from "../../../machines/stream/stream.contract.ts";
import { seenBy, type Seen } from "../../auth/own-sites.ts";
import { refOf, type Actor, type View } from "../../view.ts";
import { figureOf, percent } from "../figures.ts";
import { problems } from "../problem.ts";
import { Ref } from "../subject.ts";
import { Bitrate, StreamSettings, wantedFrom } from "./stream-settings.ts";

const figure = (unit: string) => z.number().nullable().describe(unit);

const RankedItem = z
  .object({
    ref: z.string(),
    encoder_id: z.string(),
    site_id: z.string(),
    score: z.number().describe("0 to 100"),
    admitted: z.boolean(),
    refusals: z.array(z.string()).describe("why it takes none"),
    factors: z.array(
      z.object({
        name: z.enum(factorNames),
        value: figure("0 worst to 1 best; null counts as 0.5"),
        points: z.number(),
      }),
    ),
    cpu_usage: figure("%; of a program: of its host"),
    memory_usage: figure("%; of a program: of its host"),
    bandwidth: figure("bit/s, of what it sends"),
    error_rate: figure("%"),
    client_count: figure("viewers at the box"),
    active_encoding_sessions: z.number().int().describe("outputs under way, or not told"),
    standbys: z.number().int().describe("streams it stands ready for: each holds an output"),
    outputs: z.number().int().nullable(),
  })
  .meta({ id: "RankedEncoder" });

const LoadBalancer = z
  .object({
    strategy: z.enum(strategies),
    chosen: z.string().nullable(),
    backup: z.string().nullable(),
    because: z.string(),
    active_encoding_sessions: z.number().int(),
    encoders: z.array(RankedItem).describe("best first; those that take none last"),
  })
  .meta({ id: "LoadBalancer" });

const { resolution } = StreamSettings.shape;
const Query = z.object({
  strategy: z.enum(strategies).default("weighted"),
  site: z.string().max(63).optional(),
  after: Ref.optional().describe("with round_robin: who was chosen last, as <site>~<id>"),
  resolution: resolution
    .optional()
    .describe("like 1920x1080; with bitrate and fps: what is wanted"),
  bitrate: Bitrate.optional(),
  fps: z.coerce.number().min(1).max(240).optional(),
});

export const loadBalancerRoutes: FastifyPluginAsyncZod<{ view: View }> = async (app, { view }) => {
  app.get(
    "/monitoring/load-balancer",
    {
      config: { access: "monitor" },
      schema: { querystring: Query, response: { 200: LoadBalancer, ...problems } },
    },
    async (request) => {
      const seen = seenBy(request.caller, view);
      const { strategy, site, after } = request.query;
      const wanted = wantedOf(request.query);
      const actors = seen.shown("encoder").filter((one) => site === undefined || one.site === site);
      const byRef = new Map(
        actors.map((actor) => [refOf(actor), { actor, is: candidateOf(seen, actor, wanted) }]),
      );
      const all = [...byRef.values()].map(({ is }) => is);
      const placed = place(all, strategy, after === undefined ? {} : { after });
      const encoders = placed.ranking.flatMap((ranked) => {
        const known = byRef.get(ranked.encoder);
        return known ? [itemOf(ranked, known.actor, known.is)] : [];
      });
      return {
        ...{ strategy, chosen: placed.chosen, backup: placed.backup, because: placed.because },
        active_encoding_sessions: all.reduce((sum, { sessions }) => sum + sessions, 0),
        encoders,
      };
    },
  );
};

/** Half a wish is none: size, rate and bits belong together. */
function wantedOf({ resolution, bitrate, fps }: z.infer<typeof Query>): WantedStream | null {
  if (resolution === undefined || bitrate === undefined || fps === undefined) return null;
  return wantedFrom({ resolution, bitrate, fps });
}

/** @param wanted null: any stream */
export function candidateOf(seen: Seen, actor: Actor, wanted: WantedStream | null): Candidate {
  const state = (actor.state as Partial<EncoderState> | null) ?? {};
  const { outputs = [], connection, input = "unknown" } = state;
  const capability = capabilityOf(state.identity?.vendor);
  const beyond =
    wanted && capability
      ? judgeStream(wanted, profiles.rtmp, capability).errors.map(({ message }) => message)
      : [];
  const host = hostOf(seen, actor);
  const load = (name: "cpuUsageRatio" | "memoryUsageRatio") => {
    const [own, ofHost] = [figureOf(actor, name), host?.[name]?.value];
    return ofHost === undefined ? own : Math.max(own ?? 0, ofHost);
  };
  const hasPicture = input === "good" || input === "unknown";
  return {
    encoder: refOf(actor),
    pool: actor.site,
    isReachable: !seen.isStale(actor) && state.link === "reachable",
    isInService: state.service === "inService",
    isLeftAlone: connection !== undefined && connection.breaker !== "closed",
    thermal: state.thermal ?? "unknown",
    temperatureC: figureOf(actor, "temperatureC"),
    cpuUsageRatio: load("cpuUsageRatio"),
    memoryUsageRatio: load("memoryUsageRatio"),
    healthScore: connection?.healthScore ?? null,
    failedRatio: connection?.failedRatio ?? null,
    clients: figureOf(actor, "clientCount"),
    bitrateBps: figureOf(actor, "bitrateBps"),
    mostBitrateBps: capability?.videoBps.most ?? null,
    sessions: outputs.filter((output) => output.state !== "idle").length,
    outputs: outputs.length > 0 ? outputs.length : null,
    standbys: seen.shown("stream").filter((stream) => standsBy(actor, stream)).length,
    cannotMake: [...beyond, ...(hasPicture ? [] : [`its input is ${input}`])],
    isCapable: wanted && capability ? beyond.length === 0 : null,
  };
}

/** Of a program: it has no more room than the host it runs on. */
function hostOf(seen: Seen, { site, state }: Actor): SiteHost | undefined {
  const { vendor } = (state?.["identity"] ?? {}) as { vendor?: string };
  if (vendor !== "ffmpeg" && vendor !== "gstreamer") return undefined;
  const home = seen.find({ site, kind: "site", id: site });
  return home && !seen.isStale(home) ? (home.state?.["host"] as SiteHost | undefined) : undefined;
}

/** It is kept ready for that stream, so that a takeover finds it free. A cold one is not kept. */
function standsBy({ site, id, state: own }: Actor, stream: Actor): boolean {
  const state = (stream.state as Partial<StreamState> | null) ?? {};
  if (stream.site !== site || state.carrier === "stopped" || state.encoder === id) return false;
  const listed = state.understudies?.find(({ encoder }) => encoder === id);
  if (listed?.role === "spare") return own?.["inUseFor"] === stream.id;
  return listed ? listed.wants === "warm" : state.understudyEncoder === id;
}

function itemOf(ranked: Ranked, actor: Actor, is: Candidate): z.infer<typeof RankedItem> {
  const round = (value: number) => Math.round(value * 100) / 100;
  return {
    ref: refOf(actor),
    encoder_id: actor.id,
    site_id: actor.site,
    score: round(ranked.score),
    admitted: ranked.refusals.length === 0,
    refusals: ranked.refusals,
    factors: ranked.factors.map(({ name, value, points }) => ({
      ...{ name, points: round(points) },
      value: value === null ? null : round(value),
    })),
    cpu_usage: percent(is.cpuUsageRatio),
    memory_usage: percent(is.memoryUsageRatio),
    bandwidth: is.bitrateBps,
    error_rate: percent(is.failedRatio),
    client_count: is.clients,
    active_encoding_sessions: is.sessions,
    standbys: is.standbys,
    outputs: is.outputs,
  };
}
