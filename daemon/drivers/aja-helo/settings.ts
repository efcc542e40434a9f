/** What a HELO makes of its input: the selected streaming profile, without address and key. */
import type { EncoderSettings } from "../../../machines/encoder/settings.ts";
import { DriverError } from "../driver.ts";
import type { Slow } from "./held-values.ts";
import { integerOf, memberOf, type ProfileFamily, replicatorStates } from "./parameters.ts";
import { setBothForms } from "./publish.ts";
import { nameOf, profileOf, type Unit } from "./unit.ts";

/** They change by hand, and a change is told by an event. */
const settingsEveryMs = 10 * 60_000;
const audioKbps = [32, 64, 96, 128, 192, 256] as const;
const frameRateShares = [1, 0.5, 0.25] as const;
const h264Profiles = ["constrainedBaseline", "baseline", "main", "high"] as const;
const sizes = ["input", "settings"] as const;

type Word = NonNullable<EncoderSettings[keyof EncoderSettings]>;
type Kept = {
  family: ProfileFamily;
  /** Of what the unit says; undefined for what it cannot mean. */
  read: (value: number) => Word | undefined;
  /** -1: the unit has no such value. */
  write: (wanted: Word) => number;
};

const oneOf = (words: readonly Word[]) => ({
  read: (value: number) => words[value],
  write: (wanted: Word) => words.indexOf(wanted),
});
const times = (factor: number) => ({
  read: (value: number) => value * factor,
  write: (wanted: Word) => {
    const value = Number(wanted) / factor;
    return Number.isInteger(value) ? value : -1;
  },
});

/** In the order in which they are set: a size counts only once it is `settings`. */
const kept: Partial<Record<keyof EncoderSettings, Kept>> = {
  videoBitrateBps: { family: "StreamingVideoBitrate", ...times(1_000) },
  audioBitrateBps: {
    family: "StreamingAudioBitrate",
    ...oneOf(audioKbps.map((kbps) => kbps * 1_000)),
  },
  sizeOf: { family: "StreamingFrameGeometryType", ...oneOf(sizes) },
  widthPx: { family: "StreamingWidth", ...times(1) },
  heightPx: { family: "StreamingHeight", ...times(1) },
  frameRateShare: { family: "StreamingFrameRate", ...oneOf(frameRateShares) },
  gopFrames: { family: "StreamingGOPSize", ...times(1) },
  h264Profile: { family: "StreamingH264Profile", ...oneOf(h264Profiles) },
};
const entries = Object.entries(kept) as [keyof EncoderSettings, Kept][];

/** The bit rate is read with the destination. */
export function settingReads(unit: Unit): Slow[] {
  const profile = profileOf(unit.held.value({ name: "StreamingProfileSel", everyMs: 15_000 }));
  return entries
    .filter(([setting]) => setting !== "videoBitrateBps")
    .map(([, { family }]) => ({ name: nameOf(family, profile, unit), everyMs: settingsEveryMs }));
}

export function settingsNow(unit: Unit): EncoderSettings | undefined {
  const profile = profileOf(unit.held.value({ name: "StreamingProfileSel", everyMs: 15_000 }));
  const found = entries.flatMap(([setting, { family, read }]) => {
    const held = { name: nameOf(family, profile, unit), everyMs: settingsEveryMs };
    const value = integerOf(unit.held.value(held));
    const told = value === undefined ? undefined : read(value);
    return told === undefined ? [] : [[setting, told] as const];
  });
  if (found.length === 0) return undefined;
  const settings: EncoderSettings = Object.fromEntries(found);
  // What it is then comes from the input; the numbers are left from before.
  if (settings.sizeOf === "input") {
    delete settings.widthPx;
    delete settings.heightPx;
  }
  return settings;
}

/**
 * Work with these settings. Refuses while the unit streams, because what a running stream makes of
 * it is not known (encoder-devices.md §1.5); a recording that shares the codec counts as running.
 */
export async function applySettings(
  unit: Unit,
  settings: EncoderSettings,
  signal: AbortSignal,
): Promise<void> {
  const { device, session, where } = unit;
  session.beginCall();
  const stands = replicatorStates.get(await device.readNeeded("ReplicatorStreamState", signal));
  if (stands !== "idle") throw new DriverError("notPossible", `${where} streams`);
  const records = replicatorStates.get((await device.read("ReplicatorRecordState", signal)) ?? "1");
  if (records !== "idle") throw new DriverError("notPossible", `${where} records`);
  const profile = profileOf(await device.read("StreamingProfileSel", signal));
  const orders = Object.entries(settings).map(([setting, wanted]) => {
    const order = kept[setting as keyof EncoderSettings];
    const value = order?.write(wanted) ?? -1;
    if (!order || value < 0)
      throw new DriverError("notPossible", `${where} has no ${setting} of ${wanted}`);
    return { family: order.family, value: String(value) };
  });
  const places = entries.map(([, { family }]) => family);
  orders.sort((a, b) => places.indexOf(a.family) - places.indexOf(b.family));
  for (const { family, value } of orders) await setBothForms(unit, family, profile, value, signal);
}

/** The names of all members and unnumbered forms, whose events are of use. */
export function isSetting(name: string): boolean {
  return entries.some(
    ([, { family }]) =>
      name === family || Array.from({ length: 10 }, (_, at) => memberOf(family, at)).includes(name),
  );
}
