/** What people ask of a running site, over the real hub and, wrongly put, over bare MQTT. */
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { aBroker, aClient, root } from "../daemon/link/a-link.ts";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

test("what is asked over the hub is done: move, return, maintenance, stop, start, off air", async () => {
  const hub = keep(await Hub.start());
  const facility = await aFacility({
    farEnd: { behaviour: "acceptBoth" },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  await until("both are ready for it", async () => {
    // Until the first acknowledgement the clocks cannot be compared, and a move is refused.
    const asked = await hub
      .command("streams/main", "failover", undefined, { dryRun: true })
      .catch((): Json => ({}));
    return asked["status"] === "done";
  });

  expect(await hub.command("streams/main", "failover")).toMatchObject({ status: "done" });
  await facility.untilOnAir("b");
  expect(await hub.command("streams/main", "return")).toMatchObject({ status: "done" });
  await facility.untilOnAir("a");
  expect(facility.overlapMs()).toBe(0);

  // Viewers would see a drill: who asks for it has to type the name.
  expect(await hub.command("streams/main", "drill")).toMatchObject({ code: "not_possible" });
  const drilled = await hub.command("streams/main", "drill", { consent: "main" });
  expect(drilled).toMatchObject({ status: "done" });
  expect(drilled["message"]).toMatch(
    /the drill passed; a to b [\d.]+ s off air, b to a [\d.]+ s off/,
  );
  await facility.untilOnAir("a");
  const { drill } = (await hub.get("/api/streams/main")) as { drill: Json };
  expect(drill).toMatchObject({ underWay: null, last: { result: "passed", legs: [{}, {}] } });
  expect(facility.overlapMs()).toBe(0);

  expect(await hub.command("encoders/b", "maintenance")).toMatchObject({ status: "done" });
  expect(await hub.command("streams/main", "failover")).toMatchObject({
    status: "refused",
    code: "not_possible",
  });
  expect(await hub.command("encoders/b", "in-service")).toMatchObject({ status: "done" });

  expect(await hub.command("streams/main", "stop")).toMatchObject({ status: "done" });
  expect(facility.onAir()).toBeUndefined();
  expect(await hub.command("streams/main", "start")).toMatchObject({ status: "done" });
  // Whoever is ready first: a box that is just stopping is not waited for.
  await facility.untilOnAir();
  expect(await hub.command("sites/studio", "off-air")).toMatchObject({ status: "done" });
  await until("nobody publishes", () => facility.onAir() === undefined);
  expect(facility.publishers().every((p) => p.endedAtMs !== null)).toBe(true);
  expect(facility.overlapMs()).toBe(0);
});

test("a command that is wrong in any way gets a code for an answer, and nothing is done", async () => {
  const broker = await aBroker();
  keep({ close: () => broker.stop() });
  const facility = await aFacility({ mqttUrl: broker.url() });
  const person = await aClient(broker.url());
  keep({ close: () => person.endAsync(true) });
  // One that the broker keeps would be obeyed again at every connect.
  const kept = { id: "kept", ttlMs: 60_000, sentAtMs: Date.now(), by: "test" };
  const stop = `${root}/request/stream/main/stop`;
  await person.publishAsync(stop, JSON.stringify(kept), { qos: 1, retain: true });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  await until("the site is online", () => broker.on("availability").at(-1)?.payload === "online");

  const send = (path: string, payload: unknown) =>
    person.publishAsync(
      `${root}/request/${path}`,
      typeof payload === "string" ? payload : JSON.stringify(payload),
      { qos: 1 },
    );
  const answers = (id: string) =>
    broker.heard
      .filter(({ topic }) => topic.startsWith(`${root}/response/`))
      .map(({ payload }) => JSON.parse(payload) as Json)
      .filter((answer) => answer["id"] === id);
  /** Code of the refusal, or the status it ended with. */
  async function asked(path: string, over: object = {}): Promise<unknown> {
    const id = randomUUID();
    const good = { id, ttlMs: 10_000, sentAtMs: Date.now(), by: "test" };
    await send(path, { ...good, ...over });
    const end = await until(`an answer to ${path}`, () =>
      answers(id).find(({ status }) => status !== "accepted"),
    );
    return end["code"] ?? end["status"];
  }

  // No hub has acknowledged anything yet: whether a command is too old cannot be known.
  expect(await asked("stream/main/failover")).toBe("clock_unknown");
  const info = JSON.parse(broker.on("info").at(-1)?.payload ?? "{}") as Json;
  const acknowledge = () =>
    person.publishAsync(
      `${root}/ack/main`,
      JSON.stringify({ epoch: info["epoch"], seq: 0, hubTimeMs: Date.now() }),
      { qos: 1 },
    );
  await acknowledge();
  await until("the clock is known", async () => {
    return (await asked("stream/main/failover", { dryRun: true })) === "done";
  });

  expect(await asked("stream/nobody/failover")).toBe("unknown_subject");
  expect(await asked("encoder/nobody/maintenance")).toBe("unknown_subject");
  expect(await asked("site/other/off-air")).toBe("unknown_subject");
  expect(await asked("stream/main/explode")).toBe("unknown_verb");
  expect(await asked("encoder/a/failover")).toBe("unknown_verb");
  expect(await asked("stream/main/constructor")).toBe("unknown_verb");
  expect(await asked("stream/main/failover", { sentAtMs: Date.now() - 60_000 })).toBe("expired");
  expect(await asked("stream/main/failover", { ttlMs: -1 })).toBe("malformed");
  expect(await asked("stream/main/failover", { by: 7 })).toBe("malformed");
  expect(await asked("stream/main/failover", { args: "b" })).toBe("malformed");
  expect(await asked("stream/main/failover", { args: { to: "nobody" } })).toBe("not_possible");
  expect(await asked("stream/main/failover", { args: { to: "a" } })).toBe("not_possible");
  expect(await asked("stream/main/start")).toBe("not_possible");

  // Not even an id to answer to, or none that could be one: said in the log, and lived through.
  for (const junk of [
    "",
    "{",
    "null",
    "[]",
    '"stop"',
    "{}",
    '{"id":""}',
    "\u0000",
    "9".repeat(70_000),
  ]) {
    await send("stream/main/stop", junk);
  }
  await send("stream/main", {});
  await person.publishAsync(`${root}/ack/main`, '{"epoch":1}', { qos: 1 });
  await person.publishAsync(`${root}/replay`, "nonsense", { qos: 1 });

  // The same id twice is one move and the same answer twice, also at the same moment.
  const twice = { id: randomUUID(), ttlMs: 20_000, sentAtMs: Date.now(), by: "test" };
  await Promise.all([send("stream/main/failover", twice), send("stream/main/failover", twice)]);
  await facility.untilOnAir("b");
  await until("it is done", () => answers(twice.id).some(({ status }) => status === "done"));
  await send("stream/main/failover", twice);
  await until("it is said again", () => {
    return answers(twice.id).filter(({ status }) => status === "done").length >= 2;
  });
  await facility.untilOnAir("b");

  expect(facility.publishers().map((p) => p.endedAtMs === null)).toEqual([false, true]);
  expect(facility.told("key.granted")).toHaveLength(2);
  expect(facility.told("command.done")).toHaveLength(1);
  expect(facility.overlapMs()).toBe(0);
  expect(facility.daemon.exitCode).toBeNull();
});
