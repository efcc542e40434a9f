/** A recording that is moved to another medium of the same HELO. */
import { expect, onTestFinished, test } from "vitest";
import type { Device } from "../../../../daemon/drivers/aja-helo/device.ts";
import { openHeldValues } from "../../../../daemon/drivers/aja-helo/held-values.ts";
import { unknownRecordPath } from "../../../../daemon/drivers/aja-helo/reads.ts";
import type { Unit } from "../../../../daemon/drivers/aja-helo/unit.ts";
import { type HeloOptions, startHelo } from "../../../fakes/helo/helo.ts";
import { aDriver, aTarget } from "./a-unit.ts";

async function aHelo(options: Partial<HeloOptions> = {}) {
  const streams = { streamStartMs: 50, streamStopMs: 50, unreachableMs: 100, recoverMs: 60_000 };
  const answers = { answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const timings = { ...streams, ...answers, tickMs: 20, recordStartMs: 50, mountMs: 100 };
  const selfStart = { autoRecover: false, powerUpStream: false, scheduler: false };
  const otherMedia = { usb: {} };
  const helo = await startHelo({ name: "studio a", timings, selfStart, otherMedia, ...options });
  onTestFinished(() => helo.close());
  return { helo, ...aDriver(helo.port) };
}
const soon = () => AbortSignal.timeout(30_000);
const recordState = "ReplicatorRecordState";

test("a running recording goes on on the stick; its card keeps what was recorded", async () => {
  const { helo, driver, pollAll } = await aHelo();
  await driver.startRecording!(soon());
  await driver.recordTo!("usb", soon());
  await driver.recordTo!("usb", soon());
  expect(helo.get(recordState)).toBe("2");
  expect(helo.get("RecordingDestination_1")).toBe("1"); // kept over a power cycle
  expect(helo.recorded("sd")).toHaveLength(1);
  expect(helo.recorded("usb")).toHaveLength(1);
  const { recording, outputs } = await pollAll();
  expect(recording).toMatchObject({ medium: "usb" });
  expect(outputs["record-1"]?.state).toBe("streaming");
});

test("where a recording goes is asked before all that can wait, until it is known once", () => {
  const held = openHeldValues({} as Device, () => 0);
  const asked = () => unknownRecordPath({ held } as Unit);
  held.note(recordState, "1");
  expect(asked()).toEqual([]);
  held.note(recordState, "2");
  expect(asked()).toEqual(["RecordingDestination", "CurrentMediaMounted"]);
  held.note("RecordingDestination", "0");
  held.note("CurrentMediaMounted", "1");
  expect(asked()).toEqual([]);
});

test("a recording that fell over when its card was pulled begins again on the stick", async () => {
  const { helo, driver } = await aHelo();
  await driver.startRecording!(soon());
  helo.faults.pullCard();
  expect(helo.get(recordState)).toBe("4");
  await driver.recordTo!("usb", soon());
  expect(helo.get(recordState)).toBe("2");
  expect(helo.recorded("usb")).toHaveLength(1);
});

test("where there is no stick the recording goes on on its card, and the failure is told", async () => {
  const { helo, driver, pass } = await aHelo({ otherMedia: {} });
  await driver.startRecording!(soon());
  const moved = driver.recordTo!("usb", soon());
  setTimeout(() => pass(10_000), 500);
  await expect(moved).rejects.toMatchObject({
    code: "failed",
    message: `127.0.0.1:${helo.port} has nothing at usb that it could record to`,
  });
  expect(helo.get("RecordingDestination")).toBe("0");
  expect(helo.get(recordState)).toBe("2");
  expect(helo.recorded("sd")).toHaveLength(2);
});

test("with Link Start/Stop on the stream goes on all the time, and the link is as it was", async () => {
  const { helo, driver, pollAll } = await aHelo({ parameters: { LinkStartStop: "1" } });
  await driver.startOutput("stream-1", aTarget, soon());
  await helo.until(recordState, "2");
  await expect.poll(() => helo.get("ReplicatorStreamState")).not.toBe("1");
  const streamed: string[] = [];
  const commands: string[] = [];
  const watch = setInterval(() => {
    streamed.push(helo.get("ReplicatorStreamState"));
    commands.push(helo.get("ReplicatorCommand"));
  }, 5);
  await driver.recordTo!("usb", soon());
  clearInterval(watch);
  expect(helo.recorded("usb")).toHaveLength(1);
  expect(helo.get("LinkStartStop")).toBe("1");
  expect(streamed).not.toContain("1");
  expect(commands.filter((command) => command === "4")).toEqual([]);
  expect((await pollAll()).recording).toMatchObject({ isLinked: true, medium: "usb" });
});

test("with Link Start/Stop on and no stream, only the recording begins", async () => {
  const { helo, driver } = await aHelo({ parameters: { LinkStartStop: "1" } });
  await driver.recordTo!("usb", soon());
  expect(helo.get(recordState)).toBe("2");
  expect(helo.get("ReplicatorStreamState")).toBe("1");
  expect(helo.get("LinkStartStop")).toBe("1");
});

test("a unit records to no medium that it does not have, and to none in Data-LAN", async () => {
  const { helo, driver } = await aHelo();
  await expect(driver.recordTo!("tape", soon())).rejects.toMatchObject({ code: "notPossible" });
  helo.set("MediaState", 1);
  await expect(driver.recordTo!("usb", soon())).rejects.toMatchObject({ code: "notPossible" });
  expect(helo.get("RecordingDestination")).toBe("0");
});

test("a second path of its own is told beside the first", async () => {
  const { pollAll } = await aHelo({ parameters: { SecondaryRecordingDestination_1: "1" } });
  expect((await pollAll()).recording).toMatchObject({ medium: "sd", also: "usb" });
});

test("a move that is given up half-way leaves Link Start/Stop as it was", async () => {
  const { helo, driver } = await aHelo({ otherMedia: {}, parameters: { LinkStartStop: "1" } });
  const given = new AbortController();
  const moved = driver.recordTo!("usb", given.signal);
  await helo.until("LinkStartStop", "0");
  given.abort();
  await expect(moved).rejects.toThrow();
  await helo.until("LinkStartStop", "1");
});
