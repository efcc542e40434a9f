import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aDriver, answer, aTarget, aUnit } from "./a-unit.ts";

const ours = { destination: "cdn", address: "rtmp://far.example/live", streamKey: "k1" };
const streaming = {
  ...{ ReplicatorStreamState: "2", StreamingDuration: "00:00:01:00" },
  ...{ RTMPServerURL_3: "RTMP://far.example:1935/live/", RTMPStreamName_3: "k1" },
};
const alarm = (state: number, text: string) => {
  const bytes = [8, state, 0x10, 1, 0x1a, text.length + 2, 0x0a, text.length];
  return Buffer.concat([Buffer.from(bytes), Buffer.from(text)]).toString("base64");
};

test("an idle unit tells what it is, what it would do by itself, and how warm it is", async () => {
  const unit = await aUnit({ AutoRecoverStreaming: "1", PowerUpState: "2" });
  const reading = await aDriver(unit.port).pollAll();
  expect(reading).toMatchObject({
    outputs: { "stream-1": { state: "idle", target: "none" }, "record-1": { state: "idle" } },
    input: "good",
    booting: false,
    identity: {
      ...{ vendor: "AJA", model: "HELO" },
      ...{ serialNumber: "0HE00001", firmware: "4.3.0.8-12r" },
    },
    selfStart: { autoRecover: true, powerUp: "stream", scheduler: false },
    figures: {
      temperatureC: { value: 47, source: "device" },
      bitrateBps: { value: 6_000_000, source: "configured" },
    },
  });
  expect(reading.outputs["stream-1"]).not.toHaveProperty("sendQueue");
  expect(Object.keys(reading.figures).sort()).toEqual(["bitrateBps", "temperatureC"]);
});

test.each([
  ["0", "unknown"],
  ["1", "idle"],
  ["2", "streaming"],
  ["3", "idle"],
  ["4", "failing"],
  ["5", "stopping"],
  ["6", "unknown"],
  ["", "unknown"],
  ["constructor", "unknown"],
  ["__proto__", "unknown"],
])("stream and record state %j are read as %s", async (value, word) => {
  const unit = await aUnit({ ReplicatorStreamState: value, ReplicatorRecordState: value });
  const { outputs } = await aDriver(unit.port).pollAll();
  expect(outputs["stream-1"]?.state).toBe(word);
  expect(outputs["record-1"]?.state ?? "unknown").toBe(word);
});

test("a stream of ours that its far end had taken, and that fails, is failing at once and refused by nobody", async () => {
  const unit = await aUnit({ StreamingFailedAlarm: alarm(1, "") });
  const { start, poll, pass } = aDriver(unit.port, { ownSelfStart: true });
  await start(aTarget);
  const state = async () => (await poll()).outputs["stream-1"]?.state;
  await expect.poll(state).toBe("streaming");
  pass(500);
  unit.parameters.set("ReplicatorStreamState", "4");
  const failing = (await poll()).outputs["stream-1"];
  expect([failing?.state, failing?.refusal]).toEqual(["failing", undefined]);
  pass(5_000);
  expect((await poll()).outputs["stream-1"]).not.toHaveProperty("refusal");
});

test("a stream to a destination we know is named, however its address is spelled", async () => {
  const unit = await aUnit(streaming);
  const { poll } = aDriver(unit.port, {}, { knownTargets: [ours] });
  expect((await poll()).outputs["stream-1"]?.target).toEqual({ destination: "cdn" });
});

test.each([
  ["with another key", { RTMPStreamName_3: "k2" }],
  ["at another address", { RTMPServerURL_3: "rtmp://far.example/other" }],
  ["as HLS", { StreamType_3: "3" }],
])("a stream %s goes elsewhere", async (_, values) => {
  const unit = await aUnit({ ...streaming, ...values });
  const { poll } = aDriver(unit.port, {}, { knownTargets: [ours] });
  expect((await poll()).outputs["stream-1"]?.target).toBe("elsewhere");
});

