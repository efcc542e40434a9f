/**
 * Whether a box may be practised now. Only where nobody can miss it: not while a programme of it is
 * expected unless somebody else stands ready, not near an event, and only at a destination that is
 * marked `test: true`, belongs to no stream and is proven quiet.
 */
import { type DestinationSnapshot, farEndFacts } from "../destination/destination.published.ts";
import type { EncoderSnapshot } from "../encoder/encoder.published.ts";
import { encoderFacts } from "../encoder/encoder.published.ts";
import type { EncoderFacts } from "../encoder/facts.ts";
import { isDue, lastTriedMs } from "../encoder/practice.ts";
import type { OutputRef } from "../intents.ts";
import type { Exercise } from "../exercise/exercise.ts";
import { understudies } from "../stream/readiness.ts";
import { carrierWord, type StreamSnapshot } from "../stream/stream.published.ts";
import type { Stamp } from "../time.ts";
import { changeFreeze, type Freeze } from "./change-freeze.ts";
import { generationByClock } from "./keys.ts";
import type { SitePlan } from "./plan.ts";

type Snapshots<S> = Record<string, { getSnapshot(): S }>;
type Facility = {
  plan: SitePlan;
  now: () => Stamp;
  freeze: Freeze;
  exercise: Exercise | null;
  destinations: Snapshots<DestinationSnapshot>;
  encoders: Snapshots<EncoderSnapshot>;
  streams: Snapshots<StreamSnapshot>;
  /** What a session has is kept free for it. */
  sessions: { assigned: Record<string, { encoders: readonly OutputRef[] }> };
};

/** Why this box is not practised now; undefined: it may be. */
export function exerciseRefusal(site: Facility, encoder: string): string | undefined {
  const underWay = site.exercise;
  if (underWay) return `${underWay.encoder} is being practised: one at a time`;
  const box = site.encoders[encoder];
  if (!box) return `there is no encoder ${encoder}`;
  if (site.plan.encoders.find(({ id }) => id === encoder)?.standsBy !== true)
    return `${encoder} stands by for nobody`;
  return unsafe(site, encoder) ?? unfit(box.getSnapshot()) ?? placeFor(site).refusal;
}

/** Why the one under way has to end at once. */
export function breakOffReason(site: Facility): string | undefined {
  if (!site.exercise) return undefined;
  const { encoder } = site.exercise;
  const { link, service, thermal } = encoderFacts(site.encoders[encoder]!.getSnapshot());
  if (link === "unreachable") return `${encoder} does not answer any more`;
  if (service === "maintenance") return `${encoder} was put into maintenance`;
  if (thermal === "protected") return `${encoder} is too hot`;
  return unsafe(site, encoder);
}

export function newExercise(site: Facility, encoder: string, by: string | null): Exercise {
  const { destination } = placeFor(site);
  const output = site.plan.encoders.find(({ id }) => id === encoder)!.outputs[0]!;
  const begunAt = site.now();
  const keyGeneration = generationByClock(begunAt.wallMs);
  return { encoder, output, destination: destination!, keyGeneration, by, begunAt };
}

/** Of the boxes that may be practised without a person, the one that has waited longest. */
export function nextToPractise(site: Facility): string | undefined {
  const due = site.plan.encoders.filter(({ id, practise }) => {
    const { practice } = site.encoders[id]!.getSnapshot().context.duty;
    return practise === "act" && practice !== undefined && isDue(practice, site.now());
  });
  const tried = (id: string) =>
    lastTriedMs(site.encoders[id]!.getSnapshot().context.duty.practice!);
  return due
    .map(({ id }) => id)
    .toSorted((a, b) => tried(a) - tried(b))
    .find((id) => exerciseRefusal(site, id) === undefined);
}

/** A programme could need it, or an event is near. */
function unsafe(site: Facility, encoder: string): string | undefined {
  const { plan, streams, freeze, now, sessions } = site;
  const frozen = changeFreeze(freeze, "drill", now());
  if (frozen !== undefined) return frozen;
  for (const [id, { encoders }] of Object.entries(sessions.assigned)) {
    if (encoders.some((ref) => ref.encoder === encoder)) return `a session on ${id} has it`;
  }
  for (const { id, encoders } of plan.streams) {
    if (!encoders.some((ref) => ref.encoder === encoder)) continue;
    const stream = streams[id]!.getSnapshot();
    const word = carrierWord(stream);
    const { phase } = stream.context.memory.schedule;
    if (word === "stopped") continue;
    if (stream.context.carrier?.encoder === encoder) return `${encoder} carries ${id}`;
    if (phase === "on" || phase === "lineUp") return `${id} is expected on air`;
    if (phase === "off") continue;
    if (word !== "carried") return `${id} may need it: ${stream.context.because}`;
    const others = understudies(stream.context).filter(
      (one) => one.encoder !== encoder && one.is !== "none",
    );
    if (others.length === 0)
      return `${id} is on air and has no other understudy; give it on-air windows, or fail over to ${encoder} once by hand`;
  }
  return undefined;
}

function unfit(box: EncoderSnapshot): string | undefined {
  const { plan, reading, holds, duty } = box.context;
  const facts: EncoderFacts = encoderFacts(box);
  if (facts.link !== "reachable" || !reading) return `${plan.id} does not answer`;
  if (facts.service !== "inService") return `${plan.id} is in ${facts.service}`;
  if (facts.power && facts.power.word !== "on") return `${plan.id} has no power`;
  if (facts.thermal !== "normal" && facts.thermal !== "unknown") return `${plan.id} is too warm`;
  if (holds.length > 0 || duty.inUseFor !== null) return `${plan.id} is in use`;
  const busy = Object.entries(reading.outputs).find(([, { state }]) => state !== "idle");
  if (busy) return `${busy[0]} of ${plan.id} is ${busy[1].state}, not idle: it is left alone`;
  if (reading.recording?.isLinked === true)
    return `Link Start/Stop is on: a stream of ${plan.id} would start a recording, too`;
  return undefined;
}

type Place = { destination: string; refusal?: never } | { destination?: never; refusal: string };

function placeFor({ plan, destinations }: Facility): Place {
  const places = plan.destinations.filter(({ forExercises }) => forExercises === true);
  if (places.length === 0)
    return {
      refusal: "no destination is marked test: true and used by no stream: add one to practise at",
    };
  const refusals = places.map(({ id, observed }) =>
    observed
      ? occupied(destinations[id]!.getSnapshot())
      : `nobody looks at ${id}: it needs observers`,
  );
  const free = refusals.indexOf(undefined);
  return free < 0 ? { refusal: refusals.join("; ") } : { destination: places[free]!.id };
}

function occupied(farEnd: DestinationSnapshot): string | undefined {
  const { destination: id, word, by, provesAbsence } = farEndFacts(farEnd);
  if (word === "publishing") return `${by ?? "somebody"} publishes to ${id}`;
  if (word !== "quiet") return `it is not known who publishes to ${id}`;
  return provesAbsence ? undefined : `nobody can prove that ${id} is quiet`;
}
