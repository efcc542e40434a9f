/** NAL units of an H.264 byte stream, H.264 (annex B). */
const startCode = Buffer.from([0, 0, 1]);
/** Of `nal_unit_type`, table 7-1. */
export const sequence = 7;
export const picture = 8;
export const delimiter = 9;
const slices = [1, 5];

/** Each without its start code; parts of the same bytes. */
export function annexBUnits(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let from = bytes.indexOf(startCode);
  while (from !== -1) {
    const next = bytes.indexOf(startCode, from + 3);
    let end = next === -1 ? bytes.length : next;
    // A start code may have more zeros before it; a unit ends with none.
    while (end > from + 3 && bytes[end - 1] === 0) end--;
    if (end > from + 3) units.push(bytes.subarray(from + 3, end));
    from = next;
  }
  return units;
}

/** Those that stand before the first slice of an access unit; what comes after it is not looked at. */
export function leadingUnits(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let from = bytes.indexOf(startCode);
  while (from !== -1 && !slices.includes(bytes[from + 3]! & 31)) {
    const next = bytes.indexOf(startCode, from + 3);
    if (next > from + 3) units.push(bytes.subarray(from + 3, next));
    from = next;
  }
  return units;
}
