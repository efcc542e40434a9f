/** Far ends where the last or the first publisher wins: who may start, and when nobody may. */
import { describe, expect, test } from "vitest";
import { type RtmpPublisher, startRtmpPublisher } from "../fakes/rtmp-publisher.ts";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, kill, until } from "./facility.ts";
import { carriers, untilIncident } from "./off-air.ts";

const { facility: aFacility, keep } = closedAfterEach();
const helo = { driver: "aja-helo", polling: { normal: "1s" } } as const;
const liveNow = (facility: Facility) =>
  facility.publishers().filter((record) => record.endedAtMs === null).length;
const takeovers = (facility: Facility) => facility.told("stream.takingOver").length - 1;

/** Publishes on the programme's key as if it were that encoder of another daemon. */
function anotherDaemons(facility: Facility, encoder: string): RtmpPublisher {
  const publisher = startRtmpPublisher({
    url: `${facility.farEnd.rtmpUrl}/${facility.streamKey()}`,
    flashVer: `understudy/${encoder}/9`,
  });
  keep({ close: () => publisher.kill() });
  return publisher;
}

async function onAir(facility: Facility, encoder: string): Promise<void> {
  facility.startDaemon();
  await facility.untilOnAir(encoder);
  await facility.untilTold("stream.onAir");
}

describe("where the last publisher wins", () => {
  const lastWins = {
    farEnd: { behaviour: "kickFirst" },
    destination: { takeover: "lastWins", fenceTimeout: "4s" },
  } as const;

  test("a box that does not answer is not provoked, whatever it said before: it might kick back", async () => {
    const facility = await aFacility({ ...lastWins, encoders: { a: helo, b: helo } });
    await onAir(facility, "a");
    const { faults } = facility.helos["a"]!;
    faults.unreachable();
    faults.freezeMedia();
    await facility.untilTold("stream.needsHuman");
    expect(takeovers(facility)).toBe(0);
    expect(liveNow(facility)).toBe(1);
    expect(facility.overlapMs()).toBe(0);
  }, 90_000);

  test("a dead session that still holds the key is kicked: its backup waits for nothing", async () => {
    const ghostSessionMs = 60_000;
    const facility = await aFacility({
      ...lastWins,
      farEnd: { ...lastWins.farEnd, ghostSessionMs },
    });
    await onAir(facility, "a");
    kill(facility.enginePid("a"));
    await facility.untilOnAir("b");
    const incident = await untilIncident(facility, "tookOver");
    expect(incident.certificate).toMatchObject({ level: 2, encoder: "a" });
    const [first, second] = carriers(facility);
    expect(second!.publishedAtMs! - first!.endedAtMs!).toBeLessThan(ghostSessionMs / 4);
    expect(second!.endedAtMs).toBe(null);
    expect(facility.overlapMs()).toBe(0);
  }, 90_000);

  test("a box that is kicked twice in ten minutes does not kick back: a person is called", async () => {
    const facility = await aFacility({ ...lastWins, encoders: { a: helo, b: helo } });
    await onAir(facility, "a");
    const first = anotherDaemons(facility, "b");
    await first.exited;
    await until("it is answered", () => facility.told("stream.onAir").length === 2);
    expect(takeovers(facility)).toBe(1);

    const second = anotherDaemons(facility, "a");
    const called = await facility.untilTold("stream.needsHuman");
    expect(called.message).toMatch(/somebody else keeps publishing/);
    expect(takeovers(facility)).toBe(1);
    expect(second.complaints()).toBe("");
    expect(facility.publishers().at(-1)).toMatchObject({
      endedAtMs: null,
      flashVer: "understudy/a/9",
    });
    expect(facility.overlapMs()).toBe(0);
  }, 120_000);
});

describe("where the first publisher wins", () => {
  const firstWins = {
    farEnd: { behaviour: "refuseSecond" },
    destination: { takeover: "firstWins" },
  } as const;

  test("the backup starts when the far end is free, and not a moment before", async () => {
    const facility = await aFacility({
      ...firstWins,
      farEnd: { behaviour: "refuseSecond", ghostSessionMs: 6_000 },
    });
    await onAir(facility, "a");
    kill(facility.enginePid("a"));
    await facility.untilOnAir("b");
    const [first, second] = carriers(facility);
    expect(second!.publishedAtMs! - first!.endedAtMs!).toBeGreaterThan(6_000);
    // Nobody knocked at a door that was still shut.
    expect(facility.publishers().filter((p) => p.endedBecause === "refused")).toEqual([]);
    expect((await untilIncident(facility, "tookOver")).certificate).toMatchObject({ level: 2 });
    expect(facility.overlapMs()).toBe(0);
  }, 90_000);

  test("somebody who was there first is waited for, without knocking", async () => {
    const facility = await aFacility(firstWins);
    const stranger = startRtmpPublisher({
      url: `${facility.farEnd.rtmpUrl}/${facility.streamKey()}`,
    });
    keep({ close: () => stranger.kill() });
    await until("the stranger is on air", () => carriers(facility).length === 1);
    facility.startDaemon();
    await facility.untilTold("stream.fenced");
    const seen = facility.farEnd.publishers(facility.streamKey()).length;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(takeovers(facility)).toBe(-1);
    expect(facility.publishers()).toHaveLength(seen);

    await stranger.kill();
    await facility.untilOnAir("a");
    expect(facility.publishers().filter((p) => p.endedBecause === "refused")).toEqual([]);
    expect(facility.overlapMs()).toBe(0);
  }, 90_000);
});

describe("a far end that drops both", () => {
  test("sees one publisher at a time, so that nothing is dropped", async () => {
    const facility = await aFacility({ farEnd: { behaviour: "dropBoth" } });
    await onAir(facility, "a");
    process.kill(facility.enginePid("a"), "SIGSTOP");
    await facility.untilOnAir("b");
    await untilIncident(facility, "tookOver");
    const ends = facility.publishers().map(({ endedBecause }) => endedBecause);
    expect(ends).not.toContain("droppedWithSecond");
    expect(facility.overlapMs()).toBe(0);
  }, 90_000);
});
