import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { adtsStreamType, h264StreamType } from "../../../daemon/relay/frame.ts";
import { Slate } from "../../../daemon/relay/slate.ts";
import { Mux } from "../../../daemon/relay/ts/mux.ts";
import { aRelay, gopPictures, pictureMs, steps } from "./a-relay.ts";
import { adtsFrame, picture } from "./pictures.ts";

const firstOfSlate = 1_000_000;
const loop = 2 * gopPictures;

/** Two GOPs of pictures with numbers that no encoder has. */
function aSlate(): Slate {
  const folder = mkdtempSync(join(tmpdir(), "understudy-slate-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const mux = new Mux(
    [h264StreamType, adtsStreamType].map((streamType) => {
      return { streamType, descriptors: Buffer.alloc(0) };
    }),
  );
  const frames = Array.from({ length: loop + 2 }, (_, n) => {
    const times = { pts: n * pictureMs * 90, dts: n * pictureMs * 90 };
    const { key } = picture(n);
    // The same shape; a number that is a multiple of the GOP would be a keyframe.
    const { payload } = picture(n, 60);
    payload.set(
      [21, 14, 7, 0].map((shift) => 0x80 | (((firstOfSlate + n) >> shift) & 0x7f)),
      12,
    );
    return { track: 0, key, payload, ...times };
  });
  const sounds = Array.from({ length: 40 }, (_, n) => {
    return { track: 1, key: false, payload: adtsFrame(20), pts: n * 1_920, dts: n * 1_920 };
  });
  const path = join(folder, "slate.ts");
  writeFileSync(path, Buffer.concat([...frames, ...sounds].map((frame) => mux.write(frame))));
  return new Slate(path);
}

const isOfSlate = (number: number) => number >= firstOfSlate;
const after = (from: number, to: number) => (n: number) => n >= from && n < to;

/** Pictures and sound follow each other at their own pace, whoever they are from. */
function expectNoHole({ sent }: ReturnType<typeof aRelay>): void {
  for (const [track, apart] of [
    [0, pictureMs * 90],
    [1, 1_920],
  ] as const) {
    const dts = sent.filter((frame) => frame.track === track).map((frame) => frame.dts);
    const wrong = dts.slice(1).map((time, n) => time - dts[n]!);
    expect(wrong.filter((step) => Math.abs(step - apart) > apart)).toEqual([]);
  }
}

describe("nobody delivers, and there is a slate", () => {
  for (const [name, offset, mode] of [
    ["whole GOPs, the same clock", 0, { kind: "gop-atomic", marginMs: 60 }],
    ["whole GOPs, another clock", 9_000_000, { kind: "gop-atomic", marginMs: 60 }],
    ["held, another clock", -450_000, { kind: "delay-line", marginMs: 120 }],
  ] as const) {
    test(`${name}: it comes after the last picture, and goes at a keyframe`, () => {
      const lacks = after(50, 110);
      const encoder = (lagMs: number) => ({
        ...{ lagMs, lacks, offset: (n: number) => (n >= 110 ? offset : 0) },
      });
      const relay = aRelay({ mode, slate: aSlate(), encoders: { a: encoder(30), b: encoder(45) } });
      relay.show(0, 200, 500);
      const numbers = relay.numbers();
      const begin = numbers.findIndex(isOfSlate);
      const end = numbers.findLastIndex((number, n) => isOfSlate(number) && n < begin + 100) + 1;
      // All that was there goes out before it.
      expect(numbers.slice(0, begin).at(-1)).toBe(49);
      expect(steps(numbers.slice(0, begin))).toEqual([]);
      const shown = numbers.slice(begin, end);
      expect(shown).toEqual(shown.map((_, n) => firstOfSlate + (n % loop)));
      const back = numbers.slice(end).filter((number) => !isOfSlate(number));
      expect(steps(back)).toEqual([]);
      expect([back[0]! % gopPictures, back[0]! <= 120]).toEqual([0, true]);
      expectNoHole(relay);
      const said = ["a: start", "nobody: noInput", "slate: noInput", "a: start"];
      expect(relay.reasons.slice(0, 4)).toEqual(said);
      const [last, first] = [49, firstOfSlate].map(
        (number) => relay.sent.find((it) => it.track === 0 && it.number === number)!.atMs,
      );
      expect(first! - last!).toBeLessThanOrEqual(gopPictures * pictureMs);
    });
  }

  test("nobody came for 5 s: it is on until the first does", () => {
    const encoder = { lagMs: 30, lacks: after(0, 180) };
    const relay = aRelay({ slate: aSlate(), encoders: { a: encoder } });
    relay.show(0, 240, 320);
    const numbers = relay.numbers();
    expect(numbers[0]).toBe(firstOfSlate);
    expect(numbers.filter((number) => !isOfSlate(number)).slice(0, 40)).toEqual(
      Array.from({ length: 40 }, (_, n) => 180 + n),
    );
    expectNoHole(relay);
  });

  test("an encoder that brings no keyframe for long is nobody", () => {
    const relay = aRelay({
      slate: aSlate(),
      encoders: { a: { lagMs: 30, damages: after(48, 84) } },
    });
    relay.show(0, 150, 200);
    expect(relay.numbers().some(isOfSlate)).toBe(true);
    expect(steps(relay.numbers().filter((number) => !isOfSlate(number)))).toEqual(["47 → 84"]);
    expectNoHole(relay);
  });
});
