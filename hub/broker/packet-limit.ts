import type { Duplex } from "node:stream";

/**
 * Bytes of MQTT framing read so far: knows where packets begin and how long they claim to be.
 * Throws as soon as a header announces more than `maxBytes`, before any of it is kept.
 */
export function openPacketMeter(maxBytes: number) {
  let bodyLeft = 0;
  let inHeader = false;
  let lengthBytes = 0;
  let length = 0;
  return (chunk: Uint8Array): void => {
    let at = 0;
    while (at < chunk.length) {
      if (bodyLeft > 0) {
        const step = Math.min(bodyLeft, chunk.length - at);
        bodyLeft -= step;
        at += step;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (!inHeader) {
        inHeader = true;
        lengthBytes = 0;
        length = 0;
        continue;
      }
      length += (byte & 0x7f) * 128 ** lengthBytes++;
      if (length > maxBytes) throw new Error(`packet of more than ${maxBytes} bytes`);
      if ((byte & 0x80) !== 0) {
        if (lengthBytes === 4) throw new Error("malformed packet length");
        continue;
      }
      inHeader = false;
      bodyLeft = length;
    }
  };
}

/**
 * aedes has no limit on packet size and pulls bytes with `conn.read()`, so the meter sits there:
 * an oversized packet costs its sender the connection and us no memory.
 */
export function limitPackets(conn: Duplex, maxBytes: number): void {
  const meter = openPacketMeter(maxBytes);
  const read = conn.read.bind(conn);
  conn.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (!(chunk instanceof Uint8Array)) return chunk;
    try {
      meter(chunk);
      return chunk;
    } catch (error) {
      conn.destroy(error instanceof Error ? error : new Error("unreadable packet"));
      return null;
    }
  };
}
