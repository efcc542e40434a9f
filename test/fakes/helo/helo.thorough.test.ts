import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { frameNumberAt, framesBetween } from "../picture.ts";
import { startHelo, type FakeHelo, type HeloOptions } from "./helo.ts";
import { catalogue } from "./parameters.ts";
import type { HeloTimings } from "./timings.ts";

/** A box in a hurry: no times of a real unit, no limit on requests. */
const quick: Partial<HeloTimings> = {
  ...{ answerMs: 0, softRequestsPerS: 1_000, hardRequestsPerS: 1_000, eventWaitMs: 60 },
  ...{ bootMs: 20, initialiseMs: 30, powerUpActionMs: 20, rebootMs: 40, shutdownMs: 20 },
  ...{ streamStartMs: 5, streamStopMs: 5, unreachableMs: 30, nameFailureMs: 10, recoverMs: 30 },
  ...{ recordStartMs: 5, mountMs: 30, slowAbortMs: 50, recallMs: 20, tickMs: 10, thermalMs: 50 },
};

const boxes: FakeHelo[] = [];
afterEach(async () => {
  await Promise.all(boxes.splice(0).map((box) => box.close()));
});

async function aHelo(options: Partial<HeloOptions> = {}): Promise<FakeHelo> {
  const timings = { ...quick, ...options.timings };
  const box = await startHelo({ name: "studio-a", ...options, timings });
  boxes.push(box);
  return box;
}

type Reply = { status: number; headers: string[]; cookie: string; body: string };

function ask(box: FakeHelo, path: string, send: { cookie?: string; form?: string } = {}) {
  return new Promise<Reply>((resolve, reject) => {
    const headers = { ...(send.cookie && { cookie: send.cookie }) };
    const method = send.form === undefined ? "GET" : "POST";
    const options = { method, headers, agent: false, insecureHTTPParser: true };
    const call = request(box.url + path, options, (response: IncomingMessage) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("error", reject);
      response.on("end", () => {
        const cookie = response.headers["set-cookie"]?.[0] ?? "";
        const { statusCode: status = 0, rawHeaders } = response;
        resolve({ status, headers: rawHeaders, cookie, body });
      });
    });
    call.setTimeout(5_000, () => call.destroy(new Error("no answer")));
    call.on("error", reject);
    call.end(send.form);
  });
}

const get = (box: FakeHelo, id: string, cookie = "") =>
  ask(box, `/config?action=get&paramid=eParamID_${id}`, { cookie });
const set = (box: FakeHelo, id: string, value: string) =>
  ask(box, `/config?action=set&paramid=eParamID_${id}&value=${encodeURIComponent(value)}`);
const json = async (reply: Promise<Reply>): Promise<unknown> => JSON.parse((await reply).body);
const alarm = (box: FakeHelo, id: string) => Buffer.from(box.get(id), "base64");
const isRaised = (box: FakeHelo, id: string) => alarm(box, id)[1] === 1;

/** A box that would push to a port of loopback where nobody listens. */
const nowhere = { StreamType: "0", RTMPServerURL: "rtmp://127.0.0.1:9/live", RTMPStreamName: "k" };

test("a read answers id, name, value and text, all as strings", async () => {
  const box = await aHelo();
  expect(await json(get(box, "ReplicatorRecordState"))).toEqual({
    paramid: "2097225226",
    name: "eParamID_ReplicatorRecordState",
    value: "1",
    value_name: "eRRSIdle",
  });
  expect(await json(get(box, "StreamingVideoBitrate"))).toMatchObject({
    value: "20000",
    value_name: "20000",
  });
  const older = await ask(box, "/json?action=get&paramid=eParamID_SystemName&configid=0");
  expect(JSON.parse(older.body)).toMatchObject({ value: "studio-a" });
});

test("a set answers with the parameter as a real unit did", async () => {
  const box = await aHelo();
  expect(await json(set(box, "VideoInSelect", "1"))).toEqual({
    paramid: "33619978",
    name: "eParamID_VideoInSelect",
    value: "1",
    value_name: "HDMI",
  });
  const spaces = ask(box, "/config?action=set&paramid=eParamID_RTMPServerURL&value=a+b%20%C3%A9");
  expect(await json(spaces)).toMatchObject({ value: "a b é" });
});

