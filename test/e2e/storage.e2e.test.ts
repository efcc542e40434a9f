/** Media that fill, vanish and come back, as they are seen over MQTT and at the hub. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { StorageState } from "../../machines/storage/storage.contract.ts";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";
import { subscribe } from "./mosquitto.ts";
import { long } from "../setup/slow.ts";

const { facility: aFacility, keep } = closedAfterEach();
const mayMount = process.getuid?.() === 0;
const kept = { stream: { autoStart: false }, encoders: { helo: { driver: "aja-helo" } } } as const;

/** A disk of 20 MiB with nothing on it. */
function aSmallDisk() {
  const path = mkdtempSync(join(tmpdir(), "understudy-storage-"));
  const mount = () =>
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=20m", "understudy-test", path]);
  mount();
  return keep({
    path,
    mount,
    /** Lets just so much of it be free. */
    leaveFree(ratio: number): void {
      const { blocks, bsize } = statfsSync(path);
      writeFileSync(join(path, "recording.mov"), Buffer.alloc(blocks * bsize * (1 - ratio), 0x42));
    },
    remount: (how: "ro" | "rw") => execFileSync("mount", ["-o", `remount,${how}`, path]),
    unmount: () => execFileSync("umount", ["-l", path]),
    async close() {
      await Promise.resolve();
      if (execFileSync("mount").toString().includes(path)) execFileSync("umount", ["-l", path]);
      rmSync(path, { recursive: true });
    },
  });
}

test.runIf(mayMount)(
  "a disk that fills is seen healthy, filling, nearly full, full, and healthy again when emptied",
  async () => {
    const hub = keep(await Hub.start());
    const disk = aSmallDisk();
    const mqtt = keep(subscribe({ port: hub.mqttPort, filter: "understudy/v1/studio/storage/#" }));
    const facility = await aFacility({
      ...kept,
      mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
      storages: [
        {
          ...{ id: "recordings", driver: "host-disk", polling: { normal: "500ms" } },
          places: [{ path: disk.path, name: "Recordings" }],
        },
      ],
    });
    facility.startDaemon();

    const overMqtt = (): StorageState["media"][number] | undefined => {
      const text = mqtt.last("understudy/v1/studio/storage/recordings/state");
      return text === undefined ? undefined : (JSON.parse(text) as StorageState).media[0];
    };
    const isSeen = async (state: string) => {
      await until(`${state} over MQTT`, () => overMqtt()?.state === state);
      const seen = await until(`${state} over REST`, async () => {
        const { items } = (await hub.get("/api/storage")) as { items: Json[] };
        return items.find((item) => item["id"] === "recordings" && item["state"] === state);
      });
      expect(seen).toMatchObject({ site: "studio", stale: false, media: [{ state }] });
    };

    await isSeen("healthy");
    for (const [free, state] of [
      [0.25, "filling"],
      [0.16, "filling"], // above the level, and not nearly full before
      [0.1, "nearlyFull"],
      [0.16, "nearlyFull"], // the same space on the way back is not yet enough
      [0, "full"],
      [0.9, "healthy"],
    ] as const) {
      disk.leaveFree(free);
      await until(`${free} free is read`, () => {
        const read = overMqtt()?.figures.freeRatio?.value;
        return read !== undefined && Math.abs(read - free) < 0.005;
      });
      await isSeen(state);
    }
    disk.remount("ro");
    await isSeen("readOnly");
    disk.remount("rw");
    await isSeen("healthy");
    disk.unmount();
    await isSeen("missing");
    disk.mount();
    await isSeen("healthy");

    const states = () =>
      facility
        .told("storage.changed")
        .filter((t) => t.data["medium"] === disk.path)
        .map((t) => t.data["state"]);
    const wanted = [
      ...["filling", "nearlyFull", "full", "healthy", "readOnly", "healthy"],
      ...["missing", "healthy"],
    ];
    expect(states()).toEqual(wanted);
    const metrics = await (await fetch(`${hub.url}/metrics`)).text();
    expect(metrics).toMatch(
      new RegExp(`understudy_storage_free_ratio\\{.*storage="recordings".*\\} (1|0\\.9)`),
    );

    disk.leaveFree(0.1);
    await isSeen("nearlyFull");
    await until("it is told", () => states().length === wanted.length + 1);
    const { epoch } = (await hub.get("/api/sites/studio")) as { epoch: string };
    await facility.endDaemon();
    const before = mqtt.heard.length;
    facility.startDaemon();
    await until("read again after a restart", () => {
      return mqtt.heard.length > before && overMqtt()?.state === "nearlyFull";
    });
    expect(states()).toEqual([...wanted, "nearlyFull"]);
    expect(((await hub.get("/api/sites/studio")) as { epoch: string }).epoch).toBe(epoch);
  },
);

/** The first medium of the box `helo`, as the hub knows it. */
async function cardOf(hub: Hub): Promise<Json | undefined> {
  const { items } = (await hub.get("/api/storage")) as { items: Json[] };
  const media = items.find((item) => item["id"] === "helo")?.["media"] as Json[] | undefined;
  return media?.[0];
}

test("a HELO whose card is pulled has lost its storage, critically, and has it again", async () => {
  const hub = keep(await Hub.start());
  const facility = await aFacility({
    ...kept,
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  facility.startDaemon();
  await until("the card", async () => (await cardOf(hub))?.["state"] === "healthy", 50_000);
  const putBack = facility.helos["helo"]!.faults.pullCard();
  await until("it is missing", async () => (await cardOf(hub))?.["state"] === "missing", 60_000);
  const told = await facility.untilTold("storage.changed", (t) => t.data["state"] === "missing");
  expect(told).toMatchObject({ message: "helo: sd is missing", severity: "critical" });
  putBack();
  await until("it is back", async () => (await cardOf(hub))?.["state"] === "healthy", 60_000);
}, 200_000);

long(
  "a HELO that reboots three times after its card was lost: the slot is named, and released",
  async () => {
    const timings = { rebootMs: 1_000, initialiseMs: 12_000 };
    const hub = keep(await Hub.start());
    const facility = await aFacility({
      ...kept,
      mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
      encoders: { helo: { driver: "aja-helo", timings } },
    });
    facility.startDaemon();
    const box = facility.helos["helo"]!;
    await until("the card", async () => (await cardOf(hub))?.["state"] === "healthy", 60_000);
    const putBack = box.faults.pullCard();
    await facility.untilTold("storage.changed", (t) => t.data["state"] === "missing");
    for (const time of [1, 2, 3]) {
      // It reads well after the boot.
      if (time === 3) putBack();
      box.faults.reboot();
      await until(`boot ${time}`, () => facility.told("encoder.rebooted").length >= time);
      await until("it is seen to run", async () => {
        const seen = await hub.get("/api/encoders/helo");
        return box.get("SystemState") === "4" && seen["service"] === "inService";
      });
    }
    const cycle = await facility.untilTold("storage.rebootCycle");
    expect(cycle).toMatchObject({
      severity: "critical",
      message:
        "helo rebooted 3 times in 10 min and sd is missing: release sd, " +
        "there is no other path that could record",
    });
    await facility.untilTold("storage.rebootCycle", ({ data }) => data["released"] === true);
    expect(box.get("CurrentMediaMounted")).toBe("0");
    const named = facility.told("storage.rebootCycle").filter(({ data }) => "reboots" in data);
    expect(named).toHaveLength(1);
    await until("it is out of use", async () => (await cardOf(hub))?.["state"] === "retired");
  },
  200_000,
);
