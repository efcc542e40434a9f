import { afterEach, expect, test } from "vitest";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import { storageVendors } from "../../../../daemon/drivers/storages.ts";
import type { StorageDriver } from "../../../../daemon/drivers/storage.ts";
import { startFakeSynology, synologyCommunity } from "../../../fakes/snmp/synology.ts";
import type { FakeDisk, FakeSynology, FakeVolume } from "../../../fakes/snmp/synology.ts";

const volume: FakeVolume = {
  name: "Volume 1",
  status: 1,
  freeBytes: 3_000_000_000_000n,
  totalBytes: 12_000_000_000_000n,
};
const disk: FakeDisk = {
  id: "Disk 1",
  model: "WD80EFAX-68KNBN0",
  status: 1,
  temperatureC: 38,
  health: 1,
};

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
const signal = () => AbortSignal.timeout(10_000);

async function nas(
  volumes: FakeVolume[],
  disks: FakeDisk[],
): Promise<{ fake: FakeSynology; driver: StorageDriver }> {
  const fake = await startFakeSynology(volumes, disks);
  const vendor = storageVendors["synology"]!;
  const driver = await vendor.open(
    vendor.options.parse({
      host: "127.0.0.1",
      port: fake.port,
      access: synologyCommunity,
      requestTimeoutMs: 500,
    }),
  );
  opened.push(driver, fake);
  return { fake, driver };
}

test("a NAS in order tells its volume with bytes beyond 32 bits, and its disk with degrees", async () => {
  const { driver } = await nas([volume], [disk]);
  expect(await driver.poll(signal())).toEqual([
    {
      id: "Volume 1",
      kind: "raid",
      isNetwork: true,
      condition: "ok",
      freeBytes: 3e12,
      totalBytes: 12e12,
      freeRatio: 0.25,
      source: "SYNOLOGY-RAID-MIB",
    },
    {
      id: "Disk 1",
      name: "WD80EFAX-68KNBN0",
      kind: "disk",
      isNetwork: true,
      condition: "ok",
      temperatureC: 38,
      source: "SYNOLOGY-DISK-MIB",
    },
  ]);
});

test.each([
  [1, "ok"],
  [2, "degraded"],
  [7, "degraded"],
  [11, "degraded"],
  [12, "damaged"],
  [13, "ok"],
  [21, "degraded"],
])("a volume of status %i is %s", async (status, condition) => {
  const { driver } = await nas([{ ...volume, status }], []);
  expect((await driver.poll(signal()))[0]?.condition).toBe(condition);
});

test.each<[Partial<FakeDisk>, string]>([
  [{ status: 5 }, "damaged"],
  [{ status: 4 }, "failing"],
  [{ health: 2 }, "degraded"],
  [{ health: 3 }, "failing"],
  [{ status: 1, temperatureC: 65 }, "failing"],
  [{ status: 2 }, "ok"],
])("a disk that says %j is %s", async (said, condition) => {
  const { driver } = await nas([], [{ ...disk, ...said }]);
  expect((await driver.poll(signal()))[0]?.condition).toBe(condition);
});

test("a sleeping disk has no temperature, and an old one no health", async () => {
  const { id, model, status } = disk;
  const { driver } = await nas([], [{ id, model, status, temperatureC: 0 }]);
  const [medium] = await driver.poll(signal());
  expect(medium).toMatchObject({ condition: "ok" });
  expect(medium).not.toHaveProperty("temperatureC");
});

test("a disk that is pulled and a volume that breaks are seen at the next poll", async () => {
  const { driver, fake } = await nas([volume], [disk, { ...disk, id: "Disk 2" }]);
  expect(await driver.poll(signal())).toHaveLength(3);
  fake.show([{ ...volume, status: 11 }], [disk]);
  const media = await driver.poll(signal());
  expect(media.map(({ id, condition }) => [id, condition])).toEqual([
    ["Volume 1", "degraded"],
    ["Disk 1", "ok"],
  ]);
});

test("an agent that is no Synology is malformed, not a NAS without disks", async () => {
  const { driver } = await nas([], []);
  const error = await driver.poll(signal()).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DriverError);
  expect((error as DriverError).code).toBe("malformed");
});
