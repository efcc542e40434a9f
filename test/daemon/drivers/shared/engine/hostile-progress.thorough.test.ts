/** Mutated progress of the software encoders, by real datagrams: no crash, no figure that is none. */
import { createSocket } from "node:dgram";
import { expect, onTestFinished, test } from "vitest";
import { parseProgress } from "../../../../../daemon/drivers/ffmpeg/progress.ts";
import { senderReports } from "../../../../../daemon/drivers/gstreamer/sender-reports.ts";
import type { EngineRecord } from "../../../../../daemon/drivers/shared/engine/engine-directory.ts";
import {
  figuresOf,
  type FigureMemory,
} from "../../../../../daemon/drivers/shared/engine/figures.ts";
import type { Program } from "../../../../../daemon/drivers/shared/engine/program.ts";
import { ProgressPort } from "../../../../../daemon/drivers/shared/engine/progress-port.ts";
import { Run } from "../../../../../daemon/drivers/shared/engine/run.ts";
import { at } from "../../../../setup/effort.ts";
import { mutated, randomFrom, type Random } from "../../mutate.ts";

/** `UNDERSTUDY_SEED` repeats a run. */
const seed = Number(process.env["UNDERSTUDY_SEED"] ?? "20260517");
const datagrams = at({ check: 1_500, test: 10_000, torture: 1_000_000 });

const numbers = [
  "",
  " ",
  "-1",
  "N/A",
  "1e308",
  "9".repeat(17),
  "9".repeat(400),
  "9".repeat(30_000),
];

/** What ffmpeg has sent after so many blocks of 100 ms. */
function ffmpegBlock(blocks: number): string {
  const fields = {
    ...{ frame: 3 * blocks, fps: "30.0", total_size: 60_000 * blocks },
    ...{ out_time_us: 100_000 * blocks, drop_frames: 0, speed: "1x" },
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}=${value}\n`);
  return `${lines.join("")}progress=continue\n`;
}
function mutatedBlock(blocks: number, random: Random): string {
  const honest = ffmpegBlock(blocks);
  if (random.chance(0.5)) return mutated(honest, random);
  const field = random.of(["frame", "total_size", "out_time_us", "drop_frames"]);
  return honest.replace(new RegExp(`${field}=.*`), `${field}=${random.of(numbers)}`);
}

/** As rtpsession sends it: head, SSRC, times, counters. */
function senderReport(reports: number): string {
  const report = Buffer.alloc(80);
  report.set([0x80, 200, 0, 6]);
  report.writeUInt32BE((20 + reports * 50) >>> 0, 20);
  report.writeUInt32BE((reports * 60_000) >>> 0, 24);
  return report.toString("latin1");
}

const programs: {
  name: string;
  reader: Program["progress"]["reader"];
  honest: (count: number) => string;
  wrong: (count: number, random: Random) => string;
}[] = [
  { name: "ffmpeg", reader: () => parseProgress, honest: ffmpegBlock, wrong: mutatedBlock },
  {
    name: "gstreamer",
    reader: senderReports,
    honest: senderReport,
    wrong: (count, random) => mutated(senderReport(count), random),
  },
];

test.each(programs)(
  "$name's progress, mutated: each datagram is read or left out, and the figures are honest",
  async ({ name, reader, honest, wrong }) => {
    const random = randomFrom(seed);
    const port = await ProgressPort.open(0);
    const sender = createSocket("udp4");
    onTestFinished(() => {
      sender.close();
      port.close();
    });
    let nowMs = 0;
    const record = { run: "one", destination: "cdn", keyGeneration: 7 } as EngineRecord;
    const program = { progress: { everyMs: 100, reader } } as Program;
    const run = new Run(record, program, { suspectAfterMs: 500, graceMs: 0 }, nowMs, false);
    run.port = port;
    const memory: FigureMemory = new Map();
    const engines = new Map([
      ["stream-1", { progressBlock: () => ({ run: "one", block: run.block }) }],
    ]);
    const hear = (text: string) =>
      new Promise<void>((resolve) => {
        // What it throws ends this test as an uncaught error.
        port.hear = (datagram) => {
          run.hear(datagram, nowMs);
          run.judge(nowMs, false);
          resolve();
        };
        sender.send(Buffer.from(text, "latin1"), port.port, "127.0.0.1");
      });

    let slowestMs = 0;
    let moved = 0;
    for (let count = 1; count <= datagrams; count += 1) {
      nowMs += 100;
      const before = process.cpuUsage();
      await hear(random.chance(0.3) ? honest(count) : wrong(count, random));
      const figures = figuresOf(engines, memory, nowMs, name);
      const { user, system } = process.cpuUsage(before);
      slowestMs = Math.max(slowestMs, (user + system) / 1_000);
      for (const [figure, told] of Object.entries(figures)) {
        expect(Number.isFinite(told.value), figure).toBe(true);
        expect(told.value, figure).toBeGreaterThanOrEqual(0);
        expect(told.value, figure).toBeLessThan(2 ** 60);
      }
      expect(["starting", "streaming"]).toContain(run.reading(undefined).state);
      if (run.progress === "moving") moved += 1;
    }
    expect(slowestMs).toBeLessThan(1_000);
    expect(moved).toBeGreaterThan(datagrams / 50);
    // What follows is believed again: it moves, at its rate.
    for (let count = 1; count <= 40; count += 1) {
      nowMs += 100;
      await hear(honest(datagrams + count));
      figuresOf(engines, memory, nowMs, name);
    }
    expect(run.progress).toBe("moving");
    const { bitrateBps } = figuresOf(engines, memory, nowMs, name);
    expect(bitrateBps?.value).toBeGreaterThan(4e6);
    expect(bitrateBps?.value).toBeLessThan(5e6);
  },
);
