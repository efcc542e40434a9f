/** Boxes of which only the bit rate can be set: Magewell by `set-video`, Pearl by `vbitrate`. */
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { bitrateSteps } from "../../../../daemon/drivers/shared/bitrate-load.ts";
import { aTarget } from "../a-driver.ts";
import * as pearls from "../epiphan-pearl/a-box.ts";
import * as magewells from "../magewell/a-box.ts";
import { slow } from "../../../setup/slow.ts";

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
  expect((await second.poll()).loadStep).toBe(3);
  await second.driver.setLoad!(3, soon());
  expect(box.bitrates.get("1")).toBe("2000K");
  await second.driver.setLoad!(0, soon());
  expect(box.bitrates.get("1")).toBe("4000K");
});

test("a box whose load could not be given back is still told to be at less", async () => {
  const box = await pearls.aBox();
  const { driver, stateDir } = pearls.aDriver(box.port);
  await driver.setLoad!(3, soon());
  await expect(driver.setLoad!(0, AbortSignal.abort())).rejects.toThrow();
  const later = pearls.aDriver(box.port, {}, { stateDir });
  expect((await later.poll()).loadStep).toBe(3);
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

slow("a Pearl on air is stopped for it and started again; one at rest stays at rest", async () => {
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

test.each([
  ["Magewell", aMagewell],
  ["Pearl", aPearl],
] as const)(
  "a %s that does not take the new bit rate is on air again afterwards",
  async (_, aBox) => {
    const { hand, refuseRates } = await aBox();
    const state = async () => (await hand.poll()).outputs["stream-1"]?.state;
    await hand.driver.startOutput("stream-1", aTarget, soon());
    await expect.poll(state, within).toBe("streaming");
    refuseRates();
    await expect(hand.driver.setLoad!(2, soon())).rejects.toMatchObject({ code: "failed" });
    await expect.poll(state, within).toBe("streaming");
  },
);

test.each([
  ["Magewell", aMagewell],
  ["Pearl", aPearl],
] as const)(
  "a bit rate that somebody sets by hand on a %s meanwhile is what it has again at full load",
  async (_, aBox) => {
    const { hand, rate } = await aBox();
    await hand.driver.setLoad!(2, soon());
    rate.set(3_000);
    const another = hand.again();
    await another.driver.setLoad!(3, soon());
    expect(rate.get()).toBe(1_500);
    await another.driver.setLoad!(0, soon());
    expect(rate.get()).toBe(3_000);
    await another.driver.setLoad!(3, soon());
    rate.set(2_500);
    await another.driver.setLoad!(0, soon());
    expect(rate.get()).toBe(2_500);
  },
);

test("a daemon that died between writing down a step and setting it knows what was full", async () => {
  const { hand, rate, refuseRates } = await aMagewell();
  await hand.driver.setLoad!(1, soon());
  const letThrough = refuseRates();
  await expect(hand.driver.setLoad!(3, soon())).rejects.toMatchObject({ code: "failed" });
  expect(rate.get()).toBe(4_915);
  letThrough();
  const another = hand.again();
  await another.driver.setLoad!(3, soon());
  expect(rate.get()).toBe(3_072);
  await another.driver.setLoad!(0, soon());
  expect(rate.get()).toBe(6_144);
});

async function aMagewell() {
  const box = await magewells.aBox();
  const hand = magewells.aDriver(box.port);
  const { mainStream } = box;
  return {
    hand: { ...hand, again: () => magewells.aDriver(box.port, {}, { stateDir: hand.stateDir }) },
    rate: {
      get: () => mainStream["kbps"],
      set: (kbps: number) => void Object.assign(mainStream, { kbps }),
    },
    /** It says yes and stays as it is. @returns to have it take them again */
    refuseRates: () => {
      const kbps = mainStream["kbps"]!;
      Object.defineProperty(mainStream, "kbps", {
        ...{ get: () => kbps, set: () => undefined, enumerable: true, configurable: true },
      });
      return () => Object.defineProperty(mainStream, "kbps", { value: kbps, writable: true });
    },
  };
}

async function aPearl() {
  const box = await pearls.aBox();
  const hand = pearls.aDriver(box.port);
  return {
    hand: { ...hand, again: () => pearls.aDriver(box.port, {}, { stateDir: hand.stateDir }) },
    rate: {
      get: () => parseInt(box.bitrates.get("1") ?? "", 10),
      set: (kbps: number) => void box.bitrates.set("1", `${kbps}K`),
    },
    refuseRates: () => void Object.assign(box.bitrates, { set: () => box.bitrates }),
  };
}
