import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DestinationConfig, SiteConfig } from "../../config/site.schema.ts";
import type { FarEndSight } from "../../machines/destination/sight.ts";
import type { EncoderReading } from "../../machines/encoder/reading.ts";
import type { SitePlan } from "../../machines/site/plan.ts";
import { monotonicMs } from "../clock.ts";
import type { KnownTarget } from "../drivers/driver.ts";
import { type Vendor, vendors as allVendors } from "../drivers/index.ts";
import { watchFarEnd } from "../far-end.ts";
import { openObserver } from "../observers/index.ts";
import { planOf } from "../plan.ts";
import { supervise, type Supervised } from "../supervisor.ts";

/** One box, asked closely, with what it last said. */
export type BenchBox = {
  id: string;
  vendor: Vendor;
  plan: SitePlan["encoders"][number];
  run: Supervised["run"];
  /** Undefined while it has not answered; `atMs` is monotonic. */
  latest(): { reading: EncoderReading; atMs: number } | undefined;
  failure(): string | undefined;
  /** Polls that failed in a row. */
  failures(): number;
  /** How long each poll that was answered took, ms. */
  answersMs(): readonly number[];
  /** From now on as a suspect box is asked, so that what is measured is exact; or leisurely again. */
  lookClosely(closely: boolean): void;
};

/** The far end of one destination, as its observers see it. */
export type BenchFarEnd = {
  destination: DestinationConfig;
  /** `grewAtMs`: when bytes were last seen to arrive. `quietSinceMs`: by one that proves absence. */
  latest: () => FarEndView | undefined;
};
export type FarEndView = {
  sight: FarEndSight;
  atMs: number;
  source: string;
  provesAbsence: boolean;
  grewAtMs?: number;
  quietSinceMs?: number;
};

export type Bench = {
  plan: SitePlan;
  boxes: ReadonlyMap<string, BenchBox>;
  farEnds: ReadonlyMap<string, BenchFarEnd>;
  close(): Promise<void>;
};

/**
 * The chosen boxes and the far ends in hand, as the daemon would hold them: the same drivers, state
 * and options, so that what is measured is what will happen. Whoever opens it holds the lock of the
 * state directory.
 */
export async function openBench(
  config: SiteConfig,
  encoders: readonly string[],
  vendors: Readonly<Record<string, Vendor>> = allVendors,
): Promise<Bench> {
  const plan = planOf(config, vendors);
  const knownTargets = (): KnownTarget[] =>
    config.destinations.map(({ id, address, streamKey, srt }) => ({
      ...{ destination: id, address, streamKey },
      ...(srt && { srt }),
    }));
  const boxes = new Map<string, BenchBox & { close(): Promise<void> }>();
  for (const encoder of config.encoders.filter(({ id }) => encoders.includes(id))) {
    const { id, driver: name } = encoder;
    const stateDir = join(config.stateDir, "encoders", id);
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const ofPlan = plan.encoders.find((box) => box.id === id)!;
    const options = {
      ...(encoder.options as object),
      ...(ofPlan.ownSelfStart && { ownSelfStart: true }),
    };
    const vendor = vendors[name]!;
    const driver = await vendor.open(
      { encoder: id, knownTargets, now: monotonicMs, stateDir },
      options,
    );
    boxes.set(id, watchBox({ id, vendor, plan: ofPlan }, driver, encoder.polling));
  }
  const farEnds = new Map(config.destinations.map((d) => [d.id, watch(d)]));
  return {
    ...{ plan, boxes, farEnds },
    async close() {
      await Promise.all([...boxes.values()].map((box) => box.close()));
      await Promise.all([...farEnds.values()].map((farEnd) => farEnd.close()));
    },
  };
}

function watchBox(
  box: Pick<BenchBox, "id" | "vendor" | "plan">,
  driver: Awaited<ReturnType<Vendor["open"]>>,
  polling: SiteConfig["encoders"][number]["polling"],
): BenchBox & { close(): Promise<void> } {
  let latest: ReturnType<BenchBox["latest"]>;
  let failure: string | undefined;
  let failures = 0;
  let isClose = false;
  const answersMs: number[] = [];
  const timed: typeof driver = {
    ...driver,
    async poll(signal) {
      const askedAtMs = monotonicMs();
      const reading = await driver.poll(signal);
      answersMs.push(monotonicMs() - askedAtMs);
      return reading;
    },
  };
  const supervised = supervise({
    driver: timed,
    pollEveryMs: () => (isClose ? polling.suspectMs : polling.normalMs),
    tell: {
      reading(reading) {
        latest = { reading, atMs: monotonicMs() };
        failure = undefined;
        failures = 0;
      },
      unreadable(why, detail) {
        failure = `${detail} (${why})`;
        failures += 1;
      },
    },
  });
  return {
    ...box,
    run: (signal, work) => supervised.run(signal, work),
    latest: () => latest,
    failure: () => failure,
    failures: () => failures,
    answersMs: () => answersMs,
    lookClosely: (closely) => void (isClose = closely),
    close: () => supervised.close(),
  };
}

/** Looked at more often than in service: what is measured here is seconds. */
const lookEveryMs = 200;

function watch(destination: DestinationConfig): BenchFarEnd & { close(): Promise<void> } {
  let latest: FarEndView | undefined;
  const { streamKey, observers } = destination;
  const farEnd = watchFarEnd({
    observers: observers.map((observer) =>
      openObserver(observer, { streamKey: () => streamKey, now: monotonicMs }),
    ),
    everyMs: lookEveryMs,
    tell(sight, source, provesAbsence) {
      const before = latest;
      const atMs = monotonicMs();
      latest = { sight, atMs, source, provesAbsence };
      if (sight.word === "publishing") {
        const grewAtMs = hasGrown(before?.sight, sight) ? atMs : before?.grewAtMs;
        if (grewAtMs !== undefined) latest.grewAtMs = grewAtMs;
      }
      if (sight.word === "quiet" && provesAbsence)
        latest.quietSinceMs = before?.quietSinceMs ?? atMs;
    },
  });
  return { destination, latest: () => latest, close: () => farEnd.close() };
}

type Publishing = Extract<FarEndSight, { word: "publishing" }>;
function hasGrown(before: FarEndSight | undefined, { by, bytes }: Publishing): boolean {
  if (before?.word !== "publishing" || before.by !== by) return false;
  return bytes !== null && before.bytes !== null && bytes > before.bytes;
}

/** Waits until `look` gives something; undefined when it does not within the limit. */
export async function untilSeen<T>(
  withinMs: number,
  signal: AbortSignal,
  look: () => T | undefined,
): Promise<T | undefined> {
  const endMs = monotonicMs() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const found = look();
    if (found !== undefined) return found;
    if (monotonicMs() > endMs) return undefined;
    await sleep(25, undefined, { signal });
  }
}
