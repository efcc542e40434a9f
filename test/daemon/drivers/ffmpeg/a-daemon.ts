/**
 * A daemon reduced to one software encoder, as a process of its own, so that it can be killed:
 * opens the driver, prints every reading as a line, starts what its first argument asks for.
 */
import { openFfmpeg } from "../../../../daemon/drivers/ffmpeg/ffmpeg.ts";
import { FfmpegOptions } from "../../../../daemon/drivers/ffmpeg/options.ts";
import type { PublishTarget } from "../../../../daemon/drivers/driver.ts";

export type DaemonOrders = {
  stateDir: string;
  launcher: string;
  options: unknown;
  target?: PublishTarget;
};

const orders = JSON.parse(process.argv[2] ?? "") as DaemonOrders;
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const now = () => performance.now();
const driver = await openFfmpeg(
  { encoder: "enc-a", knownTargets: () => [], now, stateDir: orders.stateDir },
  FfmpegOptions.parse(orders.options),
  orders.launcher,
);
driver.watch?.((reading) => say({ reading }));
if (orders.target) {
  await driver.startOutput("stream-1", orders.target, AbortSignal.timeout(20_000));
}
say({ ready: true });
