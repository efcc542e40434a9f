/** What a person tells a HELO directly: record, stop recording, recall a preset, select a profile, name its clips. */
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

const chosen = { of: "stream", profile: 3 } as const;

test("another profile sets how a unit works, and never where it would publish", async () => {
  const { helo, driver, pollAll } = await aHelo({
    ...{ StreamingProfileName_3: "720p", StreamingVideoBitrate_3: "2500" },
    ...{ RTMPServerURL_3: "rtmp://old.example/live", RTMPStreamName_3: "an old key" },
    ...{ RTMPServerURL_1: "rtmp://ours.example/live", RTMPStreamName_1: "" },
  });
  const answer = await driver.selectProfile!(chosen, soon());
  expect(answer).toEqual({ name: "720p", restored: ["address to publish to", "stream key"] });
  expect(helo.get("StreamingProfileSel")).toBe("2");
  expect(helo.get("StreamingVideoBitrate")).toBe("2500");
  for (const form of ["", "_3"]) {
    expect(helo.get(`RTMPServerURL${form}`)).toBe("rtmp://ours.example/live");
    expect(helo.get(`RTMPStreamName${form}`)).toBe("");
  }
  let { profiles, settings } = await pollAll();
  expect(profiles?.streaming).toMatchObject({ number: 3, name: "720p" });
  // What may be chosen matters least of all that is read: within eight minutes.
  for (let minutes = 1; minutes < 8 && !profiles?.streaming?.names; minutes += 1)
    ({ profiles, settings } = await pollAll());
  expect(profiles?.streaming?.names).toHaveLength(10);
  expect(profiles?.streaming?.names?.[2]).toBe("720p");
  expect(settings?.videoBitrateBps).toBe(2_500_000);
});

test("a profile that is selected already is not written again, and one that there is not is refused", async () => {
  const { helo, driver } = await aHelo({ RTMPStreamName_3: "an old key" });
  helo.set("StreamingProfileSel", 2);
  expect(await driver.selectProfile!(chosen, soon())).toMatchObject({ restored: [] });
  expect(helo.get("RTMPStreamName_3")).toBe("an old key");
  const refused = { code: "notPossible" };
  await expect(driver.selectProfile!({ ...chosen, profile: 11 }, soon())).rejects.toMatchObject(
    refused,
  );
});

test("while it streams only an interrupt selects a profile: it is stopped first, and the next start is in the new one", async () => {
  const { helo, driver } = await aHelo({ StreamType_1: "0" });
  await driver.startOutput("stream-1", aTarget, soon());
  await expect.poll(() => helo.get("ReplicatorStreamState")).not.toBe("1");
  const refused = { code: "notPossible" };
  await expect(driver.selectProfile!(chosen, soon())).rejects.toMatchObject(refused);
  expect(helo.get("StreamingProfileSel")).toBe("0");
  await driver.selectProfile!({ ...chosen, interrupt: true }, soon());
  expect([helo.get("ReplicatorStreamState"), helo.get("StreamingProfileSel")]).toEqual(["1", "2"]);
  // The key is in both profiles now: both forget it.
  await driver.stopOutput("stream-1", true, soon());
  for (const form of ["", "_1", "_3"]) expect(helo.get(`RTMPStreamName${form}`)).toBe("");
}, 30_000);

test("a profile of the recording is selected while it does not record, whatever the stream does", async () => {
  const { helo, driver } = await aHelo({ RecordingProfileName_3: "archive" });
  const archive = { of: "recording", profile: 3 } as const;
  await driver.startRecording!(soon());
  const refused = { code: "notPossible" };
  await expect(driver.selectProfile!(archive, soon())).rejects.toMatchObject(refused);
  await driver.stopRecording!(soon());
  expect(await driver.selectProfile!(archive, soon())).toEqual({ name: "archive", restored: [] });
  expect([helo.get("RecordingProfileSel"), helo.get("StreamingProfileSel")]).toEqual(["2", "0"]);
});

test("the settings of the stream are left alone while a recording is made with them", async () => {
  const { helo, driver } = await aHelo({ LinkProfiles: "1" });
  await driver.startRecording!(soon());
  const refused = { code: "notPossible", message: expect.stringContaining("records") as string };
  await expect(driver.selectProfile!(chosen, soon())).rejects.toMatchObject(refused);
  helo.set("LinkProfiles", 0);
  await driver.selectProfile!(chosen, soon());
  expect(helo.get("StreamingProfileSel")).toBe("2");
});
