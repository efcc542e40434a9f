/** Which encoder takes one stream more, which stands in for it, and why. Pure. */
import {
  defaultWeights,
  factorsOf,
  scoreOf,
  type Candidate,
  type Factor,
  type Weights,
} from "./score.ts";

export const strategies = ["weighted", "least_connections", "round_robin"] as const;
export type Strategy = (typeof strategies)[number];

export type Ranked = {
  encoder: string;
  pool: string;
  /** 0 to 100. */
  score: number;
  factors: Factor[];
  /** Why it cannot take it, for people; empty: it can. */
  refusals: string[];
};

export type Placement = {
  strategy: Strategy;
  /** null: nobody can. */
  chosen: string | null;
  /** Of the same pool; null: the stream would have no understudy. */
  backup: string | null;
  because: string;
  /** Those who can, in the order of the strategy; then the others by name. */
  ranking: Ranked[];
};

/** @param after with `round_robin`: who was chosen last */
export function place(
  candidates: readonly Candidate[],
  strategy: Strategy = "weighted",
  { after, weights = defaultWeights }: { after?: string; weights?: Weights } = {},
): Placement {
  const byName = [...candidates].sort((a, b) => compare(a.encoder, b.encoder));
  const ranked = byName.map((one) => ({ one, is: rank(one, weights) }));
  const able = ranked.filter(({ is }) => is.refusals.length === 0);
  const order = inOrder[strategy](able, after);
  const [chosen] = order;
  const backup = order.find(({ one }) => one !== chosen?.one && one.pool === chosen?.one.pool);
  return {
    strategy,
    chosen: chosen?.one.encoder ?? null,
    backup: backup?.one.encoder ?? null,
    because: chosen ? reason(strategy, chosen, able.length) : nobody(ranked.length),
    ranking: [...order, ...ranked.filter(({ is }) => is.refusals.length > 0)].map(({ is }) => is),
  };
}

/** Why an encoder takes no further stream. A standby holds an output like a stream under way. */
export function refusalsOf(one: Candidate): string[] {
  const { sessions, standbys, outputs } = one;
  const isFull = outputs !== null && sessions + standbys >= outputs;
  return [
    ...(one.isReachable ? [] : ["it cannot be reached"]),
    ...(one.isInService ? [] : ["it is not in service"]),
    ...(one.isLeftAlone ? ["it failed too often to be asked"] : []),
    ...(one.thermal === "hot" || one.thermal === "protected" ? ["it is too hot"] : []),
    ...(isFull
      ? [`its ${outputs} outputs are taken: ${sessions} under way, ${standbys} standing by`]
      : []),
    ...one.cannotMake,
  ];
}

function rank(one: Candidate, weights: Weights): Ranked {
  const factors = factorsOf(one, weights);
  const { encoder, pool } = one;
  return { encoder, pool, score: scoreOf(factors), factors, refusals: refusalsOf(one) };
}

type Entry = { one: Candidate; is: Ranked };
const load = ({ one }: Entry) => one.sessions + one.standbys;
const byScore = (a: Entry, b: Entry) => b.is.score - a.is.score;

/** What is equal stays in the order of the names, so that equal questions get equal answers. */
const inOrder: Record<Strategy, (able: Entry[], after?: string) => Entry[]> = {
  weighted: (able) => able.toSorted(byScore),
  least_connections: (able) =>
    able.toSorted(
      (a, b) => load(a) - load(b) || (a.one.clients ?? 0) - (b.one.clients ?? 0) || byScore(a, b),
    ),
  round_robin: (able, after) => [
    ...able.filter(({ one }) => after !== undefined && one.encoder > after),
    ...able.filter(({ one }) => after === undefined || one.encoder <= after),
  ],
};

function reason(strategy: Strategy, { one, is }: Entry, of: number): string {
  const among = `of ${of} that can take it`;
  if (strategy === "round_robin") return `${one.encoder} is next in turn ${among}`;
  if (strategy === "least_connections") {
    return `${one.encoder} has the fewest streams ${among}: ${one.sessions} under way, ${one.standbys} standing by`;
  }
  const worst = [...is.factors]
    .filter(({ value }) => value !== null)
    .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
  const but = worst && (worst.value ?? 1) < 1 ? `; its weakest point is ${worst.name}` : "";
  return `${one.encoder} scores best ${among}: ${Math.round(is.score)} of 100${but}`;
}

const nobody = (all: number) =>
  all === 0 ? "there is no encoder" : `none of ${all} encoders can take it`;

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
