import { expect, test } from "vitest";
import { judgeQueue } from "../../../../../daemon/drivers/shared/engine/sockets.ts";
import { SendQueueWatch } from "../../../../../daemon/drivers/shared/engine/send-queue.ts";

const bitrateBps = 4_000_000;
const bytesPerMs = bitrateBps / 8_000;

/** When a network that stops at `stopMs` is called stuck, ms after that, while output moves. */
async function stuckAfterMs(stopMs: number, bytesBefore: number, everyPeriod: boolean) {
  let nowMs = 0;
  let before: number | undefined;
  let verdict: string | undefined;
  const unsentBytes = () => bytesBefore + Math.max(0, nowMs - stopMs) * bytesPerMs;
  const watch = new SendQueueWatch({
    look: async () => [{ ...aSocket, unsentBytes: unsentBytes() }],
  });
  let looks = 0;
  for (; verdict !== "stuck" && nowMs < stopMs + 5_000; nowMs += 25) {
    if (everyPeriod) {
      if (nowMs % 250 !== 0) continue;
      verdict = judgeQueue(before, unsentBytes(), bitrateBps, false);
      before = unsentBytes();
    } else if (watch.isDue(nowMs, false)) {
      if (nowMs < stopMs) looks += 1;
      await watch.look(1, bitrateBps, nowMs, false);
      ({ verdict } = watch);
    }
  }
  return { ms: nowMs - stopMs, looks };
}

const aSocket = {
  ...{ local: "127.0.0.1:4000", remote: "127.0.0.1:1935" },
  ...{ remoteAddress: "127.0.0.1", remotePort: 1_935, state: 1, inode: 4_711 },
};

test.each([0, 100_000])(
  "a network that stops is known as soon as by looking every 250 ms (%i bytes on their way)",
  async (bytesBefore) => {
    for (let stopMs = 10_000; stopMs < 11_000; stopMs += 25) {
      const [ours, dense] = [
        await stuckAfterMs(stopMs, bytesBefore, false),
        await stuckAfterMs(stopMs, bytesBefore, true),
      ];
      expect(ours.ms, `stopped at ${stopMs}`).toBe(dense.ms);
      expect(ours.looks).toBeLessThanOrEqual(15);
    }
  },
);

test("a queue that is never empty is looked at each time, a silent engine more often", async () => {
  const bytes = 500 * bytesPerMs;
  const watch = new SendQueueWatch({ look: async () => [{ ...aSocket, unsentBytes: bytes }] });
  const looksIn3s = async (silent: boolean, fromMs: number) => {
    let looks = 0;
    for (let nowMs = fromMs; nowMs < fromMs + 3_000; nowMs += 25) {
      if (!watch.isDue(nowMs, silent)) continue;
      looks += 1;
      await watch.look(1, bitrateBps, nowMs, silent);
    }
    return looks;
  };
  expect(await looksIn3s(false, 0)).toBe(12);
  expect(await looksIn3s(true, 3_000)).toBe(30);
});
