/** What needs a person first. The list is not sorted anew under somebody's finger. */
import type { EncoderItem, StorageItem, StreamItem } from "./items.ts";
import type { Tone } from "./words.ts";

/** 0 is the worst. */
export type Rank = 0 | 1 | 2 | 3 | 4;
const tones: Record<Rank, Tone> = {
  0: "critical",
  1: "unknown",
  2: "warning",
  3: "good",
  4: "offline",
};
export const toneOf = (rank: Rank): Tone => tones[rank];

const waits = ["needsHuman", "waitingForFence"];
const calm = ["carried", "stopped"];

export function streamRank(stream: StreamItem): Rank {
  const { carriage, carrier = "", understudy, schedule, latched = [] } = stream;
  if (schedule?.startMissed === true || waits.includes(carrier)) return 0;
  if (carriage === "offAir" && carrier !== "stopped") return 0;
  if (stream.missesProgramme != null && !stream.stale) return 0;
  if (stream.stale || carriage === undefined || carriage === "notKnown") return 1;
  if (carriage === "notExpected") return 4;
  if (carriage === "offAir" || !calm.includes(carrier) || latched.length > 0) return 2;
  if (understudy === "none" && (stream.encoders?.length ?? 0) > 1) return 2;
  const faults = stream.content?.views.flatMap((view) => view.faults) ?? [];
  const differs = stream.content?.comparison?.word === "different";
  const losesMuch = stream.content?.quality?.lowBeganAt != null;
  const legLost = stream.legs?.some((leg) => leg.state === "lost") === true;
  return faults.length > 0 || differs || losesMuch || legLost ? 2 : 3;
}

export function encoderRank(encoder: EncoderItem): Rank {
  const { link, thermal, outputs = [], repair, service, connection } = encoder;
  if (link === "unreachable" || outputs.some(({ state }) => state === "failing")) return 0;
  if (thermal === "hot" || thermal === "protected" || service === "quarantined") return 0;
  if (["proposing", "heldBack", "givenUp"].includes(repair?.state ?? "")) return 0;
  if (encoder.stale || link === undefined || link === "unknown" || link === "silent") return 1;
  if (service === "maintenance") return 4;
  const isWell = repair === undefined || repair.state === "well";
  const isCool = ["normal", "unknown", undefined].includes(thermal);
  const isTold = (encoder.warnings ?? []).length > 0 || encoder.wanted?.isAlarmed === true;
  const isHard = connection !== undefined && connection.breaker !== "closed";
  return isWell && isCool && !isTold && !isHard && service !== "rebooting" ? 3 : 2;
}

const mediumRanks: Record<string, Rank> = {
  ...{ full: 0, failing: 0, missing: 0 },
  ...{ filling: 2, nearlyFull: 2, readOnly: 2, healthy: 3, retired: 4 },
};
export function storageRank({ state, stale }: StorageItem): Rank {
  return stale ? 1 : (mediumRanks[state ?? ""] ?? 1);
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Worst first, then by name.
 * @param keep the order that is on the page now; it stands, and what is new comes first
 */
export function inOrder<T extends { ref: string }>(
  items: readonly T[],
  rankOf: (item: T) => number,
  keep: readonly string[] | undefined,
): T[] {
  const place = new Map(keep?.map((ref, at) => [ref, at]));
  const first = (item: T) => (keep ? (place.get(item.ref) ?? -1) : rankOf(item));
  return items.toSorted((a, b) => first(a) - first(b) || compare(a.ref, b.ref));
}
