/** What a picture says of itself in its first bytes, before anything is decoded. */
export type PictureSize = { kind: "png" | "jpeg"; widthPx: number; heightPx: number };

const pngMark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Undefined: neither a PNG nor a JPEG. */
export function pictureSize(bytes: Buffer): PictureSize | undefined {
  if (bytes.length >= 24 && bytes.subarray(0, 8).equals(pngMark)) {
    if (bytes.toString("latin1", 12, 16) !== "IHDR") return undefined;
    return { kind: "png", widthPx: bytes.readUInt32BE(16), heightPx: bytes.readUInt32BE(20) };
  }
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? jpegSize(bytes) : undefined;
}

function jpegSize(bytes: Buffer): PictureSize | undefined {
  let at = 2;
  while (at + 9 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    // All starts of frame, which Huffman tables (C4), JPG (C8) and arithmetic (CC) are not.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      return {
        ...{ kind: "jpeg" },
        ...{ heightPx: bytes.readUInt16BE(at + 5), widthPx: bytes.readUInt16BE(at + 7) },
      };
    }
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}
