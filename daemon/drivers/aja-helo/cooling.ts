import { readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DriverError } from "../driver.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";
import { bitrateShares } from "./cooling-steps.ts";
import { integerOf, replicatorCommand, replicatorStates } from "./parameters.ts";
import { setBothForms, stopAndWait } from "./publish.ts";
import { nameOf, profileOf, type Unit } from "./unit.ts";

const leastKbps = 100;
/** The bitrate that the operator had set, kept while ours is lower. */
const Full = z.object({ kbps: z.int().min(leastKbps).max(20_000) });

/** Work at this cooling step. A unit that streams is stopped for it and started again. */
export async function setLoad(unit: Unit, step: number, signal: AbortSignal): Promise<void> {
  const { device, session, budget, where, context } = unit;
  const share = bitrateShares[step];
  if (share === undefined) throw new DriverError("notPossible", `${where} has no step ${step}`);
  session.beginCall();
  budget.slowTo(step === 0 ? 1 : 0.5, "heat");
  const file = join(context.stateDir, "full-bitrate.json");
  const kept = keptIn(file);
  if (share === 1 && kept === undefined) return;

  const profile = profileOf(await device.read("StreamingProfileSel", signal));
  const now = integerOf(
    await device.readNeeded(nameOf("StreamingVideoBitrate", profile, unit), signal),
  );
  const full = kept ?? now;
  if (full === undefined) throw new DriverError("malformed", `${where} tells no bitrate`);
  const wanted = Math.max(leastKbps, Math.round(full * share));
  if (now !== wanted) {
    // Before the change: a daemon that dies in between must still know what was full.
    if (kept === undefined) await keep(file, full);
    const state = replicatorStates.get(await device.readNeeded("ReplicatorStreamState", signal));
    const streams = state === "streaming";
    if (streams) await stopAndWait(unit, signal);
    await setBothForms(unit, "StreamingVideoBitrate", profile, String(wanted), signal);
    if (streams) {
      unit.startSentAtMs = context.now();
      await device.write("ReplicatorCommand", replicatorCommand.stream, signal);
    }
  }
  if (share === 1) await rm(file, { force: true });
}

function keptIn(file: string): number | undefined {
  try {
    return Full.safeParse(jsonOrUndefined(readFileSync(file, "utf8"))).data?.kbps;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function keep(file: string, kbps: number): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify({ kbps }), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