test("somebody starts another stream at the front panel: the new destination is read at once", async () => {
  const unit = await aUnit({ ...streaming, ReplicatorStreamState: "1" });
  const { poll, pass } = aDriver(unit.port, {}, { knownTargets: [ours] });
  expect((await poll()).outputs["stream-1"]?.target).toEqual({ destination: "cdn" });
  pass(5_000);
  unit.parameters.set("RTMPStreamName_3", "somebody's");
  unit.parameters.set("ReplicatorStreamState", "2");
  const stream = (await poll()).outputs["stream-1"];
  expect(stream).toMatchObject({ state: "streaming", target: "elsewhere" });
  expect(stream).not.toHaveProperty("keyGeneration");
});

test("a stream moves while its duration counts, and is frozen when it stood for 5 s", async () => {
  const unit = await aUnit(streaming);
  const { poll, pass } = aDriver(unit.port);
  const progress = async () => (await poll()).outputs["stream-1"]?.progress;
  expect(await progress()).toBeUndefined();
  pass(5_000);
  unit.parameters.set("StreamingDuration", "00:00:01:05");
  expect(await progress()).toBe("moving");
  pass(500);
  expect(await progress()).toBe("moving");
  pass(3_000);
  expect(await progress()).toBeUndefined();
  pass(2_000);
  expect(await progress()).toBe("frozen");
  unit.parameters.set("StreamingDuration", "00:00:00:01");
  expect(await progress()).toBeUndefined();
});

test("a duration that never counted is not judged: it may be a firmware that does not", async () => {
  const unit = await aUnit({ ...streaming, StreamingDuration: "00:00:00:00" });
  const { poll, pass } = aDriver(unit.port);
  await poll();
  pass(60_000);
  expect((await poll()).outputs["stream-1"]).not.toHaveProperty("progress");
});

test("an input that is lost is told as lost, and the stream with its test pattern as streaming", async () => {
  const unit = await aUnit({ ...streaming, DetectInputFormat: "0" });
  const reading = await aDriver(unit.port).poll();
  expect(reading.input).toBe("lost");
  expect(reading.outputs["stream-1"]?.state).toBe("streaming");
});

test.each([
  ["A/V Mute is on: it sends a test pattern and silence instead of its input", { AVMute: "1" }],
  [
    "its input is set to Test Pattern: it sends that instead of a programme",
    { VideoInSelect: "2" },
  ],
])("%s, so its input is lost, though a picture comes in, until that is over", async (line, on) => {
  const unit = await aUnit({ ...streaming, AVMute: "0" });
  const { pollAll } = aDriver(unit.port);
  expect((await pollAll()).input).toBe("good");
  for (const [name, value] of Object.entries(on)) unit.parameters.set(name, value);
  await pollAll();
  const reading = await pollAll();
  expect(reading).toMatchObject({ input: "lost", alarms: expect.arrayContaining([line]) as [] });
  expect(reading.outputs["stream-1"]?.state).toBe("streaming");
  for (const name of Object.keys(on)) unit.parameters.set(name, name === "AVMute" ? "0" : "1");
  await pollAll();
  const after = await pollAll();
  expect(after.input).toBe("good");
  expect(after.alarms).not.toContain(line);
});

test.each([
  ["an input format that is not in the table", { DetectInputFormat: "31" }],
  ["an empty input format", { DetectInputFormat: "" }],
])("%s says nothing of its input", async (_, values) => {
  const unit = await aUnit(values);
  expect(await aDriver(unit.port).pollAll()).not.toHaveProperty("input");
});

test("tells which input is selected, and whether its media are lent to the network", async () => {
  const unit = await aUnit({ VideoInSelect: "0", MediaState: "1" });
  const { pollAll } = aDriver(unit.port);
  expect(await pollAll()).toMatchObject({ inputSelect: "SDI", isDataLan: true });
  unit.parameters.set("VideoInSelect", "7");
  unit.parameters.set("MediaState", "0");
  await pollAll();
  const reading = await pollAll();
  expect(reading.isDataLan).toBe(false);
  expect(reading).not.toHaveProperty("inputSelect");
});

