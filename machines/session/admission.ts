/**
 * Which stream and which boxes a new session gets, or why none. A box that stands by for somebody
 * is as taken as one that carries. Pure: the site asks, and alone decides.
 */
import { driftSentence } from "../encoder/settings.ts";
import type { EncoderSnapshot } from "../encoder/encoder.published.ts";
import type { EncoderFacts } from "../encoder/facts.ts";
import type { FigureName } from "../encoder/reading.ts";
import type { OutputRef } from "../intents.ts";
import { place, type Placement } from "../placement/place.ts";
import type { Candidate } from "../placement/score.ts";
import { capabilityOf } from "../profile/encoder-capability.ts";
import { profiles } from "../profile/profiles.ts";
import { judgeStream, type Judgement, type WantedStream } from "../profile/validate.ts";
import type { Keys } from "../site/keys.ts";
import { freshLoad, type KnownHostLoad, loadOf } from "../site/host-load.ts";
import type { SitePlan, StreamPlan } from "../site/plan.ts";
import { carrierStateOf, type StreamSnapshot } from "../stream/stream.published.ts";
import type { Stamp } from "../time.ts";
import type { SessionAsk, SessionSettings } from "./session.contract.ts";
import { type Assigned, unlike } from "./session.ts";

type Actors<Snapshot> = Record<string, { getSnapshot: () => Snapshot }>;
export type Facility = {
  plan: SitePlan;
  keys: Keys;
  facts: Record<string, EncoderFacts>;
  encoders: Actors<EncoderSnapshot>;
  streams: Actors<StreamSnapshot>;
  /** Stream → what its session has of it. */
  assigned: Record<string, Assigned>;
  exercise: { encoder: string } | null;
  hostLoad: KnownHostLoad | null;
  now: () => Stamp;
  /** Who was given to the session before; null: there was none. */
  lastGiven: string | null;
};

export type Refusal = { code: string; message: string };
export type Admission = {
  stream: string;
  encoders: OutputRef[];
  input: SessionAsk["input"];
  /** Where its publisher sends the picture; absent: input `device`. */
  ingest?: string;
  because: string;
  score: number;
  /** What works, and is worse than it need be. */
  warnings: string[];
};

export function admit(facility: Facility, ask: SessionAsk): Admission | Refusal {
  const { settings } = ask;
  const input = inputOf(facility.plan, ask);
  const kept = facility.plan.streams.filter(({ sessions }) => sessions === true);
  if (kept.length === 0) {
    const message = "no stream of this site is kept for sessions: see `sessions` in site.yaml";
    return { code: "no_session_streams", message };
  }
  if (input === "push" && ingestsForSessions(facility.plan).length === 0) {
    const message = "no ingest of this site is kept for sessions: see `ingests` in site.yaml";
    return { code: "no_session_ingests", message };
  }
  const judged = kept.map((stream) => ({ stream, is: judgedAt(facility.plan, stream, settings) }));
  const takers = judged.filter(({ is }) => is.isValid);
  if (takers.length === 0) {
    const errors = judged.flatMap(({ is }) => is.errors.map(({ message }) => message));
    return { code: "not_valid", message: [...new Set(errors)].join("; ") };
  }
  const free = takers.filter(({ stream }) => isFree(facility, stream));
  if (free.length === 0) {
    const which =
      takers.length < kept.length ? "streams whose destination takes this" : "streams for sessions";
    return { code: "no_free_stream", message: `all ${takers.length} ${which} are taken` };
  }
  const placed = free.flatMap(({ stream: whole, is: { warnings } }) =>
    feedsOf(facility, input).flatMap((ingest) => {
      const encoders = whole.encoders.filter((ref) => isFedBy(facility.plan, ref, ingest));
      const stream = { ...whole, encoders };
      if (encoders.length === 0) return [];
      return [{ stream, warnings, ingest, is: placeOn(facility, stream, ask) }];
    }),
  );
  if (placed.length === 0) return nothingFeeds(facility, input);
  const able = placed.filter(({ is }) => is.chosen !== null);
  if (able.length === 0) {
    return { code: "no_encoder", message: placed.map(({ is }) => reasons(is)).join("; ") };
  }
  const covered = able.filter(({ stream, is }) => stream.encoders.length === 1 || is.backup);
  const [best] = covered.toSorted((a, b) => scoreIn(b.is) - scoreIn(a.is));
  if (!best) {
    const { is } = able[0]!;
    const message = `${is.chosen} could carry it, but nobody could stand by: ${reasons(is)}`;
    return { code: "no_understudy", message };
  }
  const { stream, is, warnings, ingest } = best;
  const refOf = (id: string | null) => stream.encoders.filter(({ encoder }) => encoder === id);
  return {
    stream: stream.id,
    encoders: [...refOf(is.chosen), ...refOf(is.backup)],
    because: is.because,
    score: Math.round(scoreIn(is)),
    ...{ input, ...(ingest !== undefined && { ingest }) },
    warnings: [
      ...inputWarnings(facility.plan, ask),
      ...warnings.map(({ message }) => message),
      ...(is.backup === null ? [`${stream.id} has no other encoder: nobody stands by`] : []),
    ],
  };
}

