/** A broker where somebody else may publish too, and a site that obeys its hub alone. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";
import { startMosquitto, subscribe } from "./mosquitto.ts";

const { facility: aFacility, keep } = closedAfterEach();
const topic = (below: string) => `understudy/v1/studio/${below}`;
const users = { hub: "the-hub-itself", studio: "only-the-studio", stranger: "a-light-desk" };
const acl = `user hub
topic readwrite understudy/v1/#
user studio
topic readwrite understudy/v1/studio/#
user stranger
topic readwrite understudy/v1/#
`;

type Key = { name: string; publicKey: string };
async function commandKey(hub: Hub): Promise<string> {
  const { items } = (await hub.get("/api/hub-keys")) as { items: Key[] };
  return items.find(({ name }) => name === "command")!.publicKey;
}
function pin(facility: Facility, ...commandKeys: string[]): void {
  const config = parse(readFileSync(facility.configFile, "utf8")) as { mqtt: object };
  Object.assign(config.mqtt, { commandKeys });
  writeFileSync(facility.configFile, stringify(config));
}

test("a stranger who may publish at the broker cannot command a site that has pinned its hub's key", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-signed-"));
  keep({ close: async () => rmSync(folder, { recursive: true }) });
  const secret = (user: keyof typeof users) => {
    writeFileSync(join(folder, user), users[user], { mode: 0o600 });
    return `file:${join(folder, user)}`;
  };
  const broker = keep(await startMosquitto({ users, acl }));
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const hubConfig = join(folder, "hub.yaml");
  const external = { url, username: "hub", password: secret("hub") };
  writeFileSync(hubConfig, stringify({ mqtt: { external } }));
  const hub = keep(await Hub.start(hubConfig));
  const printed = execFileSync(process.execPath, [
    ...[new URL("../../dist/hub.js", import.meta.url).pathname, "--print-command-key"],
    ...["--state-dir", hub.stateDir],
  ]);
  const first = await commandKey(hub);
  expect(printed.toString().trim()).toBe(first);

  const facility = await aFacility({
    farEnd: { behaviour: "acceptBoth" },
    site: { mqtt: { url, username: "studio", password: secret("studio"), commandKeys: [first] } },
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const login = { username: "stranger", password: users.stranger };
  const listener = keep(subscribe({ port: broker.port, login, filter: topic("#") }));
  /** Until the first acknowledgement the clocks cannot be compared, and a move is refused. */
  async function couldMove(): Promise<void> {
    let last: Json = {};
    const dry = { dryRun: true };
    await until("it could be moved", async () => {
      last = await hub.command("streams/main", "failover", undefined, dry).catch((): Json => ({}));
      return last["status"] === "done";
    }).catch((error: unknown) => {
      throw new Error(JSON.stringify(last), { cause: error });
    });
  }
  await couldMove();
  expect(await hub.command("streams/main", "failover")).toMatchObject({ status: "done" });
  await facility.untilOnAir("b");

  const say = (below: string, payload: unknown) =>
    execFileSync("mosquitto_pub", [
      ...["-h", "127.0.0.1", "-p", String(broker.port), "-q", "1"],
      ...["-u", "stranger", "-P", users.stranger, "-t", topic(below)],
      ...["-m", JSON.stringify(payload)],
    ]);
  const answers = (id: string) =>
    listener.heard
      .filter((one) => one.topic.startsWith(topic("response/")))
      .map(({ payload }) => JSON.parse(payload) as Json)
      .filter((one) => one["id"] === id);
  const move = topic("request/stream/main/failover");
  const genuine = await until("the hub's own request was overheard", () =>
    listener.heard
      .filter((one) => one.topic === move)
      .map(({ payload }) => JSON.parse(payload) as Json & { args?: object })
      .find((one) => one["dryRun"] !== true),
  );
  expect(genuine["signatures"]).toHaveLength(1);

  // Without a signature, with another's, with other arguments, to another subject.
  const own = { id: "s1", ttlMs: 60_000, sentAtMs: Date.now(), by: "the director" };
  const forged = [
    ["stream/main/stop", own],
    ["stream/main/stop", { ...own, id: "s2", signatures: genuine["signatures"] }],
    ["stream/main/failover", { ...genuine, id: "s3" }],
    ["stream/main/failover", { ...genuine, id: "s4", args: { unproven: true } }],
    ["stream/main/stop", { ...genuine, id: "s5", signatures: ["AAAA"] }],
    ["site/studio/off-air", { ...own, id: "s6", signatures: "none" }],
  ] as const;
  for (const [below, payload] of forged) say(`request/${below}`, payload);
  for (const [, { id }] of forged) {
    const [answer] = await until(`${id} is answered`, () => {
      const all = answers(String(id));
      return all.length > 0 && all;
    });
    expect(answer).toMatchObject({ status: "refused", code: "bad_signature" });
  }
  const told = await facility.untilTold("site.notSigned");
  expect(told.message).toContain("not signed by the hub");
  await until("the site warns of it", async () =>
    JSON.stringify(await hub.get("/api/sites")).includes(
      "that the hub has not signed were refused",
    ),
  );

  // What the hub has signed is answered again as it was, and not done again.
  await couldMove();
  expect(await hub.command("streams/main", "return")).toMatchObject({ status: "done" });
  await facility.untilOnAir("a");
  const before = answers(String(genuine["id"])).length;
  say("request/stream/main/failover", genuine);
  say("request/stream/main/stop", { ...genuine });
  await until("it is answered again", () => answers(String(genuine["id"])).length >= before + 2);
  const again = answers(String(genuine["id"])).slice(before);
  expect(again.map(({ code, status }) => code ?? status).toSorted()).toEqual([
    ...["bad_signature", "done"],
  ]);
  expect(facility.onAir()).toBe("a");

  // Another key: the site knows the one before, and later the one after it.
  const rotated = await fetch(`${hub.url}/api/hub-keys/command/rotate`, { method: "POST" });
  expect(await rotated.json()).toMatchObject({ previousPublicKey: first });
  const second = await commandKey(hub);
  expect(second).not.toBe(first);
  await couldMove();
  await facility.endDaemon("SIGTERM");
  pin(facility, second);
  facility.startDaemon();
  await until("the site is back", () => facility.log.split('"link_online"').length >= 3);
  await couldMove();
  expect(await hub.command("streams/main", "failover", { to: "b" })).toMatchObject({
    status: "done",
  });
  await facility.untilOnAir("b");
}, 180_000);
