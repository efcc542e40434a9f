import { expect, test } from "vitest";
import { Parameters } from "../../../fakes/helo/parameters.ts";
import { aDriver, atRest, aUnit } from "./a-unit.ts";

/** Everything that a HELO has. */
const whole = Object.fromEntries(
  Object.entries(new Parameters().all()).map(([id, value]) => [id.replace("eParamID_", ""), value]),
);
const streaming = { ReplicatorStreamState: "2", StreamingDuration: "00:00:01:00" };
const signal = () => AbortSignal.timeout(5_000);

async function settled(values: Record<string, string>) {
  const unit = await aUnit({ ...whole, ...atRest, StreamingProfileSel: "0", ...values });
  const { poll, pass, driver } = aDriver(unit.port);
  let reading = await poll();
  for (let polls = 0; polls < 240 && reading.settings?.h264Profile === undefined; polls += 1) {
    pass(5_000);
    reading = await poll();
  }
  return { unit, driver, poll, pass, reading };
}

test.each([
  ["at rest", {}],
  ["streaming", streaming],
])(
  "a unit %s tells what its profile makes of the input, and no address or key",
  async (_, values) => {
    const { reading } = await settled({
      ...values,
      StreamingVideoBitrate_1: "6000",
      StreamingAudioBitrate_1: "4",
      StreamingFrameGeometryType_1: "1",
      StreamingWidth_1: "1920",
      StreamingHeight_1: "1080",
      StreamingFrameRate_1: "1",
      StreamingGOPSize_1: "50",
      StreamingH264Profile_1: "3",
    });
    expect(reading.settings).toEqual({
      videoBitrateBps: 6_000_000,
      audioBitrateBps: 192_000,
      sizeOf: "settings",
      widthPx: 1920,
      heightPx: 1080,
      frameRateShare: 0.5,
      gopFrames: 50,
      h264Profile: "high",
    });
  },
);

test("a unit whose picture is as large as its input tells no size of its own", async () => {
  const { reading } = await settled({
    StreamingFrameGeometryType_1: "0",
    StreamingWidth_1: "1280",
  });
  expect(reading.settings).toMatchObject({ sizeOf: "input" });
  expect(reading.settings).not.toHaveProperty("widthPx");
});

test("a unit is set as wanted, in its selected profile and the working copy, and nothing else", async () => {
  const { unit, driver, poll } = await settled({
    StreamingVideoBitrate: "4000",
    StreamingVideoBitrate_1: "4000",
  });
  const before = Object.fromEntries(unit.parameters);
  await driver.applySettings!({ videoBitrateBps: 6_000_000, h264Profile: "high" }, signal());
  const changed = Object.keys(before).filter((name) => unit.parameters.get(name) !== before[name]);
  expect(changed.toSorted()).toEqual(
    ["StreamingH264Profile", "StreamingVideoBitrate"].flatMap((name) => [name, `${name}_1`]),
  );
  expect((await poll()).settings).toMatchObject({ videoBitrateBps: 6e6, h264Profile: "high" });
});

test.each([
  ["streams", streaming],
  ["records", { ReplicatorRecordState: "2" }],
])("a unit that %s is not set otherwise", async (_, values) => {
  const unit = await aUnit({ ...whole, ...atRest, ...values });
  const { driver } = aDriver(unit.port);
  const before = JSON.stringify([...unit.parameters]);
  await expect(driver.applySettings!({ gopFrames: 50 }, signal())).rejects.toMatchObject({
    code: "notPossible",
  });
  expect(JSON.stringify([...unit.parameters])).toBe(before);
});

test("a value that a HELO does not have is refused before anything is set", async () => {
  const unit = await aUnit({ ...whole, ...atRest });
  const { driver } = aDriver(unit.port);
  const before = JSON.stringify([...unit.parameters]);
  const order = driver.applySettings!({ gopFrames: 50, audioBitrateBps: 160_000 }, signal());
  await expect(order).rejects.toMatchObject({ code: "notPossible" });
  expect(JSON.stringify([...unit.parameters])).toBe(before);
});
