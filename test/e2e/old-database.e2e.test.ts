/** Yesterday's copy of the journal in place of today's: look who publishes before doing anything. */
import { copyFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, kill, until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { at } from "../setup/effort.ts";

const { facility: aFacility, keep } = closedAfterEach();
const files = ["site.db", "site.db-wal", "site.db-shm"];

function copyJournal(facility: Facility, from: string, to: string): void {
  for (const file of files) {
    const [source, target] = [
      join(facility.stateDir, from + file),
      join(facility.stateDir, to + file),
    ];
    rmSync(target, { force: true });
    if (existsSync(source)) copyFileSync(source, target);
  }
}

const backups = [
  { name: "the mark beside it tells", keepsMark: true },
  { name: "without the mark, the engine on air tells", keepsMark: false },
];

test.each(backups.slice(0, at({ check: 1, test: 1, torture: 2 })))(
  "a database restored from yesterday, $name: the running engine is adopted as it is",
  async ({ keepsMark }) => {
    const hub = keep(await Hub.start());
    const facility = await aFacility({
      farEnd: { behaviour: "acceptBoth" },
      mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
    });
    facility.startDaemon();
    await facility.untilOnAir("a");
    await facility.untilTold("stream.onAir");
    await facility.endDaemon();
    copyJournal(facility, "", "yesterday-");

    // Since then the understudy has taken over: the copy names the wrong holder.
    const startedAtMs = Date.now();
    facility.startDaemon();
    await until("a is adopted", () => /"code":"site.started"/.test(facility.log));
    await hub.untilStandsBy("b", startedAtMs);
    kill(facility.enginePid("a"));
    await facility.untilOnAir("b");
    await until("b is told", () => facility.told("stream.onAir").length >= 2);
    const told = facility.told();
    const epoch = await until("the hub has it all", async () => {
      const [site] = (await hub.get("/api/sites"))["items"] as Record<string, unknown>[];
      return Number(site?.["ackedSeq"]) >= told.length && String(site?.["epoch"]);
    });
    const pid = facility.enginePid("b");
    await facility.endDaemon();
    copyJournal(facility, "yesterday-", "");
    if (!keepsMark) rmSync(join(facility.stateDir, "site.db.mark"));

    facility.log = "";
    const restoredAtMs = Date.now();
    facility.startDaemon();
    await until("a new epoch at the hub, and b known to carry", async () => {
      const [site] = (await hub.get("/api/sites"))["items"] as Record<string, unknown>[];
      const [stream] = (await hub.get("/api/streams"))["items"] as Record<string, unknown>[];
      return (
        site?.["epoch"] !== epoch &&
        site?.["online"] === true &&
        stream?.["stale"] === false &&
        stream["carrier"] === "carried" &&
        stream["encoder"] === "b"
      );
    });
    expect(facility.told("key.adopted").at(-1)?.data["encoder"]).toBe("b");
    expect(facility.enginePid("b")).toBe(pid);
    expect(facility.publishers()).toHaveLength(2);
    expect(facility.publishers()[1]?.endedAtMs).toBeNull();
    expect(facility.overlapMs()).toBe(0);
    expect(facility.log).not.toContain('"code":"stream.takingOver"');

    // And it is still looked after: the key generation goes on, never back.
    await hub.untilStandsBy("a", restoredAtMs);
    kill(pid);
    await facility.untilOnAir("a");
    expect(facility.overlapMs()).toBe(0);
  },
);

test("yesterday's backup on a new disk, where nothing runs: what the hub has of us tells that it is old", async () => {
  const hub = keep(await Hub.start());
  const facility = await aFacility({
    farEnd: { behaviour: "acceptBoth" },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  const epochAtHub = async () => {
    const [site] = (await hub.get("/api/sites"))["items"] as Record<string, unknown>[];
    return { epoch: site?.["epoch"], seq: Number(site?.["ackedSeq"]) };
  };
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  await facility.endDaemon();
  copyJournal(facility, "", "yesterday-");
  facility.startDaemon();
  kill(facility.enginePid("a"));
  await facility.untilOnAir("b");
  const before = await until("the hub has more than yesterday", async () => {
    const { epoch, seq } = await epochAtHub();
    return seq >= facility.told().length && { epoch };
  });
  const pid = facility.enginePid("b");
  await facility.endDaemon();
  kill(pid);
  await until("its launcher has ended, too", () => facility.leftovers().length === 0);
  for (const name of readdirSync(facility.stateDir)) {
    if (!name.startsWith("yesterday-")) rmSync(join(facility.stateDir, name), { recursive: true });
  }
  copyJournal(facility, "yesterday-", "");

  facility.log = "";
  facility.startDaemon();
  await until("it is told to be old", () => /"code":"site.rolledBack"/.test(facility.log));
  expect(facility.log).toMatch(/the hub has our events up to \d+, this journal ends before/);
  await until("a new epoch at the hub", async () => (await epochAtHub()).epoch !== before.epoch);
  await facility.untilOnAir("a");
  expect(facility.overlapMs()).toBe(0);
}, 180_000);
