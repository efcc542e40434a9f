import { DriverError } from "../driver.ts";
import { pause } from "../shared/pause.ts";
import { memberOf, replicatorStates } from "./parameters.ts";
import type { Unit } from "./unit.ts";

const presets = 20;
/** AJA's own client looks after 2 s and allows 8. Before, the result may be that of another recall. */
const resultIsOursAfterMs = 2_000;
const recallTakesMs = 8_000;
const lookMs = 500;
const recallResult = { recalling: "1", complete: "2", empty: "4" } as const;
/** Forty reads in a row: below ten a second a unit stays quick. */
const betweenReadsMs = 110;

/** In both families a preset keeps all ten profiles. */
export const destinationFamilies = {
  "address to publish to": "RTMPServerURL",
  "stream key": "RTMPStreamName",
} as const;

/**
 * Recall one of the presets 1..20. What is in one cannot be read before, and it holds address and
 * key of every profile: a benched unit could learn a key from it, one that is to go on air next
 * would forget it. So these are read before, and put back.
 */
export async function recallPreset(
  unit: Unit,
  preset: number,
  signal: AbortSignal,
): Promise<{ restored: string[] }> {
  const { device, held, session, where } = unit;
  if (preset > presets) throw new DriverError("notPossible", `${where} has ${presets} presets`);
  session.beginCall();
  const state = replicatorStates.get(await device.readNeeded("ReplicatorStreamState", signal));
  if (state !== "idle") throw new DriverError("notPossible", `${where} streams`);
  const before = await destinations(unit, signal);
  await device.write("RegisterRecall", String(preset), signal);
  try {
    await recalled(unit, preset, signal);
  } finally {
    held.hurryAll();
  }
  const after = await destinations(unit, signal);
  const restored = new Set<string>();
  for (const [name, { what, value }] of before) {
    if (after.get(name)?.value === value) continue;
    await device.writeChecked(name, value, signal);
    restored.add(what);
  }
  return { restored: [...restored] };
}

async function recalled(unit: Unit, preset: number, signal: AbortSignal): Promise<void> {
  const { device, where, context } = unit;
  const askedAtMs = context.now();
  let isOurs = false;
  for (;;) {
    await pause(where, lookMs, signal);
    const passedMs = context.now() - askedAtMs;
    const result = await device.readNeeded("RegisterRecallResult", signal);
    isOurs ||= result === recallResult.recalling || passedMs >= resultIsOursAfterMs;
    if (isOurs && result === recallResult.complete) return;
    if (isOurs && result === recallResult.empty)
      throw new DriverError("notPossible", `preset ${preset} of ${where} is empty`);
    if (isOurs && result !== recallResult.recalling)
      throw new DriverError("failed", `${where} could not recall preset ${preset}`);
    if (passedMs >= recallTakesMs)
      throw new DriverError("failed", `${where} did not finish the recall within 8 s`);
  }
}

/** Values are secrets: they go back to where they came from and nowhere else. */
async function destinations({ device, where }: Unit, signal: AbortSignal) {
  const found = new Map<string, { what: string; value: string }>();
  for (const [what, family] of Object.entries(destinationFamilies)) {
    for (let profile = 0; profile < 10; profile += 1) {
      const name = memberOf(family, profile);
      const value = await device.read(name, signal);
      if (value !== undefined) found.set(name, { what, value });
      await pause(where, betweenReadsMs, signal);
    }
  }
  return found;
}