test("empty values are unknown, never zero or off", async () => {
  const unit = await aUnit({
    ...{ Temperature: "", AutoRecoverStreaming: "", StreamingVideoBitrate_3: "" },
    ...{ FormattedSerialNumber: "", ReplicatorRecordState: "" },
  });
  const reading = await aDriver(unit.port).pollAll();
  expect(reading.figures).toEqual({});
  expect(reading).not.toHaveProperty("selfStart");
  expect(reading).not.toHaveProperty("identity");
  expect(reading.outputs).not.toHaveProperty("record-1");
});

test("what a model lacks is left out, is not fatal and is not asked for again and again", async () => {
  const unit = await aUnit();
  for (const name of ["Temperature", "DetectInputFormat", "ReplicatorRecordState"]) {
    unit.parameters.delete(name);
  }
  const { pollAll } = aDriver(unit.port);
  await pollAll();
  const reading = await pollAll();
  expect(reading.outputs["stream-1"]?.state).toBe("idle");
  expect(reading.input).toBe("good"); // from HDMIInputFormat
  expect(reading.figures).not.toHaveProperty("temperatureC");
  expect(unit.asked.filter((what) => what === "get Temperature")).toHaveLength(2);
  expect(unit.asked.filter((what) => what === "get DetectInputFormat")).toHaveLength(2);
});

test("raised alarms are told in the unit's words, those at rest are not", async () => {
  const unit = await aUnit({
    Near_Over_Temp_Alarm: alarm(1, "Near Over Temp"),
    Dropped_Frames_Alarm: alarm(0, "Dropped Frames"),
    ShutdownMessageII: "4",
  });
  expect((await aDriver(unit.port).pollAll()).alarms).toEqual([
    "Near Over Temp (error): it is nearly too hot, and switches itself off when it is",
    "Over Temp",
  ]);
});

test.each([
  [true, { Near_Over_Temp_Alarm: alarm(1, "Near Over Temp"), Temperature: "0" }],
  [true, { Near_Over_Temp_Alarm: alarm(0, ""), ShutdownMessageII: "4" }],
  [false, { Near_Over_Temp_Alarm: alarm(0, "") }],
  [undefined, {}],
])("that it is nearly too hot it says by an alarm or its shutdown: %s", async (is, values) => {
  const unit = await aUnit(values);
  expect((await aDriver(unit.port).pollAll()).isNearlyTooHot).toBe(is);
});

test("that one of two media is too slow is told of the recording, and of neither medium", async () => {
  const paths = { RecordingDestination: "0", CurrentMediaMounted: "1" };
  const second = { SecondaryRecordingDestination: "1", SecondaryMediaMounted: "1" };
  const slow = { Media_Too_Slow_Alarm: alarm(1, "Media too slow") };
  const one = await aUnit({ ...paths, ...slow });
  const { recording, media } = await aDriver(one.port).pollAll();
  expect([recording, media?.[0]?.isTooSlow]).toMatchObject([{ medium: "sd" }, true]);
  expect(recording).not.toHaveProperty("isOneTooSlow");
  const two = await aUnit({ ...paths, ...second, ...slow });
  const reading = await aDriver(two.port).pollAll();
  expect(reading.recording).toMatchObject({ medium: "sd", also: "usb", isOneTooSlow: true });
  for (const medium of reading.media ?? []) expect(medium).not.toHaveProperty("isTooSlow");
});

