/**
 * A daemon reduced to one software encoder, as a process of its own, so that it can be killed:
 * opens the driver, prints every reading as a line, starts what its first argument asks for.
 */
import type { PublishTarget } from "../../../../../daemon/drivers/driver.ts";
import { vendors } from "../../../../../daemon/drivers/index.ts";

export type DaemonOrders = {
  vendor: string;
  stateDir: string;
  options: unknown;
  target?: PublishTarget;
};

const orders = JSON.parse(process.argv[2] ?? "") as DaemonOrders;
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const now = () => performance.now();
const opened = vendors[orders.vendor]!;
const driver = await opened.open(
  { encoder: "enc-a", knownTargets: () => [], now, stateDir: orders.stateDir },
  opened.options.parse(orders.options),
);
driver.watch?.((reading) => say({ reading }));
if (orders.target) {
  await driver.startOutput("stream-1", orders.target, AbortSignal.timeout(20_000));
}
say({ ready: true });
