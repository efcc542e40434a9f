import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { decodeBarCodes, framesBetween } from "../../fakes/picture.ts";
import { at } from "../../setup/effort.ts";
import { aMediaPlane, fps } from "./a-media-plane.ts";

const run = promisify(execFile);
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const it of open.splice(0)) await it.close();
});

type Plane = Awaited<ReturnType<typeof aMediaPlane>>;

/** Every picture is read back: none is missing, none comes twice, none is damaged. */
async function expectWhole(file: string, atLeast: number): Promise<void> {
  const codes = await decodeBarCodes(file);
  const steps = codes.slice(1).map(({ frame }, n) => framesBetween(codes[n]!.frame, frame));
  expect(steps.map((step, n) => (step === 1 ? "" : `${n}: ${step}`)).filter(Boolean)).toEqual([]);
  expect(codes.length).toBeGreaterThanOrEqual(atLeast);
  const decoded = await run("ffmpeg", ["-v", "error", "-i", file, "-f", "null", "-"]);
  expect(decoded.stderr).toBe("");
  for (const [stream, ticks] of [
    ["v:0", 90_000 / fps],
    ["a:0", 1_920],
  ] as const) {
    // prettier-ignore
    const { stdout } = await run("ffprobe", ["-v", "error", "-select_streams", stream,
      "-show_entries", "packet=dts", "-of", "csv=p=0", file]);
    const times = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => parseInt(line, 10));
    const apart = times.slice(1).map((time, n) => time - times[n]!);
    expect(apart.filter((step) => Math.abs(step - ticks) > 1)).toEqual([]);
    if (stream === "v:0") expect(times.length).toBe(codes.length);
  }
}

/** One byte in 101 becomes another: no place of a packet of 188 is spared for long. */
let passed = 0;
function rotten(datagram: Buffer): Buffer {
  const copy = Buffer.from(datagram);
  for (let n = 0; n < copy.length; n++) if (++passed % 101 === 0) copy[n]! ^= 0x5a;
  return copy;
}

const faults: Record<string, { hit: (plane: Plane) => void; cure: (plane: Plane) => void }> = {
  "kill -9": {
    hit: ({ encoders }) => void encoders.a.kill("SIGKILL"),
    cure: ({ renew }) => renew("a"),
  },
  SIGSTOP: {
    hit: ({ encoders }) => void encoders.a.kill("SIGSTOP"),
    cure: ({ encoders, renew }) => {
      encoders.a.kill("SIGKILL");
      renew("a");
    },
  },
  "bit rot": {
    hit: ({ rot }) => void (rot.a = rotten),
    cure: ({ rot }) => void (rot.a = (datagram) => datagram),
  },
};

describe("two ffmpeg encoders of one source", () => {
  test(
    "the carrier is killed, frozen, damaged: every picture goes out once",
    async () => {
      const plane = await aMediaPlane();
      open.push(plane);
      const { untilReport, tell, live } = plane;
      await untilReport("both live", (report) => live(report, "a") && live(report, "b"));
      await untilReport("a carries", ({ selected }) => selected === "a");
      await plane.pass(fps);
      let generation = 0;
      const rounds = at({ check: 1, test: 1, torture: 30 });
      for (let round = 0; round < rounds; round++) {
        for (const [name, { hit, cure }] of Object.entries(faults)) {
          hit(plane);
          await untilReport(`b carries after ${name}`, ({ selected }) => selected === "b");
          await plane.pass(fps);
          cure(plane);
          await untilReport("a is live again", (report) => live(report, "a"));
          // Two GOPs, so that it has a whole one.
          await plane.pass(2 * fps);
          tell({ type: "orders", generation: ++generation, eligible: ["a", "b"], preferred: "a" });
          await untilReport("a carries again", ({ selected }) => selected === "a");
          await plane.pass(fps);
        }
      }
      const end = await untilReport("a report", () => true);
      expect(end.missingMs).toBe(0);
      await plane.endPusher();
      await expectWhole(plane.recording, rounds * 3 * 5 * fps);
    },
    at({ check: 180_000, test: 180_000, torture: 3_600_000 }),
  );

  test(
    "the relay is killed again and again: the far end sees a short pause and every picture once",
    async () => {
      const plane = await aMediaPlane({ spool: true });
      open.push(plane);
      const { untilReport, live, far } = plane;
      await untilReport("both live", (report) => live(report, "a") && live(report, "b"));
      await plane.pass(2 * fps);
      const pausesMs: number[] = [];
      const kills = at({ check: 5, test: 5, torture: 100 });
      for (let kill = 0; kill < kills; kill++) {
        const from = far.picturesAtMs.length - 1;
        await plane.killRelay();
        // Each at another place of the GOP.
        await plane.pass(fps + 4);
        pausesMs.push(far.longestPauseMs(from));
      }
      await plane.endPusher();
      expect(far.connections()).toBe(1);
      await expectWhole(plane.recording, kills * fps);
      // The start of a process takes its time where others keep the machine busy.
      expect(pausesMs.sort((a, b) => a - b)[kills >> 1]).toBeLessThanOrEqual(500);
    },
    at({ check: 180_000, test: 180_000, torture: 3_600_000 }),
  );

  test("a second relay for the same pipe says so and ends; the first goes on", async () => {
    const plane = await aMediaPlane({ spool: true });
    open.push(plane);
    await plane.pass(fps);
    expect(await plane.secondRelay()).toEqual({
      code: 1,
      said: expect.stringContaining(`another relay writes into ${plane.pipe}`) as string,
    });
    await plane.pass(2 * fps);
    await plane.endPusher();
    await expectWhole(plane.recording, 3 * fps);
  });
});
