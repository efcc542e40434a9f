import { afterEach, describe, expect, test } from "vitest";
import type { HeloTimings } from "../fakes/helo/timings.ts";
import { Facility, type FacilityOptions, kill, until } from "./facility.ts";
import { carriers, expectOffAirTold, offAirMs, untilIncident } from "./off-air.ts";
import { long } from "../setup/slow.ts";
import { at } from "../setup/effort.ts";

/** A boot is shortened, so that a test need not wait a minute for it. */
const timings: Partial<HeloTimings> = { rebootMs: 3_000, initialiseMs: 1_500 };
const helo = { driver: "aja-helo", timings, polling: { normal: "1s" } } as const;

let facility: Facility;
afterEach(() => facility.close());

/** On a far end where a second publisher would be let in, and be seen. */
async function facilityOnAir(options: FacilityOptions): Promise<Facility> {
  facility = await Facility.build({ farEnd: { behaviour: "acceptBoth" }, ...options });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  // What a box does by itself is ours to decide: nothing is under way when the fault comes.
  for (const helo of Object.values(facility.helos)) await helo.until("AutoRecoverStreaming", "0");
  return facility;
}
const linkOf = (id: string, link: string, after: number) =>
  facility.untilTold(
    "encoder.link",
    ({ message, data, seq }) =>
      seq > after && message.startsWith(`${id} `) && data["link"] === link,
    120_000,
  );
const lastSeq = () => facility.told().at(-1)?.seq ?? 0;
const takeovers = () => facility.told("stream.takingOver").length - 1;

test("a HELO that reboots right after it was started is started again by itself, once it is proven off", async () => {
  const selfStart = { autoRecover: false, powerUpStream: false, scheduler: false };
  facility = await Facility.build({ encoders: { a: { ...helo, selfStart } } });
  const a = facility.helos["a"]!;
  facility.startDaemon();
  await until("it has taken the start", () => a.streaming());
  a.faults.reboot();
  await facility.untilTold("stream.startFailed");
  expect(a.streaming()).toBe(undefined);
  await facility.untilOnAir("a", 120_000);
  await facility.untilTold("stream.onAir");
  const granted = facility.told("key.granted");
  expect(granted).toHaveLength(2);
  expect(granted[1]!.data["because"]).toMatchObject({
    kind: "fenced",
    certificates: [{ encoder: "a" }],
  });
  expect(facility.told("encoder.repair")).toEqual([]);
  expect(facility.overlapMs()).toBe(0);
}, 240_000);

