/** What a Magewell and a Pearl are set to make, as far as their makers say what the numbers mean. */
import { expect, test } from "vitest";
import { encodingIn } from "../../../../daemon/drivers/epiphan-pearl/encoding.ts";
import type { EncoderSettings } from "../../../../machines/encoder/settings.ts";
import { aTarget } from "../a-driver.ts";
import * as pearls from "../epiphan-pearl/a-box.ts";
import * as magewells from "../magewell/a-box.ts";

const soon = () => AbortSignal.timeout(10_000);
const within = { timeout: 10_000, interval: 30 };
const full = { videoBitrateBps: 6_144_000, sizeOf: "settings", widthPx: 1_920, heightPx: 1_080 };
const less: EncoderSettings = {
  ...{ videoBitrateBps: 4_000_000, sizeOf: "settings", widthPx: 1_280, heightPx: 720 },
};

test("a Magewell tells bit rate and size, and neither address nor key nor what is not written down", async () => {
  const box = await magewells.aBox();
  expect((await magewells.aDriver(box.port).pollAll()).settings).toEqual(full);
});

test("a Magewell is set as wanted, says so in its next polls, and nothing else of it is lost", async () => {
  const box = await magewells.aBox();
  const before = { ...box.mainStream };
  const { driver, pollAll } = magewells.aDriver(box.port);
  await pollAll();
  await driver.applySettings!(less, soon());
  expect(box.mainStream).toEqual({ ...before, kbps: 4_000, cx: 1_280, cy: 720 });
  expect((await pollAll()).settings).toEqual(less);
  await driver.applySettings!({ sizeOf: "input" }, soon());
  expect((await pollAll()).settings).toEqual({ videoBitrateBps: 4_000_000, sizeOf: "input" });
  expect(box.mainStream["cx"]).toBe(1_280);
});

test("a Magewell with a variable bit rate is not taken to have the one that stands there", async () => {
  const box = await magewells.aBox();
  (box.mainStream as Record<string, number>)["is-vbr"] = 1;
  const { settings } = await magewells.aDriver(box.port).pollAll();
  expect(settings?.videoBitrateBps).toBeUndefined();
  expect(settings?.widthPx).toBe(1_920);
});

test("a Pearl tells bit rate and size, and one that follows its input no size of its own", async () => {
  const box = await pearls.aBox();
  const { pollAll } = pearls.aDriver(box.port);
  expect((await pollAll()).settings).toEqual({ ...full, videoBitrateBps: 4_000_000 });
  box.encoding["autoframesize"] = "on";
  const other = pearls.aDriver(box.port);
  expect((await other.pollAll()).settings).toEqual({
    videoBitrateBps: 4_000_000,
    sizeOf: "input",
  });
});

test("a Pearl is set as wanted and read back, and nothing else of its channel is touched", async () => {
  const box = await pearls.aBox();
  const before = { ...box.encoding };
  const { driver, pollAll } = pearls.aDriver(box.port);
  await pollAll();
  await driver.applySettings!(less, soon());
  expect(box.encoding).toEqual({ ...before, framesize: "1280x720" });
  expect((await pollAll()).settings).toEqual(less);
});

test("a Pearl that does not take what it is told is not believed to", async () => {
  const box = await pearls.aBox({ olderKeys: "deaf" });
  const wish = pearls.aDriver(box.port).driver.applySettings!(
    { widthPx: 1_280, heightPx: 720 },
    soon(),
  );
  await expect(wish).rejects.toMatchObject({ code: "failed" });
});

test.each(["magewell", "pearl"] as const)(
  "a %s that streams or records is not set, and no setting that its maker does not explain",
  async (kind) => {
    const { aBox, aDriver } = kind === "magewell" ? magewells : pearls;
    const box = await aBox();
    const { driver, poll } = aDriver(box.port);
    const set = (settings: object) => driver.applySettings!(settings, soon());
    const refused = { code: "notPossible" };
    await expect(set({ gopFrames: 50 })).rejects.toMatchObject(refused);
    await expect(set({ videoBitrateBps: 4_000_500 })).rejects.toMatchObject(refused);
    await driver.startRecording!(soon());
    await expect(set({ videoBitrateBps: 4_000_000 })).rejects.toMatchObject(refused);
    await driver.stopRecording!(soon());
    await driver.startOutput("stream-1", aTarget, soon());
    const state = async () => (await poll()).outputs["stream-1"]?.state;
    await expect.poll(state, within).toBe("streaming");
    await expect(set({ videoBitrateBps: 4_000_000 })).rejects.toMatchObject(refused);
  },
);

test("a Pearl whose user may not read the older keys is polled as ever, and tells no settings", async () => {
  const box = await pearls.aBox({ olderKeys: "refused" });
  const { pollAll } = pearls.aDriver(box.port);
  for (let polls = 0; polls < 3; polls += 1) {
    const reading = await pollAll();
    expect(reading.outputs["stream-1"]?.state).toBe("idle");
    expect(reading.settings).toBeUndefined();
  }
});

test.each([
  ["vbitrate = 256K\nframesize = 640 x 480\nautoframesize =\n", 256_000, 640],
  ["vbitrate=6M\r\nframesize=1280x720\r\nautoframesize=\r\n", 6_000_000, 1_280],
  ["framesize = 640x480\n", undefined, undefined],
  ["vbitrate = lots\nautoframesize = perhaps\nframesize = big\n", undefined, undefined],
  ["<html>404</html>", undefined, undefined],
])("of %j a Pearl is known to make what it says, and no more", (text, bps, widthPx) => {
  const { videoBitrateBps, widthPx: width } = encodingIn(text);
  expect([videoBitrateBps, width]).toEqual([bps, widthPx]);
});
