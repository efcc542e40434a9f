/** What other systems subscribe to, through a mosquitto that is not ours, while the hub is killed. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { closedAfterEach } from "./after-each.ts";
import { kill, until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";
import { startMosquitto, subscribe, type Subscriber } from "./mosquitto.ts";

const { facility: aFacility, keep } = closedAfterEach();
const root = "understudy/v1/studio";
const users = { hub: "the-hub-itself", studio: "only-the-studio", panel: "only-a-reader" };
const topics = ["streaming", "encoder", "system", "config", "all", "metrics"];
const acl = `user hub
topic readwrite understudy/v1/#

user studio
topic readwrite ${root}/#

user panel
${[...topics.map((name) => `${name}-events`), "dead-letter"]
  .map((name) => `topic read ${root}/${name}`)
  .join("\n")}
`;

const on = ({ heard }: Subscriber, topic: string) =>
  heard.filter((m) => m.topic === `${root}/${topic}`).map((m) => JSON.parse(m.payload) as Json);
const idOf = ({ epoch, seq }: Json) => `studio.${String(epoch)}.${String(seq)}`;

test("other systems are told every event, whatever becomes of the hub, and of a command without answer", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-e2e-topics-"));
  keep({ close: async () => rmSync(folder, { recursive: true }) });
  for (const [user, secret] of Object.entries(users)) {
    writeFileSync(join(folder, user), secret, { mode: 0o600 });
  }
  const broker = keep(await startMosquitto({ users, acl }));
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const config = join(folder, "hub.yaml");
  const external = { url, username: "hub", password: `file:${join(folder, "hub")}` };
  writeFileSync(config, stringify({ mqtt: { external } }));
  const hub = keep(await Hub.start(config));
  const login = { username: "panel", password: users.panel };
  const panel = keep(subscribe({ port: broker.port, login, filter: `${root}/+` }));
  const mqtt = { url, username: "studio", password: `file:${join(folder, "studio")}` };
  const facility = await aFacility({ farEnd: { behaviour: "acceptBoth" }, site: { mqtt } });
  facility.startDaemon();
  await facility.untilTold("stream.onAir");
  await until("the panel is told", () => on(panel, "all-events").length > 0);

  for (let round = 0; round < 3; round++) {
    const before = facility.told().length;
    kill(facility.enginePid(await facility.untilOnAir()));
    await until("something is decided", () => facility.told().length > before + round);
    await hub.kill();
    await facility.untilOnAir();
    await hub.start();
  }
  await until("the hub has it all", async () => {
    return (await hub.events()).length >= facility.told().length;
  });
  const wanted = (await hub.events()).map(idOf);
  await until("the panel has it all", () => {
    const ids = new Set(on(panel, "all-events").map(({ id }) => id));
    return wanted.every((id) => ids.has(id));
  });
  const all = on(panel, "all-events");
  const firsts = [...new Set(all.map(({ id }) => String(id)))];
  expect(firsts.filter((id) => wanted.includes(id))).toEqual(wanted);

  const onAir = on(panel, "streaming-events").find((e) => e["event_type"] === "stream.onAir");
  expect(onAir).toMatchObject({ stream_id: "main", metadata: { site_id: "studio" } });
  expect(Date.parse(String(onAir?.["timestamp"]))).toBeGreaterThan(Date.now() - 600_000);
  for (const [topic, of] of [
    ["streaming-events", (e: Json) => "stream_id" in e],
    ["encoder-events", (e: Json) => "encoder_id" in e],
    ["system-events", (e: Json) => e["kind"] !== "stream" && e["kind"] !== "encoder"],
    ["config-events", (e: Json) => "event_type" in e],
  ] as const) {
    const told = on(panel, topic);
    expect([topic, told.length > 0, told.every(of)]).toEqual([topic, true, true]);
    for (const { id } of told) expect(firsts).toContain(id);
  }
  const digest = await until("figures come", () => {
    return on(panel, "metrics-events").find((m) => (m["encoders"] as Json[]).length > 0);
  });
  expect(digest).toMatchObject({ site_id: "studio", encoders: [{ encoder_id: "a" }, {}] });

  facility.daemon.kill("SIGSTOP");
  const asked = await fetch(`${hub.url}/api/streams/main/commands`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ verb: "failover", ttlMs: 500 }),
  });
  const { id } = (await asked.json()) as Json;
  const letter = await until("the letter is dead", () => on(panel, "dead-letter")[0]);
  expect(letter).toMatchObject({ id, kind: "stream", subject_id: "main", verb: "failover" });
  facility.daemon.kill("SIGCONT");
  expect(panel.heard.every(({ retained }) => !retained)).toBe(true);
}, 240_000);
