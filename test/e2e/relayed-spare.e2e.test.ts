/** One spare for two relayed programmes, each of a source of its own. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { decodeBarCodes } from "../fakes/picture.ts";
import { closedAfterEach } from "./after-each.ts";
import { kill, until } from "./facility.ts";
import { carriers } from "./off-air.ts";
import { sourceFps, startSharedSource } from "./shared-source.ts";

const { facility: aFacility, keep } = closedAfterEach();

test("a programme whose encoder is gone for good goes on with the spare, and the other is told that none is left", async () => {
  const source = keep(await startSharedSource(1));
  const programs = mkdtempSync(join(tmpdir(), "understudy-programs-"));
  onTestFinished(() => rmSync(programs, { recursive: true }));
  const encoder = (id: string, ingest: { ingest?: string }) => {
    const program = join(programs, id);
    symlinkSync("/usr/bin/ffmpeg", program);
    const config = { source: undefined, input: { kind: "ingest", ...ingest }, program };
    return { driver: "ffmpeg" as const, config };
  };
  const s = encoder("s", {});
  const facility = await aFacility({
    encoders: { a: encoder("a", { ingest: "hall" }), s },
    otherStreams: { two: { b: encoder("b", { ingest: "stage" }), s } },
    farEnd: { behaviour: "refuseSecond", record: true },
    site: {
      ingests: [
        { id: "hall", kind: "udp", url: source.url(0) },
        { id: "stage", kind: "testPattern", width: 320, height: 180, framesPerSecond: sourceFps },
      ],
      streams: ["main", "two"].map((id, at) => ({
        ...{ id, destination: ["far", "far-two"][at], path: "relayed" },
        encoders: [["a", "b"][at], { encoder: "s", spare: true, level: "cold" }],
      })),
    },
  });
  const goesForGood = (id: string) => {
    rmSync(join(programs, id));
    kill(facility.enginePid(id));
  };
  facility.startDaemon();
  await Promise.all(["main", "two"].map((id) => facility.untilOnAir(`${id}-relay`, 60_000, id)));
  const grantedToSpare = () =>
    facility
      .told("key.granted")
      .flatMap(({ data: { encoder, destination } }) => (encoder === "s" ? [destination] : []));
  expect(grantedToSpare()).toEqual([]);
  goesForGood("a");
  await facility.untilTold("stream.relay", ({ data }) => data["selected"] === "s");
  goesForGood("b");
  const told = await facility.untilTold("stream.spare", ({ data }) => data["is"] === "none");
  expect([told.subject.id, told.message]).toEqual([
    "two",
    "two needs you: no encoder of its own brings pictures, and no spare is free: s is kept for main until somebody releases it",
  ]);
  expect(facility.told("stream.spare").map(({ message }) => message)).toContain(
    "main: the spare s is called in (a brings no pictures to the relay)",
  );
  // Behind its relay: the far end has one publisher all the time, and the programme's own pictures.
  const [one, ...others] = carriers(facility);
  expect([others, one!.endedAtMs]).toEqual([[], null]);
  const came = one!.videoFrames;
  await until("more pictures", () => carriers(facility)[0]!.videoFrames > came + sourceFps);
  const codes = await decodeBarCodes(one!.recordingPath!);
  const lastOfA = codes.findIndex(({ frame }, n) => n > 0 && frame - codes[n - 1]!.frame > 5);
  expect(codes.length - lastOfA).toBeGreaterThan(sourceFps);
  expect(lastOfA).toBeGreaterThan(0);
  expect(grantedToSpare()).toEqual(["main-relay-s"]);
}, 120_000);
