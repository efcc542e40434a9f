import { z } from "zod";
import { changesSize } from "./cooling-steps.ts";
import { integerOf, type ProfileFamily } from "./parameters.ts";
import type { Unit } from "./unit.ts";

const asItsInput = "0";
const byHand = "1";
/** Of a profile, as the unit tells it. By `asItsInput` width and height say nothing. */
export const Size = z.object({
  type: z.enum([asItsInput, byHand]),
  width: z.string().regex(/^\d{3,4}$/),
  height: z.string().regex(/^\d{3,4}$/),
});
export type Size = z.infer<typeof Size>;

/** In the order in which they are set: a size counts only once it is set by hand. */
export const sizeFamilies = {
  type: "StreamingFrameGeometryType",
  width: "StreamingWidth",
  height: "StreamingHeight",
} as const satisfies Record<keyof Size, ProfileFamily>;

type Pixels = { width: number; height: number };
/** `DetectInputFormat` (encoder-devices.md §1.5). */
function inputSize(format: number): Pixels | undefined {
  if (format >= 10 && format <= 12) return { width: 1_280, height: 720 };
  if (format === 13) return { width: 720, height: 486 };
  if (format === 14) return { width: 720, height: 576 };
  if (format >= 2 && format <= 22) return { width: 1_920, height: 1_080 };
  return format >= 23 && format <= 40 ? { width: 2_048, height: 1_080 } : undefined;
}

const least: Pixels = { width: 176, height: 120 };
const twoThirds = (px: number) => String(2 * Math.round(px / 3));

/**
 * The size of the picture for this cooling step, and the one the operator had set; undefined where
 * it is to be left alone: it was never made smaller and is not to be, or nobody knows how large it
 * is.
 * @param kept what the operator had set, if it was made smaller since
 */
export async function sizeAt(
  { device }: Unit,
  step: number,
  { read, kept }: { read: (f: ProfileFamily) => Promise<string | undefined>; kept?: Size },
  signal: AbortSignal,
): Promise<{ full: Size; wanted: Size } | undefined> {
  if (!changesSize(step)) return kept && { full: kept, wanted: kept };
  const full = kept ?? (await sizeNow(read));
  if (!full) return undefined;
  const { width, height } = full;
  const ofInput = async () =>
    inputSize(integerOf(await device.read("DetectInputFormat", signal)) ?? 0);
  const pixels =
    full.type === byHand ? { width: Number(width), height: Number(height) } : await ofInput();
  if (!pixels) return undefined;
  const wanted = { width: twoThirds(pixels.width), height: twoThirds(pixels.height) };
  const fits = Number(wanted.width) >= least.width && Number(wanted.height) >= least.height;
  return fits ? { full, wanted: { type: byHand, ...wanted } } : undefined;
}

async function sizeNow(
  read: (family: ProfileFamily) => Promise<string | undefined>,
): Promise<Size | undefined> {
  const { type, width, height } = sizeFamilies;
  const now = { type: await read(type), width: await read(width), height: await read(height) };
  return Size.safeParse(now).data;
}
