/** Prepares the slate of a stream: a still picture and silence, in the stream's own format. */
import { execFile } from "node:child_process";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { Colour } from "../../machines/content/colour.ts";

/** What FFmpeg calls the channels that a configuration of AAC has. */
export const layouts: Readonly<Record<number, string>> = {
  ...{ 1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1(wide)" },
};

const Even = z.number().int().min(64).max(7_680).multipleOf(2);

/** The format of the encoders that a slate stands in for. */
export const SlateForm = z.strictObject({
  width: Even,
  height: Even,
  framesPerSecond: z.number().min(5).max(120),
  /** Absent: nothing is told of it. */
  colour: Colour.optional(),
  /** In the order of the programme's map. */
  sounds: z
    .array(
      z.strictObject({
        sampleRateHz: z.number().int().min(7_350).max(96_000),
        channels: z.number().refine((channels) => layouts[channels] !== undefined),
        language: z
          .string()
          .regex(/^[a-z]{3}$/)
          .optional(),
      }),
    )
    .max(8),
});
export type SlateForm = z.infer<typeof SlateForm>;

/** And what it shows. */
export const SlateFields = SlateForm.extend({
  videoBitrateBps: z.number().int().min(50_000).max(50_000_000),
  background: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("colour"), colour: z.string().regex(/^#[0-9a-f]{6}$/) }),
    /** A PNG or JPEG on this host, scaled to fit. */
    z.strictObject({ kind: z.literal("picture"), path: z.string().startsWith("/") }),
  ]),
  /** In the middle; may have several lines. */
  text: z.string().max(400).optional(),
  /** In the upper corner; a slate with a clock is made anew each minute. */
  clock: z
    .string()
    .regex(/^\d\d:\d\d$/)
    .optional(),
});
export type SlateFields = z.infer<typeof SlateFields>;

const loopS = 4;
/** A keyframe in each second: the relay may go back to an encoder at any picture, players join. */
const gopS = 1;
const limitMs = 60_000;

/**
 * Writes the transport stream that `slate.path` of a relay's settings names; whole or not at all.
 * @throws with ffmpeg's words where the picture cannot be read
 */
export async function makeSlate(
  fields: SlateFields,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(dirname(path), ".slate-"));
  try {
    if (fields.text) await writeFile(join(folder, "text"), fields.text);
    // In the folder, so that no path has to stand inside a filter.
    const limits = { cwd: folder, timeout: limitMs, killSignal: "SIGKILL" as const };
    // What is on air goes first.
    const run = (args: string[]) =>
      promisify(execFile)("nice", ["-n", "19", "ffmpeg", ...args], {
        ...{ ...limits, ...(signal && { signal }) },
      });
    // One that is torn would be read again and again.
    if (fields.background.kind === "picture") await run(looking(fields.background.path));
    await run(slateArguments(fields));
    await rename(join(folder, "slate.ts"), path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const picturesOnly = [
  ...["-protocol_whitelist", "file", "-format_whitelist", "png_pipe,jpeg_pipe"],
];
const quiet = ["-hide_banner", "-loglevel", "error", "-nostdin"];

const looking = (path: string): string[] => [
  ...[...quiet, "-xerror", "-err_detect", "explode", ...picturesOnly],
  ...["-i", `file:${path}`, "-frames:v", "1", "-f", "null", "-"],
];

function slateArguments(fields: SlateFields): string[] {
  const { width, height, framesPerSecond, videoBitrateBps, sounds, background } = fields;
  const { text, clock, colour } = fields;
  const size = `${width}x${height}`;
  const rate = rateOf(framesPerSecond);
  const shown =
    background.kind === "colour"
      ? ["-f", "lavfi", "-i", `color=c=0x${background.colour.slice(1)}:s=${size}:r=${rate}`]
      : [...[...picturesOnly, "-loop", "1", "-framerate", rate, "-i", `file:${background.path}`]];
  const silences = sounds.flatMap(({ channels, sampleRateHz }) => {
    return ["-f", "lavfi", "-i", `anullsrc=cl=${layouts[channels]}:r=${sampleRateHz}`];
  });
  const mapped = sounds.flatMap(({ language }, n) => [
    ...["-map", `${n + 1}:a:0`],
    ...(language === undefined ? [] : [`-metadata:s:a:${n}`, `language=${language}`]),
  ]);
  const filters = [
    `scale=${width}:${height}:force_original_aspect_ratio=decrease`,
    `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2`,
    "setsar=1",
    ...(text
      ? [
          `drawtext=textfile=text:expansion=none:fontsize=${Math.round(height / 12)}` +
            ":fontcolor=white:borderw=2:x=(w-text_w)/2:y=(h-text_h)/2",
        ]
      : []),
    ...(clock
      ? [
          `drawtext=text='${clock.replace(":", "\\:")}':fontsize=${Math.round(height / 16)}` +
            ":fontcolor=white:borderw=2:x=w-text_w-h/24:y=h/24",
        ]
      : []),
    ...(colour ? [inColour(colour)] : []),
    "format=yuv420p",
  ];
  const pictures = Math.round(loopS * framesPerSecond);
  const bitrate = String(videoBitrateBps);
  return [
    ...[...quiet, ...shown],
    ...[...silences, "-map", "0:v:0", ...mapped, "-vf", filters.join(",")],
    ...["-c:v", "libx264", "-preset", "medium", "-tune", "zerolatency", "-b:v", bitrate],
    ...["-maxrate", bitrate, "-bufsize", bitrate, "-g", String(Math.round(gopS * framesPerSecond))],
    // One keyframe and picture more, by which the relay knows that the ones before are whole.
    ...["-sc_threshold", "0", "-frames:v", String(pictures + 2), "-t", String(loopS + 1)],
    ...["-c:a", "aac", "-b:a", "64000", "-f", "mpegts", "slate.ts"],
  ];
}

/** Of HDR, white as bright as a sheet of paper in a studio is there: 203 cd/m² (ITU-R BT.2408). */
const inColour = ({ primaries, transfer, matrix, fullRange }: Colour): string =>
  "format=gbrp,zscale=matrixin=gbr:primariesin=bt709:transferin=bt709:rangein=full:npl=203" +
  `:primaries=${primaries}:transfer=${transfer}:matrix=${matrix}` +
  `:range=${fullRange ? "full" : "limited"}`;

/** 29.97 is 30 000 pictures in 1 001 seconds. */
function rateOf(framesPerSecond: number): string {
  const whole = Math.round(framesPerSecond);
  const isSlower = Math.abs((framesPerSecond * 1_001) / 1_000 - whole) < 0.001;
  return isSlower ? `${whole * 1_000}/1001` : String(framesPerSecond);
}
