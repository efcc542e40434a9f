/** A far end that nobody looks at refuses: for a time because somebody is still on, or for good. */
import { expect, test } from "vitest";
import { startRtmpPublisher } from "../fakes/rtmp-publisher.ts";
import { long } from "../setup/slow.ts";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, until } from "./facility.ts";
import { at } from "../setup/effort.ts";

const { facility: aFacility, keep } = closedAfterEach();
const helo = { driver: "aja-helo", polling: { normal: "1s" } } as const;
const whyRefused = /the far end refuses it \(wrong key, or somebody is still publishing\)/;
const refusedStarts = (facility: Facility) =>
  facility.publishers().filter(({ endedBecause }) => endedBecause === "refused").length;

/** Somebody who is not ours publishes on the programme's key. */
async function heldByAnother(facility: Facility) {
  const stranger = startRtmpPublisher({
    url: `${facility.farEnd.rtmpUrl}/${facility.streamKey()}`,
  });
  keep({ close: () => stranger.kill() });
  await until("the stranger is on air", () => {
    return facility.publishers().some(({ videoFrames }) => videoFrames > 0);
  });
  return stranger;
}

const drivers = ["ffmpeg", "gstreamer"] as const;

test.each(drivers.slice(0, at({ check: 1, test: 1, torture: 2 })))(
  "%s is told that somebody is still publishing: it is asked again on the same proof, and gets in",
  async (driver) => {
    const encoders = { a: { driver }, b: { driver } };
    const facility = await aFacility({ encoders, observers: [] });
    const stranger = await heldByAnother(facility);
    facility.startDaemon();
    await until("it is asked again", () => refusedStarts(facility) >= 4, 60_000);
    const refusing = await facility.untilTold("destination.changed");
    expect(refusing).toMatchObject({ data: { state: "refusing", source: "a" } });
    expect(facility.told("stream.startFailed")).toEqual([]);
    await stranger.kill();
    await facility.untilTold("stream.onAir");
    await facility.untilOnAir("a");
    expect(facility.told("key.granted")).toHaveLength(1);
    expect(facility.told("stream.startFailed")).toEqual([]);
    expect(facility.overlapMs()).toBe(0);
  },
  120_000,
);

test("a key that is held for good: the person is told why, and each encoder is tried in its turn", async () => {
  const facility = await aFacility({ observers: [], destination: { ghostSession: "3s" } });
  await heldByAnother(facility);
  facility.startDaemon();
  const called = await facility.untilTold("stream.needsHuman");
  expect(called.message).toMatch(whyRefused);
  const failed = facility.told("stream.startFailed").map(({ message }) => message);
  expect(failed.map((message) => message[6])).toEqual(["a", "b"]);
  for (const message of failed) expect(message).toMatch(whyRefused);
}, 90_000);

long(
  "a HELO whose key is revoked on air is asked again and again, and is not booted for it",
  { timeout: 600_000 },
  async () => {
    const facility = await aFacility({
      encoders: { a: helo },
      observers: [],
      destination: { ghostSession: "10s" },
      encoder: { repair: "act" },
    });
    facility.startDaemon();
    await facility.untilTold("stream.onAir");
    const undo = facility.helos["a"]!.faults.refuseKey();
    const failed = () => facility.told("stream.startFailed");
    const called = await facility.untilTold("stream.needsHuman");
    expect(called.message).toMatch(whyRefused);
    expect(failed()[0]?.message).toMatch(
      /key, or somebody is still publishing\), or the connection failed/,
    );
    // After the second the box itself would be to blame.
    await until("a second proof is used up", () => failed().length === 2, 150_000);
    await new Promise((resolve) => setTimeout(resolve, 45_000));
    expect(facility.told("encoder.repair")).toEqual([]);
    undo();
    await until("it is on air again", () => facility.onAir() === "a", 200_000);
  },
);
