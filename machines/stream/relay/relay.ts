/**
 * What a relayed stream knows of its relay. The relay alone selects: what stands here of who is
 * selected is its word and never ours, and ours is only who may carry and whom we would like.
 */
import type { Carried } from "../../content/carried.ts";
import { keepsPictureBack, misfitSentence } from "../../content/misfit.ts";
import type { CommandRef } from "../../command/command-ref.ts";
import type { OutputRef } from "../../intents.ts";
import { elapsedMs, rebased, type Stamp } from "../../time.ts";
import type { RelayReason, RelayReport } from "../relay-protocol.ts";
import type { EncoderFacts } from "../../encoder/facts.ts";
import type { StreamPlan } from "../../site/plan.ts";
import type { SlateFormat } from "../slate-format.ts";
import type { MeasuredInput } from "./measures.ts";
import type { Splices } from "./splices.ts";

/** What the machines need of a report: plain JSON, compared by value. */
export type RelayWord = Pick<RelayReport, "generation" | "selected" | "switches" | "missingMs"> & {
  /** Absent in journals from before there was any. */
  slate?: NonNullable<RelayReport["slate"]>;
  slateMs?: number;
  /** Absent where it is not known. */
  slateFormat?: SlateFormat;
  reason: RelayReason | "unknown";
  /** Inputs that bring pictures. */
  live: readonly string[];
  /** By encoder, of whom it is known. Absent in journals from before it was told. */
  carried?: Readonly<Record<string, Carried>>;
  /** Absent where none are looked for. */
  splices?: Splices;
  /** Somebody reads what it selects. */
  isRead: boolean;
  droppedPictures: number;
};

/** Something that was seen of an input and may be why the relay leaves it. */
export type Trouble = { cause: string; at: Stamp };

/** What was decided and told; survives a restart. */
export type RelayMemory = {
  /** Its encoders and the relay itself are to run. */
  on: boolean;
  generation: number;
  eligible: readonly string[];
  /** Who is asked for, until the relay has taken it. */
  preferred: string | null;
  wish: { command: CommandRef | null; by: string; cause: string; at: Stamp } | null;
  /** By the relay's last report, and since when. */
  selected: string | null;
  since: Stamp;
  reason: RelayWord["reason"];
  switches: number;
  missingMs: number;
  /** How long the slate was shown before, ms, and since when it is. Absent in older journals. */
  slateMs?: number;
  slateSince?: Stamp | null;
  troubles: Readonly<Record<string, Trouble>>;
  /** When it died, or could not be had, and why it was the last time. */
  failures: readonly Stamp[];
  failedBecause?: string;
  lostAt: Stamp | null;
  /** Nobody brings anything since then, and who was the last. */
  empty: { from: string; at: Stamp } | null;
  /** A person was told that it cannot be kept up. */
  isPaged: boolean;
  /** Since then it goes on without its relay. Absent in older journals. */
  fellBack?: { at: Stamp; because: string } | null;
  /** The spare that was called in, and whether it has brought pictures since. Absent: none. */
  spare?: CalledSpare | null;
};

export type CalledSpare = {
  encoder: string;
  brought: boolean;
  /** Who wants it on air, before it is asked for at the relay. Absent: it was called for its pictures. */
  asked?: CommandRef;
};

export const newRelayMemory = (now: Stamp): RelayMemory => ({
  on: false,
  generation: 0,
  eligible: [],
  preferred: null,
  wish: null,
  selected: null,
  since: now,
  reason: "unknown",
  switches: 0,
  missingMs: 0,
  troubles: {},
  failures: [],
  lostAt: null,
  empty: null,
  isPaged: false,
});

/** Moments of an earlier boot, in the clock of this one. */
export function rebasedRelay(memory: RelayMemory | undefined, now: Stamp): RelayMemory {
  if (memory === undefined) return newRelayMemory(now);
  const { wish, troubles, lostAt, empty, slateSince, fellBack } = memory;
  return {
    ...memory,
    wish: wish && { ...wish, at: rebased(wish.at, now) },
    since: rebased(memory.since, now),
    slateSince: slateSince ? rebased(slateSince, now) : null,
    troubles: Object.fromEntries(
      Object.entries(troubles).map(([id, t]) => [id, { ...t, at: rebased(t.at, now) }]),
    ),
    failures: memory.failures.map((at) => rebased(at, now)),
    lostAt: lostAt && rebased(lostAt, now),
    empty: empty && { ...empty, at: rebased(empty.at, now) },
    ...(fellBack && { fellBack: { ...fellBack, at: rebased(fellBack.at, now) } }),
  };
}