test("answers carry the recorded heads: Seminole, chunked, JSON as text/html", async () => {
  const box = await aHelo({ clock: { offsetMs: -3_600_000 } });
  const { headers } = await get(box, "SystemName");
  const value = (name: string) => headers[headers.indexOf(name) + 1];
  expect(value("Server")).toBe("Seminole/2.71 (Linux; DF7)");
  expect(value("Transfer-encoding")).toBe("chunked");
  expect(value("Content-Type")).toBe("text/html");
  expect(value("Cache-Control")).toBe("no-cache");
  const offMs = Date.parse(value("Date") ?? "") - Date.now();
  expect(Math.abs(offMs + 3_600_000)).toBeLessThan(5_000);
});

test("the catalogue has 971 parameters, 63 of them alarms, and each can be read", async () => {
  const box = await aHelo();
  expect(catalogue).toHaveLength(971);
  const descriptors = (await json(ask(box, "/desc.json"))) as { class_names: string[] }[];
  expect(descriptors).toHaveLength(971);
  expect(descriptors.filter((each) => each.class_names.includes("alarm"))).toHaveLength(63);
  for (const { id } of catalogue) expect(typeof box.get(id)).toBe("string");
  const [one] = (await json(
    ask(box, "/descriptors?paramid=eParamID_ReplicatorCommand"),
  )) as object[];
  expect(one).toMatchObject({ descriptor_type: "enum", persistence_type: "ephemeral" });
  expect((await ask(box, "/options?eParamID_StreamType")).body).toContain('{value:0,text:"RTMP"}');
});

test("an alarm at rest is 08 00 10 severity 1a, raised it begins 08 01", async () => {
  const box = await aHelo();
  const dropped = "Dropped Frames";
  const text = Buffer.from(dropped);
  const part = (tag: number) => Buffer.concat([Buffer.from([tag, text.length]), text]);
  const content = Buffer.concat([part(0x0a), part(0x12)]);
  const head = Buffer.from([8, 0, 0x10, 0, 0x1a, content.length]);
  expect(alarm(box, "Dropped_Frames_Alarm")).toEqual(Buffer.concat([head, content]));
  expect(alarm(box, "StreamingFailedAlarm").subarray(0, 5)).toEqual(Buffer.from([8, 0, 16, 1, 26]));
  box.faults.dropInput();
  expect(alarm(box, "No_Video_Input_Alarm").subarray(0, 4)).toEqual(Buffer.from([8, 1, 16, 0]));
});

test("the unnumbered form is the working copy of the selected profile", async () => {
  const box = await aHelo();
  await set(box, "RTMPServerURL_1", "rtmp://one/live");
  await set(box, "RTMPServerURL_2", "rtmp://two/live");
  expect(box.get("RTMPServerURL")).toBe("rtmp://one/live");
  await set(box, "StreamingProfileSel", "1");
  expect(box.get("RTMPServerURL")).toBe("rtmp://two/live");
  await set(box, "RTMPServerURL", "rtmp://changed/live");
  expect(box.get("RTMPServerURL_2")).toBe("rtmp://changed/live");
  expect(box.get("RTMPServerURL_1")).toBe("rtmp://one/live");
});

test("auto-recover, power-up stream and scheduler are on unless asked otherwise", async () => {
  const usual = await aHelo();
  const ids = ["AutoRecoverStreaming", "PowerUpState", "SchedulerEnabled"];
  expect(ids.map((id) => usual.get(id))).toEqual(["1", "2", "1"]);
  const tame = { autoRecover: false, powerUpStream: false, scheduler: false };
  const quiet = await aHelo({ selfStart: tame });
  expect(ids.map((id) => quiet.get(id))).toEqual(["0", "0", "0"]);
});

