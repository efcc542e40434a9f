import type { Incident } from "../../machines/stream/stream.contract.ts";
import { kill, until } from "../e2e/facility.ts";
import { realTimings } from "../fakes/helo/timings.ts";
import type { Bench } from "./bench.ts";
import { type Command, Drill, monoMs, pause } from "./drill.ts";
import { figure, median, p99 } from "./figure.ts";

/** `directFreeze` of the site: how long a standstill has to last is the site's choice. */
const freezePolicyMs = 2_000;
/** Two reads that prove a unit off, one poll apart (design, rule 2). */
const provePauseMs = 500;
/** Detection, decision, what the fence needs beside the device's own time, and the command. */
const oursMs = 500;

/** One failover as the far end saw it, split where it can be seen from outside. All ms. */
type Sample = {
  /** Last media of the carrier → first media of the backup. */
  offAirMs: number;
  /** Fault → the takeover command has left the daemon; of a box, from its last media on. */
  toCommandMs: number;
  /** Command → first media of the backup: the encoder's own time. */
  ownStartMs: number;
  segments: Incident["segments"];
};

type Fault = {
  name: string;
  boxes: "ffmpeg" | "helo";
  command: Command["what"];
  /** What of the time to the command is not ours: the site's policy, and the device's own stop. */
  policyMs: number;
  strike(drill: Drill, carrier: string): void;
};

const heloOf = (drill: Drill, carrier: string) => drill.facility.helos[carrier]!;

const faults: readonly Fault[] = [
  {
    ...{ name: "ffmpeg-killed", boxes: "ffmpeg", command: "launch", policyMs: 0 },
    strike: ({ facility }, carrier) => kill(facility.enginePid(carrier)),
  },
  {
    ...{ name: "ffmpeg-frozen", boxes: "ffmpeg", command: "launch", policyMs: freezePolicyMs },
    strike: ({ facility }, carrier) => kill(facility.enginePid(carrier), "SIGSTOP"),
  },
  {
    ...{ name: "helo-media-killed", boxes: "helo", command: "heloStart" },
    policyMs: freezePolicyMs + realTimings.streamStopMs + provePauseMs,
    strike: (drill, carrier) => kill(heloOf(drill, carrier).streaming()!.pid),
  },
  {
    ...{ name: "helo-stopped", boxes: "helo", command: "heloStart" },
    policyMs: provePauseMs,
    strike: (drill, carrier) => heloOf(drill, carrier).pressStop(),
  },
];

/** Units as they are commissioned: a new one streams HLS. */
const parameters = { StreamType: "0", StreamType_1: "0" };
const boxesOf = {
  ffmpeg: { a: { driver: "ffmpeg" }, b: { driver: "ffmpeg" } },
  helo: { a: { driver: "aja-helo", parameters }, b: { driver: "aja-helo", parameters } },
} as const;

/**
 * Off-air time on the direct path at the far end. The bare start of the same kind of encoder, with
 * nobody deciding anything, is the limit beside it: the daemon's first start of that facility.
 */
export const failoverDirect: Bench = {
  name: "failover-direct",
  about: "off-air time at the far end, in segments, beside the encoder's own start",
  async run({ quick, kills = quick ? 2 : 10, figure: tell, say }) {
    for (const fault of faults) {
      const samples: Sample[] = [];
      const bareStarts: number[] = [];
      for (let at = 0; at < kills; at++) {
        const { sample, bareStartMs } = await strikeOnce(fault);
        samples.push(sample);
        bareStarts.push(bareStartMs);
        say(`${fault.name} ${at + 1}: ${Math.round(sample.offAirMs)} ms off air`);
      }
      const id = `failover-direct.${fault.name}`;
      const of = (take: (sample: Sample) => number | null) =>
        samples.map(take).filter((ms) => ms !== null);
      const ratio = median(samples.map((s, at) => s.offAirMs / bareStarts[at]!));
      const limit = { what: "start of the same encoder alone", value: median(bareStarts), ratio };
      tell(
        figure({
          ...{ id: `${id}.offAir`, unit: "ms", value: median(of((s) => s.offAirMs)) },
          against: limit,
        }),
      );
      const ours = of((s) => s.toCommandMs - fault.policyMs);
      tell(figure({ id: `${id}.ours.p50`, unit: "ms", value: median(ours) }));
      tell(
        figure({
          ...{ id: `${id}.ours.p99`, unit: "ms", value: p99(ours), goal: { atMost: oursMs } },
        }),
      );
      for (const name of ["detectMs", "decideMs", "fenceMs", "startMs", "confirmMs"] as const) {
        const values = of((s) => s.segments[name]);
        if (values.length === 0) continue;
        const short = name.replace("Ms", "");
        tell(figure({ id: `${id}.${short}`, unit: "ms", value: median(values) }));
      }
      tell(figure({ id: `${id}.ownStart`, unit: "ms", value: median(of((s) => s.ownStartMs)) }));
    }
  },
};

/** A fresh facility each time, so that no earlier failover counts against a candidate. */
async function strikeOnce(fault: Fault): Promise<{ sample: Sample; bareStartMs: number }> {
  const drill = await Drill.begin({ encoders: boxesOf[fault.boxes] });
  try {
    await drill.startDaemon();
    await drill.onAirAgain(0);
    const firstCommand = drill.commands(fault.command, 0)[0]!;
    const first = drill.publishedAfter(firstCommand.monoMs)!;
    await pause(1_000 + Math.random() * 500);

    const seq = drill.lastSeq();
    const carrier = carrierOf(drill);
    const struckAtMs = monoMs();
    fault.strike(drill, carrier);
    const next = await until("the backup's first media", () => drill.publishedAfter(struckAtMs));
    const { segments } = await drill.incident(seq);
    const command = drill.commands(fault.command, struckAtMs)[0]!;
    return {
      sample: {
        offAirMs: next.firstMediaAtMs! - first.lastMediaAtMs!,
        toCommandMs: command.monoMs - (fault.boxes === "helo" ? first.lastMediaAtMs! : struckAtMs),
        ownStartMs: next.firstMediaAtMs! - command.monoMs,
        segments,
      },
      bareStartMs: first.firstMediaAtMs! - firstCommand.monoMs,
    };
  } finally {
    await drill.close();
  }
}

/** The first in the order of the site is the one that starts. */
function carrierOf(drill: Drill): string {
  const takingOver = drill.facility.told("stream.takingOver").at(-1);
  return String(takingOver?.data["to"]);
}
