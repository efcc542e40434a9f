import { onTestFinished } from "vitest";
import { openEpiphanPearl } from "../../../../daemon/drivers/epiphan-pearl/epiphan-pearl.ts";
import { EpiphanPearlOptions } from "../../../../daemon/drivers/epiphan-pearl/options.ts";
import { startPearl, type FakePearlOptions } from "../../../fakes/pearl/pearl.ts";
import { inHand } from "../a-driver.ts";

/** The simulator, quick and without an encoder process. */
export async function aBox(options: Partial<FakePearlOptions> = {}) {
  const quick = { answerMs: 0, connectMs: 60, stopMs: 40, retryMs: 60, bootMs: 200 };
  const box = await startPearl({
    ...{ name: "hall", password: "right", media: "pretend" },
    ...options,
    timings: { ...quick, ...options.timings },
  });
  onTestFinished(() => box.close());
  return box;
}

export function aDriver(
  port: number,
  options: Partial<EpiphanPearlOptions> = {},
  hand: Parameters<typeof inHand>[1] = {},
) {
  const given = {
    ...{ host: "127.0.0.1", port, password: "right", provePauseMs: 100 },
    // Tests look more often than a daemon does.
    ...{ burstLimit: 10_000, ...options },
  };
  return inHand((context) => openEpiphanPearl(context, EpiphanPearlOptions.parse(given)), hand);
}
