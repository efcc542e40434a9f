import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import type { Bench } from "./bench.ts";
import { Drill, ffmpegs, pause } from "./drill.ts";
import { commandOf, compared, type Condition, gapOf, inTurn } from "./in-turn.ts";
import { RelayedDrill } from "./relayed-drill.ts";

/** A carrier that lost its picture three times in two minutes rests: so many share the kills. */
const encoders = 12;
const against = { what: "quiet", ratioAtMost: 3 };

/** One for each core, and nothing of ours goes before them. */
function hogs(): Condition {
  let running: ChildProcess[] = [];
  return {
    async begin() {
      running = Array.from({ length: availableParallelism() }, () =>
        spawn("setpriv", ["--pdeathsig", "KILL", process.execPath, "-e", "for (;;);"], {
          stdio: "ignore",
        }),
      );
      await pause(1_000);
    },
    async end() {
      for (const hog of running) hog.kill("SIGKILL");
      await pause(1_000);
    },
  };
}

export const p19: Bench = {
  name: "p19",
  about: "takeover and air gap with all cores hogged, beside the same without",
  async run({ quick, kills = quick ? 2 : 12, figure: tell, say }) {
    const direct = await Drill.begin({ encoders: ffmpegs(encoders) });
    try {
      await direct.startDaemon();
      await direct.onAirAgain(0);
      const commands = await inTurn(kills, commandOf(direct), hogs());
      say(`${2 * kills} takeovers, every other with all cores hogged`);
      tell(compared("p19.command.p50", commands, 0.5, { what: against.what }));
      tell(compared("p19.command.p99", commands, 0.99, against));
    } finally {
      await direct.close();
    }
    const relayed = await RelayedDrill.begin("gop-atomic");
    try {
      const gaps = await inTurn(kills, gapOf(relayed), hogs());
      say(`${2 * kills} gaps, every other with all cores hogged`);
      tell(compared("p19.gap.p50", gaps, 0.5, { what: against.what }));
      tell(compared("p19.gap.p95", gaps, 0.95, against));
    } finally {
      await relayed.close();
    }
  },
};
