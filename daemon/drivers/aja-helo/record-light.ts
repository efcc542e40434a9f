/** Recording with less, for a medium that does not keep up: never touches the stream. */
import { readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DriverError } from "../driver.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";
import { integerOf, type ProfileFamily, replicatorCommand } from "./parameters.ts";
import { setBothForms } from "./publish.ts";
import { unlinked } from "./record-path.ts";
import { becomes, stateOf } from "./recording.ts";
import { nameOf, profileOf, type Unit } from "./unit.ts";

const leastKbps = 100;
/** What is lost with a recording that a unit breaks off: the file it was writing. */
const longestFileMinutes = 10;
/** `RecordingDurationExtent`: 2 is one file for all, whatever its length. */
const extent = { unlimited: "0", longSingle: "2" } as const;

/** What the operator had set, kept while ours is less. */
const Own = z.object({
  kbps: z.int().min(leastKbps).max(20_000),
  fileMinutes: z.int().min(1).max(720).optional(),
  extent: z.enum(["0", "1", "2"]).optional(),
});
type Own = z.infer<typeof Own>;
type Setting = [ProfileFamily, string];

export const recordLightWords = "half its bit rate, in files of 10 min at most";

/** Be recording so, or again as the operator had set it; a unit that rests is only set. */
export async function recordLight(unit: Unit, light: boolean, signal: AbortSignal): Promise<void> {
  const { device, session, where, context } = unit;
  session.beginCall();
  const file = keptFile(context);
  const kept = keptIn(file);
  if (!light && kept === undefined) return;
  const profile = profileOf(await device.read("RecordingProfileSel", signal));
  const read = (family: ProfileFamily) => device.read(nameOf(family, profile, unit), signal);
  const own = kept ?? (await ownSettings(read, where));
  const settings = light ? lightOf(own) : settingsOf(own);
  const records = (await stateOf(unit, "record", signal)) === "streaming";
  if (!light && records) throw new DriverError("notPossible", `${where} records`);
  // Before the change: a daemon that dies in between must still know what was full.
  if (kept === undefined) await keep(file, own);
  await unlinked(unit, signal, async () => {
    if (records) await command(unit, "stopRecording", "idle", signal);
    try {
      for (const [family, value] of settings)
        await setBothForms(unit, family, profile, value, signal);
    } finally {
      // Better with the old settings than not at all.
      if (records) await command(unit, "record", "streaming", signal);
    }
  });
  if (!light) await rm(file, { force: true });
}

/** What the operator had set waits to be put back into the profile it came from. */
export const isLight = ({ context }: Unit) => keptIn(keptFile(context)) !== undefined;
const keptFile = ({ stateDir }: Unit["context"]) => join(stateDir, "full-recording.json");

async function ownSettings(
  read: (family: ProfileFamily) => Promise<string | undefined>,
  where: string,
): Promise<Own> {
  const own = Own.safeParse({
    kbps: integerOf(await read("RecordingVideoBitrate")),
    fileMinutes: integerOf(await read("SegmentRecordDurationMinutes")),
    extent: await read("RecordingDurationExtent"),
  });
  if (!own.success) throw new DriverError("malformed", `${where} tells no record bit rate`);
  return own.data;
}

const settingsOf = (own: Own): Setting[] => [
  ["RecordingVideoBitrate", String(own.kbps)],
  ...(own.fileMinutes === undefined
    ? []
    : [["SegmentRecordDurationMinutes", String(own.fileMinutes)] satisfies Setting]),
  ...(own.extent === undefined ? [] : [["RecordingDurationExtent", own.extent] satisfies Setting]),
];

/** A length that the operator fixed stays: it says when the recording ends. */
const lightOf = ({ kbps, fileMinutes, extent: how }: Own): Setting[] =>
  settingsOf({
    kbps: Math.max(leastKbps, Math.round(kbps / 2)),
    ...(fileMinutes !== undefined && { fileMinutes: Math.min(fileMinutes, longestFileMinutes) }),
    ...(how !== undefined && { extent: how === extent.longSingle ? extent.unlimited : how }),
  });

async function command(
  unit: Unit,
  what: "record" | "stopRecording",
  wanted: "streaming" | "idle",
  signal: AbortSignal,
): Promise<void> {
  await unit.device.write("ReplicatorCommand", replicatorCommand[what], signal);
  if (await becomes(unit, wanted, signal)) return;
  throw new DriverError("failed", `${unit.where} took the command and is not ${wanted}`);
}

function keptIn(file: string): Own | undefined {
  try {
    return Own.safeParse(jsonOrUndefined(readFileSync(file, "utf8"))).data;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function keep(file: string, own: Own): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(own), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