const ingestsForSessions = ({ ingests = [] }: SitePlan) =>
  ingests.filter(({ sessions }) => sessions === true);

function inputOf(plan: SitePlan, { input, anyInput }: SessionAsk): SessionAsk["input"] {
  return anyInput === true && ingestsForSessions(plan).length > 0 ? "push" : input;
}

/** Whoever goes by the documents of old publishes to the address that comes back. */
export function inputWarnings(plan: SitePlan, ask: SessionAsk): string[] {
  if (ask.anyInput !== true || inputOf(plan, ask) === "push") return [];
  return [
    "do not publish to this address: the encoder does, from what is plugged into it (no ingest of " +
      "this site is kept for sessions)",
  ];
}

/** Ingests that nobody has; undefined: what is plugged into the encoder. */
function feedsOf({ plan, assigned }: Facility, input: SessionAsk["input"]): (string | undefined)[] {
  if (input === "device") return [undefined];
  const taken = Object.values(assigned).map(({ ingest }) => ingest);
  return ingestsForSessions(plan).flatMap(({ id }) => (taken.includes(id) ? [] : [id]));
}

function isFedBy(plan: SitePlan, { encoder }: OutputRef, ingest: string | undefined): boolean {
  const takes = plan.encoders.find(({ id }) => id === encoder)?.ingest;
  if (ingest !== undefined) return takes === ingest;
  return !ingestsForSessions(plan).some(({ id }) => id === takes);
}

function nothingFeeds(facility: Facility, input: SessionAsk["input"]): Refusal {
  if (input === "device") {
    const message = "its encoders take only what publishers push: ask with input push";
    return { code: "no_encoder", message };
  }
  const all = ingestsForSessions(facility.plan);
  const message =
    feedsOf(facility, input).length === 0
      ? `all ${all.length} ingests for sessions are taken`
      : "no encoder of a free stream takes a free ingest that is kept for sessions";
  return { code: "no_free_ingest", message };
}

/** By the rules of the stream's destination. */
function judgedAt(
  { destinations }: SitePlan,
  { destination }: StreamPlan,
  settings: SessionSettings,
): Judgement {
  const profile = destinations.find(({ id }) => id === destination)?.profile ?? "rtmp";
  return judgeStream(wantedStream(settings), profiles[profile], null);
}

/** Why a box could not make it, were it free. */
export function cannotMake(
  { plan, facts, encoders }: Facility,
  id: string,
  settings: SessionSettings,
): string[] {
  const { canBeSet, isSetAtStart } = plan.encoders.find((box) => box.id === id)!;
  const capability = capabilityAt({ plan, encoders }, id);
  const beyond = judgeStream(wantedStream(settings), profiles.rtmp, capability).errors;
  const drift = canBeSet === true || isSetAtStart === true ? [] : unlike(settings, facts[id]);
  return [
    ...beyond.map(({ message }) => message),
    ...(drift.length > 0 ? [`it cannot be set by us, and makes ${driftSentence(drift)}`] : []),
  ];
}

function capabilityAt({ plan, encoders }: Pick<Facility, "plan" | "encoders">, id: string) {
  const { vendor } = plan.encoders.find((box) => box.id === id)!;
  const { identity } = encoders[id]!.getSnapshot().context.reading ?? {};
  return capabilityOf(identity?.vendor ?? vendor);
}

/** Nobody has it: no session, and nobody who started it by hand. */
function isFree({ assigned, streams, keys }: Facility, { id, destination }: StreamPlan): boolean {
  return (
    assigned[id] === undefined &&
    carrierStateOf(streams[id]!.getSnapshot()) === "stopped" &&
    (keys[destination]?.holder ?? null) === null
  );
}