test("raised alarms have a code and a severity; those of a medium nobody records to are mild", async () => {
  const raised = {
    ...{ Near_Over_Temp_Alarm: alarm(1, "Near Over Temp"), StreamingFailedAlarm: alarm(1, "") },
    ...{ No_Media_Installed_Alarm: alarm(1, "No Media"), Dropped_Frames_Alarm: alarm(0, "x") },
  };
  const unit = await aUnit(raised);
  const { pollAll } = aDriver(unit.port);
  for (let minutes = 0; minutes < 4; minutes += 1) await pollAll();
  const told = (await pollAll()).raised;
  const names = told?.alarms.map(({ code, severity }) => `${code} ${severity}`);
  expect(names?.toSorted()).toEqual([
    "nearOverTemp error",
    "noMediaInstalled warning",
    "streamingFailed error",
  ]);
  unit.parameters.set("ReplicatorRecordState", "2");
  await pollAll();
  const recording = (await pollAll()).raised?.alarms;
  expect(recording).toContainEqual({
    ...{ code: "noMediaInstalled", severity: "error" },
    text: "No Media: there is no primary medium, it cannot record",
  });
});

test("until all alarms were asked for, those that are not raised are not known to be over", async () => {
  const unit = await aUnit();
  const driver = aDriver(unit.port);
  expect((await driver.poll()).raised).toEqual({ alarms: [], isWhole: false });
  let last = await driver.pollAll();
  for (let minutes = 0; minutes < 15 && !last.raised?.isWhole; minutes += 1)
    last = await driver.pollAll();
  expect(last.raised).toEqual({ alarms: [], isWhole: true });
});

test("an alarm that quotes the stream key is told without it", async () => {
  const text = "no rtmp://far.example/live/k1 (pw)";
  const unit = await aUnit({ StreamingFailedAlarm: alarm(1, text) });
  const driver = aDriver(unit.port, { password: "pw" }, { knownTargets: [ours] });
  expect((await driver.pollAll()).alarms).toEqual([
    expect.stringMatching(/^no rtmp:\/\/far.example\/live\/\(key\) \(\(key\)\) \(error\)/),
  ]);
});

test("settings that surprise an operator are told: Data-LAN and linked start/stop", async () => {
  const unit = await aUnit({ MediaState: "1", LinkStartStop: "1" });
  const { alarms } = await aDriver(unit.port).pollAll();
  expect(alarms).toEqual([
    expect.stringContaining("neither records nor streams"),
    expect.stringContaining("Link Start/Stop is on"),
  ]);
});

test.each([
  ["Data-LAN", { MediaState: "1" }, /neither records nor streams/],
  ["its safeboot image", { SafebootMode: "1" }, /safeboot image/],
  ["a firmware update", { FirmwareUpdateState: "3" }, /firmware is being updated \(verifying\)/],
])("a unit in %s is not ready to take over, and says why", async (_, values, why) => {
  const unit = await aUnit(values);
  const { booting, unfit, alarms, outputs } = await aDriver(unit.port).pollAll();
  expect(booting).toBe(true);
  expect(unfit).toMatch(why);
  expect(alarms).toContainEqual(expect.stringMatching(why));
  expect(outputs["stream-1"]?.state).toBe("idle");
});

test("a unit on air with its safeboot image is on air, with a warning", async () => {
  const unit = await aUnit({ ...streaming, SafebootMode: "1" });
  const { booting, unfit, alarms, outputs } = await aDriver(unit.port).pollAll();
  expect([booting, unfit]).toEqual([false, undefined]);
  expect(outputs["stream-1"]?.state).toBe("streaming");
  expect(alarms).toContainEqual(expect.stringContaining("safeboot image"));
});

test("a firmware update that was broken off is over", async () => {
  const unit = await aUnit({ FirmwareUpdateState: "8" });
  expect((await aDriver(unit.port).pollAll()).booting).toBe(false);
});

test("a calendar of its own and an action at power-up are told, with what is next", async () => {
  const unit = await aUnit({
    ...{ SchedulerEnabled: "1", SchedulerActivity: "2", PowerUpState: "3" },
    SchedulerNextEvent: "Sunday 20:00",
  });
  const { alarms, calendar } = await aDriver(unit.port).pollAll();
  expect(calendar).toEqual({ does: "stream", next: "Sunday 20:00" });
  expect(alarms).toEqual([
    "its own calendar is on, this unit will stream on its own, next: Sunday 20:00",
    "this unit will record and stream on its own when its power comes back",
  ]);
});

