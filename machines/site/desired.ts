/** What the streams want of each encoder: as site.yaml says, else as their primary is set. */
import type { Desired } from "../encoder/drift.ts";
import type { EncoderFacts } from "../encoder/facts.ts";
import { settingsHash } from "../encoder/settings.ts";
import { programmeOf, type SitePlan, type StreamPlan } from "./plan.ts";
import type { SiteContext } from "./site.context.ts";

type Facts = Record<string, EncoderFacts>;

/** Of what feeds a relay a spare is set like the first of those that feed it, too. */
function primaryOf(streams: SitePlan["streams"], { feedOf, spares, encoders }: StreamPlan) {
  const fed = spares && streams.find(({ id }) => id === feedOf);
  return (fed?.relay?.inputs ?? encoders)[0]?.encoder;
}

/** Whose settings are judged by what is told of this one: itself, and those it is a model for. */
export function concernedBy({ streams }: SitePlan, encoder: string): string[] {
  const modelOf = streams.filter((stream) => primaryOf(streams, stream) === encoder);
  const followers = modelOf.flatMap(({ encoders }) => encoders.map((ref) => ref.encoder));
  return [...new Set([encoder, ...followers])];
}

/** What an understudy is compared with has not changed with this. */
export const isAsSetUp = (before: EncoderFacts | undefined, now: EncoderFacts): boolean =>
  before !== undefined &&
  before.inUseFor === now.inUseFor &&
  (before.settings === now.settings ||
    (before.settings !== null &&
      now.settings !== null &&
      settingsHash(before.settings) === settingsHash(now.settings)));

/** @param before what was wanted: as far as it was read it stands while the model does not tell */
export function desiredOf(
  { streams }: SitePlan,
  facts: Facts,
  encoder: string,
  before: Desired | null,
): Desired | null {
  const wanting = streams.filter((stream) => isLookedAt(stream, encoder));
  const inUseFor = facts[encoder]?.inUseFor;
  const stream = wanting.find((one) => programmeOf(one) === inUseFor) ?? wanting[0];
  if (!stream) return null;
  const primary = primaryOf(streams, stream)!;
  const model = primary === encoder ? null : primary;
  const read = model === null ? null : (facts[model]?.settings ?? null);
  const stands = model !== null && read === null && before?.stream === stream.id ? before : null;
  const settings = { ...(read ?? stands?.settings), ...stream.settings };
  if (Object.keys(settings).length === 0) return null;
  return {
    ...{ stream: stream.id, settings, model: read === null ? (stands?.model ?? null) : model },
    ...(stream.startWith && { startWith: stream.startWith }),
  };
}

const isLookedAt = ({ encoders, cold }: StreamPlan, encoder: string) =>
  encoders.some((ref) => ref.encoder === encoder) && cold?.includes(encoder) !== true;

/** What is wanted of this box, where that is another now. */
export function wantedNews(
  { facts, encoders }: Pick<SiteContext, "facts" | "encoders">,
  plan: SitePlan,
  encoder: string,
) {
  const { desired: before } = encoders[encoder]!.getSnapshot().context.duty;
  const desired = desiredOf(plan, facts, encoder, before);
  const isNews = JSON.stringify(desired) !== JSON.stringify(before);
  return isNews ? ({ type: "wanted", desired } as const) : undefined;
}
