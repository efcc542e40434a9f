import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adtsStreamType, h264StreamType } from "../../../../daemon/relay/frame.ts";
import { AdtsCutter } from "../../../../daemon/relay/ts/adts.ts";
import { unroll, wrapped, wrapTicks } from "../../../../daemon/relay/ts/clock-33.ts";
import { Demux } from "../../../../daemon/relay/ts/demux.ts";
import { inspectAccessUnit } from "../../../../daemon/relay/ts/h264.ts";
import { Mux } from "../../../../daemon/relay/ts/mux.ts";
import type { PesUnit } from "../../../../daemon/relay/ts/pes.ts";
import { crc32 } from "../../../../machines/stream/crc-32.ts";
import { adtsFrame, numberOf, picture } from "../pictures.ts";

const english = Buffer.from([0x0a, 4, 0x65, 0x6e, 0x67, 0]);
const streams = [
  { streamType: h264StreamType, descriptors: Buffer.alloc(0) },
  { streamType: adtsStreamType, descriptors: english },
];

function read(bytes: Buffer, chunkBytes = bytes.length) {
  const units: (PesUnit & { index: number })[] = [];
  const maps: unknown[] = [];
  const demux = new Demux({
    streams: (map) => maps.push(map),
    unit: (index, unit) => units.push({ index, ...unit }),
  });
  for (let at = 0; at < bytes.length; at += chunkBytes)
    demux.feed(bytes.subarray(at, at + chunkBytes));
  return { units, maps, demux };
}

/** Pictures of all sizes around the edges of a packet, each with a sound. */
const someFrames = fc.array(
  fc.record({
    track: fc.constantFrom(0, 1),
    key: fc.boolean(),
    payload: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 400 }),
      fc.integer({ min: 0, max: 70_000 }).map((length) => new Uint8Array(length).fill(7)),
    ),
    reordered: fc.nat({ max: 20_000 }),
  }),
  { minLength: 1, maxLength: 12 },
);

/** Compared as text: buffers are gone through byte by byte, which takes minutes. */
const told = (pts: number, dts: number, payload: Buffer, damaged: boolean) =>
  [pts, dts, damaged, payload.length, crc32(payload)].join(" ");

describe("what is written can be read again", () => {
  test("any frames, in chunks of any size, over the wrap of the clock", () => {
    const runs = fc.tuple(someFrames, fc.integer({ min: 1, max: 5_000 }), fc.nat({ max: 40 }));
    fc.assert(
      fc.property(runs, ([recipes, chunkBytes, before]) => {
        const frames = recipes.map(({ track, key, payload, reordered }, n) => {
          const dts = wrapTicks - before * 3_000 + n * 3_000;
          return { track, key, payload: Buffer.from(payload), dts, pts: dts + reordered };
        });
        const mux = new Mux(streams);
        const bytes = Buffer.concat(frames.map((frame) => mux.write(frame)));
        // A last frame of each track, so that those of unknown length end.
        const ends = [0, 1].map((track) =>
          mux.write({ track, key: false, pts: 0, dts: wrapTicks * 2, payload: Buffer.from([1]) }),
        );
        const { units, maps, demux } = read(Buffer.concat([bytes, ...ends]), chunkBytes);
        expect(demux.continuityErrors + demux.syncLosses).toBe(0);
        expect(maps).toHaveLength(1);
        const of = (track: number) =>
          units
            .filter(({ index }) => index === track)
            .slice(0, -1)
            .map(({ pts, dts, payload, damaged }) => told(pts, dts, payload, damaged));
        for (const track of [0, 1])
          expect(of(track)).toEqual(
            frames
              .filter((frame) => frame.track === track)
              .map(({ pts, dts, payload }) => told(wrapped(pts), wrapped(dts), payload, false)),
          );
      }),
      { numRuns: 60 },
    );
  });

  test("a writer that goes on where another ended leaves no gap in the counters", () => {
    const first = new Mux(streams);
    const frame = (n: number) => ({ ...picture(n), pts: n * 3_000, dts: n * 3_000 });
    const begin = Buffer.concat([0, 1, 2].map((n) => first.write(frame(n))));
    const second = new Mux(streams, first.state());
    const end = Buffer.concat([3, 4, 5].map((n) => second.write(frame(n))));
    const { units, demux } = read(Buffer.concat([begin, end]));
    expect(units).toHaveLength(6);
    expect(demux.continuityErrors).toBe(0);
  });

  test("other streams get a new version of the map, the same ones do not", () => {
    const mux = new Mux(streams);
    const frame = (n: number) => ({ ...picture(n), pts: n * 3_000, dts: n * 3_000 });
    const before = mux.write(frame(0));
    mux.setStreams(streams.map((stream) => ({ ...stream })));
    const same = mux.write(frame(1));
    mux.setStreams(streams.slice(0, 1));
    const other = mux.write(frame(2));
    expect(read(Buffer.concat([before, same])).maps).toHaveLength(1);
    expect(read(Buffer.concat([before, same, other])).maps).toHaveLength(2);
  });
});

