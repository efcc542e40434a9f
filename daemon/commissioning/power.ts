import type { SiteConfig } from "../../config/site.schema.ts";
import { monotonicMs } from "../clock.ts";
import { DriverError } from "../drivers/driver.ts";
import { outletVendors } from "../drivers/outlets.ts";
import { openOutlet, type Outlet } from "../outlets.ts";
import { type BenchBox, untilSeen } from "./bench.ts";
import { now } from "./capabilities.ts";
import { seconds, skipped, type Figure, type Step } from "./report.ts";

const readWithinMs = 10_000;
const turnWithinMs = 20_000;
/** A box without power is silent after a poll or two; one that still answers hangs elsewhere. */
const silentWithinMs = 20_000;
const bootWithinMs = 5 * 60_000;

/**
 * Is the outlet the right one? Read, always; and if the operator wants it, cut for a moment, to see
 * that this box and no other falls silent, and comes back.
 * @param refusal why power may not be cut now
 */
export async function checkPower(
  { config, box, refusal }: { config: SiteConfig; box: BenchBox; refusal: string | undefined },
  signal: AbortSignal,
): Promise<Step | undefined> {
  const encoder = config.encoders.find(({ id }) => id === box.id);
  const entry = config.outlets.find(({ id }) => id === encoder?.outlet);
  if (!entry) return undefined;
  const { id, expectedName, options } = entry;
  const driver = await outletVendors[entry.driver]!.open(options);
  const outlet = openOutlet({ id, expectedName, driver });
  const figures: Figure[] = [];
  const notes = outlet.isSpoofable
    ? ["The PDU's answers could be forged: SNMP v3 signs them."]
    : [];
  const step = (outcome: Step["outcome"], because: string): Step => ({
    ...{ step: "power", outcome, because, figures, notes },
  });
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(readWithinMs)]);
    const { state, name, commandPending } = await outlet.read(limit);
    notes.push(`Outlet ${id} is ${state}${commandPending ? ", with a command under way" : ""}.`);
    if (name !== expectedName)
      return step("failed", `the PDU names the outlet "${name ?? ""}", not "${expectedName}"`);
    if (refusal !== undefined)
      return { ...skipped("power", `only read: ${refusal}`), notes, figures };
    return await cut(outlet, box, { figures, step }, signal);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return step("failed", error.message);
  } finally {
    await outlet.close();
  }
}

async function cut(
  outlet: Outlet,
  box: BenchBox,
  { figures, step }: { figures: Figure[]; step: (o: Step["outcome"], why: string) => Step },
  signal: AbortSignal,
): Promise<Step> {
  const limit = () => AbortSignal.timeout(turnWithinMs);
  const took = (what: string, ms: number, source: string) =>
    figures.push({ what, value: seconds(ms), unit: "s", source, at: now() });
  const offAtMs = monotonicMs();
  let isSilent;
  try {
    await outlet.turn("off", limit());
    took("off, read back", monotonicMs() - offAtMs, `outlet ${outlet.id}`);
    isSilent = await untilSeen(silentWithinMs, signal, () =>
      box.failure() === undefined ? undefined : true,
    );
  } finally {
    await outlet.turn("on", limit());
  }
  if (!isSilent)
    return step("failed", `${box.id} goes on without it: the outlet powers another box`);
  const onAtMs = monotonicMs();
  const back = await untilSeen(bootWithinMs, signal, () => {
    const latest = box.latest();
    const isUp = latest && latest.atMs > onAtMs && !latest.reading.booting;
    return isUp && box.failure() === undefined ? latest : undefined;
  });
  if (!back) return step("failed", `${box.id} did not come back within 5 min`);
  took("from power to an answer", back.atMs - onAtMs, `driver ${box.plan.vendor}`);
  return step("done", "the outlet is the box's own: it fell silent, and came back");
}