test.each([
  [{ TimeSource: "0" }, "its clock is set by hand and drifts"],
  [{ TimeSource: "1", NTPServer: "" }, "no NTP server is named, so nobody sets its clock"],
])("a clock that nobody sets is told: %o", async (values, sentence) => {
  const unit = await aUnit(values);
  const { pollAll } = aDriver(unit.port);
  expect((await pollAll()).alarms).toEqual([expect.stringContaining(sentence)]);
  unit.parameters.set("TimeSource", "1").set("NTPServer", "ntp.example.org");
  for (let minutes = 0; minutes < 3; minutes += 1) await pollAll();
  expect((await pollAll()).alarms ?? []).toEqual([]);
});

test("a linked recording that runs is warned of before the stream is stopped", async () => {
  const unit = await aUnit({ ...streaming, LinkStartStop: "1", ReplicatorRecordState: "2" });
  const { alarms, outputs } = await aDriver(unit.port).pollAll();
  expect(outputs["record-1"]?.state).toBe("streaming");
  expect(alarms).toContain("it is recording, and stopping its stream will end that recording too");
});

test("a network that the unit says it lost is told; one it never spoke of is not", async () => {
  const unit = await aUnit({ NetworkConnected: "0" });
  const { pollAll } = aDriver(unit.port);
  expect((await pollAll()).alarms).toBeUndefined();
  unit.parameters.set("NetworkConnected", "1");
  await pollAll();
  await pollAll();
  unit.parameters.set("NetworkConnected", "0");
  await pollAll();
  expect((await pollAll()).alarms).toEqual(["it says that its network is not connected"]);
});

test("what a recording will write is that of the selected profile, with room for its sound", async () => {
  const unit = await aUnit({ RecordingProfileSel: "2", RecordingVideoBitrate_3: "8000" });
  const { recording } = await aDriver(unit.port).pollAll();
  expect(recording?.bitrateBps).toBe(8_256_000);
});

test("an alarm that is raised late in the list is told, and seen to end", async () => {
  const name = "Secondary_SMB_V1_In_Use_Alarm";
  const unit = await aUnit({ [name]: alarm(1, "Secondary Recording Destination Insecure") });
  const { pollAll } = aDriver(unit.port);
  for (let minutes = 0; minutes < 4; minutes += 1) await pollAll();
  expect((await pollAll()).alarms).toEqual([
    "Secondary Recording Destination Insecure (error): " +
      "the secondary network share is used without protection (SMB 1)",
  ]);
  unit.parameters.set(name, alarm(0, "Secondary Recording Destination Insecure"));
  await pollAll();
  expect((await pollAll()).alarms ?? []).toEqual([]);
});

test("a unit that starts up is booting, claims nothing and has a new boot mark", async () => {
  const unit = await aUnit();
  const { poll, pollAll, pass } = aDriver(unit.port);
  const before = await pollAll();
  unit.parameters.set("SystemState", "2");
  pass(5_000);
  const starting = await poll();
  expect(starting).toEqual({
    outputs: { "stream-1": { state: "unknown" }, "record-1": { state: "unknown" } },
    booting: true,
    bootMark: starting.bootMark,
    loadStep: 0,
    figures: {},
  });
  expect(starting.bootMark).not.toBe(before.bootMark);
  unit.parameters.set("SystemState", "4");
  const after = await poll();
  expect(after.bootMark).toBe(starting.bootMark);
  expect(after).not.toHaveProperty("selfStart"); // what was read before the boot is forgotten
});

