/** What a HELO is told when it is too hot or broken. */
import { existsSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { coolingSteps } from "../../../../daemon/drivers/aja-helo/cooling-steps.ts";
import { startHelo } from "../../../fakes/helo/helo.ts";
import { aDriver, answer, aTarget, aUnit } from "./a-unit.ts";
import { slow } from "../../../setup/slow.ts";

async function aHelo(more: Record<string, string> = {}) {
  const timings = { streamStartMs: 50, streamStopMs: 50, unreachableMs: 100, recoverMs: 100 };
  const boots = { rebootMs: 300, initialiseMs: 300, powerUpActionMs: 100, tickMs: 50 };
  const fast = { ...timings, ...boots, answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const selfStart = { autoRecover: false, powerUpStream: false, scheduler: false };
  const bitrate = { StreamingVideoBitrate: "8000", StreamingVideoBitrate_1: "8000" };
  const parameters = { ...bitrate, ...more };
  const helo = await startHelo({ name: "studio a", timings: fast, selfStart, parameters });
  onTestFinished(() => helo.close());
  return helo;
}
const soon = () => AbortSignal.timeout(20_000);

const [full, half, quarter] = ["0", "1", "2"];
/** What each step in turn makes of the bitrate and the frame rate, and full load at the end. */
async function stepByStep(options = {}, parameters = {}) {
  const helo = await aHelo(parameters);
  const { driver } = aDriver(helo.port, options);
  const [bitrates, frameRates]: [string[], string[]] = [[], []];
  for (const step of [1, 2, 3, 4, 5, 0]) {
    await driver.setLoad!(step, soon());
    bitrates.push(helo.get("StreamingVideoBitrate_1"));
    frameRates.push(helo.get("StreamingFrameRate_1"));
    expect(helo.get("StreamingVideoBitrate")).toBe(bitrates.at(-1));
    expect(helo.get("StreamingFrameRate")).toBe(frameRates.at(-1));
  }
  return { bitrates, frameRates };
}

slow(
  "each step lowers the bitrate in both forms, and full load is what the operator had set",
  async () => {
    const { bitrates, frameRates } = await stepByStep();
    expect(bitrates).toEqual(["8000", "6400", "5200", "4000", "2800", "8000"]);
    expect(frameRates).toEqual([full, full, full, full, half, full]);
  },
);

test("the operator's half frame rate becomes a quarter, and half again", async () => {
  const { frameRates } = await stepByStep(
    {},
    { StreamingFrameRate: half, StreamingFrameRate_1: half },
  );
  expect(frameRates).toEqual([half, half, half, half, quarter, half]);
});

test("where captions are declared halving the frame rate is neither offered nor done", async () => {
  const { bitrates, frameRates } = await stepByStep({ captions: true });
  expect(bitrates).toEqual(["8000", "6400", "5200", "4000", "2800", "8000"]);
  expect(frameRates).toEqual([full, full, full, full, full, full]);
  const offered = (captions: boolean) =>
    coolingSteps({ captions }).filter(({ what }) => what.includes("frame rate"));
  expect(offered(true)).toEqual([]);
  expect(offered(false)).toEqual([
    {
      ...{ what: "35 % of its bitrate and half its frame rate", interrupts: true },
      lowers: ["effort", "bitrate", "frameRate"],
    },
    {
      what: "35 % of its bitrate and half its frame rate and two thirds of its width and height",
      interrupts: true,
      lowers: ["effort", "bitrate", "frameRate", "size"],
    },
  ]);
});

test("a unit that sees captions nobody has declared keeps its frame rate, too", async () => {
  const { frameRates } = await stepByStep({}, { DetectCaptioning: "2" });
  expect(frameRates).toEqual([full, full, full, full, full, full]);
});

const sizeOf = (helo: Awaited<ReturnType<typeof aHelo>>) =>
  ["FrameGeometryType", "Width", "Height"].map((name) => {
    const value = helo.get(`Streaming${name}_1`);
    expect(helo.get(`Streaming${name}`)).toBe(value);
    return value;
  });
const both = (name: string, value: string) => ({ [name]: value, [`${name}_1`]: value });

test("the last step makes the picture smaller: of a size set by hand two thirds, and back", async () => {
  const size = { ...both("StreamingWidth", "1280"), ...both("StreamingHeight", "720") };
  const helo = await aHelo({ ...size, ...both("StreamingFrameGeometryType", "1") });
  const { driver, stateDir } = aDriver(helo.port);
  await driver.setLoad!(5, soon());
  expect(sizeOf(helo)).toEqual(["1", "1280", "720"]);
  await driver.setLoad!(6, soon());
  expect(sizeOf(helo)).toEqual(["1", "854", "480"]);
  // Another daemon, that has seen nothing of it.
  const second = aDriver(helo.port, {}, { stateDir });
  await second.driver.setLoad!(6, soon());
  expect(sizeOf(helo)).toEqual(["1", "854", "480"]);
  await second.driver.setLoad!(5, soon());
  expect(sizeOf(helo)).toEqual(["1", "1280", "720"]);
  await second.driver.setLoad!(0, soon());
  expect(existsSync(`${stateDir}/full-bitrate.json`)).toBe(false);
});

test("a picture as large as its input gets two thirds of that, and follows its input again", async () => {
  const helo = await aHelo();
  const { driver } = aDriver(helo.port);
  await driver.setLoad!(6, soon());
  expect(sizeOf(helo)).toEqual(["1", "1280", "720"]);
  await driver.setLoad!(0, soon());
  expect(sizeOf(helo)[0]).toBe("0");
});

test("without an input nobody knows its size, and it is left alone", async () => {
  const helo = await aHelo();
  helo.faults.dropInput();
  const { driver } = aDriver(helo.port);
  await driver.setLoad!(6, soon());
  expect(sizeOf(helo)[0]).toBe("0");
  expect(helo.get("StreamingVideoBitrate_1")).toBe("2800");
});

test("asking twice for a step changes nothing the second time, also with another daemon", async () => {
  const helo = await aHelo();
  const first = aDriver(helo.port);
  await first.driver.setLoad!(4, soon());
  await first.driver.setLoad!(4, soon());
  expect(helo.get("StreamingVideoBitrate_1")).toBe("4000");
  const second = aDriver(helo.port, {}, { stateDir: first.stateDir });
  expect((await second.poll()).loadStep).toBe(4);
  await second.driver.setLoad!(4, soon());
  expect(helo.get("StreamingVideoBitrate_1")).toBe("4000");
  await second.driver.setLoad!(0, soon());
  expect(helo.get("StreamingVideoBitrate_1")).toBe("8000");
  expect(existsSync(`${first.stateDir}/full-bitrate.json`)).toBe(false);
});

test("a stream is stopped for a new bitrate and started again, to the same place", async () => {
  const helo = await aHelo();
  const { driver, poll } = aDriver(helo.port);
  const target = aTarget;
  await driver.startOutput("stream-1", target, soon());
  await expect.poll(() => helo.get("ReplicatorStreamState")).not.toBe("1");
  await driver.setLoad!(2, soon());
  expect(helo.get("StreamingVideoBitrate_1")).toBe("6400");
  expect(helo.get("RTMPStreamName_1")).toBe(target.streamKey);
  await expect.poll(() => helo.get("ReplicatorStreamState")).not.toBe("1");
  await poll();
});

test("a size made smaller is given back also where a step was asked for without an input", async () => {
  const helo = await aHelo();
  const { driver } = aDriver(helo.port);
  await driver.setLoad!(6, soon());
  expect(sizeOf(helo)).toEqual(["1", "1280", "720"]);
  helo.faults.dropInput();
  helo.set("StreamingVideoBitrate_1", "5000");
  await driver.setLoad!(6, soon());
  await driver.setLoad!(0, soon());
  expect(sizeOf(helo)[0]).toBe("0");
});

test("a bit rate set by hand while it cools is what it has again at full load", async () => {
  const helo = await aHelo();
  const { driver } = aDriver(helo.port);
  await driver.setLoad!(2, soon());
  for (const name of ["StreamingVideoBitrate", "StreamingVideoBitrate_1"]) helo.set(name, "5000");
  await driver.setLoad!(4, soon());
  expect(helo.get("StreamingVideoBitrate_1")).toBe("2500");
  await driver.setLoad!(0, soon());
  expect(helo.get("StreamingVideoBitrate_1")).toBe("5000");
});

test.each([5, 0])(
  "where another profile was selected while it cools, each has its own values again (step %d)",
  async (next) => {
    const helo = await aHelo({ StreamingVideoBitrate_2: "3000" });
    const { driver } = aDriver(helo.port);
    await driver.setLoad!(6, soon());
    expect(helo.get("StreamingVideoBitrate_1")).toBe("2800");
    helo.set("StreamingProfileSel", "1");
    await driver.setLoad!(next, soon());
    expect(helo.get("StreamingVideoBitrate_1")).toBe("8000");
    expect(helo.get("StreamingFrameRate_1")).toBe(full);
    expect(helo.get("StreamingFrameGeometryType_1")).toBe("0");
    await driver.setLoad!(0, soon());
    expect(helo.get("StreamingVideoBitrate_2")).toBe("3000");
    expect(helo.get("StreamingFrameRate_2")).toBe(full);
  },
);

test("a unit that does not take a step is on air again afterwards", async () => {
  const profile = { StreamingFrameRate: "0", StreamingFrameRate_3: "0" };
  const unit = await aUnit({ ReplicatorStreamState: "2", ...profile });
  const { driver } = aDriver(unit.port);
  unit.interpose = (name, res, req) => {
    const isRate = name.startsWith("StreamingVideoBitrate") && req.url?.includes("action=set");
    if (isRate) res.end(answer(name, "6000"));
    return isRate === true;
  };
  await expect(driver.setLoad!(2, soon())).rejects.toMatchObject({ code: "failed" });
  await expect.poll(() => unit.parameters.get("ReplicatorStreamState")).toBe("2");
  expect(unit.asked.filter((what) => what === "set ReplicatorCommand")).toHaveLength(2);
});

test("a step that there is not is refused, and nothing is changed", async () => {
  const helo = await aHelo();
  const { driver } = aDriver(helo.port);
  await expect(driver.setLoad!(7, soon())).rejects.toMatchObject({ code: "notPossible" });
  expect(helo.get("StreamingVideoBitrate_1")).toBe("8000");
});

slow("a reboot is told once; that the answer is lost in it is no failure", async () => {
  const helo = await aHelo();
  const { driver, poll } = aDriver(helo.port);
  const before = await poll();
  await driver.reboot!(soon());
  await expect.poll(() => helo.power.state()).toBe("booting");
  await expect
    .poll(() => poll().then(({ booting, bootMark }) => [booting, bootMark === before.bootMark]), {
      timeout: 15_000,
    })
    .toEqual([false, false]);
});
