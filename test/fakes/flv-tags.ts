import { readFileSync, writeFileSync } from "node:fs";

const [fileHeaderBytes, tagHeaderBytes, tagSizeBytes] = [13, 11, 4];

/** Where each tag that is there as a whole begins and its body ends. */
function* tagsIn(bytes: Buffer): Generator<{ from: number; end: number }> {
  let from = fileHeaderBytes;
  while (from + tagHeaderBytes <= bytes.length) {
    const end = from + tagHeaderBytes + bytes.readUIntBE(from + 1, 3);
    if (end + tagSizeBytes > bytes.length) return;
    yield { from, end };
    from = end + tagSizeBytes;
  }
}

/** What an FLV file tells decoders before pictures (AVC) and sound (AAC), in order, as hexadecimal. */
export function headersIn(file: string): { avc: string[]; aac: string[] } {
  const bytes = readFileSync(file);
  const [avc, aac]: [string[], string[]] = [[], []];
  for (const { from, end } of tagsIn(bytes)) {
    const body = bytes.subarray(from + tagHeaderBytes, end);
    if (body[1] === 0 && bytes[from] === 9) avc.push(body.toString("hex", 5));
    if (body[1] === 0 && bytes[from] === 8) aac.push(body.toString("hex", 2, 4));
  }
  return { avc, aac };
}

/** An FLV file that is still being written, up to its last whole tag: no reader sees half a one. */
export function copyWhole(growing: string, copy: string): void {
  const bytes = readFileSync(growing);
  const end = [...tagsIn(bytes)].at(-1)!.end;
  writeFileSync(copy, bytes.subarray(0, end + tagSizeBytes));
}
