import type { ProgressBlock } from "../shared/engine/progress.ts";

/**
 * One datagram, `name=value` lines that end with `progress=continue` or `progress=end`.
 * `out_time_ms` also counts microseconds (an old bug), so it is not read.
 */
export function parseProgress(text: string): ProgressBlock | undefined {
  if (!/(^|\n)progress=(continue|end)\s*$/.test(text)) return undefined;
  const block: ProgressBlock = {};
  const read = (name: string, into: keyof ProgressBlock) => {
    const from = text.startsWith(`${name}=`) ? 0 : text.indexOf(`\n${name}=`) + 1;
    if (from === 0 && !text.startsWith(`${name}=`)) return;
    const end = text.indexOf("\n", from);
    const value = text.slice(from + name.length + 1, end < 0 ? undefined : end).trim();
    if (/^\d+(\.\d+)?$/.test(value)) block[into] = Number(value);
  };
  read("out_time_us", "outTimeUs");
  read("total_size", "totalSizeBytes");
  // `fps` is an average since the start, and 0 in the first second: frames are counted instead.
  read("frame", "frames");
  read("drop_frames", "droppedFrames");
  return block;
}
