import { describe, expect, test } from "vitest";
import { spliceTrack } from "../../../daemon/relay/frame.ts";
import { SpliceLine } from "../../../daemon/relay/splice-line.ts";
import { wrapped } from "../../../daemon/relay/ts/clock-33.ts";
import { sectionPackets } from "../../../daemon/relay/ts/sections.ts";
import { writePat, writePmt } from "../../../daemon/relay/ts/tables.ts";
import { spliceIn, spliceStreamType } from "../../../machines/stream/scte35.ts";
import { spliceInsert, withChecksum } from "../../fakes/splices.ts";
import { aRelay, gopPictures, pictureMs } from "./a-relay.ts";

const pictureTicks = pictureMs * 90;
/** A splice line, as an ingest fills it whose first picture has this time. */
function aLine(first = 900_000) {
  const line = new SpliceLine();
  let count = 0;
  const next = () => count++ & 15;
  const row = { streamType: spliceStreamType, pid: 0x100, descriptors: Buffer.alloc(0) };
  const tell = (atMs: number, isThere = true) => {
    const pmt = sectionPackets(writePmt(0x100, 0, isThere ? [row] : []), { pid: 0x1000, next });
    const pat = sectionPackets(writePat(0x1000), { pid: 0, next: () => 0 });
    line.feed(Buffer.concat([pat, pmt]), atMs);
  };
  tell(50_000);
  count = 0;
  return {
    line,
    tell,
    timeOf: (n: number) => wrapped(first + n * pictureTicks),
    /** The section stands behind picture `n`. */
    feed: (section: Uint8Array, n: number, atMs: number): void => {
      const clock = first + n * pictureTicks;
      line.feed(sectionPackets(section, { pid: 0x100, next, clock }), atMs);
    },
  };
}
const both = { a: { lagMs: 80 }, b: { lagMs: 95 } };

/** What went out: behind which picture each splice stood, and which it is meant for. */
function splicesOf({ sent }: ReturnType<typeof aRelay>) {
  const pictures = sent.filter(({ track }) => track === 0);
  return sent.flatMap((frame, at) => {
    if (frame.track !== spliceTrack) return [];
    const { eventId, pts } = spliceIn(frame.payload);
    const behind = sent.slice(0, at).findLast(({ track }) => track === 0)?.number;
    const meant = pictures.find((one) => wrapped(one.pts) === pts)?.number;
    return [{ event: eventId, behind, meant }];
  });
}

describe("splice information beside two encoders of its source", () => {
  for (const [name, first] of [
    ["", 900_000],
    [", over the wrap of 33 bits", 2 ** 33 - 60 * pictureTicks],
  ] as const)
    test(`it stands behind its picture, is meant for the same, and repeats are repeats${name}`, () => {
      const { line, feed, timeOf } = aLine(first);
      const offset = () => first - 900_000;
      const relay = aRelay({
        splices: line,
        encoders: { a: { lagMs: 80, offset }, b: { lagMs: 95, offset } },
      });
      const section = spliceInsert({ event: 7, pts: timeOf(90) });
      for (let n = 0; n < 120; n += gopPictures) {
        if (n === 36 || n === 60) feed(section, n + 3, relay.now());
        relay.show(n, n + gopPictures);
      }
      relay.show(120, 150, 2_000);
      expect(splicesOf(relay)).toEqual([
        { event: 7, behind: 39, meant: 90 },
        { event: 7, behind: 63, meant: 90 },
      ]);
      expect(line.report(relay.now()).last).toMatchObject({ number: 1, eventId: 7, leadMs: 2_040 });
    });

  test("the carrier dies between a splice and its picture: the other's is the same", () => {
    const { line, feed, timeOf } = aLine();
    const lacks = (n: number) => n >= 50;
    const relay = aRelay({
      splices: line,
      encoders: { a: { lagMs: 80, lacks }, b: { lagMs: 95 } },
    });
    relay.show(0, 36);
    feed(spliceInsert({ event: 1, pts: timeOf(72) }), 37, relay.now());
    relay.show(36, 60);
    feed(spliceInsert({ event: 2, pts: timeOf(84) }), 61, relay.now());
    relay.show(60, 120, 2_000);
    expect(splicesOf(relay)).toEqual([
      { event: 1, behind: 37, meant: 72 },
      { event: 2, behind: 61, meant: 84 },
    ]);
  });

  test("a wrong checksum goes to nobody and is counted; what is encrypted only has its times moved", () => {
    const { line, feed, timeOf } = aLine();
    const relay = aRelay({ splices: line, encoders: both });
    const wrong = spliceInsert({ event: 1, pts: timeOf(90) });
    wrong[20]! ^= 1;
    const encrypted = spliceInsert({ event: 2, pts: timeOf(90) });
    encrypted[4] = 0x80;
    withChecksum(encrypted);
    relay.show(0, 24);
    feed(wrong, 26, relay.now());
    feed(encrypted, 27, relay.now());
    relay.show(24, 60, 2_000);
    const went = relay.sent.filter(({ track }) => track === spliceTrack);
    expect(went).toHaveLength(1);
    expect(spliceIn(went[0]!.payload).command).toBe("encrypted");
    expect(went[0]!.payload.subarray(9, -4)).toEqual(encrypted.subarray(9, -4));
    expect(line.report(0).damaged).toBe(1);
  });

  test("it is not sent again by one that goes on, and what came long before the first picture not at all", () => {
    const { line, feed, timeOf } = aLine();
    feed(spliceInsert({ event: 1, pts: timeOf(0) }), -400, 49_000);
    const relay = aRelay({ splices: line, encoders: both });
    relay.show(0, 24);
    const section = spliceInsert({ event: 2, pts: timeOf(90) });
    feed(section, 26, relay.now());
    relay.show(24, 60);
    feed(section, 26, relay.now());
    relay.show(60, 120, 2_000);
    expect(splicesOf(relay)).toEqual([{ event: 2, behind: 26, meant: 90 }]);
    expect(line.report(0).missed).toBe(1);
  });

  test("whether the source has any is known for as long as it is told", () => {
    const { line, tell } = aLine();
    expect(line.isThere(50_500)).toBe(true);
    expect(line.isThere(54_000)).toBe(null);
    tell(54_000, false);
    expect(line.isThere(54_000)).toBe(false);
  });
});
