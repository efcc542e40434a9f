import { onTestFinished } from "vitest";
import { openMagewell } from "../../../../daemon/drivers/magewell/magewell.ts";
import { MagewellOptions } from "../../../../daemon/drivers/magewell/options.ts";
import { startMagewell, type FakeMagewellOptions } from "../../../fakes/magewell/magewell.ts";
import { inHand } from "../a-driver.ts";

/** The simulator, quick and without an encoder process. */
export async function aBox(options: Partial<FakeMagewellOptions> = {}) {
  const quick = { answerMs: 0, connectMs: 60, stopMs: 40, retryMs: 60, bootMs: 200, loadMs: 200 };
  const box = await startMagewell({
    ...{ name: "studio a", password: "right", media: "pretend" },
    ...options,
    timings: { ...quick, ...options.timings },
  });
  onTestFinished(() => box.close());
  return box;
}

export function aDriver(
  port: number,
  options: Partial<MagewellOptions> = {},
  hand: Parameters<typeof inHand>[1] = {},
) {
  const given = {
    ...{ host: "127.0.0.1", port, password: "right", provePauseMs: 100 },
    // Tests look more often than a daemon does.
    ...{ burstLimit: 10_000, ...options },
  };
  return inHand((context) => openMagewell(context, MagewellOptions.parse(given)), hand);
}
