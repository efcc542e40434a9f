/** A script asks for a stream and publishes to the address and with the key that it gets. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort, startNginxRtmp } from "../fakes/nginx-rtmp.ts";
import { Publisher } from "../fakes/publisher.ts";
import { aClient } from "../daemon/link/a-link.ts";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { long } from "../setup/slow.ts";

const { facility: aFacility, keep } = closedAfterEach();
const pushed = { config: { input: { kind: "ingest", ingest: "door" } } };
const wish = { resolution: "640x360", bitrate: 800_000, fps: 15 };

async function aSite(door: object = { kind: "rtmp" }) {
  const hub = keep(await Hub.start());
  const mqttUrl = `mqtt://127.0.0.1:${hub.mqttPort}`;
  const port = await freePort();
  const facility = await aFacility({
    encoders: { a: { driver: "ffmpeg", ...pushed }, b: { driver: "ffmpeg", ...pushed } },
    farEnd: { behaviour: "acceptBoth" },
    stream: { sessions: true },
    site: {
      publicHost: "localhost",
      ingests: [{ id: "door", port, ...door, sessions: true }],
    },
    mqttUrl,
  });
  facility.startDaemon();
  await until(
    "the site could give one",
    async () => {
      const { status } = await hub.ask("POST", "/api/streams/init", { ...wish, dry_run: true });
      return status === 200;
    },
    60_000,
  );
  return { hub, facility, mqttUrl, port };
}
type Opened = { rtmp_url: string; stream_key: string; session_id: string; encoder_id: string };
/** The same session for the same word; a site under load may need a second question. */
const opens = (hub: Hub, word: string) =>
  until(
    "a session",
    async () => {
      const once = { "idempotency-key": word };
      const { status, body } = await hub.ask("POST", "/api/streams/init", wish, once);
      return status === 201 && (body as Opened);
    },
    60_000,
  );
const addressOf = ({ rtmp_url: url, stream_key: key }: Opened) => `${url}/${key}`;

