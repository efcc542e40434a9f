/** Scripts that people have: a real python-socketio against a real hub and a site that streams. */
import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { closedAfterEach } from "../e2e/after-each.ts";
import { kill, until } from "../e2e/facility.ts";
import { Hub } from "../e2e/hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

type Told = { event: string; data: Record<string, unknown> };

function client(hub: Hub, key: string) {
  const script = new URL("older-client.py", import.meta.url).pathname;
  // Debian's own Python, which is the one that has Debian's packages.
  const child = spawn("/usr/bin/python3", [script, hub.url, key, "main"]);
  const told: Told[] = [];
  let rest = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    told.push(...lines.map((line) => JSON.parse(line) as Told));
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const last = (event: string) => told.findLast((one) => one.event === event)?.data;
  return {
    told,
    last,
    errors: () => stderr,
    close: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) {
        await new Promise((done) => child.once("exit", done));
      }
    },
  };
}

test("a Python client is shown the stream at once, its failover, and comes back after the hub", async () => {
  const hub = keep(await Hub.start(undefined, { isClosed: true }));
  const facility = await aFacility({ mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}` });
  facility.startDaemon();
  await facility.untilOnAir("a");
  const stranger = keep(client(hub, "us_adm_nobody"));
  await until("a stranger is refused", () => stranger.told.some((t) => t.event === "refused"));

  const script = keep(client(hub, hub.adminKey));
  await until("it is subscribed", () => script.last("subscribed"), 30_000);
  expect(script.last("subscribed")).toEqual({ ok: true });
  await until("it sees the figures of the carrier", () => {
    const health = script.last("stream_health");
    return health?.["encoder_id"] === "a" && typeof health["bitrate"] === "number";
  });
  expect(script.last("stream_health")).toMatchObject({ stream_id: "main", state: "onAir" });
  expect(script.last("stream_health")).toHaveProperty("cpu_usage");

  kill(facility.enginePid("a"));
  await until("it is told why", () => script.last("stream_error"));
  await until(
    "it sees the new carrier",
    () => script.last("stream_health")?.["encoder_id"] === "b",
  );

  await hub.kill();
  await until("it knows that it is cut off", () =>
    script.told.some((t) => t.event === "disconnect"),
  );
  const before = script.told.length;
  await hub.start();
  await until(
    "it is shown the stream again",
    () => script.told.slice(before).some((t) => t.event === "stream_health"),
    60_000,
  );
  expect(script.errors()).not.toContain("Traceback");
}, 180_000);
