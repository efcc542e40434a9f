import { appendFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { RelayReport } from "../../machines/stream/relay-protocol.ts";
import { expectWhole } from "../fakes/whole.ts";
import { Facility, type FacilityOptions, kill, until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { carriers, incidents } from "./off-air.ts";
import { type SharedSource, sourceFps, startSharedSource } from "./shared-source.ts";
import { long } from "../setup/slow.ts";

let facility: Facility;
let source: SharedSource;
afterEach(async () => {
  await facility.close();
  await source.close();
});

/** Two encoders of one source feed a relay, and it is on air with `a`. */
async function aRelayedStream(
  more: Partial<FacilityOptions> = {},
  sound?: string,
  of: { b?: object } = {},
): Promise<void> {
  source = await startSharedSource(2, sourceFps, sound);
  const reads = (reader: number, own?: object) => ({
    driver: "ffmpeg" as const,
    config: {
      input: { kind: "udp", url: source.url(reader) },
      audio: { codec: "copy" },
      ...own,
    },
  });
  facility = await Facility.build({
    encoders: { a: reads(0), b: reads(1, of.b) },
    stream: { path: "relayed" },
    farEnd: { behaviour: "refuseSecond", record: true },
    ...more,
  });
  facility.startDaemon();
  await facility.untilOnAir("main-relay");
  await untilSelected("a");
  await facility.untilTold("stream.onAir");
}

async function untilSelected(encoder: string, after = 0): Promise<void> {
  await facility.untilTold(
    "stream.relay",
    ({ data, seq }) => data["selected"] === encoder && seq > after,
  );
}
const lastSeq = () => facility.told().at(-1)!.seq;

/** So many more pictures have come to the far end. */
async function pass(pictures: number): Promise<void> {
  const came = () => carriers(facility).reduce((sum, { videoFrames }) => sum + videoFrames, 0);
  const goal = came() + pictures;
  await until(`${pictures} more pictures`, () => came() >= goal);
}

/** What the far end got: one connection, every picture once. */
async function expectNothingLost(atLeast: number): Promise<void> {
  const [one, ...others] = carriers(facility);
  expect(others).toEqual([]);
  expect(one!.endedAtMs).toBe(null);
  await expectWhole(one!.recordingPath!, { fps: sourceFps, atLeast });
}

/** The newest record of the only incident. */
async function theIncident() {
  const [incident, ...others] = await until("an incident", () => {
    const all = incidents(facility);
    return all.length > 0 && all;
  });
  expect(others).toEqual([]);
  return incident;
}

/** It was started anew, and brings its pictures to the relay again. */
async function untilFeedsAgain(encoder: string, after: number): Promise<void> {
  const message = `main-relay-${encoder}: ${encoder} carries it`;
  await facility.untilTold("stream.feed", (told) => told.message === message && told.seq > after);
}

test("the carrier is killed: the far end gets every picture once, by one connection", async () => {
  await aRelayedStream();
  await pass(2 * sourceFps);
  const before = lastSeq();
  kill(facility.enginePid("a"));
  await untilSelected("b", before);
  const incident = await theIncident();
  expect(incident).toMatchObject({
    ...{ cause: "processExited", from: "a", to: "b", outcome: "tookOver", offAirMs: 0 },
  });
  await untilFeedsAgain("a", before);
  await pass(3 * sourceFps);
  await theIncident();
  // It stays where it is: a loss of it is no reason to come back.
  expect(facility.told("stream.relay").at(-1)!.data).toMatchObject({ selected: "b" });
  await expectNothingLost(5 * sourceFps);
}, 120_000);

long(
  "the carrier is frozen: nothing is missing, and it is ended and started anew",
  async () => {
    await aRelayedStream();
    await pass(2 * sourceFps);
    const [before, pid] = [lastSeq(), facility.enginePid("a")];
    kill(pid, "SIGSTOP");
    await untilSelected("b", before);
    // Whoever is first to see it: we, that it stands still, or the relay, that nothing comes.
    expect(await theIncident()).toMatchObject({
      cause: expect.stringMatching(/^(frozen|relayLate|relaySilent)$/) as string,
      ...{ from: "a", to: "b", outcome: "tookOver", offAirMs: 0 },
    });
    await untilFeedsAgain("a", before);
    expect(facility.enginePid("a")).not.toBe(pid);
    await pass(3 * sourceFps);
    await expectNothingLost(5 * sourceFps);
  },
  120_000,
);

test("the daemon is killed and comes back: it finds all of it running and believes the relay", async () => {
  await aRelayedStream();
  await pass(sourceFps);
  const pids = () => [
    ...["a", "b", "main-relay"].map((id) => facility.enginePid(id)),
    facility.relayPid(),
  ];
  const running = pids();
  await facility.endDaemon("SIGKILL");
  await pass(sourceFps);
  // Nobody decides, and the relay goes on with the other by itself.
  kill(facility.enginePid("a"));
  await pass(3 * sourceFps);
  const before = lastSeq();
  facility.startDaemon();
  await untilSelected("b", before);
  await untilFeedsAgain("a", before);
  await pass(2 * sourceFps);
  expect(pids().slice(1)).toEqual(running.slice(1));
  await expectNothingLost(7 * sourceFps);
}, 120_000);

test("the daemon is upgraded, and other settings change with it: what is on air goes on, and nothing is missing", async () => {
  await aRelayedStream();
  await pass(sourceFps);
  const pids = () => [
    ...["a", "b", "main-relay"].map((id) => facility.enginePid(id)),
    facility.relayPid(),
  ];
  const running = pids();
  const dist = join(facility.folder, "upgraded", "dist");
  cpSync("dist", dist, { recursive: true });
  symlinkSync(join(process.cwd(), "node_modules"), join(facility.folder, "upgraded/node_modules"));
  for (const program of ["relay.cjs", "output.cjs"])
    appendFileSync(join(dist, program), "\n// Another build.\n");
  const config = parse(readFileSync(facility.configFile, "utf8")) as {
    encoders: object[];
    streams: Record<string, unknown>[];
  };
  config.streams[0]!["name"] = "The evening";
  config.streams[0]!["relay"] = { band: { most: "50Mbps" } };
  config.encoders.push({ ...config.encoders[0], id: "c" });
  expect(await facility.endDaemon("SIGTERM")).toBe(0);
  await pass(sourceFps);
  writeFileSync(facility.configFile, stringify(config));
  facility.startDaemon(dist);
  await until("it has begun", () => facility.told("site.started").length === 2);
  await pass(3 * sourceFps);
  expect(pids()).toEqual(running);
  // The new one goes on with them as its own.
  const before = lastSeq();
  kill(facility.enginePid("a"));
  await untilSelected("b", before);
  await untilFeedsAgain("a", before);
  await pass(2 * sourceFps);
  expect(facility.relayPid()).toBe(running.at(-1));
  expect(readFileSync(`/proc/${facility.daemon.pid}/cmdline`, "utf8")).toContain(dist);
  await expectNothingLost(7 * sourceFps);
}, 120_000);

test("the relay is killed: it is started anew and nothing is missing", async () => {
  await aRelayedStream();
  await pass(2 * sourceFps);
  const pid = facility.relayPid();
  kill(pid);
  expect(await theIncident()).toMatchObject({
    ...{ cause: "relayDied", from: "a", to: "a", outcome: "restarted" },
  });
  expect(facility.relayPid()).not.toBe(pid);
  await pass(3 * sourceFps);
  await expectNothingLost(5 * sourceFps);
}, 120_000);

test("what is asked over the hub is done without losing a picture, and the hub shows the relay", async () => {
  const hub = await Hub.start();
  try {
    await aRelayedStream({ mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}` });
    await until("the hub can ask", async () => {
      const asked = await hub
        .command("streams/main", "failover", undefined, { dryRun: true })
        .catch(() => ({ status: "" }));
      return asked["status"] === "done";
    });
    expect(await hub.command("streams/main", "failover")).toMatchObject({ status: "done" });
    expect(await hub.get("/api/streams/main")).toMatchObject({
      ...{ path: "relayed", carrier: "carried", encoder: "b", understudyEncoder: "a" },
      relay: { health: "running", selected: "b", reason: "preferred" },
    });
    const onlyHere = "main: its relay is on this host";
    const { warnings } = (await hub.get("/api/sites/studio")) as { warnings: string[] };
    expect(warnings.filter((text) => text.startsWith(onlyHere))).toHaveLength(1);
    expect(facility.log).toContain(onlyHere);
    await pass(sourceFps);
    expect(await hub.command("streams/main", "return")).toMatchObject({ status: "done" });
    await pass(sourceFps);
    await expectNothingLost(3 * sourceFps);

    expect(await hub.command("streams/main", "stop")).toMatchObject({ status: "done" });
    expect(facility.onAir()).toBeUndefined();
    await until("nothing of it runs", () => !facility.leftovers().some(isMedia));
    const started = await hub.command("streams/main", "start");
    expect(started).toMatchObject({ status: "done" });
    await facility.untilOnAir("main-relay");
  } finally {
    await hub.close();
  }
}, 120_000);

/** An encoder, what publishes, or the relay; not the daemon. */
const isMedia = (pid: number) => /ffmpeg|relay\.cjs/.test(commandLine(pid));
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}

long(
  "put on path direct and back, one of them publishes at a time",
  async () => {
    await aRelayedStream();
    const config = readFileSync(facility.configFile, "utf8");
    await facility.endDaemon();
    writeFileSync(facility.configFile, config.replace("path: relayed", "path: direct"));
    facility.startDaemon();
    await facility.untilOnAir("a");
    expect(facility.leftovers().some(isRelay)).toBe(false);
    await facility.endDaemon();
    writeFileSync(facility.configFile, config);
    facility.startDaemon();
    await facility.untilOnAir("main-relay");
    expect(facility.overlapMs()).toBe(0);
  },
  120_000,
);

const isRelay = (pid: number) => commandLine(pid).includes("relay.cjs");

long(
  "inputs that come with more than was declared are told, and stay on air",
  async () => {
    const band = { most: "50kbps", avDriftAtMost: "10s", after: "5s" };
    // Where its path is left out, a stream of programs is relayed.
    await aRelayedStream({ stream: { path: undefined, relay: { band } } });
    for (const encoder of ["a", "b"]) {
      const { data, message } = await facility.untilTold(
        "stream.input",
        (told) => told.data["encoder"] === encoder,
      );
      expect(data).toMatchObject({ fault: "bitrate", isOver: false });
      expect(data["bitrateBps"]).toBeGreaterThan(50_000);
      expect(message).toContain("outside of what it should be, for 5 s now");
    }
    await pass(sourceFps);
    expect(facility.told("stream.incident")).toEqual([]);
  },
  120_000,
);

long(
  "sound that is not carried and a picture that is not as declared are told; the picture is on air",
  async () => {
    const hub = await Hub.start();
    onTestFinished(() => hub.close());
    // b is to make another rate than its source has.
    const rate = { framesPerSecond: 25, bitrate: "300kbps", gopSeconds: 1, preset: "ultrafast" };
    const of = { b: { video: { ...rate, width: 320, height: 180, threads: 1 } } };
    await aRelayedStream({ mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}` }, "ac3", of);
    const says = "sound 1 of a is AC-3, which is not carried: set the encoder to AAC";
    const { message } = await facility.untilTold(
      "stream.input",
      ({ data }) => data["encoder"] === "a",
    );
    expect(message).toBe(`main: ${says}`);
    await until("it stands with the stream", async () => {
      const { relay } = await hub.get("/api/streams/main");
      const { inputs } = relay as { inputs: { misfits?: string[] }[] };
      return inputs[0]!.misfits?.join() === says;
    });
    const unlike = `b brings ${sourceFps} pictures a second, where 25 are declared`;
    await facility.untilTold("stream.input", (told) => told.message.includes(unlike));
  },
  120_000,
);

long(
  "that the carrier's process has ended the relay knows before it has been silent for 400 ms",
  async () => {
    await aRelayedStream();
    const seenAfterMs: number[] = [];
    const wire = connect(join(facility.stateDir, "relays/main/control"));
    onTestFinished(() => void wire.destroy());
    let lived = false;
    createInterface({ input: wire }).on("line", (line) => {
      const { inputs } = RelayReport.parse(JSON.parse(line));
      const { live, silentMs } = inputs.find(({ id }) => id === "a")!;
      if (lived && !live) seenAfterMs.push(silentMs!);
      lived = live;
    });
    // On a machine that has no time, the silence may be seen first.
    for (let kills = 1; !seenAfterMs.some((ms) => ms <= 400); kills++) {
      expect([kills, seenAfterMs]).toEqual([expect.toSatisfy((n: number) => n <= 5), seenAfterMs]);
      const before = lastSeq();
      kill(facility.enginePid("a"));
      await until("its end is seen", () => seenAfterMs.length === kills);
      await untilFeedsAgain("a", before);
      await until("it brings pictures again", () => lived);
    }
  },
  120_000,
);
