/** A publisher that is connected to the site's ingest, and never notices what its encoders do. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Incident } from "../../machines/stream/stream.contract.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { Publisher } from "../fakes/publisher.ts";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, kill, until } from "./facility.ts";

const { facility: aFacility } = closedAfterEach();
const fromStage = { config: { input: { kind: "ingest", ingest: "stage" } } };

/** Two encoders of one stream that both take what is published to the ingest `stage`. */
async function onStage() {
  const port = await freePort();
  const facility = await aFacility({
    farEnd: { behaviour: "acceptBoth" },
    encoders: { a: { driver: "ffmpeg", ...fromStage }, b: { driver: "ffmpeg", ...fromStage } },
    site: {
      ingests: [
        {
          ...{ id: "stage", kind: "rtmp", host: "127.0.0.1", port },
          streamKey: "credential:stage-key",
        },
      ],
    },
    env: { CREDENTIALS_DIRECTORY: "" },
  });
  const credentials = join(facility.stateDir, "credentials");
  mkdirSync(credentials, { recursive: true, mode: 0o700 });
  writeFileSync(join(credentials, "stage-key"), "open-sesame\n", { mode: 0o600 });
  return { facility, address: (key: string) => `rtmp://127.0.0.1:${port}/live/${key}` };
}

const ingestPid = (facility: Facility) =>
  Number(
    readFileSync(join(facility.stateDir, "ingests/stage/engines/process/pid"), "utf8").split(
      " ",
    )[1],
  );

const untilReceives = (facility: Facility, times: number) =>
  until("it receives", () => {
    const told = facility
      .told("ingest.changed")
      .filter(({ data }) => data["state"] === "receiving");
    return told.length >= times;
  });

test("the encoder on air is killed, then the daemon: the publisher sends on and is not asked again", async () => {
  const { facility, address } = await onStage();
  facility.startDaemon();
  await facility.untilTold("ingest.changed", ({ data }) => data?.["state"] === "waiting");
  const publisher = Publisher.rtmp(address("open-sesame"));
  await untilReceives(facility, 1);
  await facility.untilTold("stream.onAir");
  const first = await facility.untilOnAir();
  const pid = ingestPid(facility);

  kill(facility.enginePid(first));
  await facility.untilOnAir(first === "a" ? "b" : "a");
  await facility.endDaemon("SIGKILL");
  const before = publisher.frames;
  facility.startDaemon();
  await until("30 more frames", () => publisher.frames > before + 30);
  await until("it is adopted", () => facility.told("site.started").length === 2);
  await untilReceives(facility, 2);

  expect(publisher.isOver).toBe(false);
  expect(publisher.words).toBe("");
  expect(ingestPid(facility)).toBe(pid);
  expect(facility.told("ingest.changed").map(({ data }) => data["state"])).toEqual([
    "waiting",
    "receiving",
    "receiving",
  ]);
});

test("a wrong key is refused and said; a publisher that comes back is received again", async () => {
  const { facility, address } = await onStage();
  facility.startDaemon();
  await facility.untilTold("ingest.changed", ({ data }) => data?.["state"] === "waiting");
  const stranger = Publisher.rtmp(address("open-barley"));
  const refused = await facility.untilTold("ingest.refused");
  expect(refused.message).toMatch(/^stage: 127\.0\.0\.1:\d+ has a wrong stream key$/);
  await until("it is sent away", () => stranger.isOver);

  const publisher = Publisher.rtmp(address("open-sesame"));
  await untilReceives(facility, 1);
  await facility.untilOnAir();
  await publisher.end();
  const gone = await facility.untilTold(
    "ingest.changed",
    ({ message }) => message === "stage: waits for a publisher: the publisher left",
  );
  expect(gone).toBeDefined();
  Publisher.rtmp(address("open-sesame"));
  await untilReceives(facility, 2);
});

test("a source that falls silent, or goes, moves nobody: it is named, and on air again by itself", async () => {
  const { facility, address } = await onStage();
  facility.startDaemon();
  await facility.untilTold("ingest.changed", ({ data }) => data?.["state"] === "waiting");
  const publisher = Publisher.rtmp(address("open-sesame"));
  await facility.untilTold("stream.onAir");
  const first = await facility.untilOnAir();
  const pid = facility.enginePid(first);
  const { seq } = facility.told().at(-1)!;
  const incident = (outcome: string, after: number) =>
    facility.untilTold("stream.incident", (told) => {
      const { cause, outcome: now } = told.data["incident"] as Incident;
      return cause === "sourceLost" && now === outcome && told.seq > after;
    });

  publisher.hold();
  const lost = await incident("open", seq);
  const { timeline } = lost.data["incident"] as Incident;
  expect(timeline.at(-1)!.what).toMatch(
    /^the source 'stage' sends nothing since \d\d:\d\d:\d\d UTC$/,
  );
  // Longer than an encoder that makes no pictures would be left on air.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  publisher.goOn();
  const back = await incident("recovered", lost.seq);

  await publisher.end();
  const gone = await incident("open", back.seq);
  Publisher.rtmp(address("open-sesame"));
  await incident("recovered", gone.seq);
  expect(facility.enginePid(first)).toBe(pid);
  expect(facility.told("stream.takingOver").filter((told) => told.seq > seq)).toEqual([]);
  expect(facility.told("stream.fenced").filter((told) => told.seq > seq)).toEqual([]);
});

test("an ingest process that is killed is started again", async () => {
  const { facility, address } = await onStage();
  facility.startDaemon();
  const waits = (after: number) =>
    facility.untilTold(
      "ingest.changed",
      ({ data, seq }) => data?.["state"] === "waiting" && seq > after,
    );
  await waits(0);
  const pid = ingestPid(facility);
  kill(pid);
  const ended = await facility.untilTold("ingest.changed", ({ message }) =>
    message.includes("its process ended"),
  );
  await waits(ended.seq);
  expect(ingestPid(facility)).not.toBe(pid);
  Publisher.rtmp(address("open-sesame"));
  await untilReceives(facility, 1);
});
