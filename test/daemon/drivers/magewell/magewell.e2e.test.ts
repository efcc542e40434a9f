import { expect, onTestFinished, test } from "vitest";
import { startMagewell } from "../../../fakes/magewell/magewell.ts";
import { startFarEnd } from "../../../fakes/rtmp-far-end/far-end.ts";
import { aTarget } from "../a-driver.ts";
import { aDriver } from "./a-box.ts";

const slowly = { timeout: 20_000, interval: 300 };

test("an Ultra Encode publishes under the driver's hand, is proven off, and the far end saw the same", async () => {
  const farEnd = await startFarEnd();
  onTestFinished(() => farEnd.close());
  const box = await startMagewell({
    ...{ name: "studio a", password: "right", startsAtPowerUp: true },
    timings: { retryMs: 500, bootMs: 500, loadMs: 300 },
  });
  onTestFinished(() => box.close());
  const target = { ...aTarget, address: farEnd.rtmpUrl, streamKey: "sunday-1" };
  const hand = { knownTargets: [target] };
  const { start, stream, prove, poll } = aDriver(box.port, { ownSelfStart: true }, hand);

  await start(target);
  await expect.poll(stream, slowly).toMatchObject({
    ...{ state: "streaming", progress: "moving", target: { destination: "cdn" } },
  });
  expect(farEnd.publishers("sunday-1")).toHaveLength(1);

  box.faults.loseOften(1_500);
  await expect.poll(async () => (await stream())?.state, slowly).toBe("failing");
  await expect.poll(async () => (await stream())?.state, slowly).toBe("streaming");

  const [evidence] = await prove(target.address, 15_000);
  expect(evidence).toMatchObject({ kind: "deviceNotStreaming", reads: 2, selfStartOff: true });
  const publishedBefore = farEnd.publishers("sunday-1").length;
  box.faults.reboot();
  await expect.poll(() => box.entries.isLiving, slowly).toBe(true);
  await expect.poll(poll, slowly).toMatchObject({
    ...{ outputs: { "stream-1": { state: "idle", target: "none" } } },
  });
  expect(farEnd.publishers("sunday-1")).toHaveLength(publishedBefore);
});
