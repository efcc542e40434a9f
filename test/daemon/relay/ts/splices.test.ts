import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameReader } from "../../../../daemon/relay/frame-reader.ts";
import { type Frame, h264StreamType, spliceTrack } from "../../../../daemon/relay/frame.ts";
import { Demux } from "../../../../daemon/relay/ts/demux.ts";
import { Mux } from "../../../../daemon/relay/ts/mux.ts";
import { sectionPackets } from "../../../../daemon/relay/ts/sections.ts";
import { readPmt } from "../../../../daemon/relay/ts/tables.ts";
import { numberOf, picture } from "../pictures.ts";

const streams = [{ streamType: h264StreamType, descriptors: Buffer.alloc(0) }];
/** Whatever stands in it, with a length that is true. */
const someSection = fc.uint8Array({ minLength: 14, maxLength: 4_090 }).map((body) => {
  const section = Buffer.from([0xfc, 0x30 | (body.length >> 8), body.length & 0xff, ...body]);
  return section;
});
const pictureAt = (n: number, bytes?: number) => {
  const dts = 900_000 + n * 3_600;
  return { ...picture(n, bytes), pts: dts, dts };
};
const spliceAt = (n: number, payload: Buffer) => {
  const dts = 900_000 + n * 3_600 + 1;
  return { track: spliceTrack, key: false, pts: dts, dts, payload };
};

function read(bytes: Buffer, chunkBytes: number) {
  const frames: Frame[] = [];
  const reader = new FrameReader((frame) => frames.push(frame), true);
  for (let at = 0; at < bytes.length; at += chunkBytes)
    reader.feed(Buffer.from(bytes.subarray(at, at + chunkBytes)), 0);
  return { frames, reader };
}

test("sections of any length stand behind the picture that they were put behind", () => {
  const runs = fc.tuple(
    fc.array(someSection, { minLength: 1, maxLength: 6 }),
    fc.integer({ min: 100, max: 5_000 }),
    fc.boolean(),
  );
  fc.assert(
    fc.property(runs, ([sections, chunkBytes, isLarge]) => {
      const mux = new Mux(streams);
      const written = sections.flatMap((section, n) => [
        // The length of a large one is not told: it ends where the next begins.
        pictureAt(n, isLarge ? 70_000 : 200),
        spliceAt(n, section),
      ]);
      const end = [pictureAt(sections.length), pictureAt(sections.length + 1)];
      const bytes = Buffer.concat([...written, ...end].map((frame) => mux.write(frame)));
      const { frames, reader } = read(bytes, chunkBytes);
      const told = (frame: Pick<Frame, "track" | "payload">) =>
        frame.track === 0 ? numberOf(frame.payload) : frame.payload.toString("hex");
      const expected = [...written, end[0]!].map(told);
      expect(frames.map(told).slice(0, expected.length)).toEqual(expected);
      expect(reader.damage).toBe(0);
      expect(reader.streams).toMatchObject([{ streamType: h264StreamType, splices: true }]);
    }),
    { numRuns: 40 },
  );
});

test("the map tells of it with the first picture, once there is to be some, and registers it", () => {
  const maps: Buffer[] = [];
  const mux = new Mux(streams);
  const spliced = [{ ...streams[0]!, splices: true as const }];
  const bytes = [0, 1, 2].map((n) => {
    if (n === 1) mux.setStreams(spliced);
    return mux.write(pictureAt(n));
  });
  for (const one of bytes)
    for (let at = 0; at < one.length; at += 188)
      if (one.readUInt16BE(at + 1) === 0x5000)
        maps.push(one.subarray(at + 5, at + 8 + (one.readUInt16BE(at + 6) & 0xfff)));
  expect(maps.map((map) => readPmt(map)!.map(({ streamType }) => streamType))).toEqual([
    [0x1b],
    [0x1b, 0x86],
  ]);
  expect(readPmt(maps[1]!)![1]!.descriptors.toString("latin1")).toBe("\x05\x04CUEI");
  // Another process goes on with it, and counts on.
  const next = new Mux(streams, mux.state());
  expect(next.state()).toEqual(mux.state());
  mux.write(spliceAt(3, Buffer.alloc(20)));
  expect(mux.state().splices).toBe(0);
});

test("a section of which a packet is missing is not told, the next one is", () => {
  const section = (fill: number) =>
    Buffer.concat([Buffer.from([0xfc, 0x31, 0x90]), Buffer.alloc(400, fill)]);
  let continuity = 0;
  const next = () => continuity++ & 15;
  const all = [1, 2, 3].map((fill) => sectionPackets(section(fill), { pid: 0x11f, next }));
  const told: number[] = [];
  const demux = new Demux({
    streams: () => undefined,
    unit: () => undefined,
    splice: (one) => told.push(one[10]!),
  });
  const tables = new Mux([{ ...streams[0]!, splices: true }]).write(pictureAt(0)).subarray(0, 376);
  demux.feed(Buffer.from(tables));
  // Its map has a picture: what comes is told when one begins.
  // A packet may be sent twice.
  const twice = [0, 188, 376].flatMap(
    (at) => Array(2).fill(all[2]!.subarray(at, at + 188)) as Buffer[],
  );
  const damaged = Buffer.concat([
    all[0]!,
    all[1]!.subarray(0, 188),
    all[1]!.subarray(376),
    ...twice,
  ]);
  demux.feed(damaged);
  expect(told).toEqual([]);
  demux.feed(new Mux(streams).write(pictureAt(1)));
  expect(told).toEqual([1, 3]);
});
