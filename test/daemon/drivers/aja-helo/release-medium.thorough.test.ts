/** A medium that its HELO is told not to use any more. */
import { expect, onTestFinished, test } from "vitest";
import { type HeloOptions, startHelo } from "../../../fakes/helo/helo.ts";
import { aDriver } from "./a-unit.ts";

async function aHelo(options: Partial<HeloOptions> = {}) {
  const answers = { answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const timings = { ...answers, tickMs: 20, recordStartMs: 50, mountMs: 100 };
  const boot = { rebootMs: 50, initialiseMs: 50 };
  const helo = await startHelo({
    ...{ name: "studio a", timings: { ...timings, ...boot }, otherMedia: { usb: {} } },
    ...options,
  });
  onTestFinished(() => helo.close());
  return { helo, ...aDriver(helo.port) };
}
const soon = () => AbortSignal.timeout(30_000);

test("a card is released, also when that is asked twice, and a boot takes it into use again", async () => {
  const { helo, driver } = await aHelo();
  expect(helo.get("CurrentMediaMounted")).toBe("1");
  await driver.releaseMedium!("sd", soon());
  await driver.releaseMedium!("sd", soon());
  expect(helo.get("CurrentMediaMounted")).toBe("0");
  helo.faults.reboot();
  await helo.until("SystemState", "4");
  await helo.until("CurrentMediaMounted", "1");
});

test("a card that is recorded to is not released", async () => {
  const { helo, driver } = await aHelo();
  await driver.startRecording!(soon());
  await expect(driver.releaseMedium!("sd", soon())).rejects.toMatchObject({ code: "notPossible" });
  expect(helo.get("ReplicatorRecordState")).toBe("2");
});

test("what no path leads to need not be released, and the recording beside it goes on", async () => {
  const { helo, driver } = await aHelo();
  await driver.startRecording!(soon());
  await driver.recordTo!("usb", soon());
  await driver.releaseMedium!("sd", soon());
  expect(helo.get("ReplicatorRecordState")).toBe("2");
  expect(helo.get("CurrentMediaMounted")).toBe("1");
});

test("a unit whose owner does not want it is never told to, nor one that cannot have such a medium", async () => {
  const { helo } = await aHelo();
  const { driver } = aDriver(helo.port, { releasesMedia: false });
  await expect(driver.releaseMedium!("sd", soon())).rejects.toMatchObject({ code: "notPossible" });
  expect(helo.get("CurrentMediaMounted")).toBe("1");
  const other = aDriver(helo.port).driver;
  await expect(other.releaseMedium!("volume1", soon())).rejects.toMatchObject({
    code: "notPossible",
  });
});
