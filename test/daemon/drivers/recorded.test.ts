/** What real agents have answered, or what is written in their form, read by the drivers. */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { openSnmpEyes } from "../../../daemon/discovery/eyes.ts";
import { outletVendors } from "../../../daemon/drivers/outlets.ts";
import { recognisers } from "../../../daemon/drivers/recognisers.ts";
import { openHttp } from "../../../daemon/drivers/shared/http/http.ts";
import { SnmpEncoderOptions } from "../../../daemon/drivers/snmp/options.ts";
import { openSnmpEncoder } from "../../../daemon/drivers/snmp/snmp.ts";
import { storageVendors } from "../../../daemon/drivers/storages.ts";
import { startFakeAgent } from "../../fakes/snmp/agent.ts";
import { walkOf } from "../../fakes/snmp/walk.ts";
import { inHand } from "./a-driver.ts";

const host = "127.0.0.1";
const access = { version: "v2c", community: "readers" } as const;
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
const signal = () => AbortSignal.timeout(20_000);

async function agentOf(walk: string): Promise<number> {
  const agent = await startFakeAgent({ access: [access], tree: walkOf(walk) });
  opened.push(agent);
  return agent.port;
}

async function readingOf(walk: string, options: object = {}) {
  const given = { host, port: await agentOf(walk), access, ...options };
  const wallMs = () => Date.UTC(2026, 10, 23, 5, 53, 33);
  const { poll } = inHand((context) =>
    openSnmpEncoder(context, SnmpEncoderOptions.parse(given), { wallMs }),
  );
  return poll();
}

test("a host with net-snmp, as it was recorded: memory, disks, network and clock", async () => {
  const media = ["/", "/srv/recordings"];
  const reading = await readingOf("snmp/net-snmp-host", { interface: "eth0", media });
  expect(reading.identity).toEqual({
    vendor: "enterprise 8072",
    model: "Linux encoder-host 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC x86_64",
  });
  // Of 24.7 GB what the kernel called available, not only what was free.
  expect(reading.figures.memoryUsageRatio?.value).toBeCloseTo(1 - 17_305_812 / 24_684_092, 6);
  expect(reading.media).toMatchObject([
    { id: "/", kind: "disk", condition: "ok", totalBytes: 66_053_021 * 4_096 },
    // Its last block was taken.
    { id: "/srv/recordings", condition: "ok", freeBytes: 0, totalBytes: 5_120 * 4_096 },
  ]);
  expect(reading.figures.outputBytes?.value).toBeGreaterThan(0);
  // It tells whole seconds.
  const { aheadMs, exactToMs } = reading.clock!;
  expect(Math.abs(aheadMs)).toBeLessThanOrEqual(exactToMs);
  expect(exactToMs).toBeLessThan(3_000);
});

test("a box with ENTITY-SENSOR-MIB, and one with LM-SENSORS-MIB", async () => {
  const { figures } = await readingOf("snmp/entity-sensors");
  expect(figures.temperatureC).toEqual({ value: 51.3, source: "ENTITY-SENSOR-MIB CPU" });
  expect(figures.fanSpeedRpm?.value).toBe(2_700);
  const lm = (await readingOf("snmp/lm-sensors")).figures;
  expect(lm.temperatureC?.value).toBe(67.25);
  expect(lm.fanSpeedRpm?.value).toBe(3_100);
});

test("a Synology that checks its volume: syncing, and a disk that warns, are not well", async () => {
  const vendor = storageVendors["synology"]!;
  const options = { host, port: await agentOf("synology/ds920"), access };
  const driver = await vendor.open(vendor.options.parse(options));
  opened.push(driver);
  expect(await driver.poll(signal())).toMatchObject([
    { id: "Volume 1", condition: "degraded", freeBytes: 2.1e12, totalBytes: 15.3e12 },
    { id: "Storage Pool 1", condition: "ok" },
    { id: "Disk 1", condition: "ok", temperatureC: 38 },
    { id: "Disk 2", condition: "degraded", temperatureC: 39 },
    { id: "Cache device 1", condition: "ok", temperatureC: 46 },
  ]);
});

const pdus = [
  ["pdu/apc-first-generation", "pdu-apc", { generation: "first" }, (n: number) => n],
  ["pdu/apc-second-generation", "pdu-apc", { generation: "second" }, (n: number) => n],
  ["pdu/raritan-px2", "pdu-raritan", {}, (n: number) => n],
  ["pdu/sentry3", "pdu-sentry3", {}, (n: number) => `1.1.${n}`],
] as const;

test.each(pdus)("%s: outlets that are on, off and waited for", async (...of) => {
  const [walk, name, more, outletOf] = of;
  const port = await agentOf(walk);
  const vendor = outletVendors[name]!;
  const readings = [];
  for (const n of [1, 2, 3]) {
    const given = { host, port, access, outlet: outletOf(n), ...more };
    const driver = await vendor.open(vendor.options.parse(given));
    opened.push(driver);
    readings.push(await driver.poll(signal()));
  }
  const hasPending = name !== "pdu-raritan";
  expect(readings).toEqual([
    { state: "on", name: "helo-a", commandPending: false },
    { state: "off", name: "helo-b", commandPending: false },
    {
      state: name === "pdu-sentry3" ? "unknown" : "on",
      name: "switch",
      commandPending: hasPending,
    },
  ]);
});

test.each([
  ...pdus.map(([walk, driver]) => [walk, driver] as const),
  ["synology/ds920", "synology"] as const,
  ["snmp/entity-sensors", "snmp"] as const,
  ["snmp/net-snmp-host", "snmp"] as const,
])("%s is recognised for %s", async (walk, driver) => {
  const manners = { answerWithinMs: 5_000, mostRequests: 100, signal: signal() };
  const eyes = await openSnmpEyes(host, await agentOf(walk), access, manners);
  opened.push(eyes);
  const found = [];
  for (const recogniser of recognisers) {
    if (recogniser.over === "snmp" && (await recogniser.recognise(eyes)))
      found.push(recogniser.driver);
  }
  expect(found[0]).toBe(driver);
});

test("the one exchange of a HELO that is known byte by byte is read as it came", async () => {
  const file = new URL(
    "../../fixtures/aja-helo/record-state-failing-in-idle.http",
    import.meta.url,
  );
  const recorded = readFileSync(file);
  const server = createServer((socket) => {
    socket.on("error", () => undefined).once("data", () => socket.write(recorded));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => void server.close());
  const http = openHttp(host, (server.address() as AddressInfo).port, 5_000);
  onTestFinished(() => http.close());
  const path = "/config?action=get&paramid=eParamID_ReplicatorRecordState";
  const { status, body } = await http.send({ method: "GET", path }, signal());
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ value: "3", value_name: "eRRSFailingInIdle" });
});