test.each([
  ["unchanged", 200, '"value":"1"'],
  ["notFound", 404, "404 Not Found"],
  ["emptyObject", 200, "{}"],
  ["emptyBody", 200, ""],
] as const)("a bad set changes nothing and answers '%s'", async (badSetReply, status, text) => {
  const box = await aHelo({ badSetReply });
  const replies = [
    await set(box, "ReplicatorStreamState", "2"),
    await set(box, "VideoInSelect", "9"),
  ];
  for (const reply of replies) expect(reply.status).toBe(status);
  for (const reply of replies) expect(reply.body).toContain(text);
  expect([box.get("ReplicatorStreamState"), box.get("VideoInSelect")]).toEqual(["1", "1"]);
  expect((await set(box, "StreamingVideoBitrate", "20001")).status).toBe(status);
  expect((await get(box, "StreamHealth")).status).toBe(404);
});

test("without a login the box says 404 with a page, with the cookie it answers", async () => {
  const box = await aHelo({ password: "open sesame" });
  const stranger = await get(box, "SystemName");
  expect([stranger.status, stranger.body.startsWith("<html>")]).toEqual([404, true]);
  const wrong = await ask(box, "/authenticator/login", { form: "password_provided=x" });
  expect(wrong.body).toBe('{"login":"Login Failed - Passwords did not match"}');
  expect(wrong.cookie).toBe("");
  const form = "password_provided=open+sesame";
  const right = await ask(box, "/authenticator/login", { form });
  expect(right.body).toBe('{"login":"success"}');
  expect(right.cookie).toMatch(/^session=[0-9a-f]{8}-.{31}; path=\/$/);
  const cookie = right.cookie.split(";")[0] ?? "";
  expect(JSON.parse((await get(box, "SystemName", cookie)).body)).toMatchObject({
    value: "studio-a",
  });
  box.faults.reboot();
  await box.until("SystemState", "0");
  await box.until("SystemState", "4");
  expect((await get(box, "SystemName", cookie)).status).toBe(404);
});

test("a login nobody uses is forgotten", async () => {
  const box = await aHelo({ password: "p", timings: { sessionMs: -1 } });
  const { cookie } = await ask(box, "/authenticator/login", { form: "password_provided=p" });
  expect((await get(box, "SystemName", cookie.split(";")[0])).status).toBe(404);
});

test("an event client hears what changed between its waits, and [] when nothing did", async () => {
  const box = await aHelo();
  const { connectionid } = (await json(ask(box, "/config?action=connect"))) as Record<
    string,
    string
  >;
  const wait = () => ask(box, `/config?action=wait_for_config_events&connectionid=${connectionid}`);
  box.set("AVMute", 1);
  const heard = (await json(wait())) as { param_id: string }[];
  expect(heard).toContainEqual({
    ...{ param_type: "enum", param_id: "eParamID_AVMute", int_value: 1, str_value: "1" },
  });
  expect(await json(wait())).toEqual([]);
  const held = wait();
  expect(await json(get(box, "AVMute"))).toMatchObject({ value: "1" });
  box.set("AVMute", 0);
  expect(await json(held)).toHaveLength(1);
  box.faults.reboot();
  await box.until("SystemState", "0");
  await box.until("SystemState", "4");
  expect((await wait()).status).toBe(404);
});

test("an unreachable server leads to state 4, an alarm, and tries for ever; stop ends it", async () => {
  const box = await aHelo({ parameters: nowhere });
  box.pressStart();
  await box.until("ReplicatorStreamState", "4");
  expect(isRaised(box, "StreamingFailedAlarm")).toBe(true);
  box.pressStop();
  await box.until("ReplicatorStreamState", "1");
  expect(isRaised(box, "StreamingFailedAlarm")).toBe(false);
});

test("a name that is not found has an alarm of its own", async () => {
  const box = await aHelo({ parameters: { ...nowhere, RTMPServerURL: "rtmp://far.invalid/live" } });
  box.faults.nameServerDown();
  box.pressStart();
  await box.until("ReplicatorStreamState", "4");
  expect(isRaised(box, "NetworkNameNotFoundAlarm")).toBe(true);
});

test("without a destination the box rests with a fault, state 3", async () => {
  const box = await aHelo({ parameters: { StreamType: "0" } });
  box.pressStart();
  await box.until("ReplicatorStreamState", "3");
});

