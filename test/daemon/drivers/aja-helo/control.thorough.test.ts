/** What a person tells a HELO directly: record, stop recording, recall a preset, name its clips. */
import { expect, onTestFinished, test } from "vitest";
import { startHelo } from "../../../fakes/helo/helo.ts";
import { aDriver, aTarget } from "./a-unit.ts";

async function aHelo(parameters: Record<string, string> = {}, media = {}) {
  const streams = { streamStartMs: 50, streamStopMs: 50, unreachableMs: 100, recoverMs: 60_000 };
  const answers = { answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const timings = { ...streams, ...answers, tickMs: 50, recordStartMs: 50, recallMs: 100 };
  const selfStart = { autoRecover: false, powerUpStream: false, scheduler: false };
  const helo = await startHelo({ name: "studio a", timings, selfStart, parameters, media });
  onTestFinished(() => helo.close());
  return { helo, ...aDriver(helo.port) };
}
const soon = () => AbortSignal.timeout(30_000);
const recordState = "ReplicatorRecordState";

test("a recording is started and stopped, twice asked is once done, and the clip has a name", async () => {
  const { helo, driver } = await aHelo();
  await driver.startRecording!(soon());
  await driver.startRecording!(soon());
  expect(helo.get(recordState)).toBe("2");
  await driver.stopRecording!(soon());
  await driver.stopRecording!(soon());
  expect(helo.get(recordState)).toBe("1");
  const clips = await driver.listClips!(soon());
  expect(clips).toHaveLength(1);
  // A HELO tells no length and no size: nothing is made up.
  expect(Object.keys(clips[0]!)).toEqual(["name"]);
});

test("a recording that does not begin is a failure, not a success", async () => {
  const { driver, pass } = await aHelo({}, { present: false });
  const started = driver.startRecording!(soon());
  setTimeout(() => pass(6_000), 300);
  await expect(started).rejects.toMatchObject({ code: "failed" });
});

test("with Link Start/Stop on a recording neither starts nor stops the stream", async () => {
  const { helo, driver } = await aHelo({ LinkStartStop: "1" });
  await expect(driver.startRecording!(soon())).rejects.toMatchObject({ code: "notPossible" });
  await driver.startOutput("stream-1", aTarget, soon());
  await expect.poll(() => helo.get("ReplicatorStreamState")).not.toBe("1");
  await expect(driver.stopRecording!(soon())).rejects.toMatchObject({ code: "notPossible" });
  expect(helo.get("ReplicatorStreamState")).not.toBe("1");
});

test("a reading says whether recording and stream are linked, where it goes and which profiles are on", async () => {
  const names = { StreamingProfileName_1: "YouTube 1080p", RecordingProfileName_3: "archive" };
  const { pollAll } = await aHelo({
    ...{ LinkStartStop: "1", RecordingDestination_3: "1", RecordingProfileSel: "2" },
    ...names,
  });
  await pollAll();
  const { recording, profiles } = await pollAll();
  expect(recording).toEqual({
    output: "record-1",
    isLinked: true,
    bitrateBps: 20_256_000,
    medium: "usb",
  });
  expect(profiles).toEqual({
    streaming: { number: 1, name: "YouTube 1080p" },
    recording: { number: 3, name: "archive" },
  });
});

test("a preset changes how a unit works, and never where it would publish", async () => {
  const { helo, driver } = await aHelo({
    ...{ RTMPServerURL_1: "rtmp://old.example/live", RTMPStreamName_1: "an old key" },
    ...{ RTMPStreamName_7: "another old key", StreamingVideoBitrate_1: "3000" },
  });
  helo.set("RegisterSave", 4);
  helo.set("StreamingVideoBitrate_1", "9000");
  for (const name of ["RTMPServerURL_1", "RTMPStreamName_1", "RTMPStreamName_7"]) {
    helo.set(name, "");
  }
  const { restored } = await driver.recallPreset!(4, soon());
  expect(restored).toEqual(["address to publish to", "stream key"]);
  expect(helo.get("StreamingVideoBitrate_1")).toBe("3000");
  for (const name of ["RTMPServerURL", "RTMPStreamName", "RTMPStreamName_1", "RTMPStreamName_7"]) {
    expect(helo.get(name)).toBe("");
  }
}, 30_000);

test("an empty preset, one that there is not, and one while it streams are refused", async () => {
  const { helo, driver } = await aHelo();
  const refused = { code: "notPossible" };
  await expect(driver.recallPreset!(5, soon())).rejects.toMatchObject(refused);
  await expect(driver.recallPreset!(21, soon())).rejects.toMatchObject(refused);
  await driver.startOutput("stream-1", aTarget, soon());
  await expect.poll(() => helo.get("ReplicatorStreamState")).not.toBe("1");
  await expect(driver.recallPreset!(1, soon())).rejects.toMatchObject(refused);
}, 30_000);
