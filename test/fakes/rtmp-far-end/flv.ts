import { closeSync, openSync, writeSync } from "node:fs";
import type { RtmpMessage } from "./chunk-stream.ts";

/** FLV file header and the first, empty back pointer (Adobe FLV 10.1, annex E). */
export function flvHeader(has: { audio: boolean; video: boolean }): Buffer {
  const flags = (has.audio ? 4 : 0) | (has.video ? 1 : 0);
  return Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]);
}

/** An RTMP media message as an FLV tag: the payloads are the same. */
export function flvTag({ type, payload }: RtmpMessage, timestampMs: number): Buffer {
  const head = Buffer.alloc(11);
  head.writeUInt8(type, 0);
  head.writeUIntBE(payload.length, 1, 3);
  head.writeUIntBE(timestampMs & 0xffffff, 4, 3);
  head.writeUInt8((timestampMs >>> 24) & 0xff, 7);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(head.length + payload.length);
  return Buffer.concat([head, payload, size]);
}

/** One publication on disk, as it came. Written at once, so that a test may read it any time. */
export class FlvFile {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "w");
    writeSync(this.#file, flvHeader({ audio: true, video: true }));
  }

  write(message: RtmpMessage): void {
    writeSync(this.#file, flvTag(message, message.timestampMs));
  }

  close(): void {
    closeSync(this.#file);
  }
}