test.each([
  ["a web page", "<html><body>Please wait</body></html>"],
  ["half an answer", answer("SystemState", "4").slice(0, 40)],
  ["nothing", ""],
  ["a list", "[]"],
  ["success without a parameter", '{"success":true}'],
  ["another parameter", answer("Temperature", "4")],
  ["a polluted prototype", '{"__proto__":{"name":"eParamID_SystemState","value":"4"}}'],
])("%s in place of the system state is malformed", async (_, body) => {
  const unit = await aUnit();
  unit.interpose = (_name, res) => void res.end(body) === undefined;
  await expect(aDriver(unit.port).poll()).rejects.toMatchObject({
    ...{ name: "DriverError", code: "malformed" },
  });
});

test("nonsense for one parameter that is read in turn leaves only that one out", async () => {
  const unit = await aUnit();
  unit.interpose = (name, res) => {
    if (name !== "Temperature") return false;
    res.end("<html></html>");
    return true;
  };
  const reading = await aDriver(unit.port).pollAll();
  expect(reading.figures).not.toHaveProperty("temperatureC");
  expect(reading.outputs["stream-1"]?.state).toBe("idle");
});

test("a redirect is malformed and not followed, an overloaded unit is refused", async () => {
  const unit = await aUnit();
  unit.interpose = (_name, res) => void res.writeHead(302, { Location: "/x" }).end() === undefined;
  await expect(aDriver(unit.port).poll()).rejects.toMatchObject({ code: "malformed" });
  unit.interpose = (_name, res) => void res.writeHead(503).end() === undefined;
  await expect(aDriver(unit.port).poll()).rejects.toMatchObject({ code: "refused" });
});

test("a unit that hangs times out after one request, and is not asked for more", async () => {
  const unit = await aUnit();
  unit.interpose = () => true;
  const { poll } = aDriver(unit.port, { requestTimeoutMs: 50 });
  await expect(poll()).rejects.toMatchObject({ code: "timeout" });
  expect(unit.asked).toEqual(["get SystemState"]);
});

test("a poll whose time is up rejects at once", async () => {
  const unit = await aUnit();
  unit.interpose = () => true;
  const startedAt = performance.now();
  await expect(aDriver(unit.port).poll(50)).rejects.toMatchObject({ code: "timeout" });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test("the stream key is in no error, no reading and no file, whatever goes wrong", async () => {
  const canary = "c4nary-key";
  const target = { ...aTarget, streamKey: canary };
  const wrongs: ((body: string) => string)[] = [
    (body) => `<html>${body}</html>`,
    (body) => body.slice(0, -3),
    (body) => `${body}${body}`,
    () => "",
  ];
  for (const wrong of wrongs) {
    const unit = await aUnit({}, "c4nary-pw");
    unit.interpose = (name, res) => {
      if (!name.startsWith("RTMPStreamName")) return false;
      res.end(wrong(answer(name, canary)));
      return true;
    };
    const { start, poll, stateDir } = aDriver(
      unit.port,
      { password: "c4nary-pw" },
      { knownTargets: [target] },
    );
    const error: unknown = await start(target).catch((thrown: unknown) => thrown);
    const { message, stack, cause } = error as Error;
    const said = [message, stack, String(cause), JSON.stringify(cause), JSON.stringify(error)];
    said.push(JSON.stringify(await poll()), readFileSync(`${stateDir}/aja-helo.json`, "utf8"));
    expect(error).toMatchObject({ name: "DriverError" });
    expect(said.join("\n")).not.toContain("c4nary");
  }
});

test("a unit that has its power back is asked without rest, however often it did not answer", async () => {
  const unit = await aUnit();
  let rises = false;
  const { poll } = aDriver(unit.port, { requestTimeoutMs: 50 }, { isRising: () => rises });
  unit.interpose = () => true;
  const asked = async () => {
    unit.asked.length = 0;
    for (let polls = 0; polls < 6; polls += 1) await expect(poll()).rejects.toThrow();
    return unit.asked.length;
  };
  expect(await asked()).toBeLessThan(6);
  rises = true;
  expect(await asked()).toBe(6);
});
