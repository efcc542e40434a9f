import { expect, test } from "vitest";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import type { Device } from "../../../../daemon/drivers/aja-helo/device.ts";
import { openHeldValues } from "../../../../daemon/drivers/aja-helo/held-values.ts";

const serialNumber = { name: "FormattedSerialNumber", everyMs: 24 * 3_600_000 };
const temperature = { name: "Temperature", everyMs: 20_000 };
const { signal } = new AbortController();

function aUnit() {
  const unit = { nowMs: 0, answers: (): string | undefined => "52" };
  const device = {
    read: () => new Promise<string | undefined>((resolve) => resolve(unit.answers())),
  } as unknown as Device;
  return { unit, held: openHeldValues(device, () => unit.nowMs) };
}
const timesOut = () => {
  throw new DriverError("timeout", "no answer");
};

test("what is read once a boot is tried again a minute after its reading was broken off", async () => {
  const { unit, held } = aUnit();
  unit.answers = timesOut;
  await expect(held.read(serialNumber.name, signal)).rejects.toThrow("no answer");
  unit.nowMs = 59_999;
  expect(held.due([serialNumber])).toEqual([]);
  unit.nowMs = 60_000;
  expect(held.due([serialNumber])).toEqual([serialNumber.name]);
  unit.answers = () => "1A2B";
  await held.read(serialNumber.name, signal);
  unit.nowMs += 23 * 3_600_000;
  expect(held.due([serialNumber])).toEqual([]);
});

test("a reading that is broken off makes no old value new", async () => {
  const { unit, held } = aUnit();
  await held.read(temperature.name, signal);
  unit.answers = timesOut;
  for (unit.nowMs = 20_000; unit.nowMs <= 80_000; unit.nowMs += 20_000) {
    expect(held.due([temperature])).toEqual([temperature.name]);
    await expect(held.read(temperature.name, signal)).rejects.toThrow("no answer");
    expect(held.fresh(temperature.name, unit.nowMs - 1)).toBeUndefined();
  }
  expect(held.value(temperature)).toBeUndefined();
});