function placeOn(
  facility: Facility,
  stream: StreamPlan,
  { settings, strategy }: SessionAsk,
): Placement {
  const reserved = reservations(facility);
  const candidates = stream.encoders.map((ref) => candidate(facility, reserved, ref, settings));
  const { lastGiven } = facility;
  return place(candidates, strategy, lastGiven === null ? {} : { after: lastGiven });
}

function candidate(
  facility: Facility,
  reserved: readonly OutputRef[],
  { encoder, output }: OutputRef,
  settings: SessionSettings,
): Candidate {
  const { facts, encoders, plan, hostLoad, now } = facility;
  const boxPlan = plan.encoders.find(({ id }) => id === encoder)!;
  const host = freshLoad(hostLoad, now());
  const { reading, connection } = encoders[encoder]!.getSnapshot().context;
  const box = facts[encoder];
  const figure = (name: FigureName) => reading?.figures[name]?.value ?? null;
  const outputs = Object.entries(box?.outputs ?? {});
  const isIdle = (id: string) => box?.outputs[id]?.state === "idle";
  const sessions = outputs.filter(([id]) => !isIdle(id)).length;
  const standbys = reserved.filter((ref) => ref.encoder === encoder && isIdle(ref.output)).length;
  const inUse = sessions + standbys > 0 ? unlike(settings, box) : [];
  const hasPicture = box === undefined || box.input === "good" || box.input === "unknown";
  const beyond = cannotMake(facility, encoder, settings);
  return {
    encoder,
    pool: "site",
    isReachable: box?.link === "reachable",
    isInService: box?.service === "inService",
    isLeftAlone: connection !== undefined && connection.breaker !== "closed",
    thermal: box?.thermal ?? "unknown",
    temperatureC: figure("temperatureC"),
    cpuUsageRatio: loadOf(boxPlan, figure("cpuUsageRatio"), host.cpuUsageRatio),
    memoryUsageRatio: loadOf(boxPlan, figure("memoryUsageRatio"), host.memoryUsageRatio),
    healthScore: connection?.healthScore ?? null,
    failedRatio: connection?.failedRatio ?? null,
    clients: figure("clientCount"),
    bitrateBps: figure("bitrateBps"),
    mostBitrateBps: capabilityAt(facility, encoder)?.videoBps.most ?? null,
    ...{ sessions, standbys, outputs: outputs.length > 0 ? outputs.length : null },
    cannotMake: [
      ...beyond,
      ...(facility.exercise?.encoder === encoder ? ["it is being practised"] : []),
      ...(hasPicture ? [] : [`its input is ${box.input}`]),
      ...(reserved.some((ref) => ref.encoder === encoder && ref.output === output)
        ? ["it carries or stands by for another stream"]
        : []),
      ...(isIdle(output) ? [] : [`its output is ${box?.outputs[output]?.state ?? "unknown"}`]),
      ...(inUse.length > 0 ? [`it is in use, with ${driftSentence(inUse)}`] : []),
    ],
    isCapable: beyond.length === 0,
  };
}

/** Boxes that sessions and other streams count on. A cold one is not kept free for anybody. */
function reservations({ plan, streams, assigned }: Facility): OutputRef[] {
  return plan.streams.flatMap(({ id, encoders, cold, spares, sessions }) => {
    const session = assigned[id];
    if (session) return session.encoders;
    const stream = streams[id]!.getSnapshot();
    if (carrierStateOf(stream) === "stopped") return [];
    if (sessions === true) return encoders;
    const { carrier } = stream.context;
    return encoders.filter(
      ({ encoder }) =>
        encoder === carrier?.encoder ||
        (!cold?.includes(encoder) && !spares?.includes(encoder)) ||
        stream.context.facts[encoder]?.inUseFor === id,
    );
  });
}

const scoreIn = ({ ranking, chosen }: Placement) =>
  ranking.find(({ encoder }) => encoder === chosen)?.score ?? 0;

const reasons = ({ ranking }: Placement) =>
  ranking
    .filter(({ refusals }) => refusals.length > 0)
    .map(({ encoder, refusals }) => `${encoder}: ${refusals.join(", ")}`)
    .join("; ");

const wantedStream = ({ audioBps, keyframeEveryS, ...rest }: SessionSettings): WantedStream => ({
  ...rest,
  ...(audioBps !== undefined && { audioBps }),
  ...(keyframeEveryS !== undefined && { keyframeEveryS }),
});