test("a reboot forgets what is ephemeral, keeps the rest, and starts by itself", async () => {
  const box = await aHelo({ parameters: nowhere });
  const { port, serialNumber } = box;
  box.set("AVMute", 1);
  box.set("StreamingVideoBitrate_1", 3_000);
  await set(box, "Reboot", "1");
  await box.until("SystemState", "0");
  await expect(get(box, "SystemName")).rejects.toThrow(/ECONNREFUSED/);
  for (const state of ["1", "2", "3", "4"]) await box.until("SystemState", state);
  expect(box.port).toBe(port);
  expect(await json(get(box, "FormattedSerialNumber"))).toMatchObject({ value: serialNumber });
  expect([box.get("AVMute"), box.get("StreamingVideoBitrate")]).toEqual(["0", "3000"]);
  await box.until("ReplicatorStreamState", "4"); // power-up stream, to where nobody listens
});

test("a box that may not start by itself stays idle after a power cut", async () => {
  const box = await aHelo({ parameters: nowhere, selfStart: { powerUpStream: false } });
  await box.power.off();
  box.power.on();
  await box.until("SystemState", "4");
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(box.get("ReplicatorStreamState")).toBe("1");
});

test("the scheduler starts what its calendar says, and only when enabled", async () => {
  const box = await aHelo({ parameters: { ...nowhere, SchedulerActivity: "2" } });
  box.schedule({ startsInMs: 20, lastsMs: 200 });
  await box.until("ReplicatorStreamState", "4");
  expect(isRaised(box, "Scheduled_Event_Active_Alarm")).toBe(true);
  await box.until("ReplicatorStreamState", "1");
  box.set("SchedulerEnabled", 0);
  box.schedule({ startsInMs: 0, lastsMs: 10_000 });
  expect(isRaised(box, "Scheduled_Event_Active_Alarm")).toBe(false);
});

test("its input is 1080p30, as the device's own table numbers it", async () => {
  const box = await aHelo();
  const [format] = catalogue.filter(({ id }) => id === "eParamID_DetectInputFormat");
  expect(format?.enum?.[box.get("DetectInputFormat")]).toBe("1920x1080p 30");
  expect(format?.enum?.[box.get("HDMIInputFormat")]).toBe("1920x1080p 30");
});

test("a lost input keeps the state by default and stops when the box is told so", async () => {
  const box = await aHelo({ parameters: { StreamType: "3" } });
  box.pressStart();
  await box.until("ReplicatorStreamState", "2");
  const undo = box.faults.dropInput();
  expect(box.get("DetectInputFormat")).toBe("0");
  expect(box.get("ReplicatorStreamState")).toBe("2");
  undo();
  expect(isRaised(box, "No_Video_Input_Alarm")).toBe(false);
  box.set("LossOfVideoRecordBehavior", 0);
  box.faults.dropInput();
  await box.until("ReplicatorStreamState", "1");
});

test("without a card the record state is 3; a card pulled while recording needs a reboot", async () => {
  const empty = await aHelo({ media: { present: false } });
  expect(empty.get("ReplicatorRecordState")).toBe("3");
  const box = await aHelo({ selfStart: { powerUpStream: false } });
  box.set("ReplicatorCommand", 1);
  await box.until("ReplicatorRecordState", "2");
  const undo = box.faults.pullCard();
  expect(box.get("ReplicatorRecordState")).toBe("4");
  undo();
  expect(isRaised(box, "Storage_Removed_Alarm")).toBe(true);
  box.faults.reboot();
  await box.until("SystemState", "0");
  await box.until("SystemState", "4");
  expect(isRaised(box, "Storage_Removed_Alarm")).toBe(false);
  expect(box.get("ReplicatorRecordState")).toBe("1");
});

