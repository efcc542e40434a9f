import { expect, test } from "vitest";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { aDriver, answer, aStateDir, aTarget, aUnit } from "./a-unit.ts";

const commands = (asked: string[]) =>
  asked.filter((what) => what === "set ReplicatorCommand").length;
const streaming = { ReplicatorStreamState: "2", StreamingDuration: "00:00:01:00" };
const onTarget = {
  ...{ ...streaming, RTMPServerURL_3: aTarget.address, RTMPStreamName_3: aTarget.streamKey },
  ...{ RTMPServerURL: aTarget.address, RTMPStreamName: aTarget.streamKey },
};

test("a start writes address and key to the selected profile, reads both forms back, then commands", async () => {
  const unit = await aUnit({ StreamType_3: "3", StreamType: "3" });
  await aDriver(unit.port).start(aTarget);
  expect(Object.fromEntries(unit.parameters)).toMatchObject({
    ...{ StreamType_3: "0", RTMPServerURL_3: aTarget.address, RTMPStreamName_3: aTarget.streamKey },
    ...{ RTMPServerURL_1: "", RTMPStreamName_1: "", ReplicatorCommand: "3" },
  });
  expect(unit.asked).toEqual(
    expect.arrayContaining(["get RTMPStreamName_3", "get RTMPStreamName"]),
  );
  expect(unit.asked.at(-1)).toBe("set ReplicatorCommand");
});

test("a start after a poll takes nine requests, one less than makes a unit slow", async () => {
  const unit = await aUnit();
  const { pollAll, start } = aDriver(unit.port);
  await pollAll();
  unit.asked.length = 0;
  await start(aTarget);
  expect(unit.asked).toHaveLength(9);
});

test("a unit whose working copy does not follow its profile is given both", async () => {
  const unit = await aUnit();
  unit.copiesFollow = false;
  await aDriver(unit.port).start(aTarget);
  expect(unit.parameters.get("RTMPStreamName")).toBe(aTarget.streamKey);
  expect(unit.parameters.get("RTMPStreamName_3")).toBe(aTarget.streamKey);
});

test("where the site says so, only the unnumbered form is written", async () => {
  const unit = await aUnit();
  await aDriver(unit.port, { profileForm: "unnumbered" }).start(aTarget);
  expect(unit.parameters.get("RTMPStreamName")).toBe(aTarget.streamKey);
  expect(unit.asked).not.toContain("set RTMPStreamName_3");
});

test("a unit that does not take the key is not started", async () => {
  const unit = await aUnit();
  unit.interpose = (name, res, req) => {
    const write = name === "RTMPStreamName_3" && req.url?.includes("action=set");
    if (write) res.end(answer(name, "unchanged"));
    return write === true;
  };
  await expect(aDriver(unit.port).start(aTarget)).rejects.toMatchObject({ code: "failed" });
  expect(commands(unit.asked)).toBe(0);
});

test("a set that the unit answers under a mapped name is read back under that name", async () => {
  const unit = await aUnit({ MappedName: aTarget.address });
  unit.interpose = (name, res, req) => {
    const write = name === "RTMPServerURL_3" && req.url?.includes("action=set");
    if (write) res.end(answer("MappedName", aTarget.address));
    return write === true;
  };
  await aDriver(unit.port).start(aTarget);
  expect(unit.asked).toContain("get MappedName");
});

test("a unit that streams to exactly this target already is left alone", async () => {
  const unit = await aUnit(onTarget);
  await aDriver(unit.port).start(aTarget);
  expect(unit.asked.filter((what) => what.startsWith("set"))).toEqual([]);
});

test("a unit that streams elsewhere is stopped, and idle, before it gets the new key", async () => {
  const unit = await aUnit({ ...onTarget, RTMPStreamName_3: "other", RTMPStreamName: "other" });
  unit.reactsAfterMs = 200;
  const stateAtNewKey: (string | undefined)[] = [];
  unit.interpose = (name, _res, req) => {
    if (name === "RTMPStreamName_3" && req.url?.includes("action=set"))
      stateAtNewKey.push(unit.parameters.get("ReplicatorStreamState"));
    return false;
  };
  await aDriver(unit.port).start(aTarget);
  expect(commands(unit.asked)).toBe(2);
  expect(stateAtNewKey).toEqual(["1"]);
});

