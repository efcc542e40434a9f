import type { ProgressBlock } from "../shared/engine/progress.ts";

const fields: readonly { name: Uint8Array; into: keyof ProgressBlock }[] = [
  { name: bytesOf("out_time_us"), into: "outTimeUs" },
  { name: bytesOf("total_size"), into: "totalSizeBytes" },
  // `fps` is an average since the start, and 0 in the first second: frames are counted instead.
  { name: bytesOf("frame"), into: "frames" },
  { name: bytesOf("drop_frames"), into: "droppedFrames" },
];
const endings = [bytesOf("continue"), bytesOf("end")];
const lastField = bytesOf("progress");
const [newline, equals, space, zero] = [0x0a, 0x3d, 0x20, 0x30];

function bytesOf(word: string): Uint8Array {
  return new TextEncoder().encode(word);
}

/**
 * One datagram, `name=value` lines that end with `progress=continue` or `progress=end`.
 * `out_time_ms` also counts microseconds (an old bug), so it is not read. The rest is read as bytes:
 * 10 a second of each encoder cost twice as much as text.
 */
export function parseProgress(datagram: Uint8Array): ProgressBlock | undefined {
  const block: ProgressBlock = {};
  let isWhole = false;
  for (let from = 0, end; from < datagram.length; from = end + 1) {
    const middle = indexOf(datagram, equals, from);
    end = indexOf(datagram, newline, middle);
    const into = fieldAt(datagram, from, middle);
    const value = into && wholeNumber(datagram, middle + 1, end);
    if (value !== undefined) block[into!] = value;
    isWhole = isAt(datagram, from, middle, lastField) && isEnding(datagram, middle + 1, end);
  }
  return isWhole ? block : undefined;
}

function fieldAt(bytes: Uint8Array, from: number, end: number): keyof ProgressBlock | undefined {
  return fields.find(({ name }) => isAt(bytes, from, end, name))?.into;
}

const isEnding = (bytes: Uint8Array, from: number, end: number) =>
  endings.some((ending) => isAt(bytes, from, end, ending));

function indexOf(bytes: Uint8Array, byte: number, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== byte) at += 1;
  return at;
}

function isAt(bytes: Uint8Array, from: number, end: number, word: Uint8Array): boolean {
  if (end - from !== word.length) return false;
  for (let at = 0; at < word.length; at += 1) if (bytes[from + at] !== word[at]) return false;
  return true;
}

/** What ffmpeg does not know is `N/A`, or a negative number: left out, as is what nothing could be. */
function wholeNumber(bytes: Uint8Array, from: number, end: number): number | undefined {
  let at = from;
  while (bytes[at] === space) at += 1;
  if (at === end) return undefined;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = bytes[at]! - zero;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return value;
}