describe("damage is told", () => {
  const frames = Array.from({ length: 30 }, (_, n) => ({
    ...picture(n, 2_000),
    pts: n * 3_000,
    dts: n * 3_000,
  }));
  const packetsOf = () => {
    const mux = new Mux(streams);
    const bytes = Buffer.concat(frames.map((frame) => mux.write(frame)));
    return Array.from({ length: bytes.length / 188 }, (_, n) =>
      Buffer.from(bytes.subarray(n * 188, n * 188 + 188)),
    );
  };
  const tables = (packet: Buffer) =>
    packet[1]! % 32 === 0 ? packet[2] === 0 : packet[1]! % 32 === 16;

  test("each lost packet of a picture, wherever it was, marks a picture or the gap before one", () => {
    const { length } = packetsOf();
    for (let lost = 3; lost < length - 11; lost++) {
      const packets = packetsOf();
      if (tables(packets[lost]!)) continue;
      packets.splice(lost, 1);
      const { units, demux } = read(Buffer.concat(packets));
      expect(demux.continuityErrors).toBe(1);
      expect(
        units.some((unit) => unit.damaged || unit.gapBefore),
        `packet ${lost}`,
      ).toBe(true);
      const sound = units.filter((unit) => !unit.damaged);
      for (const { payload } of sound)
        expect(frames.some((frame) => frame.payload.equals(payload))).toBe(true);
    }
  });

  test("a packet that came twice is no damage", () => {
    const packets = packetsOf();
    packets.splice(10, 0, packets[9]!);
    const { units, demux } = read(Buffer.concat(packets));
    expect(demux.continuityErrors).toBe(0);
    expect(units.map(({ payload }) => numberOf(payload))).toEqual(frames.map((_, n) => n));
  });

  test("bytes in between are skipped, the packets behind them are read", () => {
    const packets = packetsOf();
    const rubbish = Buffer.alloc(501, 0x47);
    packets.splice(20, 0, rubbish);
    const { units, demux } = read(Buffer.concat(packets));
    expect(demux.syncLosses).toBeGreaterThan(0);
    expect(units.length).toBeGreaterThanOrEqual(frames.length - 2);
  });

  test("no bytes at all make it fail", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.nat(), fc.nat(), (noise, at, length) => {
        const bytes = Buffer.concat(packetsOf());
        const from = at % bytes.length;
        const hurt = Buffer.concat([
          bytes.subarray(0, from),
          noise,
          bytes.subarray(from + (length % 3_000)),
        ]);
        expect(read(hurt, 1_316).units.length).toBeLessThanOrEqual(frames.length);
      }),
      { numRuns: 150 },
    );
  });
});

test("33 bits are unrolled to the nearest time, forwards and backwards", () => {
  expect(unroll(5, undefined)).toBe(5);
  expect(unroll(10, wrapTicks - 10)).toBe(wrapTicks + 10);
  expect(unroll(wrapTicks - 10, wrapTicks + 10)).toBe(wrapTicks - 10);
  expect(unroll(10, 3 * wrapTicks - 5)).toBe(3 * wrapTicks + 10);
});

test("the CRC is that of MPEG-2: of the digits 1 to 9 it is 0376e6e7", () => {
  expect(crc32(Buffer.from("123456789")).toString(16)).toBe("376e6e7");
});

describe("H.264", () => {
  test("an IDR picture is a keyframe, others are not", () => {
    expect(inspectAccessUnit(picture(0).payload)).toEqual({
      key: true,
      intra: false,
      broken: false,
    });
    expect(inspectAccessUnit(picture(1).payload)).toEqual({
      key: false,
      intra: false,
      broken: false,
    });
  });

  test("a set forbidden bit, an unknown unit, and no slice at all are damage", () => {
    const unit = (...bytes: number[]) => Buffer.from([0, 0, 1, ...bytes]);
    const good = unit(0x65, 0x88, 0x84);
    expect(inspectAccessUnit(good).broken).toBe(false);
    expect(inspectAccessUnit(Buffer.concat([good, unit(0x80)])).broken).toBe(true);
    expect(inspectAccessUnit(Buffer.concat([good, unit(0x1f)])).broken).toBe(true);
    expect(inspectAccessUnit(unit(0x09, 0xf0)).broken).toBe(true);
  });
});

describe("AAC", () => {
  const unit = (payload: Buffer, damaged = false): PesUnit => {
    return { pts: 0, dts: 0, payload, damaged, gapBefore: false };
  };
  const cutAll = (units: { payload: Buffer; pts: number }[]) => {
    const cutter = new AdtsCutter();
    const frames: { pts: number; bytes: number; damaged: boolean }[] = [];
    for (const { payload, pts } of units)
      cutter.cut(unit(payload), pts, (frame) =>
        frames.push({ pts: frame.pts, bytes: frame.payload.length, damaged: frame.damaged }),
      );
    return frames;
  };

  test("several frames of a packet are 1024 samples apart", () => {
    const payload = Buffer.concat([adtsFrame(100), adtsFrame(60), adtsFrame(80)]);
    expect(cutAll([{ payload, pts: 9_000 }])).toEqual([
      { pts: 9_000, bytes: 100, damaged: false },
      { pts: 10_920, bytes: 60, damaged: false },
      { pts: 12_840, bytes: 80, damaged: false },
    ]);
  });

  test("a frame that spans two packets keeps the time of where it began", () => {
    const all = Buffer.concat([adtsFrame(100), adtsFrame(60), adtsFrame(80)]);
    for (let cut = 101; cut < 160; cut++) {
      const parts = [
        { payload: all.subarray(0, cut), pts: 9_000 },
        { payload: all.subarray(cut), pts: 12_840 },
      ];
      expect(cutAll(parts).map(({ pts }) => pts)).toEqual([9_000, 10_920, 12_840]);
    }
  });
});
