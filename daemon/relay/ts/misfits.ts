/** Which streams of a programme the relay does not carry, and what they are. */
import { carriedPicture, type Misfit } from "../../../machines/content/misfit.ts";
import { adtsStreamType, type ElementaryStream, h264StreamType } from "../frame.ts";

type Format = Pick<Misfit, "format"> & { kind: "picture" | "sound" | "data" };
const picture = (format: string): Format => ({ kind: "picture", format });
const sound = (format: string): Format => ({ kind: "sound", format });
const data = (format: string): Format => ({ kind: "data", format });

/** H.222.0 table 2-34, ATSC A/52 and SCTE 35. */
const byType: Readonly<Record<number, Format>> = {
  ...{
    0x01: picture("MPEG-1 video"),
    0x02: picture("MPEG-2 video"),
    0x10: picture("MPEG-4 video"),
  },
  ...{ [h264StreamType]: picture(carriedPicture), 0x24: picture("HEVC"), 0x33: picture("VVC") },
  ...{ 0x03: sound("MP2"), 0x04: sound("MP2"), [adtsStreamType]: sound("AAC") },
  ...{ 0x11: sound("AAC in LATM"), 0x81: sound("AC-3"), 0x87: sound("E-AC-3") },
  ...{ 0x15: data("timed metadata"), 0x86: data("SCTE-35") },
};

/** Descriptors of private data, EN 300 468. */
const byDescriptor: Readonly<Record<number, Format>> = {
  ...{ 0x6a: sound("AC-3"), 0x7a: sound("E-AC-3"), 0x7b: sound("DTS"), 0x7c: sound("AAC in LATM") },
  ...{ 0x56: data("teletext"), 0x59: data("subtitles") },
};

/** Of a registration descriptor; see SMPTE RA. */
const byRegistration: Readonly<Record<string, Format>> = {
  ...{ "AC-3": sound("AC-3"), EAC3: sound("E-AC-3"), Opus: sound("Opus") },
  ...{ BSSD: sound("SMPTE 302M"), HEVC: picture("HEVC"), KLVA: data("KLV metadata") },
};

const registration = 0x05;
const privateData = 0x06;

function formatOf({ streamType, descriptors }: ElementaryStream): Format {
  const known = byType[streamType];
  if (known) return known;
  const isPrivate = streamType === privateData || streamType >= 0x80;
  for (let at = 0; isPrivate && at + 1 < descriptors.length; at += 2 + descriptors[at + 1]!) {
    const tag = descriptors[at]!;
    const named =
      tag === registration
        ? byRegistration[descriptors.toString("latin1", at + 2, at + 6)]
        : byDescriptor[tag];
    if (named) return named;
  }
  return data(`of an unknown kind (0x${streamType.toString(16).padStart(2, "0")})`);
}

/** H.264 with AAC, which every encoder here makes. */
export function isCarried({ streamType }: ElementaryStream): boolean {
  return streamType === h264StreamType || streamType === adtsStreamType;
}

/** @param streams all of the programme, in the order of its map */
export function misfitsIn(streams: readonly ElementaryStream[]): Misfit[] {
  const counts = { picture: 0, sound: 0, data: 0 };
  let hasPicture = false;
  return streams.flatMap((stream) => {
    const { kind, format } = formatOf(stream);
    const misfit = { kind, number: ++counts[kind], format };
    // Of several only the first goes out.
    const fits = isCarried(stream) && !(kind === "picture" && hasPicture);
    if (isCarried(stream) && kind === "picture") hasPicture = true;
    return fits ? [] : [misfit];
  });
}
