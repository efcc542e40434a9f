/** A hub whose machine burned down is had again from its backup, while its site goes on. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { kill, until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { incidents } from "./off-air.ts";

const { facility: aFacility, keep } = closedAfterEach();
const program = new URL("../../dist/understudy.js", import.meta.url).pathname;
const patient = { timeout: 150_000 };

test(
  "a hub is put back: its keys are valid, its site is there, and what came later comes in",
  patient,
  async () => {
    const hub = keep(await Hub.start());
    const facility = await aFacility({
      farEnd: { behaviour: "acceptBoth" },
      mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
    });
    const file = join(facility.folder, "hub.tar");
    const backup = (...args: string[]) =>
      execFileSync(process.execPath, [program, "backup", ...args, "--state-dir", hub.stateDir]);
    const known = async () => ((await hub.get("/api/incidents"))["items"] as object[]).length;
    facility.startDaemon();
    await facility.untilOnAir("a");
    await facility.untilTold("stream.onAir");
    await hub.untilStandsBy("b", 0);
    expect(await hub.command("streams/main", "failover")).toMatchObject({ status: "done" });
    await until("the hub knows the incident", async () => (await known()) === 1);
    const { body } = await hub.ask("POST", "/api/keys", { name: "panel", scopes: ["read"] });

    backup("make", file);
    await hub.untilStandsBy("a", 0);
    expect(await hub.command("streams/main", "failover")).toMatchObject({ status: "done" });
    await until("the hub knows that too", async () => (await known()) === 2);

    // The machine is gone. The site goes on, and changes hands once more meanwhile.
    await hub.kill();
    kill(facility.enginePid("a"));
    await facility.untilOnAir("b");
    await until("it is written down", () => incidents(facility).length === 3);

    backup("restore", file, "--yes");
    await hub.start();
    await until("it shows what is so now", async () => {
      const asked = await hub.ask("GET", "/api/streams/main", undefined, {
        authorization: `Bearer ${String(body["key"])}`,
      });
      return asked.body["encoder"] === "b" && asked.body["carriage"] === "onAir";
    });
    // Of the second incident the site knew that it was kept: for that the backup is too old.
    await until("what was not yet kept came in", async () => (await known()) >= 2);
    const { items } = (await hub.get("/api/audit?type=hub.restored")) as { items: object[] };
    expect(items).toHaveLength(1);
    await hub.untilStandsBy("a", Date.now());
    expect(await hub.command("streams/main", "failover")).toMatchObject({ status: "done" });
    await facility.untilOnAir("a");
  },
);
