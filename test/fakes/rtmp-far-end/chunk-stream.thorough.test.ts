import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decodeAmf0, encodeAmf0 } from "./amf0.ts";
import { ChunkReader, encodeMessage, type RtmpMessage } from "./chunk-stream.ts";
import { overlapOf } from "./publications.ts";

const setChunkSize = (bytes: number) =>
  Buffer.from([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, bytes >> 8, bytes & 255]);

describe("the chunk stream", () => {
  test.each([0, 1, 0xfffffe, 0xffffff, 0x1000000, 0xffffffff])(
    "a message at %i ms is read back, however the bytes are cut",
    (timestampMs) => {
      const payload = randomBytes(10_000);
      const message: RtmpMessage = { type: 9, streamId: 1, timestampMs, payload };
      const bytes = Buffer.concat([setChunkSize(4_096), encodeMessage(6, message, 4_096)]);
      for (const step of [1, 7, 4_096, bytes.length]) {
        const reader = new ChunkReader();
        const read: RtmpMessage[] = [];
        for (let at = 0; at < bytes.length; at += step) {
          read.push(...reader.push(bytes.subarray(at, at + step)));
        }
        expect(read).toEqual([message]);
      }
    },
  );

  test("short headers repeat what the long one said, and add their time", () => {
    const long = Buffer.from([0x04, 0, 0, 100, 0, 0, 1, 8, 1, 0, 0, 0, 0xaa]);
    const newLength = Buffer.from([0x44, 0, 0, 20, 0, 0, 2, 8, 0xbb, 0xbc]);
    const newTime = Buffer.from([0x84, 0, 0, 30, 0xcc, 0xcd]);
    const nothing = Buffer.from([0xc4, 0xdd, 0xde]);
    const read = new ChunkReader().push(Buffer.concat([long, newLength, newTime, nothing]));
    expect(read.map(({ timestampMs, payload }) => [timestampMs, payload.toString("hex")])).toEqual([
      [100, "aa"],
      [120, "bbbc"],
      [150, "cccd"],
      [180, "ddde"],
    ]);
    expect(read.every(({ type, streamId }) => type === 8 && streamId === 1)).toBe(true);
  });

  test("messages of two chunk streams may be interleaved, and one may be aborted", () => {
    const reader = new ChunkReader();
    const first = encodeMessage(4, message(8, Buffer.alloc(200, 1)), 128);
    const second = encodeMessage(6, message(9, Buffer.alloc(200, 2)), 128);
    const cut = 12 + 128;
    const abort = Buffer.from([2, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 4]);
    expect(reader.push(Buffer.concat([first.subarray(0, cut), second.subarray(0, cut)]))).toEqual(
      [],
    );
    expect(reader.push(abort)).toEqual([]);
    expect(reader.push(second.subarray(cut))).toMatchObject([{ type: 9 }]);
    expect(reader.push(first)).toMatchObject([{ type: 8, payload: Buffer.alloc(200, 1) }]);
  });

  test("what starts without a header, or is too long, is refused", () => {
    expect(() => new ChunkReader().push(Buffer.from([0xc4, 1, 2, 3]))).toThrow(RangeError);
    const tooLong = Buffer.from([4, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0]);
    expect(() => new ChunkReader().push(tooLong)).toThrow(RangeError);
    const noSize = Buffer.from([2, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
    expect(() => new ChunkReader().push(noSize)).toThrow(RangeError);
  });
});

test("AMF0 values are read back, and a text cut short is refused", () => {
  const values = ["connect", 1, { app: "live", ok: true, list: [1, null] }, undefined, ""];
  expect(decodeAmf0(encodeAmf0(values))).toEqual(values);
  expect(() => decodeAmf0(encodeAmf0(values).subarray(0, 8))).toThrow(RangeError);
});

test.each([
  ["one", [[0, 10]], 0],
  [
    "one after the other, touching",
    [
      [0, 10],
      [10, 20],
    ],
    0,
  ],
  [
    "two",
    [
      [0, 10],
      [7, 20],
    ],
    3,
  ],
  [
    "three at once count once",
    [
      [0, 10],
      [2, 8],
      [4, 6],
    ],
    6,
  ],
  [
    "one still open",
    [
      [0, null],
      [90, null],
    ],
    10,
  ],
  [
    "one never let in",
    [
      [0, 10],
      [null, 5],
    ],
    0,
  ],
])("overlap of %s", (_, spans, expectedMs) => {
  const given = spans.map(([fromMs, toMs]) => ({ fromMs: fromMs ?? null, toMs: toMs ?? null }));
  expect(overlapOf(given, 100)).toBe(expectedMs);
});

function message(type: number, payload: Buffer): RtmpMessage {
  return { type, streamId: 1, timestampMs: 0, payload };
}