test("a card fills up: low, then full and state 4; deleting the clips makes room", async () => {
  const media = { totalBytes: 1_000_000, unusedBytes: 170_000 };
  const box = await aHelo({ media });
  box.set("ReplicatorCommand", 1);
  await box.until("ReplicatorRecordState", "4");
  const raised = ["Media_Low_Alarm", "Media_Full_Alarm"].map((id) => isRaised(box, id));
  expect(raised).toEqual([true, true]);
  const clips = (await json(ask(box, "/clips?action=get_clips"))) as { clips: unknown[] };
  expect(clips.clips).toEqual([{ clipname: "clip_1.mov" }]);
  expect((await ask(box, "/media0/clip_1.mov")).status).toBe(404);
  box.set("MediaState", 1);
  expect((await ask(box, "/media0/clip_1.mov")).body.length).toBeGreaterThan(0);
  await ask(box, "/clips", { form: "action=delete&recdest=0&clipname=*" });
  expect(box.get("CurrentMediaUnusedBytes")).toBe("170000");
});

test("heat: warning first, then off for good until the power comes back", async () => {
  const box = await aHelo({ selfStart: { powerUpStream: false } });
  const undo = box.faults.overTemperature("near");
  await box.until("Temperature", "83");
  expect(isRaised(box, "Near_Over_Temp_Alarm")).toBe(true);
  expect(box.power.state()).toBe("running");
  undo();
  box.faults.overTemperature("shutdown");
  await box.until("ShutdownMessageII", "4");
  await expect.poll(() => box.power.state(), { timeout: 5_000 }).toBe("off");
  await expect(get(box, "SystemName")).rejects.toThrow(/ECONNREFUSED/);
  box.faults.clearAll();
  box.power.on();
  await box.until("SystemState", "4");
  expect(isRaised(box, "Near_Over_Temp_Alarm")).toBe(false);
});

test("a preset comes back whole; an empty one says so", async () => {
  const box = await aHelo();
  box.set("StreamingVideoBitrate_1", 4_000);
  box.set("RegisterSave", 3);
  box.set("StreamingVideoBitrate_1", 9_000);
  box.set("RegisterRecall", 3);
  expect(box.get("RegisterRecallResult")).toBe("1");
  await box.until("RegisterRecallResult", "2");
  expect(box.get("StreamingVideoBitrate")).toBe("4000");
  box.set("RegisterRecall", 4);
  await box.until("RegisterRecallResult", "4");
});