test("asking for the same start twice is harmless", async () => {
  const unit = await aUnit();
  const { start } = aDriver(unit.port);
  await start(aTarget);
  await start(aTarget);
  expect(unit.parameters.get("ReplicatorCommand")).toBe("3");
});

test("a lower key generation is refused, also by a restarted daemon, and nothing is sent", async () => {
  const unit = await aUnit();
  const stateDir = aStateDir();
  await aDriver(unit.port, {}, { stateDir }).start(aTarget);
  unit.asked.length = 0;
  const { start } = aDriver(unit.port, {}, { stateDir });
  const stale = { ...aTarget, keyGeneration: 6 };
  await expect(start(stale)).rejects.toMatchObject({ code: "staleKey" });
  expect(unit.asked).toEqual([]);
  await start({ ...stale, destination: "another" });
  await start({ ...aTarget, keyGeneration: 8 });
});

test("a destination with a passphrase of SRT is refused, not published to without it", async () => {
  const unit = await aUnit();
  const { start } = aDriver(unit.port);
  unit.asked.length = 0;
  const srt = { mode: "caller", passphrase: "open-sesame-1", latencyMs: 120 } as const;
  await expect(start({ ...aTarget, address: "srt://far:9000", srt })).rejects.toMatchObject({
    code: "notPossible",
    message: expect.stringMatching(/is not told how SRT calls/) as string,
  });
  expect(unit.asked).toEqual([]);
});

test("a key memory that is broken or cannot be written does not keep a unit off air", async () => {
  const unit = await aUnit();
  const broken = aStateDir();
  writeFileSync(join(broken, "aja-helo.json"), '{"highest": [');
  await aDriver(unit.port, {}, { stateDir: broken }).start(aTarget);
  const noDirectory = join(broken, "aja-helo.json", "below a file");
  const { start } = aDriver(unit.port, {}, { stateDir: noDirectory });
  await start(aTarget);
  await expect(start({ ...aTarget, keyGeneration: 1 })).rejects.toMatchObject({ code: "staleKey" });
});

test("a run that we started is told with its key generation until it ends, also after a restart", async () => {
  const unit = await aUnit();
  const stateDir = aStateDir();
  const known = { stateDir, knownTargets: [aTarget] };
  const first = aDriver(unit.port, {}, known);
  await first.start(aTarget);
  const generation = async ({ poll }: typeof first) =>
    (await poll()).outputs["stream-1"]?.keyGeneration;
  await expect.poll(() => unit.parameters.get("ReplicatorStreamState")).toBe("2");
  expect(await generation(first)).toBe(7);
  const second = aDriver(unit.port, {}, known);
  expect(await generation(second)).toBe(7);
  unit.parameters.set("ReplicatorStreamState", "1");
  expect(await generation(second)).toBeUndefined();
  // Somebody starts it again at the front panel: not our run.
  unit.parameters.set("ReplicatorStreamState", "2");
  second.pass(5_000);
  expect(await generation(second)).toBeUndefined();
});

test("a unit in Data-LAN cannot stream, and is told so before anything is written", async () => {
  const unit = await aUnit({ MediaState: "1" });
  await expect(aDriver(unit.port).start(aTarget)).rejects.toMatchObject({
    ...{ code: "notPossible", message: expect.stringContaining("Data-LAN") as string },
  });
  expect(unit.asked.filter((what) => what.startsWith("set"))).toEqual([]);
});

test("a unit that starts up, and an output that is only looked at, are not possible", async () => {
  const unit = await aUnit({ ReplicatorStreamState: "0" });
  const { start, driver } = aDriver(unit.port);
  await expect(start(aTarget)).rejects.toMatchObject({ code: "notPossible" });
  const other = driver.startOutput("record-1", aTarget, AbortSignal.timeout(5_000));
  await expect(other).rejects.toMatchObject({ code: "notPossible" });
});

test("where the daemon asked for it, self-start is off before the stream starts", async () => {
  const unit = await aUnit({ AutoRecoverStreaming: "1", PowerUpState: "2", SchedulerEnabled: "1" });
  await aDriver(unit.port, { ownSelfStart: true }).start(aTarget);
  const { AutoRecoverStreaming, PowerUpState, SchedulerEnabled } = Object.fromEntries(
    unit.parameters,
  );
  expect([AutoRecoverStreaming, PowerUpState, SchedulerEnabled]).toEqual(["0", "0", "0"]);
  const others = await aUnit({ AutoRecoverStreaming: "1" });
  await aDriver(others.port).start(aTarget);
  expect(others.parameters.get("AutoRecoverStreaming")).toBe("1");
});

