/** Less load for boxes of which only the bit rate can be set by others: in shares of what it was. */
import { readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { CoolingStep } from "../../../machines/site/plan.ts";
import { DriverError } from "../driver.ts";
import { jsonOrUndefined } from "./http/json.ts";
import { type KeptLoad, openKeptLoad } from "./kept-load.ts";

/** Of the full bit rate, by step. */
const shares = [1, 0.8, 0.65, 0.5, 0.35] as const;
const leastKbps = 100;

export const openBitrateLoad = (where: string, stateDir: string): KeptLoad =>
  openKeptLoad(where, stateDir, shares.length - 1);

/** What the operator had set, kept while ours is lower. */
const Full = z.object({
  kbps: z.int().min(leastKbps).max(1_000_000),
  /** What we have set since, also where we may have died before we did. */
  ours: z.array(z.int()).optional(),
});
type Full = z.infer<typeof Full>;

/**
 * What is full by now: what was kept, unless the box has a bit rate that is neither that nor ours.
 * Then somebody has set it by hand meanwhile, and it is what to go back to.
 */
export function fullNow(kept: Full | undefined, nowKbps: number | undefined): number | undefined {
  const isByHand = nowKbps !== undefined && kept?.ours?.includes(nowKbps) === false;
  return kept === undefined || (isByHand && nowKbps !== kept.kbps) ? nowKbps : kept.kbps;
}

/** A change is written down before it is made: until then the box has what we had set before. */
export const oursWith = (kept: Full | undefined, nowKbps: number, kbps: number): number[] =>
  kept?.ours?.includes(nowKbps) ? [nowKbps, kbps] : [kbps];

/** Whether a stream that runs takes a new bit rate is written down for none of these boxes. */
export const bitrateChange = z
  .enum(["restart", "live"])
  .default("restart")
  .describe(
    "whether a stream has to be stopped for another bit rate. The vendor does not say; try it off " +
      "air before you write live",
  );
type BitrateChange = z.infer<typeof bitrateChange>;

export const bitrateSteps = (options: { bitrateChange: BitrateChange }): readonly CoolingStep[] =>
  shares.slice(1).map((share) => ({
    what: `${Math.round(100 * share)} % of its bit rate`,
    interrupts: options.bitrateChange === "restart",
    lowers: ["effort", "bitrate"],
  }));

type Box = {
  where: string;
  stateDir: string;
  load: KeptLoad;
  /** As it is set now; undefined: it does not tell. */
  readKbps(): Promise<number | undefined>;
  /** Sets it and reads it back. */
  writeKbps(kbps: number): Promise<void>;
  /** While the box is off air where that has to be; it is as before afterwards, also on a failure. */
  change: (this: void, work: () => Promise<void>) => Promise<void>;
};

/** Work at this step. Absolute: at the bit rate it has already, nothing is touched. */
export const setBitrateStep = (box: Box, step: number): Promise<void> =>
  box.load.during(step, () => workAt(box, step));

async function workAt(box: Box, step: number): Promise<void> {
  const { where, stateDir } = box;
  const share = shares[step]!;
  const file = join(stateDir, "full-bitrate.json");
  const kept = keptIn(file);
  if (share === 1 && kept === undefined) return;
  const nowKbps = await box.readKbps();
  const fullKbps = fullNow(kept, nowKbps);
  if (fullKbps === undefined || nowKbps === undefined)
    throw new DriverError("notPossible", `${where} does not tell its bit rate`);
  const kbps = Math.max(leastKbps, Math.round(fullKbps * share));
  if (kbps !== nowKbps) {
    // Before the change: a daemon that dies in between must still know what was full.
    const full: Full = { kbps: fullKbps, ours: oursWith(kept, nowKbps, kbps) };
    await writeFile(`${file}.new`, JSON.stringify(full), { mode: 0o600 });
    await rename(`${file}.new`, file);
    await box.change(() => box.writeKbps(kbps));
  }
  if (share === 1) await rm(file, { force: true });
}

function keptIn(file: string): Full | undefined {
  try {
    return Full.safeParse(jsonOrUndefined(readFileSync(file, "utf8"))).data;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
