import type { Bench } from "./bench.ts";
import { Drill, ffmpegs, type JournaledInput, monoMs, writingSeen } from "./drill.ts";
import { figure, median, p99 } from "./figure.ts";
import { kill, until } from "../e2e/facility.ts";

/** All from the kill, ms. */
type Sample = { bareExitMs: number; exitKnownMs: number; fencedMs: number; commandMs: number };

/** A carrier that lost its picture three times in two minutes rests: so many share the kills. */
const encoders = 12;

/**
 * The on-air ffmpeg is killed with -9; the takeover command is out when the shell that forks for
 * the daemon was told to launch the backup. Beside it: a bare `fs.watch` of the same folder, told of the exit file of
 * the same kill.
 */
export const p1: Bench = {
  name: "p1",
  about: "exit of the on-air process → takeover command sent",
  async run({ quick, kills = quick ? 8 : 50, figure: tell, say }) {
    const samples: Record<"own" | "adopted", Sample[]> = { own: [], adopted: [] };
    const drill = await Drill.begin({ encoders: ffmpegs(encoders) });
    try {
      await drill.startDaemon();
      await drill.onAirAgain(0);
      for (let at = 0; at < 2 * kills; at++) {
        const kind = at % 2 === 0 ? "own" : "adopted";
        if (kind === "adopted") await restart(drill);
        samples[kind].push(await killOnce(drill));
        if (at % 10 === 9) say(`${at + 1} of ${2 * kills} kills`);
      }
    } finally {
      await drill.close();
    }
    for (const [kind, all] of Object.entries(samples)) {
      const of = (field: keyof Sample) => all.map((sample) => sample[field]);
      const ratio = median(all.map((s) => s.commandMs / s.bareExitMs));
      const bare = "bare exit-file event";
      tell(
        figure({
          ...{ id: `p1.${kind}.command.p50`, unit: "ms", value: median(of("commandMs")) },
          against: { what: bare, value: median(of("bareExitMs")), ratio },
        }),
      );
      tell(
        figure({
          ...{ id: `p1.${kind}.command.p99`, unit: "ms", value: p99(of("commandMs")) },
          against: { what: bare, value: p99(of("bareExitMs")) },
          goal: { atMost: 10 },
        }),
      );
      // Of the same kill: what is ours, after the bare event could have been acted upon.
      const onTop = all.map((sample) => sample.commandMs - sample.bareExitMs);
      tell(figure({ id: `p1.${kind}.onTop.p50`, unit: "ms", value: median(onTop) }));
      tell(figure({ id: `p1.${kind}.onTop.p99`, unit: "ms", value: p99(onTop) }));
      for (const [what, field] of [
        ["exitKnown", "exitKnownMs"],
        ["fenced", "fencedMs"],
      ] as const) {
        tell(figure({ id: `p1.${kind}.${what}.p50`, unit: "ms", value: median(of(field)) }));
      }
    }
  },
};

async function restart(drill: Drill): Promise<void> {
  const seq = drill.lastSeq();
  await drill.facility.endDaemon("SIGKILL");
  await drill.startDaemon();
  await drill.onAirAgain(seq);
}

async function killOnce(drill: Drill): Promise<Sample> {
  const { facility } = drill;
  const carrier = await facility.untilOnAir();
  const pid = facility.enginePid(carrier);
  const seq = drill.lastSeq();
  const exitFile = writingSeen(drill.engineFolder(carrier), "exit");
  try {
    const killedMs = monoMs();
    kill(pid);
    const bareExitMs = (await exitFile.atMs) - killedMs;
    const [launch] = await until("the takeover command", () => {
      const launches = drill.commands("launch", killedMs);
      return launches.length > 0 && launches;
    });
    await drill.incident(seq);
    const inputs = drill.inputs(killedMs);
    return {
      bareExitMs,
      exitKnownMs: firstMs(inputs, (i) => i.actor === `encoder:${carrier}` && tellsExit(i)),
      fencedMs: firstMs(inputs, provesOff),
      commandMs: launch!.monoMs - killedMs,
    } satisfies Sample;
    function firstMs(of: JournaledInput[], matches: (input: JournaledInput) => boolean): number {
      const found = of.find(matches);
      if (!found) throw new Error("the journal does not hold what led to the takeover");
      return found.monoMs - killedMs;
    }
  } finally {
    exitFile.end();
  }
}

type Exit = { gone?: unknown };
type Outputs = { reading?: { outputs?: Record<string, { exit?: Exit }> } };

function exitsIn({ event }: JournaledInput): Exit[] {
  const outputs = Object.values((event as Outputs).reading?.outputs ?? {});
  return outputs.flatMap(({ exit }) => exit ?? []);
}

function tellsExit(input: JournaledInput): boolean {
  return exitsIn(input).length > 0;
}

/** The carrier's process is gone: seen with its exit, or the answer to the question of the fence. */
function provesOff(input: JournaledInput): boolean {
  const { event } = input;
  const answer = event["answer"] as { evidence?: unknown[] } | undefined;
  const isProof = event["type"] === "effect.done" && (answer?.evidence?.length ?? 0) > 0;
  return isProof || exitsIn(input).some(({ gone }) => gone !== undefined);
}
