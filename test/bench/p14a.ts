import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kill, until } from "../e2e/facility.ts";
import type { Bench } from "./bench.ts";
import { cpuMsOf } from "./cost.ts";
import { Drill } from "./drill.ts";
import { figure, median } from "./figure.ts";

/** What a run took, s. */
export type Run = { wallS: number; cpuS: number };

/** In place of ffmpeg on both sides: notes in `<itself>.runs` what it took, by the kernel's count. */
const timed = `#!/bin/bash
exec 3>&2
TIMEFORMAT='%R %U %S'
{ time /usr/bin/ffmpeg "$@" 2>&3; } 2>>"$0.runs"
`;

/** Each line of the file: wall, user and system time. A line that is being written is none yet. */
export function runsIn(text: string): Run[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => {
    const [wallS = NaN, userS = NaN, systemS = NaN] = line.split(" ").map(Number);
    return { wallS, cpuS: userS + systemS };
  });
}

/** The same without what only a supervisor asks for. */
export function bareArguments(argv: readonly string[]): string[] {
  const isAsked = (option: string | undefined) =>
    option === "-progress" || option === "-stats_period";
  const bare = argv.filter((word, n) => !isAsked(word) && !isAsked(argv[n - 1]));
  if (bare.length !== argv.length - 4) throw new Error("this ffmpeg does not tell its progress");
  return bare;
}

/** The daemon runs an ffmpeg that encodes a file as fast as it can; beside it the same ffmpeg, bare. */
export const p14a: Bench = {
  name: "p14a",
  about: "an ffmpeg under supervision, beside the same ffmpeg alone",
  async run({ quick, figure: tell, say }) {
    const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
    const [clip, program] = [join(folder, "clip.mp4"), join(folder, "ffmpeg")];
    const pairs: { own: Run; bare: Run; daemonCpuS: number }[] = [];
    try {
      writeFileSync(program, timed, { mode: 0o700 });
      // prettier-ignore
      execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t",
        "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", quick ? "6" : "30", "-c:v", "libx264",
        "-preset", "ultrafast", "-crf", "28", "-c:a", "aac", clip]);
      for (let at = 0; at < (quick ? 1 : 7); at++) {
        pairs.push(await onePair(clip, program));
        const { own, bare } = pairs.at(-1)!;
        say(`pair ${at + 1}: ${own.wallS} s supervised, ${bare.wallS} s alone`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    for (const of of ["wallS", "cpuS"] as const) {
      tell(
        figure({
          ...{ id: `p14a.${of === "wallS" ? "wall" : "cpu"}`, unit: "s" },
          value: median(pairs.map(({ own }) => own[of])),
          against: {
            ...{ what: "bare ffmpeg", value: median(pairs.map(({ bare }) => bare[of])) },
            ratio: median(pairs.map(({ own, bare }) => own[of] / bare[of])),
          },
          goal: { ratioAtMost: 1.01 },
        }),
      );
    }
    const share = pairs.map(({ own, daemonCpuS }) => (100 * daemonCpuS) / own.cpuS);
    tell(figure({ id: "p14a.daemon", unit: "% of the ffmpeg's CPU", value: median(share) }));
  },
};

async function onePair(clip: string, program: string) {
  const runs = () =>
    existsSync(`${program}.runs`) ? runsIn(readFileSync(`${program}.runs`, "utf8")) : [];
  const before = runs().length;
  const drill = await Drill.begin({
    encoders: {
      a: {
        driver: "ffmpeg",
        config: {
          input: { kind: "file", path: clip, realtime: false, loop: false },
          video: {
            ...{ width: 1280, height: 720, framesPerSecond: 30, bitrate: "2Mbps" },
            ...{ gopSeconds: 2, preset: "veryfast", threads: 1 },
          },
          program,
        },
      },
    },
    farEnd: { behaviour: "acceptBoth" },
  });
  try {
    await drill.startDaemon();
    const argv = await until("its arguments", () => argumentsOf(drill, program));
    const first = drill.facility.enginePid("a");
    await until("its end", () => runs().length > before, 300_000);
    // A daemon that has just begun is busy with itself: the next one is measured.
    await until("another", () => drill.facility.enginePid("a") !== first, 60_000);
    const daemon = drill.facility.daemon.pid!;
    const beginMs = cpuMsOf(daemon);
    await until("the end of that", () => runs().length > before + 1, 300_000);
    const daemonCpuS = (cpuMsOf(daemon) - beginMs) / 1_000;
    await drill.facility.endDaemon("SIGKILL");
    await until("nothing of it runs", () => {
      const left = drill.facility.leftovers();
      for (const pid of left) kill(pid);
      return left.length === 0;
    });
    const own = runs()[before + 1]!;
    const count = runs().length;
    await once(spawn(program, bareArguments(argv), { stdio: "ignore" }), "exit");
    return { own, bare: runs()[count]!, daemonCpuS };
  } finally {
    await drill.close();
  }
}

/** Of the ffmpeg that the daemon runs, as the wrapper was given them. */
function argumentsOf(drill: Drill, program: string): string[] | undefined {
  try {
    const words = readFileSync(`/proc/${drill.facility.enginePid("a")}/cmdline`, "utf8").split(
      "\0",
    );
    const at = words.indexOf(program);
    return at === -1 ? undefined : words.slice(at + 1, -1);
  } catch {
    return undefined; // not there yet
  }
}
