/**
 * What a box makes of its input, as far as the vendor's pages say what the numbers mean: the bit
 * rate and the size. The unit of its keyframe interval and the numbers of profile and codec are not
 * written down, so they are neither told nor set.
 */
import type { EncoderSettings } from "../../../machines/encoder/settings.ts";
import { DriverError } from "../driver.ts";
import { changeMainStream } from "./main-stream.ts";
import { existing } from "./publish.ts";
import { serversAtStake } from "./servers.ts";
import { liveOf } from "./sessions.ts";
import { isBusyWithItself, readSettings, readStatus, type Unit } from "./unit.ts";
import { statusBit } from "./words.ts";

export function settingsNow({ settings }: Unit): EncoderSettings | undefined {
  const { kbps, isAuto, cx, cy, isVbr } = settings.value()?.mainStream ?? {};
  const told: EncoderSettings = {
    // With a variable rate it says nothing of what is made.
    ...(kbps !== undefined && isVbr !== true && { videoBitrateBps: kbps * 1_000 }),
    ...(isAuto !== undefined && { sizeOf: isAuto ? "input" : "settings" }),
    ...(isAuto === false && cx && cy && { widthPx: cx, heightPx: cy }),
  };
  return Object.keys(told).length === 0 ? undefined : told;
}

const order: Partial<
  Record<keyof EncoderSettings, [name: string, write: (v: string | number) => number]>
> = {
  videoBitrateBps: ["kbps", (bps) => Number(bps) / 1_000],
  sizeOf: ["is-auto", (of) => (of === "input" ? 1 : 0)],
  widthPx: ["cx", Number],
  heightPx: ["cy", Number],
};

/** Work with these settings. Refuses while it streams or records: both are made of the main stream. */
export async function applySettings(
  unit: Unit,
  settings: EncoderSettings,
  signal: AbortSignal,
): Promise<void> {
  const { usapi, where } = unit;
  usapi.beginCall();
  const changes = Object.entries(settings).map(([setting, wanted]): [string, number] => {
    const [name, write] = order[setting as keyof EncoderSettings] ?? [];
    const value = write?.(wanted);
    if (name === undefined || value === undefined || !Number.isInteger(value))
      throw new DriverError("notPossible", `${where} has no ${setting} of ${wanted} for us`);
    return [name, value];
  });
  const status = await readStatus(unit, signal);
  if (isBusyWithItself(status))
    throw new DriverError("notPossible", `${where} is starting up, updating or going down`);
  if (status.bits & statusBit.recording) throw new DriverError("notPossible", `${where} records`);
  const { servers } = await readSettings(unit, signal);
  const ids = existing(serversAtStake(unit, servers), servers);
  if (liveOf(status, ids, false).state !== "idle")
    throw new DriverError("notPossible", `${where} streams`);
  await changeMainStream(unit, Object.fromEntries(changes), signal);
}
