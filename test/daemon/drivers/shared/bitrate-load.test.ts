/** Boxes of which only the bit rate can be set: Magewell by `set-video`, Pearl by `vbitrate`. */
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { bitrateSteps } from "../../../../daemon/drivers/shared/bitrate-load.ts";
import { aTarget } from "../a-driver.ts";
import * as pearls from "../epiphan-pearl/a-box.ts";
import * as magewells from "../magewell/a-box.ts";

const soon = () => AbortSignal.timeout(10_000);
const within = { timeout: 10_000, interval: 30 };

test("a Magewell's main stream gets less bit rate, and nothing else of it is lost", async () => {
  const box = await magewells.aBox();
  const full = { ...box.mainStream };
  const { driver, stateDir } = magewells.aDriver(box.port);
  const rates: (number | undefined)[] = [];
  for (const step of [1, 2, 3, 4, 4, 0]) {
    await driver.setLoad!(step, soon());
    rates.push(box.mainStream["kbps"]);
    expect({ ...box.mainStream, kbps: 0 }).toEqual({ ...full, kbps: 0 });
  }
  expect(rates).toEqual([4_915, 3_994, 3_072, 2_150, 2_150, 6_144]);
  expect(existsSync(`${stateDir}/full-bitrate.json`)).toBe(false);
  await expect(driver.setLoad!(5, soon())).rejects.toMatchObject({ code: "notPossible" });
});

test("a Pearl's channel gets less bit rate, and another daemon gives it back", async () => {
  const box = await pearls.aBox();
  const first = pearls.aDriver(box.port);
  await first.driver.setLoad!(3, soon());
  expect(box.bitrates.get("1")).toBe("2000K");
  const second = pearls.aDriver(box.port, {}, { stateDir: first.stateDir });
  await second.driver.setLoad!(3, soon());
  expect(box.bitrates.get("1")).toBe("2000K");
  await second.driver.setLoad!(0, soon());
  expect(box.bitrates.get("1")).toBe("4000K");
});

test.each(["restart", "live"] as const)(
  "a Magewell on air is set by %s, and publishes to the same place afterwards",
  async (bitrateChange) => {
    const box = await magewells.aBox();
    const { driver, poll } = magewells.aDriver(box.port, { bitrateChange });
    await driver.startOutput("stream-1", aTarget, soon());
    const state = async () => (await poll()).outputs["stream-1"]?.state;
    await expect.poll(state, within).toBe("streaming");
    const before = box.methods.length;
    await driver.setLoad!(2, soon());
    expect(box.methods.slice(before).includes("start-live")).toBe(bitrateChange === "restart");
    await expect.poll(state, within).toBe("streaming");
    expect((await poll()).outputs["stream-1"]).toMatchObject({
      target: { destination: aTarget.destination },
      keyGeneration: aTarget.keyGeneration,
    });
  },
);

test("a Pearl on air is stopped for it and started again; one at rest stays at rest", async () => {
  const box = await pearls.aBox();
  const { driver, poll } = pearls.aDriver(box.port);
  const state = async () => (await poll()).outputs["stream-1"]?.state;
  await driver.setLoad!(1, soon());
  expect(await state()).toBe("idle");
  await driver.startOutput("stream-1", aTarget, soon());
  await expect.poll(state, within).toBe("streaming");
  await driver.setLoad!(2, soon());
  expect(box.bitrates.get("1")).toBe("2600K");
  await expect.poll(state, within).toBe("streaming");
  await driver.stopOutput("stream-1", false, soon());
  await driver.setLoad!(0, soon());
  expect(await state()).toBe("idle");
});

test("whether a change costs the picture is what the site says of the box", () => {
  const costs = (bitrateChange: "restart" | "live") =>
    new Set(bitrateSteps({ bitrateChange }).map(({ interrupts }) => interrupts));
  expect([...costs("restart")]).toEqual([true]);
  expect([...costs("live")]).toEqual([false]);
});
