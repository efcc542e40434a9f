/** How well an encoder would carry one stream more, 0 to 100, and what that is made of. Pure. */

/** What is known of an encoder. null: not known, which counts as middling, never as best or worst. */
export type Candidate = {
  encoder: string;
  /** Encoders of one pool can stand in for each other: those of one site. */
  pool: string;
  /** It answers now, and what is known of it is of now. */
  isReachable: boolean;
  isInService: boolean;
  /** Left alone after too many failures. */
  isLeftAlone: boolean;
  thermal: "normal" | "warm" | "cooling" | "hot" | "protected" | "unknown";
  /** Chassis, °C. */
  temperatureC: number | null;
  cpuUsageRatio: number | null;
  memoryUsageRatio: number | null;
  /** 0 to 100. */
  healthScore: number | null;
  /** Of the questions to it, 0 to 1. */
  failedRatio: number | null;
  clients: number | null;
  /** What it sends now, and the most it can. */
  bitrateBps: number | null;
  mostBitrateBps: number | null;
  /** Streams under way on it, and outputs in all. An output that tells nothing is under way. */
  sessions: number;
  outputs: number | null;
  /** Streams it stands ready for: each holds an output as if it were under way. */
  standbys: number;
  /** Why it cannot make the stream, for people; empty: it can, or that is not known. */
  cannotMake: readonly string[];
  /** It is known to be able to make it. */
  isCapable: boolean | null;
};

export const factorNames = [
  "load",
  "sessions",
  "thermal",
  "health",
  "errors",
  "bandwidth",
  "clients",
  "capability",
] as const;
export type FactorName = (typeof factorNames)[number];
export type Weights = Readonly<Record<FactorName, number>>;

/** Relative to each other. */
export const defaultWeights: Weights = {
  load: 20,
  sessions: 20,
  thermal: 20,
  health: 15,
  errors: 10,
  bandwidth: 5,
  clients: 5,
  capability: 5,
};

/** `value`: 0 worst to 1 best; null not known. `points`: its share of the score. */
export type Factor = { name: FactorName; value: number | null; points: number };

/** Below it a chassis has all its room; the upper end is where load is turned down. */
const chassisC = { cool: 40, hot: 80 };
/** Seen at one box, so that a further one hardly matters. */
const manyClients = 100;
const middling = 0.5;

export function factorsOf(one: Candidate, weights: Weights = defaultWeights): Factor[] {
  const total = factorNames.reduce((sum, name) => sum + weights[name], 0);
  return factorNames.map((name) => {
    const value = valueOf[name](one);
    const points = total === 0 ? 0 : (100 * weights[name] * (value ?? middling)) / total;
    return { name, value, points };
  });
}

export const scoreOf = (factors: readonly Factor[]) =>
  factors.reduce((sum, { points }) => sum + points, 0);

const valueOf: Record<FactorName, (one: Candidate) => number | null> = {
  load: ({ cpuUsageRatio, memoryUsageRatio }) => {
    const known = [cpuUsageRatio, memoryUsageRatio].filter((ratio) => ratio !== null);
    return known.length === 0 ? null : share(1 - Math.max(...known));
  },
  sessions: ({ sessions, standbys, outputs }) =>
    outputs === null || outputs === 0 ? null : share(1 - (sessions + standbys) / outputs),
  thermal: ({ thermal, temperatureC }) => {
    const byWord = { normal: 1, warm: 0.5, cooling: 0.2, hot: 0, protected: 0, unknown: null };
    const { cool, hot } = chassisC;
    const known = [
      byWord[thermal],
      temperatureC === null ? null : share((hot - temperatureC) / (hot - cool)),
    ].filter((value) => value !== null);
    return known.length === 0 ? null : Math.min(...known);
  },
  health: ({ healthScore }) => (healthScore === null ? null : share(healthScore / 100)),
  errors: ({ failedRatio }) => (failedRatio === null ? null : share(1 - failedRatio)),
  bandwidth: ({ bitrateBps, mostBitrateBps }) =>
    bitrateBps === null || mostBitrateBps === null || mostBitrateBps === 0
      ? null
      : share(1 - bitrateBps / mostBitrateBps),
  clients: ({ clients }) => (clients === null ? null : share(1 - clients / manyClients)),
  capability: ({ isCapable }) => (isCapable === null ? null : isCapable ? 1 : 0),
};

const share = (value: number) => Math.min(1, Math.max(0, value));
