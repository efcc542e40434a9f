import { describe, expect, test } from "vitest";
import { compareAtOnce } from "../../../daemon/content/comparing.ts";
import type { View } from "../../../daemon/content/view.ts";
import { compare } from "../../../machines/content/compare.ts";
import { pictures } from "./programmes.ts";

const threeSeconds = { leastMs: -3_000, mostMs: 3_000 };
const late = { kbps: 2_500, seconds: 18, lateMs: 1_200, keyframesEvery: 30 };
const burst = { kbps: 200, fromSeconds: 3, seconds: 12 };

describe("pictures that went through two encoders of their own", () => {
  for (const programme of ["fractal", "bars", "life"] as const) {
    test(`${programme}: at 2.5 and 0.2 Mbit/s and 1.2 s apart it is the same programme`, () => {
      const answer = compare(pictures(programme, late), pictures(programme, burst), threeSeconds);
      expect(answer).toMatchObject({ word: "same" });
      expect(answer.because).toContain("1.2 s apart");
    });

    test(`${programme}: what is shown half a minute later is not taken for the same`, () => {
      const later = pictures(programme, { ...burst, fromSeconds: 33, lateMs: -30_000 });
      expect(compare(pictures(programme, late), later, threeSeconds).word).not.toBe("same");
    });
  }

  test("keyframes alone tell a slow programme, however far apart the two encoders set them", () => {
    const other = pictures("fractal", { kbps: 200, seconds: 18, keyframesEvery: 23 });
    expect(compare(pictures("fractal", late), other, threeSeconds).word).toBe("same");
  });

  test("at the moment of a move, what was seen in the last minute is enough, and nobody waits", () => {
    const view = (of: ReturnType<typeof pictures>) => ({
      view: { pictures: () => of } as unknown as View,
      delayAtMostMs: 3_000,
    });
    const other = pictures("fractal", { kbps: 200, seconds: 18, keyframesEvery: 23 });
    const mine = pictures("fractal", late);
    const before = performance.now();
    expect(compareAtOnce(view(mine), view(other)).word).toBe("same");
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  test("two programmes are different, whichever is asked first", () => {
    const fractal = pictures("fractal", late);
    for (const other of ["bars", "life"] as const) {
      expect(compare(fractal, pictures(other, burst), threeSeconds).word).toBe("different");
      expect(compare(pictures(other, burst), fractal, threeSeconds).word).toBe("different");
    }
  });

  test("of black and of standing pictures nobody can tell", () => {
    for (const nothing of ["black", "slide"] as const) {
      const mine = pictures(nothing, late);
      expect(compare(mine, pictures(nothing, burst), threeSeconds).word).toBe("cannotTell");
      expect(compare(mine, pictures("bars", burst), threeSeconds).word).toBe("cannotTell");
      expect(compare(pictures("bars", burst), mine, threeSeconds).word).toBe("cannotTell");
    }
  });

  test("pictures that do not overlap in time are never called different", () => {
    const other = pictures("bars", { ...burst, lateMs: 60_000 });
    expect(compare(pictures("fractal", late), other, threeSeconds).word).toBe("cannotTell");
    const wide = { leastMs: -3_000, mostMs: 30_000 };
    const answer = compare(pictures("fractal", late), pictures("bars", burst), wide);
    expect(answer.word).toBe("cannotTell");
  });
});
