/** The main stream of `get-settings`, and `set-video`, which takes all of its parameters at once. */
import { z } from "zod";
import { DriverError } from "../driver.ts";
import type { Unit } from "./unit.ts";

/** All that `set-video` documents: what is left out of it might be lost. */
const parameters = [
  ...["is-auto", "cx", "cy", "duration", "kbps", "gop", "fourcc", "profile", "cbrstat"],
  ...["fullrange", "codec", "is-vbr", "min-vbr-qp", "max-vbr-qp"],
] as const;
/** Without these it cannot be said again what the stream is made as. */
const Needed = z.object({
  ...{ "is-auto": z.number(), cx: z.number(), cy: z.number(), duration: z.number() },
  ...{ kbps: z.int().positive(), gop: z.number(), profile: z.number(), codec: z.number() },
});
const Settings = z.object({ "main-stream": z.looseObject(Needed.shape) });
export type MainStream = z.infer<typeof Settings>["main-stream"];

export async function readMainStream(unit: Unit, signal: AbortSignal): Promise<MainStream> {
  const settings = Settings.safeParse(await unit.usapi.read("get-settings", signal)).data;
  if (settings) return settings["main-stream"];
  throw new DriverError("notPossible", `${unit.where} does not tell all of its main stream`);
}

/** The parameters that are not in `changes` are sent as the box tells them; read back. */
export async function changeMainStream(
  unit: Unit,
  changes: Readonly<Record<string, number>>,
  signal: AbortSignal,
): Promise<void> {
  const now: Record<string, unknown> = await readMainStream(unit, signal);
  const told = parameters.flatMap((name) => {
    const value = now[name];
    return typeof value === "number" ? [[name, value] as const] : [];
  });
  const wanted = { ...Object.fromEntries(told), ...changes };
  await unit.usapi.command("set-video", { stream: 0, ...wanted }, signal);
  unit.settings.forget();
  const after: Record<string, unknown> = await readMainStream(unit, signal);
  for (const [name, value] of Object.entries(changes))
    if (after[name] !== value)
      throw new DriverError("failed", `${unit.where} did not take ${name} ${value}`);
}