describe("two HELOs", () => {
  const encoders = { a: helo, b: helo };

  test("a HELO that hangs, talks nonsense or resets while it publishes keeps the stream", async () => {
    const { helos } = await facilityOnAir({ encoders });
    const { faults } = helos["a"]!;
    for (const begin of [
      () => faults.hang(),
      () => faults.nonsense("html"),
      () => faults.nonsense("wrongName"),
      () => faults.resetConnections(),
    ]) {
      const before = lastSeq();
      const end = begin();
      await linkOf("a", "unreachable", before);
      end();
      await linkOf("a", "reachable", before);
    }
    expect(facility.onAir()).toBe("a");
    expect(takeovers()).toBe(0);
    expect(carriers(facility)).toHaveLength(1);
    expect(facility.told("stream.fenceUnproven")).toEqual([]);
  });

  const looks = [
    {
      seen: "while whoever looks at the far end is blind",
      observers: [{ kind: "nginx-rtmp", statisticsUrl: "http://127.0.0.1:1/stat", app: "live" }],
    },
    { seen: "while the far end sees its picture", observers: undefined },
  ];
  test.each(looks.slice(0, at({ check: 1, test: 1, torture: 2 })))(
    "a HELO that stays unreachable $seen keeps the stream",
    async ({ observers }) => {
      const { helos } = await facilityOnAir({ encoders, ...(observers && { observers }) });
      const before = lastSeq();
      const end = helos["a"]!.faults.unreachable();
      await linkOf("a", "unreachable", before);
      const { videoFrames } = carriers(facility)[0]!;
      // 15 pictures a second: five times as long as `directFreeze`, which is 2 s.
      await until("ten seconds more", () => carriers(facility)[0]!.videoFrames > videoFrames + 150);
      expect(takeovers()).toBe(0);
      expect(carriers(facility)).toHaveLength(1);
      end();
      await linkOf("a", "reachable", before);
      expect(facility.onAir()).toBe("a");
    },
  );

  test("a HELO that reboots is replaced when it is back and proven off, not before", async () => {
    const { helos } = await facilityOnAir({ encoders });
    helos["a"]!.faults.reboot();
    await facility.untilTold("stream.fenceUnproven");
    expect(takeovers()).toBe(0);
    await facility.untilOnAir("b");
    const incident = await untilIncident(facility, "tookOver");
    expect(incident.certificate).toMatchObject({ level: 1, encoder: "a" });
    expectOffAirTold(incident, offAirMs(facility));
    expect(facility.overlapMs()).toBe(0);
  });

  test("somebody stops the stream at the front panel: the backup takes over", async () => {
    const { helos } = await facilityOnAir({ encoders });
    helos["a"]!.pressStop();
    await facility.untilOnAir("b");
    const incident = await untilIncident(facility, "tookOver");
    expect(incident.certificate).toMatchObject({ level: 1, encoder: "a" });
    expectOffAirTold(incident, offAirMs(facility));
    expect(facility.overlapMs()).toBe(0);
  });

  test("a HELO that starts again after each stop never shares the key with the backup", async () => {
    const { helos } = await facilityOnAir({ encoders, destination: { fenceTimeout: "4s" } });
    const { faults } = helos["a"]!;
    const thaw = faults.freezeMedia();
    faults.autoRecoverFighting(1_500);
    await facility.untilTold("stream.incident");
    thaw();
    await facility.untilTold("stream.onAir", ({ seq }) => {
      const [first] = facility.told("stream.onAir");
      return first !== undefined && seq > first.seq;
    });
    const { videoFrames } = carriers(facility).at(-1)!;
    await until("more pictures", () => carriers(facility).at(-1)!.videoFrames > videoFrames + 75);
    expect(facility.overlapMs()).toBe(0);
  });

  test("a HELO that loses its input hands over to an understudy that still has the programme", async () => {
    const { helos } = await facilityOnAir({ encoders });
    helos["a"]!.faults.dropInput();
    await facility.untilOnAir("b");
    const incident = await untilIncident(facility, "tookOver");
    expect(incident).toMatchObject({ cause: "input-lost", from: "a", to: "b" });
    expect(facility.overlapMs()).toBe(0);
  });

  test("both lose the same source: nothing is switched", async () => {
    const { helos } = await facilityOnAir({ encoders });
    const endings = [helos["a"]!.faults.dropInput(), helos["b"]!.faults.dropInput()];
    await facility.untilTold("stream.suspect", ({ data }) => data["cause"] === "input-lost");
    await facility.untilTold("encoder.input", ({ message }) => message === "input of b: lost");
    const noVideo = await facility.untilTold("encoder.alarm", ({ message }) =>
      message.startsWith("a says: No Video Input: "),
    );
    expect(noVideo.data["raised"]).toContain("noVideoInput");
    const { videoFrames } = carriers(facility)[0]!;
    // 15 pictures a second: well past the 5 s after which a content fault would switch.
    await until("ten seconds more", () => carriers(facility)[0]!.videoFrames > videoFrames + 150);
    expect(takeovers()).toBe(0);
    for (const end of endings) end();
    await facility.untilTold("stream.carrier", ({ message }) => message.includes("fine again"));
    expect(carriers(facility)).toHaveLength(1);
  });
});

long("an understudy with another source does not replace a HELO that lost its input", async () => {
  const { helos } = await facilityOnAir({
    encoders: { a: helo, b: { ...helo, source: "slides" } },
  });
  helos["a"]!.faults.dropInput();
  await facility.untilTold("stream.suspect", ({ data }) => data["cause"] === "input-lost");
  const { videoFrames } = carriers(facility)[0]!;
  await until("ten seconds more", () => carriers(facility)[0]!.videoFrames > videoFrames + 150);
  expect(takeovers()).toBe(0);
  expect(carriers(facility)).toHaveLength(1);
});

test("a HELO and a software encoder replace each other, both ways", async () => {
  const { helos } = await facilityOnAir({ encoders: { a: helo, b: { driver: "ffmpeg" } } });
  helos["a"]!.faults.freezeMedia();
  await facility.untilOnAir("b");
  const first = await untilIncident(facility, "tookOver");
  expectOffAirTold(first, offAirMs(facility));
  helos["a"]!.faults.clearAll();
  await facility.untilTold("encoder.benched", ({ message }) => message.startsWith("a/"));
  expect(helos["a"]!.get("RTMPStreamName")).toBe("");
  // Until it was read idle again the HELO is no candidate, and b would be started again in place.
  const { videoFrames } = carriers(facility).at(-1)!;
  await until("more pictures", () => carriers(facility).at(-1)!.videoFrames > videoFrames + 75);
  kill(facility.enginePid("b"));
  await facility.untilOnAir("a");
  expect(facility.overlapMs()).toBe(0);
});
