/** The slates of relayed streams: what they show, and that each is made once. */
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import type { SiteConfig } from "../../config/site.schema.ts";
import type { Carried } from "../../machines/content/carried.ts";
import { bt709, type Colour } from "../../machines/content/colour.ts";
import type { SlateFormat } from "../../machines/stream/slate-format.ts";
import type { FfmpegOptions } from "../drivers/ffmpeg/options.ts";
import { layouts, makeSlate, type SlateFields, SlateForm } from "../relay/make-slate.ts";

export const slatePath = (folder: string): string => join(folder, "slate.ts");

/** Where an encoder has no size of its own, or is a box that says nothing of all this. */
const usual = {
  ...{ width: 1_280, height: 720 },
  video: { width: undefined, height: undefined, framesPerSecond: 25, bitrateBps: 2_000_000 },
  audio: { codec: "aac", sampleRateHz: 48_000, channels: 2 } as const,
};
/** A still picture needs no more. */
const mostBitrateBps = 4_000_000;

/** As the configuration says it of the stream and its first encoder; of a box it may say nothing. */
export function slateFields(
  { id, name = id, slate, settings, carry }: SiteConfig["streams"][number],
  { options }: SiteConfig["encoders"][number],
): Pick<SlateOf, "slate" | "formFrom"> {
  const { video = usual.video, audio = usual.audio } = options as Partial<FfmpegOptions>;
  const { picture, colour } = slate;
  const width = settings?.width ?? video.width;
  const height = settings?.height ?? video.height;
  return {
    slate: {
      width: width ?? usual.width,
      height: height ?? usual.height,
      framesPerSecond: settings?.framesPerSecond ?? video.framesPerSecond,
      videoBitrateBps: Math.min(video.bitrateBps, mostBitrateBps),
      ...(carry?.colour === "bt709" && { colour: bt709 }),
      sounds: soundsOf(audio, carry?.sounds),
      background:
        picture === undefined ? { kind: "colour", colour } : { kind: "picture", path: picture },
      text: slate.text ?? (picture === undefined ? `${name}\nwe will be right back` : ""),
    },
    formFrom: width === undefined || height === undefined ? "default" : "configuration",
  };
}

/**
 * As many as will come, and in their languages: outputs that begin with the slate go on with the sounds
 * that it has.
 */
function soundsOf(
  audio: Partial<FfmpegOptions["audio"]> & Pick<FfmpegOptions["audio"], "codec">,
  carried: NonNullable<SiteConfig["streams"][number]["carry"]>["sounds"],
): SlateFields["sounds"] {
  if (audio.codec === "none") return [];
  const { sampleRateHz = usual.audio.sampleRateHz, channels, tracks = 1 } = audio;
  const usualChannels = channels === 1 ? 1 : 2;
  const sounds = carried ?? Array.from({ length: tracks }, () => ({}));
  return sounds.map(({ language, channels: own = usualChannels }: Sound) => ({
    ...{ sampleRateHz, channels: layouts[own] === undefined ? usualChannels : own },
    ...(language !== undefined && { language }),
  }));
}
type Sound = { language?: string; channels?: number };

/** In the form in which an input has brought it; undefined: not known well enough, or not to be made. */
export function formBrought({ picture, sounds, colour }: Carried): SlateForm | undefined {
  const { sampleRateHz: usualHz, channels: usualChannels } = usual.audio;
  return SlateForm.safeParse({
    ...{ width: picture?.widthPx, height: picture?.heightPx },
    framesPerSecond: picture?.framesPerSecond,
    ...(colour && isWholly(colour) && { colour }),
    sounds: sounds.map(({ language, channels, sampleRateHz }) => ({
      ...{ sampleRateHz: sampleRateHz ?? usualHz, channels: channels ?? usualChannels },
      ...(language !== null && { language }),
    })),
  }).data;
}

/** Of half of it no picture can be made. */
const isWholly = ({ primaries, transfer, matrix }: Colour) =>
  [primaries, transfer, matrix].every((part) => part !== null);

export const slateFormat = (fields: SlateForm, from: SlateFormat["from"]): SlateFormat => ({
  ...{ widthPx: fields.width, heightPx: fields.height },
  framesPerSecond: fields.framesPerSecond,
  ...(fields.colour && { colour: fields.colour }),
  sounds: fields.sounds.map(({ sampleRateHz, channels, language = null }) => {
    return { sampleRateHz, channels, language };
  }),
  from,
});

export type SlateOf = {
  stream: string;
  folder: string;
  /** In the form that the configuration says, or the usual one: nobody has seen what comes. */
  slate: SlateFields;
  formFrom: "configuration" | "default";
  /** Only what the configuration says of them itself. */
  text?: string | undefined;
  clock?: boolean;
};

/** @throws where it cannot be made just so; what was there stays */
export async function makeWanted(
  { folder, slate }: Pick<SlateOf, "folder" | "slate">,
  signal: AbortSignal,
): Promise<void> {
  await makeSlate(slate, slatePath(folder), signal);
  writeFileSync(markOf(folder), markFor(slate));
}

const markOf = (folder: string) => join(folder, "slate.json");
const markFor = (slate: SlateFields) => JSON.stringify([slate, pictureOf(slate)]);

/**
 * Makes those that are missing or were of other fields, one after the other. A relay takes its own
 * as soon as it is there.
 * @returns whether all are there, though perhaps plainer
 */
export async function makeSlates(
  relays: readonly Pick<SlateOf, "stream" | "folder" | "slate">[],
  log: Pick<Logger, "warn">,
  signal: AbortSignal,
): Promise<boolean> {
  let missing = relays.length;
  for (const { stream, folder, slate } of relays) {
    if (read(markOf(folder)) === markFor(slate)) {
      missing--;
      continue;
    }
    rmSync(markOf(folder), { force: true });
    for (const fields of plainer(slate)) {
      if (signal.aborted) return false;
      try {
        if (fields === slate) await makeWanted({ folder, slate }, signal);
        else await makeSlate(fields, slatePath(folder), signal);
        missing--;
        break;
      } catch (error) {
        const { message } = error as Error;
        log.warn({ code: "slate", stream }, `the slate cannot be made as wanted: ${message}`);
      }
    }
  }
  return missing === 0;
}

/** Another picture in the same place is another slate. */
function pictureOf({ background }: SlateFields): unknown {
  if (background.kind !== "picture") return null;
  const file = statSync(background.path, { throwIfNoEntry: false });
  return file ? [file.ino, file.size, file.mtimeMs] : null;
}

/** A picture that cannot be read, an odd colour, or a host without fonts is no reason to have none. */
function plainer(fields: SlateFields): SlateFields[] {
  const neutral = { kind: "colour", colour: "#1c2530" } as const;
  const { text: _, clock: __, colour: ___, ...mute } = fields;
  return [fields, { ...fields, background: neutral }, { ...mute, background: neutral }];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It was never made.
    return undefined;
  }
}
