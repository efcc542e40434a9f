import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { kill } from "../e2e/facility.ts";
import type { Bench, BenchOptions } from "./bench.ts";
import { Drill, ffmpegs, pause } from "./drill.ts";
import { figure, median, p99 } from "./figure.ts";

/** `-stats_period` of our engines. */
const statsPeriodMs = 100;
const goal = { atMost: 3 * statsPeriodMs };
const against = (value: number) => ({ what: "one stats period", value });

/**
 * A frozen encoder is suspected soon, and a busy machine alone never switches. The freeze ends
 * before it commits a takeover, so that one encoder serves for all of them.
 */
export const p2: Bench = {
  name: "p2",
  about: "frozen encoder → suspect; no false commit with all cores hogged",
  async run(options) {
    const drill = await Drill.begin({ encoders: ffmpegs(2) });
    try {
      await drill.startDaemon();
      await drill.onAirAgain(0);
      await freezes(drill, options);
      await hogged(drill, options);
    } finally {
      await drill.close();
    }
  },
};

async function freezes(drill: Drill, { quick, figure: tell, say }: BenchOptions): Promise<void> {
  const samples: number[] = [];
  const count = quick ? 8 : 100;
  for (let at = 1; at <= count; at++) {
    // At any moment of the stats period, so not in step with our own waiting.
    await pause(700 + Math.random() * 2 * statsPeriodMs);
    samples.push(await freezeOnce(drill));
    if (at % 20 === 0) say(`${at} of ${count} freezes`);
  }
  const id = "p2.suspect";
  const p50 = median(samples);
  tell(figure({ id: `${id}.p50`, unit: "ms", value: p50, against: against(statsPeriodMs) }));
  const worst = p99(samples);
  tell(
    figure({ id: `${id}.p99`, unit: "ms", value: worst, against: against(statsPeriodMs), goal }),
  );
}

/** SIGSTOP → the turn that suspected the encoder, by the wall clock both of us read. */
async function freezeOnce(drill: Drill): Promise<number> {
  const { facility } = drill;
  const pid = facility.enginePid(await facility.untilOnAir());
  const seq = drill.lastSeq();
  const stoppedAtMs = performance.timeOrigin + performance.now();
  kill(pid, "SIGSTOP");
  try {
    const { atMs } = await drill.told("stream.suspect", seq);
    return atMs - stoppedAtMs;
  } finally {
    kill(pid, "SIGCONT");
    await drill.told("stream.carrier", seq);
  }
}

async function hogged(drill: Drill, options: BenchOptions): Promise<void> {
  const { quick, hogMinutes = quick ? 0.5 : 10, figure: tell, say } = options;
  const seq = drill.lastSeq();
  const carrier = await drill.facility.untilOnAir();
  say(`all cores hogged for ${hogMinutes} min`);
  const hogs: ChildProcess[] = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
  );
  try {
    await pause(hogMinutes * 60_000);
  } finally {
    for (const hog of hogs) hog.kill("SIGKILL");
  }
  // What was begun under load shows itself after the freeze time.
  await pause(5_000);
  const told = drill.facility.told().filter((t) => t.seq > seq);
  const count = (type: string) => told.filter((t) => t.type === type).length;
  const commits = count("stream.takingOver") + count("stream.fenced");
  const moved = drill.facility.onAir() === carrier ? 0 : 1;
  tell(
    figure({
      ...{ id: "p2.hogged.falseCommits", unit: "takeovers", value: commits + moved },
      goal: { exactly: 0 },
    }),
  );
  tell(figure({ id: "p2.hogged.suspicions", unit: "suspicions", value: count("stream.suspect") }));
  tell(figure({ id: "p2.hogged.minutes", unit: "min", value: hogMinutes }));
}
