import { expect, onTestFinished, test } from "vitest";
import { startPearl } from "../../../fakes/pearl/pearl.ts";
import { startFarEnd } from "../../../fakes/rtmp-far-end/far-end.ts";
import { aTarget } from "../a-driver.ts";
import { aDriver } from "./a-box.ts";

const slowly = { timeout: 20_000, interval: 300 };

test("a Pearl publishes under the driver's hand, is proven off, and the far end saw the same", async () => {
  const farEnd = await startFarEnd();
  onTestFinished(() => farEnd.close());
  const box = await startPearl({ name: "hall", password: "right", timings: { retryMs: 500 } });
  onTestFinished(() => box.close());
  const target = { ...aTarget, address: farEnd.rtmpUrl, streamKey: "sunday-3" };
  const hand = { knownTargets: [target] };
  const { start, stop, stream, prove } = aDriver(box.port, { ownSelfStart: true }, hand);

  await start(target);
  await expect.poll(stream, slowly).toMatchObject({
    ...{ state: "streaming", progress: "moving", target: { destination: "cdn" } },
  });
  expect(farEnd.publishers("sunday-3")).toHaveLength(1);

  const undo = box.faults.refuseKey();
  await expect.poll(async () => (await stream())?.state, slowly).toBe("failing");
  undo();
  await expect.poll(async () => (await stream())?.state, slowly).toBe("streaming");

  const [evidence] = await prove(target.address, 15_000);
  expect(evidence).toMatchObject({ kind: "deviceNotStreaming", reads: 2, selfStartOff: true });
  expect(box.publisher("1/0").live.pid).toBeUndefined();
  await start(target);
  await expect.poll(stream, slowly).toMatchObject({ state: "streaming" });
  await stop(true);
  await expect.poll(stream, slowly).toMatchObject({ state: "idle", target: "none" });
});
