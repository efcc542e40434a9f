import { readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DriverError } from "../driver.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";
import { bitrateShares } from "./cooling-steps.ts";
import { frameRateAt, frameRates } from "./frame-rate.ts";
import {
  integerOf,
  type ProfileFamily,
  replicatorCommand,
  replicatorStates,
} from "./parameters.ts";
import { Size, sizeAt, sizeFamilies } from "./picture-size.ts";
import { setBothForms, stopAndWait } from "./publish.ts";
import { nameOf, profileOf, type Unit } from "./unit.ts";

const sizeParts = Object.entries(sizeFamilies) as [keyof Size, ProfileFamily][];
const leastKbps = 100;
/** What the operator had set, kept while ours is lower. */
const Full = z.object({
  kbps: z.int().min(leastKbps).max(20_000),
  /** Absent: it was never halved. */
  frameRate: z.enum(frameRates).optional(),
  /** Absent: it was never made smaller. */
  size: Size.optional(),
});
type Full = z.infer<typeof Full>;

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
  const read = (family: ProfileFamily) => device.read(nameOf(family, profile, unit), signal);
  const nowKbps = integerOf(await read("StreamingVideoBitrate"));
  const fullKbps = kept?.kbps ?? nowKbps;
  if (fullKbps === undefined) throw new DriverError("malformed", `${where} tells no bitrate`);
  const kbps = Math.max(leastKbps, Math.round(fullKbps * share));
  const nowRate = await read("StreamingFrameRate");
  const rate = await frameRateAt(unit, step, { now: nowRate, kept: kept?.frameRate }, signal);

  const size = await sizeAt(unit, step, { read, ...(kept?.size && { kept: kept.size }) }, signal);

  const changes: [ProfileFamily, string][] = [];
  if (nowKbps !== kbps) changes.push(["StreamingVideoBitrate", String(kbps)]);
  if (rate && rate.wanted !== nowRate) changes.push(["StreamingFrameRate", rate.wanted]);
  for (const [part, family] of size ? sizeParts : []) {
    const wanted = size?.wanted[part] ?? "";
    if ((await read(family)) !== wanted) changes.push([family, wanted]);
  }
  if (changes.length > 0) {
    // Before the change: a daemon that dies in between must still know what was full.
    const full = { ...(rate && { frameRate: rate.full }), ...(size && { size: size.full }) };
    await keep(file, { kbps: fullKbps, ...full });
    const state = replicatorStates.get(await device.readNeeded("ReplicatorStreamState", signal));
    const streams = state === "streaming";
    const { timesTakenOff } = unit;
    if (streams) await stopAndWait(unit, signal);
    for (const [family, value] of changes) await setBothForms(unit, family, profile, value, signal);
    // A proof that it is off, taken meanwhile, must stay true.
    if (streams && timesTakenOff === unit.timesTakenOff) {
      unit.startSentAtMs = context.now();
      await device.write("ReplicatorCommand", replicatorCommand.stream, signal);
    }
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

async function keep(file: string, full: Full): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(full), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