/** Of a stream's context, what concerns its relay. */
type Relayed = {
  plan: StreamPlan;
  facts: Record<string, EncoderFacts>;
  memory: { relay: RelayMemory };
  relay: RelayWord | null;
  measured: Readonly<Record<string, MeasuredInput>>;
  heldCold: Readonly<Record<string, string>>;
  now: () => Stamp;
};

type Inputs = readonly (OutputRef & { leg: string })[];

/** Those that are to bring it pictures: all but the spares that were not called in. */
export function inputsOf({ plan, memory }: Pick<Relayed, "plan" | "memory">): Inputs {
  const called = memory.relay.spare?.encoder;
  return (plan.relay?.inputs ?? []).filter(
    ({ encoder }) => encoder === called || plan.spares?.includes(encoder) !== true,
  );
}

/** Who is to feed it now. */
export const feedersOf = (context: Pick<Relayed, "plan" | "memory">): string[] =>
  context.memory.relay.on ? inputsOf(context).map(({ encoder }) => encoder) : [];

/** The relay runs and says that somebody brings it pictures. */
export const relayBrings = ({ relay }: Pick<Relayed, "relay">): boolean =>
  relay !== null && relay.selected !== null;

/** What it sends is the slate. */
export const isOnSlate = ({ relay }: Pick<Relayed, "relay">): boolean => relay?.slate === "on";

/** A relayed stream whose relay has nothing to send, as far as is known. */
export const relayIsEmpty = (context: Pick<Relayed, "plan" | "relay">): boolean =>
  context.plan.relay !== undefined && !relayBrings(context);

/** Why this encoder shall not carry, or undefined. What is not known of a box is no reason. */
export function unfit({ facts }: Pick<Relayed, "facts">, encoder: string) {
  const box = facts[encoder];
  if (box && box.service !== "inService") return `is in ${box.service}`;
  if (box?.thermal === "protected") return "protects itself from heat";
  return undefined;
}

/** Who may carry. Nobody at all would be off air for certain: then all may. */
export function eligibleOf(context: Pick<Relayed, "plan" | "facts" | "memory">): string[] {
  const { spare } = context.memory.relay;
  const may = (encoder: string) => encoder !== spare?.encoder || spare.brought;
  const all = inputsOf(context).flatMap(({ encoder }) => (may(encoder) ? [encoder] : []));
  const fit = all.filter((encoder) => unfit(context, encoder) === undefined);
  return fit.length > 0 ? fit : all;
}

/** What it brings in place of pictures that the relay can carry. */
export const pictureMisfits = (
  { measured }: Pick<Relayed, "measured">,
  encoder: string,
): string[] =>
  (measured[encoder]?.misfits ?? [])
    .filter(keepsPictureBack)
    .map((misfit) => misfitSentence(encoder, misfit));

/** Why it could not carry now, or undefined. */
export function hindersInput(context: Relayed, encoder: string): string | undefined {
  const why = unfit(context, encoder);
  if (why !== undefined) return why;
  if (context.relay === null) return "is not seen: the relay does not answer";
  if (context.relay.live.includes(encoder)) return undefined;
  const cold = context.heldCold[encoder];
  if (cold !== undefined) return `stays cold: ${cold}`;
  return ["brings no pictures to the relay", ...pictureMisfits(context, encoder)].join(": ");
}

/** The first in the order of the configuration that could carry in place of the selected one. */
export function hotUnderstudy(context: Relayed): OutputRef | null {
  return (
    inputsOf(context).find(
      ({ encoder }) =>
        encoder !== context.memory.relay.selected && hindersInput(context, encoder) === undefined,
    ) ?? null
  );
}

/** Longer ago, it is not why the relay went on with another, ms. */
const troubleCountsMs = 15_000;
export function troubleOf(
  { memory, now }: Pick<Relayed, "memory" | "now">,
  encoder: string | null,
): Trouble | undefined {
  const trouble = encoder === null ? undefined : memory.relay.troubles[encoder];
  return trouble && elapsedMs(trouble.at, now()) < troubleCountsMs ? trouble : undefined;
}
