import type { Ticks } from "../frame.ts";

/** Timestamps of a transport stream have 33 bits: they begin again after 26.5 h. */
export const wrapTicks = 2 ** 33;

/** The unrolled time nearest to `near` whose low 33 bits are `raw`. */
export function unroll(raw: number, near: Ticks | undefined): Ticks {
  if (near === undefined) return raw;
  const ahead = modulo(raw - near, wrapTicks);
  return near + (ahead >= wrapTicks / 2 ? ahead - wrapTicks : ahead);
}

/** What stands in the stream: the low 33 bits. */
export function wrapped(ticks: Ticks): number {
  return modulo(ticks, wrapTicks);
}

function modulo(value: number, by: number): number {
  const rest = value % by;
  return rest < 0 ? rest + by : rest;
}

/** Reads the five bytes of a PTS or DTS; undefined where a marker bit is missing. */
export function readTimestamp(bytes: Buffer, at: number): number | undefined {
  const [b0, b1, b2, b3, b4] = [
    bytes[at]!,
    bytes[at + 1]!,
    bytes[at + 2]!,
    bytes[at + 3]!,
    bytes[at + 4]!,
  ];
  if ((b0 & b2 & b4 & 1) === 0) return undefined;
  // Not by shifts: 33 bits are more than they hold.
  return ((b0 >> 1) & 7) * 2 ** 30 + ((b1 << 22) | ((b2 >> 1) << 15) | (b3 << 7) | (b4 >> 1));
}

/** @param prefix the four bits before it: 2 a PTS alone, 3 a PTS before a DTS, 1 the DTS */
export function writeTimestamp(bytes: Buffer, at: number, prefix: number, ticks: Ticks): void {
  const raw = wrapped(ticks);
  const high = Math.floor(raw / 2 ** 30);
  const low = raw % 2 ** 30;
  bytes[at] = (prefix << 4) | (high << 1) | 1;
  bytes[at + 1] = low >> 22;
  bytes[at + 2] = ((low >> 14) & 0xfe) | 1;
  bytes[at + 3] = (low >> 7) & 0xff;
  bytes[at + 4] = ((low << 1) & 0xfe) | 1;
}