test("what is pushed with a session's key is at the far end, over hub and daemon, until it ends", async () => {
  const { hub, facility, mqttUrl, port } = await aSite();
  const heard: string[] = [];
  const listener = await aClient(mqttUrl);
  keep({ close: () => listener.endAsync(true) });
  listener.on("message", (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
  await listener.subscribeAsync("#");

  const early = Publisher.rtmp(`rtmp://127.0.0.1:${port}/live/${facility.streamKey()}`);
  await until("nobody is let in without a session", () => early.isOver);
  const opened = await opens(hub, "one");
  expect(opened).toMatchObject({ input: "push", ingest_id: "door", warnings: [] });
  expect(opened.rtmp_url).toBe(`rtmp://localhost:${port}/live`);
  expect(opened.stream_key).not.toBe(facility.streamKey());
  const config = await until("it waits for its publisher", async () => {
    const { body } = await hub.ask("GET", "/api/streams/studio~main/config");
    return body["status"] === "waiting" && body;
  });
  expect(config).toMatchObject({ resolution: "640x360", fps: 15 });

  const stranger = Publisher.rtmp(`${opened.rtmp_url}/not-the-key`);
  await until("a wrong key is sent away", () => stranger.isOver);
  expect(facility.onAir()).toBeUndefined();
  const publisher = Publisher.rtmp(addressOf(opened));
  await facility.untilOnAir(opened.encoder_id);
  const isOnAir = await until("its health is on air", async () => {
    const { body } = await hub.ask("GET", "/api/streams/studio~main/health");
    return body["carriage"] === "onAir" && body;
  });
  expect(isOnAir).toMatchObject({ encoder_id: opened.encoder_id });
  expect(await hub.ask("POST", "/api/streams/init", wish)).toMatchObject({ status: 409 });

  // Neither is in the way of the picture, and whoever asks again gets the same.
  await hub.kill();
  await facility.endDaemon("SIGKILL");
  facility.startDaemon();
  await hub.start();
  const again = await opens(hub, "one");
  expect(again.session_id).toBe(opened.session_id);
  expect(addressOf(again)).toBe(addressOf(opened));
  const seen = facility.publishers().at(-1)!;
  const frames = seen.videoFrames;
  await until("more pictures of the same encoder", () => seen.videoFrames > frames + 30);
  expect(facility.publishers()).toHaveLength(1);
  expect(publisher.isOver).toBe(false);
  expect(publisher.words).toBe("");

  expect(await hub.ask("DELETE", "/api/streams/studio~main")).toMatchObject({ status: 200 });
  expect(facility.onAir()).toBeUndefined();
  await until("its publisher is sent away", () => publisher.isOver);
  const late = Publisher.rtmp(addressOf(opened));
  await until("its key is refused", () => late.isOver);

  const next = await opens(hub, "another");
  expect(next.stream_key).not.toBe(opened.stream_key);
  const other = Publisher.rtmp(addressOf(opened));
  await until("the key of before is refused", () => other.isOver);
  Publisher.rtmp(addressOf(next));
  await facility.untilOnAir();

  const keys = [opened.stream_key, next.stream_key, facility.streamKey()];
  expect(heard.some((line) => line.includes("open-session"))).toBe(true);
  await facility.endDaemon();
  const journal = readdirSync(facility.stateDir)
    .filter((file) => /\.db(-wal)?$/.test(file))
    .map((file) => readFileSync(join(facility.stateDir, file), "latin1"))
    .join();
  expect(journal).toContain("session.opened");
  for (const key of keys) {
    expect(heard.filter((line) => line.includes(key))).toEqual([]);
    expect(facility.log).not.toContain(key);
    expect(journal).not.toContain(key);
  }
}, 120_000);

long(
  "a publisher that leaves and comes back is on air again, by the same session and key",
  async () => {
    const { hub, facility } = await aSite();
    const address = addressOf(await opens(hub, "one"));
    const publisher = Publisher.rtmp(address);
    await facility.untilOnAir();
    await facility.untilTold("stream.onAir");
    await publisher.end();
    await until("it waits for its publisher", async () => {
      const { body } = await hub.ask("GET", "/api/streams/studio~main/config");
      return body["status"] === "waiting";
    });
    expect(facility.onAir()).toBeUndefined();
    Publisher.rtmp(address);
    await facility.untilOnAir();
    expect(facility.told("session.abandoned")).toHaveLength(1);
    expect(facility.told("stream.takingOver")).toHaveLength(2);
  },
  120_000,
);

long(
  "by SRT the key is the passphrase of that session alone",
  async () => {
    const { hub, facility, port } = await aSite({ kind: "srt", mode: "listener" });
    /** Whoever calls before anybody listens, or with another passphrase, ends, and is begun again. */
    async function calls(passphrase: string, seen: () => unknown): Promise<Publisher> {
      const address = `srt://127.0.0.1:${port}`;
      let publisher = Publisher.srt(address, passphrase);
      await until(
        `what comes of a call with ${passphrase.slice(0, 4)}…`,
        async () => {
          if (publisher.isOver) publisher = Publisher.srt(address, passphrase);
          return seen();
        },
        60_000,
      );
      return publisher;
    }
    /** In this session so far. */
    const isRefused = async () => {
      const { lastRefused } = await hub.get("/api/ingests/studio~door");
      return (lastRefused as { why: string } | null)?.why.includes("Incorrect passphrase") === true;
    };
    const opened = await opens(hub, "one");
    expect(opened).toMatchObject({ rtmp_url: `srt://localhost:${port}`, input: "push" });
    await calls("not-the-passphrase", isRefused);
    expect(facility.onAir()).toBeUndefined();
    const publisher = await calls(opened.stream_key, () => facility.onAir() !== undefined);
    expect(await hub.ask("DELETE", "/api/streams/studio~main")).toMatchObject({ status: 200 });
    await publisher.end();

    const next = await opens(hub, "another");
    expect(next.stream_key).not.toBe(opened.stream_key);
    await until("another process, which has refused nobody yet", async () => !(await isRefused()));
    await calls(opened.stream_key, isRefused);
    expect(facility.onAir()).toBeUndefined();
    expect(facility.log).not.toContain(opened.stream_key);
  },
  180_000,
);

long(
  "by an nginx of the site the key is good for that session alone",
  async () => {
    const authorise = { port: await freePort() };
    const nginx = await startNginxRtmp({ onPublish: `http://127.0.0.1:${authorise.port}/` });
    keep(nginx);
    const port = Number(new URL(nginx.rtmpUrl.replace("rtmp", "http")).port);
    const { hub, facility } = await aSite({ kind: "nginx-rtmp", port, authorise });
    const opened = await opens(hub, "one");
    expect(opened).toMatchObject({ rtmp_url: `rtmp://localhost:${port}/live`, input: "push" });
    const stranger = Publisher.rtmp(`${nginx.rtmpUrl}/not-the-key`);
    await until("a wrong key is sent away", () => stranger.isOver);
    const publisher = Publisher.rtmp(`${nginx.rtmpUrl}/${opened.stream_key}`);
    await facility.untilOnAir();
    expect(await hub.ask("DELETE", "/api/streams/studio~main")).toMatchObject({ status: 200 });
    await publisher.end();
    const late = Publisher.rtmp(`${nginx.rtmpUrl}/${opened.stream_key}`);
    await until("its key is refused", () => late.isOver);
    expect(facility.log).not.toContain(opened.stream_key);
  },
  180_000,
);
