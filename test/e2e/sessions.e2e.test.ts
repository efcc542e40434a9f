/** A script asks the hub for a stream, as the documents of old say, and gives it back. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aClient } from "../daemon/link/a-link.ts";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

test("a stream that a script asks for is on air, outlives hub and daemon, and ends with it", async () => {
  const hub = keep(await Hub.start());
  const facility = await aFacility({
    encoders: {
      a: { driver: "aja-helo" },
      b: { driver: "aja-helo" },
    },
    stream: { sessions: true },
    site: { publicHost: "studio.example.org" },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  const heard: string[] = [];
  const listener = await aClient(`mqtt://127.0.0.1:${hub.mqttPort}`);
  keep({ close: () => listener.endAsync(true) });
  listener.on("message", (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
  await listener.subscribeAsync("#");
  facility.startDaemon();

  const ask = hub.ask.bind(hub);
  const wish = { resolution: "1280x720", bitrate: 3_000_000, fps: 30 };
  await until(
    "the site can say what it would choose",
    async () => {
      const { status } = await ask("POST", "/api/streams/init", { ...wish, dry_run: true });
      return status === 200;
    },
    60_000,
  );
  expect(await ask("POST", "/api/streams/init", { ...wish, input: "push" })).toMatchObject({
    ...{ status: 409, body: { code: "no_session_ingests" } },
  });

  const once = { "idempotency-key": "one" };
  const { status, body } = await ask("POST", "/api/streams/init", wish, once);
  expect({ status, body }).toMatchObject({ status: 201 });
  expect(body).toMatchObject({
    ...{ stream_id: "studio~main", stream_key: facility.streamKey(), site_id: "studio" },
    rtmp_url: facility.farEnd.rtmpUrl.replace("127.0.0.1", "studio.example.org"),
  });
  // Nobody said how the picture comes, and nothing can be pushed here.
  expect(body["input"]).toBe("device");
  expect(body["warnings"]).toEqual([expect.stringMatching(/^do not publish to this address/)]);
  // Whichever scores best now.
  const { encoder_id: carrier, backup_encoder_id: backup } = body as Record<string, string>;
  expect([carrier, backup].toSorted()).toEqual(["a", "b"]);
  await facility.untilOnAir(carrier);
  const health = await until("its health is on air", async () => {
    const { body } = await ask("GET", "/api/streams/studio~main/health");
    return body["carriage"] === "onAir" && body;
  });
  expect(health).toMatchObject({ encoder_id: carrier, understudyEncoder: backup });

  // The hub comes back and the daemon comes back: the session is where it was.
  await hub.kill();
  await facility.endDaemon("SIGKILL");
  facility.startDaemon();
  await hub.start();
  const again = await until("the site answers the new hub", async () => {
    const { status, body } = await ask("POST", "/api/streams/init", wish, once);
    return status === 201 && body;
  });
  expect(again["session_id"]).toBe(body["session_id"]);
  expect(again["stream_key"]).toBe(facility.streamKey());
  await facility.untilOnAir(carrier);
  expect(await ask("POST", "/api/streams/init", wish)).toMatchObject({
    ...{ status: 409, body: { code: "no_free_stream" } },
  });

  const ended = await ask("DELETE", "/api/streams/studio~main");
  expect(ended).toMatchObject({ status: 200, body: { status: "ended" } });
  expect(facility.onAir()).toBeUndefined();
  // The hub knows it as soon as the site has told.
  await until(
    "there is no session any more",
    async () => (await ask("DELETE", "/api/streams/studio~main")).status === 404,
  );

  // Where the key could have stayed.
  await facility.endDaemon();
  const key = facility.streamKey();
  expect(heard.some((line) => line.includes("open-session"))).toBe(true);
  expect(heard.filter((line) => line.includes(key))).toEqual([]);
  expect(facility.log).not.toContain(key);
  const kept = readdirSync(facility.stateDir)
    .filter((file) => /\.db(-wal)?$/.test(file))
    .map((file) => join(facility.stateDir, file));
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.filter((file) => readFileSync(file).includes(key))).toEqual([]);
}, 60_000);

test("one idempotency key, sent 1,000 times at once to init, opens one session", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-init-"));
  keep({ close: async () => rmSync(folder, { recursive: true }) });
  const config = join(folder, "hub.yaml");
  const plenty = "{ requests: 1000000, keyPerHour: 100000000 }";
  writeFileSync(config, `rateLimit: ${plenty}\nmqtt: { broker: { anonymous: true } }\n`);
  const hub = keep(await Hub.start(config));
  const facility = await aFacility({
    encoders: { a: { driver: "aja-helo" }, b: { driver: "aja-helo" } },
    otherStreams: { second: { c: { driver: "aja-helo" }, d: { driver: "aja-helo" } } },
    stream: { sessions: true },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  facility.startDaemon();
  const init = async (once = "all of these") => {
    const reply = await fetch(`${hub.url}/api/streams/init`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": once },
      body: JSON.stringify({
        resolution: "1280x720",
        bitrate: 3_000_000,
        fps: 30,
        dry_run: once === "",
      }),
    });
    return { status: reply.status, body: (await reply.json()) as Json };
  };
  await until("the site can say what it would choose", async () => {
    return (await init("")).status === 200;
  });
  const replies = await Promise.all(Array.from({ length: 1_000 }, () => init()));
  const opened = replies.filter(({ status }) => status === 201);
  const others = replies.filter(({ status }) => status !== 201);
  expect(opened.length).toBeGreaterThan(0);
  expect(new Set(opened.map(({ body }) => body["session_id"])).size).toBe(1);
  // While the first is being opened; who comes later is given the same.
  expect(others.filter(({ body }) => body["code"] !== "still_running")).toEqual([]);
  expect((await init()).body["session_id"]).toBe(opened[0]!.body["session_id"]);
  expect(facility.told().filter(({ type }) => type === "session.opened")).toHaveLength(1);
  await facility.untilOnAir();
}, 120_000);