test("self-start that the unit keeps on is a failure", async () => {
  const unit = await aUnit({ PowerUpState: "2" });
  unit.interpose = (name, res) => {
    if (name === "PowerUpState") res.end(answer(name, "2"));
    return name === "PowerUpState";
  };
  await expect(aDriver(unit.port).own()).rejects.toMatchObject({ code: "failed" });
});

test("where the unit is ours to set up, a stop unlinks the recording first; else it is left", async () => {
  const linked = { ...streaming, LinkStartStop: "1", ReplicatorRecordState: "2" };
  const own = await aUnit(linked);
  await aDriver(own.port, { ownSelfStart: true }).stop();
  const sets = own.asked.filter((what) => what.startsWith("set"));
  expect(sets).toEqual(["set LinkStartStop", "set ReplicatorCommand"]);
  expect(own.parameters.get("LinkStartStop")).toBe("0");
  const others = await aUnit(linked);
  await aDriver(others.port).stop();
  expect(others.parameters.get("LinkStartStop")).toBe("1");
});

test("a unit that keeps the recording linked is stopped all the same", async () => {
  const unit = await aUnit({ ...streaming, LinkStartStop: "1" });
  unit.interpose = (name, res) => {
    if (name === "LinkStartStop") res.end(answer(name, "1"));
    return name === "LinkStartStop";
  };
  await aDriver(unit.port, { ownSelfStart: true }).stop();
  expect(unit.parameters.get("ReplicatorStreamState")).toBe("1");
});

test("a stop waits until the unit says idle", async () => {
  const unit = await aUnit(streaming);
  unit.reactsAfterMs = 300;
  await aDriver(unit.port).stop();
  expect(unit.parameters.get("ReplicatorStreamState")).toBe("1");
});

test("a unit that takes the stop and streams on is a failure", async () => {
  const unit = await aUnit(streaming);
  unit.reactsAfterMs = 60_000;
  const { stop } = aDriver(unit.port, { stopWithinMs: 300 });
  await expect(stop()).rejects.toMatchObject({ code: "failed" });
});

test("a stop right after a start is given again once the start has taken effect", async () => {
  const unit = await aUnit();
  const { start, stop, pass } = aDriver(unit.port);
  await start(aTarget);
  // This unit forgets a stop that arrives before its stream is up.
  let late = false;
  unit.interpose = (name, res, req) => {
    if (name !== "ReplicatorCommand" || late || !req.url?.includes("value=4")) return false;
    late = true;
    res.end(answer(name, "4"));
    setTimeout(() => pass(3_000), 50);
    return true;
  };
  await stop();
  expect(late).toBe(true);
  expect(unit.parameters.get("ReplicatorStreamState")).toBe("1");
});

test("a benched unit loses address and key: in its profile, in the working copy, and where we once put them", async () => {
  const unit = await aUnit({ StreamingProfileSel: "0" });
  const stateDir = aStateDir();
  await aDriver(unit.port, {}, { stateDir }).start(aTarget);
  expect(unit.parameters.get("RTMPStreamName_1")).toBe(aTarget.streamKey);
  // Somebody selects another profile at the front panel, and the daemon is restarted.
  unit.parameters.set("StreamingProfileSel", "2");
  unit.parameters.set("ReplicatorStreamState", "1");
  await aDriver(unit.port, {}, { stateDir }).stop(true);
  const left = [...unit.parameters].filter(([name]) => /^RTMP(ServerURL|StreamName)/.test(name));
  expect(left).toHaveLength(6);
  expect(left.filter(([, value]) => value !== "")).toEqual([]);
});

test("a unit that keeps its key although it was told to forget it is a failure", async () => {
  const unit = await aUnit({ RTMPStreamName_3: "k1" });
  unit.interpose = (name, res) => {
    if (name === "RTMPStreamName_3") res.end(answer(name, "k1"));
    return name === "RTMPStreamName_3";
  };
  await expect(aDriver(unit.port).stop(true)).rejects.toMatchObject({ code: "failed" });
});
