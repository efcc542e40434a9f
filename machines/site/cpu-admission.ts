/**
 * Whether there is processor for one software encoder more that only stands by. What would be too much
 * stays cold, and is started when there has been room for a while, or when it is needed: whoever has
 * to carry is never refused, and nothing that runs is stopped. What is not known refuses nobody.
 */
import type { Decision } from "../decision.ts";
import { elapsedMs, rebased, type Stamp } from "../time.ts";

/** Shares of all processors of the host, 0 … 1. */
type Ratio = number;

/** What was told of the host of late, the newest last; each holds until the next. */
export type CpuHistory = readonly { ratio: Ratio; at: Stamp }[];

/** An encoder that stays cold, and the stream that it would stand by for. */
export type HeldCold = {
  stream: string;
  encoder: string;
  because: string;
  since: Stamp;
  /** Since when there would be room for it. */
  roomSince: Stamp | null;
};

/** Above this nobody is added; well below it those that wait are. */
const limits = { most: 0.9, mostAgain: 0.8 };
/** Shorter is a hard scene, or the start of something. */
const busyLastsMs = 10_000;
const roomLastsMs = 30_000;
/** Until then what was just started is not seen in the figures of the host. */
const settlesMs = 20_000;
/** It is told twice a minute at least. */
const mostAgeMs = 90_000;

/** @param ratio undefined: the host cannot tell any more, and what it told before counts no more */
export function withCpu(history: CpuHistory, ratio: Ratio | undefined, now: Stamp): CpuHistory {
  if (ratio === undefined) return [];
  const isNeeded = (at: number) => elapsedMs(history[at + 1]?.at ?? now, now) < busyLastsMs;
  return [...history.filter((_, at) => isNeeded(at)), { ratio, at: now }];
}

/** The least it had to do in the last 10 s; undefined where it was not seen for so long. */
export function lastingCpu(history: CpuHistory, now: Stamp): Ratio | undefined {
  const [first] = history;
  if (!first || elapsedMs(history.at(-1)!.at, now) > mostAgeMs) return undefined;
  if (elapsedMs(first.at, now) < busyLastsMs) return undefined;
  return Math.min(...history.map(({ ratio }) => ratio));
}

/** Started so lately that the host's figures do not show it. */
export type Fresh = readonly { costs: Ratio; at: Stamp }[];
export const stillFresh = (fresh: Fresh, now: Stamp): Fresh =>
  fresh.filter(({ at }) => elapsedMs(at, now) < settlesMs);

type Wish = {
  /** See `lastingCpu`. */
  used: Ratio | undefined;
  fresh: Fresh;
  /** What it takes, as measured of it or of one that makes the same; undefined: not known. */
  costs: Ratio | undefined;
};
const percent = (ratio: Ratio) => `${Math.round(100 * ratio)} %`;

/** @returns why it is not to be started; undefined: it is */
export function refusalByCpu(
  { used, fresh, costs = 0 }: Wish,
  most: Ratio = limits.most,
): string | undefined {
  if (used === undefined) return undefined;
  const busy = Math.min(
    1,
    fresh.reduce((sum, one) => sum + one.costs, used),
  );
  if (busy + costs <= most) return undefined;
  const takes = costs > 0 ? `, and it would take ${percent(costs)} more` : "";
  return `the processors of this host are ${percent(busy)} busy${takes} (at most ${percent(limits.most)})`;
}

/** Of one that waits: room that stays is needed, and more of it than for one that comes new. */
export function heldAfter(held: HeldCold, wish: Wish, now: Stamp): HeldCold | "starts" {
  const because = refusalByCpu(wish, limits.mostAgain);
  // What is not known begins nothing that was found too much.
  if (because !== undefined || wish.used === undefined) return { ...held, roomSince: null };
  const roomSince = held.roomSince ?? now;
  return elapsedMs(roomSince, now) >= roomLastsMs ? "starts" : { ...held, roomSince };
}

/** What the site remembers of all this. */
export type Standby = {
  cpu: CpuHistory;
  fresh: Fresh;
  /** By the stream with which it would feed the relay. */
  held: Readonly<Record<string, HeldCold>>;
};

/** @param streams that are configured now */
export const newStandby = (
  kept: Standby["held"] | undefined,
  streams: readonly { id: string }[],
  now: Stamp,
): Standby => ({
  ...{ cpu: [], fresh: [] },
  held: Object.fromEntries(
    Object.entries(kept ?? {})
      .filter(([leg, { stream }]) => [leg, stream].every((id) => streams.some((s) => s.id === id)))
      .map(([leg, one]) => [
        leg,
        {
          ...one,
          since: rebased(one.since, now),
          roomSince: one.roomSince && rebased(one.roomSince, now),
        },
      ]),
  ),
});

export function heldNews({ stream, encoder, because }: HeldCold): Decision {
  return {
    type: "stream.understudy",
    severity: "warning",
    message: `${stream}: ${encoder} stays cold, ${because}: it is started when there is room, or when it is needed`,
    data: { understudy: "none", encoder, level: "cold" },
  };
}

export function startedNews({ stream, encoder }: HeldCold, isNeeded: boolean): Decision {
  const why = isNeeded ? "it is needed" : "there is room on this host";
  return {
    type: "stream.understudy",
    severity: isNeeded ? "warning" : "info",
    message: `${stream}: ${encoder} is started after all, ${why}`,
    data: { understudy: isNeeded ? "none" : "ready", encoder, level: "hot" },
  };
}
