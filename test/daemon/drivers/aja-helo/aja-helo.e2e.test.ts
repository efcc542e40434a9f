import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { certificateFrom } from "../../../../machines/stream/fence-proof.ts";
import { startHelo } from "../../../fakes/helo/helo.ts";
import { startFarEnd } from "../../../fakes/rtmp-far-end/far-end.ts";
import { aDriver, aTarget } from "./a-unit.ts";

test("a HELO publishes under the driver's hand, is proven off, and the far end saw the same", async () => {
  const farEnd = await startFarEnd();
  onTestFinished(() => farEnd.close());
  const helo = await startHelo({ name: "studio a" });
  onTestFinished(() => helo.close());
  const target = { ...aTarget, address: farEnd.rtmpUrl, streamKey: "sunday-1" };
  const driver = aDriver(
    helo.port,
    { ownSelfStart: true, provePauseMs: 500 },
    { knownTargets: [target] },
  );
  const stream = async () => (await driver.poll()).outputs["stream-1"];

  await driver.start(target);
  await expect
    .poll(stream, { timeout: 20_000, interval: 500 })
    .toMatchObject({ state: "streaming", target: { destination: "cdn" }, keyGeneration: 7 });
  await expect
    .poll(stream, { timeout: 20_000, interval: 500 })
    .toMatchObject({ progress: "moving" });
  expect(farEnd.publishers("sunday-1")).toHaveLength(1);

  helo.faults.dropInput();
  await expect
    .poll(() => driver.poll(), { timeout: 20_000, interval: 500 })
    .toMatchObject({ input: "lost", outputs: { "stream-1": { state: "streaming" } } });

  const [evidence] = await driver.prove();
  expect(evidence).toMatchObject({ kind: "deviceNotStreaming", reads: 2, selfStartOff: true });
  expect(helo.streaming()).toBeUndefined();

  await driver.stop(true);
  await expect
    .poll(stream, { timeout: 20_000, interval: 500 })
    .toMatchObject({ state: "idle", target: "none" });
  expect(farEnd.publishers("sunday-1")).toHaveLength(1);
});

test("a HELO that starts by itself after our stop is not proven off", async () => {
  const farEnd = await startFarEnd();
  onTestFinished(() => farEnd.close());
  const helo = await startHelo({ name: "studio b", timings: { streamStartMs: 50 } });
  onTestFinished(() => helo.close());
  const driver = aDriver(helo.port, { provePauseMs: 1_000 });
  await driver.start({ ...aTarget, address: farEnd.rtmpUrl, streamKey: "sunday-2" });
  await helo.until("ReplicatorStreamState", "2", 20_000);
  helo.faults.autoRecoverFighting(50);
  const evidence = await driver.prove(12_000);
  // On a busy host it may be seen idle twice between two of its own starts.
  const of = { encoder: "a", output: "stream-1", destination: "cdn", isAlone: false, atMs: 0 };
  expect(certificateFrom(evidence, { ...of, noPublisherProofMs: 30_000 })).toBeNull();
});

test.each(["a proof", "a stop"])(
  "a HELO that is turned down starts no more after %s",
  async (by) => {
    const farEnd = await startFarEnd();
    onTestFinished(() => farEnd.close());
    const selfStart = { autoRecover: false, powerUpStream: false, scheduler: false };
    const helo = await startHelo({ name: "studio c", selfStart });
    onTestFinished(() => helo.close());
    const { driver, start, prove, stop } = aDriver(helo.port, { provePauseMs: 500 });
    await start({ ...aTarget, address: farEnd.rtmpUrl, streamKey: "sunday-3" });
    await helo.until("ReplicatorStreamState", "2", 20_000);
    const fullKbps = helo.get("StreamingVideoBitrate");
    const turnedDown = driver.setLoad!(2, AbortSignal.timeout(20_000));
    // Stopped for the step, and about to be started again.
    await helo.until("ReplicatorStreamState", "1", 20_000);
    if (by === "a stop") await stop(false);
    else expect(await prove()).toHaveLength(1);
    await turnedDown;
    expect(helo.get("StreamingVideoBitrate")).not.toBe(fullKbps);
    await pause(2_500);
    expect(helo.get("ReplicatorStreamState")).toBe("1");
    expect(farEnd.publishers("sunday-3")).toHaveLength(1);
  },
);
