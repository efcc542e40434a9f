/** Reads what ffmpeg's `mpjpeg` writes: a boundary, headers with a length, and a picture. */
const longestHeader = 1_024;

/**
 * @param tell each picture, whole
 * @param broken it is not what it should be: nothing that follows can be read
 */
export function readJpegs(
  mostBytes: number,
  tell: (jpeg: Buffer) => void,
  broken: (why: string) => void,
): (chunk: Buffer) => void {
  let bytes = Buffer.alloc(0);
  let isBroken = false;
  function give(why: string): void {
    isBroken = true;
    bytes = Buffer.alloc(0);
    broken(why);
  }
  return (chunk) => {
    if (isBroken) return;
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const headerEnd = bytes.indexOf("\r\n\r\n");
      if (headerEnd > longestHeader || (headerEnd < 0 && bytes.length > longestHeader)) {
        return give("no picture");
      }
      if (headerEnd < 0) return;
      const length = /content-length:\s*(\d{1,9})/i.exec(
        bytes.toString("latin1", 0, headerEnd),
      )?.[1];
      if (length === undefined) return give("no length");
      if (Number(length) > mostBytes) return give("a picture that is too large");
      const begin = headerEnd + 4;
      const end = begin + Number(length);
      if (bytes.length < end) return;
      tell(Buffer.from(bytes.subarray(begin, end)));
      bytes = bytes.subarray(end);
    }
  };
}
