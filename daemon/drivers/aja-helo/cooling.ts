import { readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DriverError } from "../driver.ts";
import { fullNow, oursWith } from "../shared/bitrate-load.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";
import { bitrateShares, paceAt } from "./cooling-steps.ts";
import { frameRateAt, frameRates } from "./frame-rate.ts";
import {
  integerOf,
  memberOf,
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
  /** Bit rates that we have set since, also where we may have died before we did. */
  ours: z.array(z.int()).optional(),
  /** Whose values they are; absent: of a unit that does not say. */
  profile: z.int().optional(),
  /** Absent: it was never halved. */
  frameRate: z.enum(frameRates).optional(),
  /** Absent: it was never made smaller. */
  size: Size.optional(),
});
type Full = z.infer<typeof Full>;

/** Work at this cooling step. A unit that streams is stopped for it and started again. */
export const setLoad = (unit: Unit, step: number, signal: AbortSignal): Promise<void> =>
  unit.load.during(step, () => workAt(unit, step, signal));

async function workAt(unit: Unit, step: number, signal: AbortSignal): Promise<void> {
  const { device, session, budget, where, context } = unit;
  const share = bitrateShares[step]!;
  session.beginCall();
  budget.slowTo(paceAt(step), "heat");
  const file = join(context.stateDir, "full-bitrate.json");
  const before = keptIn(file);
  if (share === 1 && before === undefined) return;

  const profile = profileOf(await device.read("StreamingProfileSel", signal));
  const kept = await keptOf(unit, { file, kept: before, profile }, signal);
  if (share === 1 && kept === undefined) return;
  const read = (family: ProfileFamily) => device.read(nameOf(family, profile, unit), signal);
  const nowKbps = integerOf(await read("StreamingVideoBitrate"));
  const fullKbps = fullNow(kept, nowKbps);
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
    await keep(file, {
      ...kept,
      ...{ kbps: fullKbps, ours: oursWith(kept, nowKbps ?? kbps, kbps) },
      ...(profile !== undefined && { profile }),
      ...(rate && { frameRate: rate.full }),
      ...(size && { size: size.full }),
    });
    const state = replicatorStates.get(await device.readNeeded("ReplicatorStreamState", signal));
    const streams = state === "streaming";
    const { timesTakenOff } = unit;
    if (streams) await stopAndWait(unit, signal);
    try {
      for (const [family, value] of changes)
        await setBothForms(unit, family, profile, value, signal);
    } finally {
      // A proof that it is off, taken meanwhile, must stay true.
      if (streams && timesTakenOff === unit.timesTakenOff) {
        unit.startSentAtMs = context.now();
        await device.write("ReplicatorCommand", replicatorCommand.stream, signal);
      }
    }
  }
  if (share === 1) await rm(file, { force: true });
}

/**
 * What is kept of the profile that is selected. Where somebody has selected another one since, the
 * one before gets its values back: they are none of this one's.
 */
async function keptOf(
  unit: Unit,
  { file, kept, profile }: { file: string; kept: Full | undefined; profile: number | undefined },
  signal: AbortSignal,
): Promise<Full | undefined> {
  if (kept?.profile === undefined || profile === undefined || kept.profile === profile) return kept;
  if (unit.options.profileForm === "member") {
    const of = (family: ProfileFamily) => memberOf(family, kept.profile!);
    const nowKbps = integerOf(await unit.device.read(of("StreamingVideoBitrate"), signal));
    const kbps = fullNow(kept, nowKbps);
    const values: [ProfileFamily, string | undefined][] = [
      ["StreamingVideoBitrate", kbps === nowKbps ? undefined : String(kbps)],
      ["StreamingFrameRate", kept.frameRate],
      ...sizeParts.map(
        ([part, family]) => [family, kept.size?.[part]] as [ProfileFamily, string | undefined],
      ),
    ];
    for (const [family, value] of values)
      if (value !== undefined) await unit.device.writeChecked(of(family), value, signal);
  }
  await rm(file, { force: true });
  return undefined;
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
