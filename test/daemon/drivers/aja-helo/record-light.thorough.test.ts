/** A HELO whose card does not keep up records with less, and as before when that is over. */
import { expect, onTestFinished, test } from "vitest";
import { type HeloOptions, startHelo } from "../../../fakes/helo/helo.ts";
import { aDriver, aTarget } from "./a-unit.ts";

async function aHelo(options: Partial<HeloOptions> = {}) {
  const streams = { streamStartMs: 50, streamStopMs: 50, unreachableMs: 100, recoverMs: 60_000 };
  const answers = { answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const timings = { ...streams, ...answers, tickMs: 20, recordStartMs: 50, mountMs: 100 };
  const selfStart = { autoRecover: false, powerUpStream: false, scheduler: false };
  const helo = await startHelo({ name: "studio a", timings, selfStart, ...options });
  onTestFinished(() => helo.close());
  const names = [
    "RecordingVideoBitrate",
    "SegmentRecordDurationMinutes",
    "RecordingDurationExtent",
  ];
  const isSet = () => names.map((name) => helo.get(`${name}_1`));
  return { helo, isSet, ...aDriver(helo.port) };
}
const soon = () => AbortSignal.timeout(30_000);
const recordState = "ReplicatorRecordState";

test("a running recording goes on in a new file, with half its bit rate and in files of 10 min", async () => {
  const { helo, driver, isSet } = await aHelo();
  expect(isSet()).toEqual(["20000", "60", "0"]);
  await driver.startRecording!(soon());
  await driver.recordLight!(true, soon());
  await driver.recordLight!(true, soon());
  expect(isSet()).toEqual(["10000", "10", "0"]);
  expect(helo.get(recordState)).toBe("2");
});

test("it is set as before when the recording has ended, and not while it runs", async () => {
  const { helo, driver, isSet } = await aHelo();
  await driver.startRecording!(soon());
  await driver.recordLight!(true, soon());
  await expect(driver.recordLight!(false, soon())).rejects.toMatchObject({ code: "notPossible" });
  await driver.stopRecording!(soon());
  await driver.recordLight!(false, soon());
  expect(isSet()).toEqual(["20000", "60", "0"]);
  expect(helo.get(recordState)).toBe("1");
  // There is nothing to give back any more.
  helo.set("RecordingVideoBitrate_1", "8000");
  await driver.recordLight!(false, soon());
  expect(isSet()[0]).toBe("8000");
});

test("one long file is cut, a length that the operator fixed stays, short files stay short", async () => {
  const long = await aHelo({ parameters: { RecordingDurationExtent_1: "2" } });
  await long.driver.recordLight!(true, soon());
  expect(long.isSet()).toEqual(["10000", "10", "0"]);
  await long.driver.recordLight!(false, soon());
  expect(long.isSet()).toEqual(["20000", "60", "2"]);
  const parameters = { RecordingDurationExtent_1: "1", SegmentRecordDurationMinutes_1: "5" };
  const fixed = await aHelo({ parameters });
  await fixed.driver.recordLight!(true, soon());
  expect(fixed.isSet()).toEqual(["10000", "5", "1"]);
});

test("with Link Start/Stop on the stream goes on all the time, and the link is as it was", async () => {
  const { helo, driver } = await aHelo({ parameters: { LinkStartStop: "1" } });
  await driver.startOutput("stream-1", aTarget, soon());
  await helo.until(recordState, "2");
  await expect.poll(() => helo.get("ReplicatorStreamState")).not.toBe("1");
  const streamed: string[] = [];
  const watch = setInterval(() => streamed.push(helo.get("ReplicatorStreamState")), 5);
  await driver.recordLight!(true, soon());
  clearInterval(watch);
  expect(streamed.length).toBeGreaterThan(0);
  expect(streamed).not.toContain("1");
  expect([helo.get(recordState), helo.get("LinkStartStop")]).toEqual(["2", "1"]);
});
