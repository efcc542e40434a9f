/**
 * Measures one heap of machines and prints one JSON line:
 * `node --expose-gc p8-machines.js <sites> <rounds> encoders|boxes`. A process of its own for each,
 * because what one measurement leaves behind in a heap is paid by the next.
 */
import { assign, createActor, createMachine } from "xstate";
import type { EncoderReading } from "../../machines/encoder/reading.ts";
import type { MediumReading } from "../../machines/storage/medium.ts";
import { openSite } from "../../machines/site/site-core.ts";
import { TurnClock } from "../../machines/site/turn-clock.ts";
import type { Stamp } from "../../machines/time.ts";
import { anEncoderPlan } from "../machines/world.ts";

export type Measured = {
  bytesEach: number;
  /** One reading as it lies in memory: no machine can be smaller than what it remembers. */
  readingBytes: number;
  /** CPU, µs, one figure for each round. */
  quietUs: number[];
  newsUs: number[];
  actorUs: number[];
  sweepUs: number[];
  timeoutUs: number[];
};

/** As many as one site may have. */
const boxesPerSite = 200;
const [sites = 0, rounds = 0] = process.argv.slice(2, 4).map(Number);
const count = sites * boxesPerSite;
const hasMedia = process.argv[4] === "boxes";
const medium: MediumReading = {
  ...{ id: "sd", kind: "card", isNetwork: false, condition: "ok", source: "device" },
  totalBytes: 64e9,
};
const pollMs = 5_000;
const readingMaxAgeMs = 12_000;

function heapBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** CPU of `work` over `times`, µs each. */
function cpuUs(times: number, work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

const stamp = (monoMs: number): Stamp => ({
  bootId: "b",
  monoMs,
  wallMs: 1_760_000_000_000 + monoMs,
});

/** As a driver makes it anew for each poll; only figures move from one to the next. */
function readingOf(box: number, round: number, input: "good" | "lost" = "good"): EncoderReading {
  return {
    outputs: {
      "stream-1": { state: "idle", target: "none" },
      ...(hasMedia && { "record-1": { state: "idle" as const } }),
    },
    bootMark: `boot of ${box}`,
    booting: false,
    input,
    identity: { vendor: "Magewell", model: "Ultra Encode", serialNumber: `B${100_000 + box}` },
    selfStart: { autoRecover: false, powerUp: "idle", scheduler: false },
    ...(hasMedia && { media: [{ ...medium, freeBytes: 9e9 - round * 1e6 }] }),
    figures: {
      temperatureC: { value: 50 + ((box + round) % 9) / 2, source: "device" },
      bitrateBps: { value: 6_000_000 + round, source: "device" },
      droppedFrames: { value: round, source: "device" },
    },
  };
}

const ids = Array.from({ length: count }, (_, at) => `box-${at}`);
/** The same figures as JSON, which is the least that has to be kept of each box. */
const emptyBytes = heapBytes();
const kept = ids.map((_, at) => readingOf(at, 0));
const readingBytes = (heapBytes() - emptyBytes) / kept.splice(0).length;

let nowMs = 1_000_000;
const beforeBytes = heapBytes();
const cores = Array.from({ length: sites }, (_, site) => {
  const mine = ids.slice(site * boxesPerSite, (site + 1) * boxesPerSite);
  return openSite({
    plan: {
      site: `studio-${site}`,
      encoders: mine.map((id) => ({ ...anEncoderPlan(id, "soft"), readingMaxAgeMs })),
      destinations: [],
      streams: [],
      storages: hasMedia ? mine.map((id) => ({ id, readingMaxAgeMs: 144_000 })) : [],
    },
    at: stamp(nowMs),
    resume: new Map(),
  });
});

/** Every box is read once, evenly over one poll period, as phased polls come. */
function readAll(round: number, input: "good" | "lost"): number {
  let decided = 0;
  const us = cpuUs(count, () => {
    for (let at = 0; at < count; at += 1) {
      nowMs += pollMs / count;
      const event = { type: "reading" as const, reading: readingOf(at, round, input) };
      const core = cores[Math.floor(at / boxesPerSite)]!;
      decided += core.turn({ to: `encoder:${ids[at]!}`, event }, stamp(nowMs)).decisions.length;
    }
  });
  if (round > 1 && input === "lost" && decided < count) throw new Error("no news was decided");
  return us;
}

const result: Measured = {
  ...{ bytesEach: 0, readingBytes, quietUs: [], newsUs: [], actorUs: [] },
  ...{ sweepUs: [], timeoutUs: [] },
};
// First sight, and until the compiler has seen it.
for (let round = 0; round < 3; round += 1) readAll(round, "good");
result.bytesEach = (heapBytes() - beforeBytes) / count;

/** The least that XState can do: one state, one assignment, one subscriber. */
const least = createMachine({
  context: { bitrateBps: 0, box: 0 },
  on: {
    reading: {
      actions: assign(({ event }) => {
        const { reading } = event as unknown as { reading: EncoderReading };
        return { bitrateBps: reading.figures.bitrateBps!.value };
      }),
    },
  },
});
let seen = 0;
const actors = ids.map(() => {
  const actor = createActor(least).start();
  actor.subscribe(() => (seen += 1));
  return actor;
});
function sendAll(round: number): number {
  return cpuUs(count, () => {
    actors.forEach((actor, at) => actor.send({ type: "reading", reading: readingOf(at, round) }));
  });
}
sendAll(0);

/** In one clock: each deadline is set, set anew by the next reading, and fires in the end. */
function sweepDeadlines(): number {
  let fired = 0;
  const us = cpuUs(count, () => {
    const clock = new TurnClock(stamp(0));
    const first = ids.map((_, at) => clock.setTimeout(() => (fired += 1), 1_000 + (at % 100)));
    for (const timer of first) {
      clock.clearTimeout(timer);
      clock.setTimeout(() => (fired += 1), 1_100);
    }
    clock.advanceTo(stamp(2_000), () => undefined);
  });
  if (fired !== count) throw new Error(`${fired} of ${count} deadlines fired`);
  return us;
}

async function bareTimeouts(): Promise<number> {
  const before = process.cpuUsage();
  let fired = 0;
  await new Promise<void>((resolve) => {
    const fire = () => void ((fired += 1) === count && resolve());
    const first = ids.map((_, at) => setTimeout(fire, 1_000 + (at % 100)));
    for (const timer of first) {
      clearTimeout(timer);
      setTimeout(fire, 1);
    }
  });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

for (let round = 3; round < 3 + rounds; round += 1) {
  result.quietUs.push(readAll(round, "good"));
  result.actorUs.push(sendAll(round));
  result.newsUs.push(readAll(round, "lost"));
  result.sweepUs.push(sweepDeadlines());
  result.timeoutUs.push(await bareTimeouts());
  readAll(round, "good");
}
process.stdout.write(`${JSON.stringify(result)}\n`);
