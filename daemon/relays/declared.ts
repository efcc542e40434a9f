/** How the encoders of a relayed stream are to be set, and what their pictures are instead. */
import type { SiteConfig } from "../../config/site.schema.ts";
import { colourWords, isLike } from "../../machines/content/colour.ts";
import type { Misfit } from "../../machines/content/misfit.ts";
import type { Shape } from "../../machines/content/shape.ts";
import type { EncoderSettings } from "../../machines/encoder/settings.ts";
import type { RelayReport } from "../../machines/stream/relay-protocol.ts";
import { carryPlan } from "../content/plan.ts";
import type { FfmpegOptions } from "../drivers/ffmpeg/options.ts";
import { askedFor, type Beside, besideFinder } from "./carried-beside.ts";

export type Declared = Pick<
  EncoderSettings,
  "widthPx" | "heightPx" | "framesPerSecond" | "h264Profile"
> & { gopS?: number; isSilent?: true; asked?: readonly Beside[] };

/** The inputs beside it. */
type Others = readonly { id: string; shape: Shape }[];

/** A rate of 29.97 is told as 30 by some. */
const sameRate = 0.02;
/** A picture more or less, and what an encoder takes for itself. */
const sameGop = 1.2;

const profiles = { constrainedBaseline: 66, baseline: 66, main: 77, high: 100 } as const;
const profileNames: Readonly<Record<number, string>> = {
  ...{ 66: "Baseline", 77: "Main", 88: "Extended", 100: "High", 110: "High 10" },
  ...{ 122: "High 4:2:2", 244: "High 4:4:4" },
};
const nameOf = (profile: number): string => profileNames[profile] ?? String(profile);

/** What the stream says of them, and of a program what itself is told. */
export function declaredFor(
  { settings = {}, carry }: SiteConfig["streams"][number],
  { options }: SiteConfig["encoders"][number],
): Declared {
  const { video, audio } = options as Partial<FfmpegOptions>;
  const own = video?.codec === "copy" ? undefined : video;
  const width = settings.width ?? own?.width;
  const height = settings.height ?? own?.height;
  const framesPerSecond = settings.framesPerSecond ?? own?.framesPerSecond;
  const { gopFrames, profile } = settings;
  const gopS = gopFrames && framesPerSecond ? gopFrames / framesPerSecond : own?.gopSeconds;
  return {
    ...(width !== undefined && { widthPx: width }),
    ...(height !== undefined && { heightPx: height }),
    ...(framesPerSecond !== undefined && { framesPerSecond }),
    ...(gopS !== undefined && { gopS }),
    ...(profile !== undefined && { h264Profile: profile }),
    ...(audio?.codec === "none" && { isSilent: true }),
    ...(carry && { asked: askedFor(carryPlan(carry)) }),
  };
}

/**
 * What of it is not as declared, or not as beside it, and what few can show. No figure that changes
 * stands in the words: each sentence is told once.
 */
export function shapeMisfits(declared: Declared, shape: Shape, others: Others): Misfit[] {
  return [
    ...[
      ...sizeWords(declared, shape, others),
      ...rateWords(declared, shape),
      ...soundWords(declared, shape, others),
      ...coloursBeside(shape, others),
    ].map(told),
    ...(shape.plain
      ? []
      : [{ ...told(`pictures in H.264 ${nameOf(shape.profile)}`), kind: "players" as const }]),
  ];
}

const sizeOf = ({ widthPx, heightPx }: Pick<Shape, "widthPx" | "heightPx">) =>
  `${widthPx}x${heightPx}`;

function sizeWords({ widthPx, heightPx }: Declared, shape: Shape, others: Others): string[] {
  const is = sizeOf(shape);
  if (widthPx !== undefined || heightPx !== undefined) {
    const wanted = sizeOf({
      widthPx: widthPx ?? shape.widthPx,
      heightPx: heightPx ?? shape.heightPx,
    });
    return is === wanted ? [] : [`${is}, where ${wanted} is declared`];
  }
  const unlike = others.find((other) => sizeOf(other.shape) !== is);
  return [
    ...(shape.before ? [`${is}, where it was ${sizeOf(shape.before)} before`] : []),
    ...(unlike ? [`${is}, and ${unlike.id} another size`] : []),
  ];
}

function rateWords({ framesPerSecond: rate, gopS, h264Profile }: Declared, shape: Shape): string[] {
  const { framesPerSecond: is, varies, gopMs, profile } = shape;
  const isOther = rate !== undefined && is !== null && Math.abs(is - rate) > sameRate * rate;
  const isLonger = gopS !== undefined && gopMs !== null && gopMs > 1_000 * sameGop * gopS;
  const wanted = h264Profile && profiles[h264Profile];
  return [
    ...(isOther ? [`${is} pictures a second, where ${rate} are declared`] : []),
    ...(rate !== undefined && varies
      ? [`pictures at no steady rate, where ${rate} a second are declared`]
      : []),
    ...(isLonger ? [`keyframes further apart than the ${gopS} s that are declared`] : []),
    ...(wanted !== undefined && wanted !== profile
      ? [`H.264 ${nameOf(profile)}, where ${nameOf(wanted)} is declared`]
      : []),
  ];
}

function soundWords({ isSilent }: Declared, shape: Shape, others: Others): string[] {
  const louder = others.find((other) => other.shape.sounds > 0);
  if (isSilent || shape.sounds > 0 || !louder) return [];
  return [`no sound, and ${louder.id} has one`];
}

/** At a switch it would change with the picture. */
function coloursBeside({ colour }: Shape, others: Others): string[] {
  const unlike = others.find((other) => {
    return colour && other.shape.colour && !isLike(colour, other.shape.colour);
  });
  return colour && unlike ? [`the colour ${colourWords(colour)}, and ${unlike.id} another`] : [];
}

const told = (format: string): Misfit => ({ kind: "settings", number: 1, format });

/** Of each report and input, with what the relay itself tells. What is not known now is as it was. */
export function misfitsFinder(declared: Readonly<Record<string, Declared>>) {
  const known: Record<string, Misfit[]> = {};
  const besides = besideFinder();
  return ({ inputs }: Pick<RelayReport, "inputs">, id: string, nowMs: number): Misfit[] | null => {
    const { shape, misfits } = inputs.find((it) => it.id === id)!;
    const others = inputs.flatMap(({ id: other, shape: it }) =>
      it && other !== id ? [{ id: other, shape: it }] : [],
    );
    const own = declared[id] ?? {};
    if (shape) known[id] = shapeMisfits(own, shape, others);
    const missing = besides(inputs, id, own.asked ?? [], nowMs).map(told);
    return misfits ? [...misfits, ...(known[id] ?? []), ...missing] : null;
  };
}
