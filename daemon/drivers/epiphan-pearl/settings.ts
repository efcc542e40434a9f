import type { EncoderSettings } from "../../../machines/encoder/settings.ts";
import { DriverError } from "../driver.ts";
import { recorderOf } from "./answers.ts";
import { readEncoding } from "./encoding.ts";
import { liveOf, ownPublishers, readPublishers, type Unit } from "./unit.ts";

/** Work with these settings. Refuses while it streams or records: both are made by the channel. */
export async function applySettings(
  unit: Unit,
  wanted: EncoderSettings,
  signal: AbortSignal,
): Promise<void> {
  const { api, where, options } = unit;
  const publishers = await readPublishers(unit, signal);
  if (liveOf(publishers, ownPublishers(options), false).state !== "idle")
    throw new DriverError("notPossible", `${where} streams`);
  const recorder = recorderOf(await api.read("/recorders/status", signal), options.channel);
  if (recorder !== undefined && recorder !== "idle")
    throw new DriverError("notPossible", `${where} records`);
  const before = await readEncoding(api, options, signal);
  const after = { ...before, ...wanted };
  await api.parameter(`set_params.cgi?${orderFor(wanted, after, where)}`, options.channel, signal);
  unit.encoding.forget();
  const now = await readEncoding(api, options, signal);
  for (const [setting, value] of Object.entries(wanted))
    if (now[setting as keyof EncoderSettings] !== value)
      throw new DriverError("failed", `${where} did not take ${setting} ${value}`);
}

function orderFor(wanted: EncoderSettings, after: EncoderSettings, where: string): string {
  const { videoBitrateBps, sizeOf, widthPx, heightPx, ...others } = wanted;
  const kbps = (videoBitrateBps ?? 0) / 1_000;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined || !Number.isInteger(kbps))
    throw new DriverError("notPossible", `${where} has no ${unknown ?? "such bit rate"} for us`);
  const isSized = after.widthPx !== undefined && after.heightPx !== undefined;
  const changesSize = sizeOf === "settings" || widthPx !== undefined || heightPx !== undefined;
  if (changesSize && !isSized)
    throw new DriverError("notPossible", `${where} needs both width and height`);
  return [
    ...(videoBitrateBps === undefined ? [] : [`vbitrate=${kbps}K`]),
    ...(sizeOf === undefined ? [] : [`autoframesize=${sizeOf === "input" ? "on" : ""}`]),
    ...(changesSize ? [`framesize=${after.widthPx}x${after.heightPx}`] : []),
  ].join("&");
}