test.each([
  ["html", /^<html>/],
  ["truncated", /^\{"paramid":"\d+","name":"?[^}]*$/],
  ["wrongName", /"name":"eParamID_ProductID"/],
  ["empty", /^$/],
] as const)("nonsense '%s' on demand, and the truth again afterwards", async (kind, looks) => {
  const box = await aHelo();
  const undo = box.faults.nonsense(kind);
  expect((await get(box, "SystemName")).body).toMatch(looks);
  undo();
  expect(await json(get(box, "SystemName"))).toMatchObject({ value: "studio-a" });
});

test("length and chunked together is only readable with the lenient parser", async () => {
  const box = await aHelo();
  box.faults.nonsense("bothLengths");
  expect(await json(get(box, "SystemName"))).toMatchObject({ value: "studio-a" });
  const strict = fetch(`${box.url}/config?action=get&paramid=eParamID_SystemName`);
  await expect(strict.then((reply) => reply.text())).rejects.toThrow();
});

test("hang, reset, slow and closed port, each with its way back", async () => {
  const box = await aHelo();
  const ends: string[] = [];
  const unhang = box.faults.hang();
  const hung = get(box, "SystemName").catch(() => ends.push("reset"));
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(ends).toEqual([]);
  unhang();
  await hung;
  expect(ends).toEqual(["reset"]);
  const unreset = box.faults.resetConnections();
  await expect(get(box, "SystemName")).rejects.toThrow(/ECONNRESET|hang up/);
  unreset();
  const unslow = box.faults.slow(80);
  const startedMs = performance.now();
  await get(box, "SystemName");
  expect(performance.now() - startedMs).toBeGreaterThan(75);
  unslow();
  const undo = box.faults.unreachable();
  await expect(get(box, "SystemName")).rejects.toThrow(/ECONNREFUSED/);
  undo();
  await expect.poll(() => get(box, "SystemName").then(({ status }) => status)).toBe(200);
});

test("one request at a time; too many a second are slow and then refused", async () => {
  const limits = { softRequestsPerS: 3, hardRequestsPerS: 6, overloadedAnswerMs: 40 };
  const box = await aHelo({ timings: limits });
  const startedMs = performance.now();
  const replies = await Promise.allSettled(Array.from({ length: 9 }, () => get(box, "SystemName")));
  expect(replies.filter(({ status }) => status === "fulfilled")).toHaveLength(6);
  expect(performance.now() - startedMs).toBeGreaterThan(3 * 40 - 5);
});

test("somebody at the front panel, unless it is locked; and a box that will not stay off", async () => {
  const box = await aHelo({ parameters: { StreamType: "3" } });
  box.set("FrontPanelLock", 1);
  box.pressStart();
  box.set("FrontPanelLock", 0);
  expect(box.get("ReplicatorStreamState")).toBe("1");
  const undo = box.faults.autoRecoverFighting(10);
  await box.until("ReplicatorStreamState", "2");
  await set(box, "ReplicatorCommand", "4");
  await box.until("ReplicatorStreamState", "1");
  await box.until("ReplicatorStreamState", "2");
  undo();
  await set(box, "ReplicatorCommand", "4");
  await box.until("ReplicatorStreamState", "1");
});

test("the box listens on its own loopback address only", async () => {
  const box = await aHelo({ host: "127.0.0.11" });
  expect(box.url).toBe(`http://127.0.0.11:${box.port}`);
  expect((await get(box, "IPAddress_Actual")).status).toBe(200);
  const elsewhere = new Promise((resolve, reject) => {
    connect(box.port, "127.0.0.12", () => resolve("open")).on("error", reject);
  });
  await expect(elsewhere).rejects.toThrow(/ECONNREFUSED/);
});

test("frame numbers follow the clock and wrap", () => {
  expect(frameNumberAt(1_000, 15)).toBe(15);
  expect(frameNumberAt(1_001, 29.97)).toBe(30);
  expect(framesBetween(2 ** 20 - 2, 3)).toBe(5);
  expect(framesBetween(3, 2 ** 20 - 2)).toBe(-5);
});

test("a card and a stick: each path writes to its own, and the recording ends with the last", async () => {
  const box = await aHelo({
    media: { totalBytes: 1_000_000, unusedBytes: 100_000 },
    otherMedia: { usb: {} },
  });
  box.set("SecondaryRecordingDestination", 1);
  await box.until("SecondaryMediaMounted", "1");
  box.set("ReplicatorCommand", 1);
  await box.until("ReplicatorPrimaryRecState", "4");
  expect(box.get("ReplicatorRecordState")).toBe("2");
  expect(box.get("ReplicatorSecondaryRecState")).toBe("2");
  box.faults.pullCard("usb");
  expect(box.get("ReplicatorRecordState")).toBe("4");
  expect(box.recorded("sd")).toHaveLength(1);
});

test("another destination is mounted first, and then recorded to; the card keeps its clip", async () => {
  const box = await aHelo({ otherMedia: { usb: { fileSystem: "fat32" } } });
  box.set("ReplicatorCommand", 1);
  await box.until("ReplicatorRecordState", "2");
  box.set("RecordingDestination", 1);
  expect(box.get("FilesystemType")).toBe("exfat"); // not while it records
  box.set("ReplicatorCommand", 2);
  await box.until("MediaLoading", "1");
  expect(box.get("CurrentMediaMounted")).toBe("0");
  await box.until("CurrentMediaMounted", "1");
  expect(box.get("FilesystemType")).toBe("fat32");
  box.set("ReplicatorCommand", 1);
  await box.until("ReplicatorRecordState", "2");
  expect(box.recorded("sd")).toHaveLength(1);
  expect(box.recorded("usb")).toHaveLength(1);
});

test.each([
  ["protectCard", "SD_Card_Write_Protected_Alarm"],
  ["damageCard", "Media_Damaged_Alarm"],
  ["slowCard", "Media_Too_Slow_Alarm"],
] as const)("%s: %s, and the recording falls over", async (fault, alarm) => {
  const box = await aHelo();
  box.set("ReplicatorCommand", 1);
  await box.until("ReplicatorRecordState", "2");
  box.faults[fault]();
  expect(isRaised(box, alarm)).toBe(true);
  await box.until("ReplicatorRecordState", "4");
});
