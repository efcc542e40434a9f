/** Timecode in pictures of x264, which writes none itself. */
import { execFileSync } from "node:child_process";
import { annexBUnits } from "../../daemon/relay/ts/annex-b.ts";
import { pictureSet } from "../../daemon/relay/ts/sps.ts";

const fps = 25;

/** Its sets tell how its pictures are timed. */
export const timed = (extent = "") =>
  ["-x264-params", `nal-hrd=vbr:pic-struct=1:vbv-maxrate=900:vbv-bufsize=900${extent}`] as const;

/** An H.264 byte stream of so many pictures, `timed` or not. */
export function pictures(count: number, more: readonly string[] = timed()): Buffer {
  // prettier-ignore
  return execFileSync("ffmpeg", [
    "-v", "error", "-f", "lavfi", "-i", `testsrc2=size=160x90:rate=${fps}`, "-frames:v", String(count),
    "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25",
    ...more, "-f", "h264", "pipe:1",
  ]);
}

/** The same with 10:00:00:00 and on, frame by frame. */
export function withTimecode(stream: Buffer): Buffer {
  let frame = 0;
  let delayBits = 0;
  const units = annexBUnits(stream).map((unit) => {
    const type = unit[0]! & 31;
    if (type === 7) delayBits = pictureSet(unit)!.delayBits!;
    const isTiming = type === 6 && unit[1] === 1;
    return isTiming ? timingAt(frame++, unit.subarray(3), delayBits) : unit;
  });
  return Buffer.concat(units.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));
}

/** H.264 (D.1.3): with one full time of a picture, and no offset. */
function timingAt(frame: number, before: Buffer, delayBits: number): Buffer {
  const bit = (value: number, count: number) => value.toString(2).padStart(count, "0");
  const bitsBefore = [...withoutEscapes(before)].map((byte) => bit(byte, 8)).join("");
  const [seconds, frames] = [Math.floor(frame / fps), frame % fps];
  const clock =
    // Progressive, counted without drops, full.
    [bit(1, 1), bit(0, 2), bit(0, 1), bit(0, 5), bit(1, 1), bit(0, 1), bit(0, 1)].join("") +
    [bit(frames, 8), bit(seconds, 6), bit(0, 6), bit(10, 5)].join("");
  const bits = bitsBefore.slice(0, delayBits) + bit(0, 4) + clock;
  const aligned = bits.length % 8 === 0 ? bits : `${bits}1`;
  const bytes = aligned.padEnd(Math.ceil(aligned.length / 8) * 8, "0").match(/.{8}/g)!;
  const payload = bytes.map((byte) => parseInt(byte, 2));
  return escaped(Buffer.from([6, 1, payload.length, ...payload, 0x80]));
}

const withoutEscapes = (bytes: Buffer) =>
  bytes.filter((byte, n) => !(byte === 3 && bytes[n - 1] === 0 && bytes[n - 2] === 0));

function escaped(unit: Buffer): Buffer {
  let zeros = 0;
  const bytes = [...unit].flatMap((byte) => {
    const isEscaped = zeros >= 2 && byte <= 3;
    zeros = byte === 0 ? (isEscaped ? 1 : zeros + 1) : 0;
    return isEscaped ? [3, byte] : [byte];
  });
  return Buffer.from(bytes);
}
