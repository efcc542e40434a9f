import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aRelay, gopPictures, pictureMs, steps } from "./a-relay.ts";

const gopMs = gopPictures * pictureMs;
const after = (n: number) => (m: number) => m >= n;

/** Nothing is lost, nothing comes twice, time goes on. */
function expectUnbroken(relay: ReturnType<typeof aRelay>, atLeast: number): void {
  expect(steps(relay.numbers())).toEqual([]);
  expect(relay.numbers().length).toBeGreaterThanOrEqual(atLeast);
  expect(steps(relay.sounds())).toEqual([]);
  for (const track of [0, 1]) {
    const dts = relay.sent.filter((frame) => frame.track === track).map((frame) => frame.dts);
    expect(dts.every((time, n) => n === 0 || time > dts[n - 1]!)).toBe(true);
  }
}

/** The last GOP, cut by the end, waits for the rest of it. */
const longestPauseMs = (relay: ReturnType<typeof aRelay>) => {
  const times = relay.sent
    .filter(({ track, number }) => track === 0 && number < 96)
    .map(({ atMs }) => atMs);
  return Math.max(...times.slice(1).map((at, n) => at - times[n]!));
};

describe("two encoders on their source's clock, whole GOPs", () => {
  test("the preferred one is sent unchanged, at the pace of the source, a GOP later", () => {
    const relay = aRelay({ encoders: { a: { lagMs: 30 }, b: { lagMs: 45 } } });
    relay.show(0, 100, 2_000);
    expectUnbroken(relay, 96);
    expect(relay.reasons).toEqual(["a: start", "nobody: noInput"]);
    expect(longestPauseMs(relay)).toBeLessThanOrEqual(pictureMs + 5);
    const [first] = relay.sent;
    expect(first!.pts).toBe(900_000);
    expect(first!.atMs - 50_000).toBeLessThanOrEqual(gopMs + 30 + 60 + 5);
  });

  test("the carrier dies at any picture: nothing is lost, nothing doubled, no pause", () => {
    for (let death = 2 * gopPictures; death < 3 * gopPictures + 1; death++) {
      const relay = aRelay({
        encoders: { a: { lagMs: 30, lacks: after(death) }, b: { lagMs: 45 } },
      });
      relay.show(0, 100, 2_000);
      expectUnbroken(relay, 96);
      expect(relay.reasons[1]).toMatch(/^b: (late|silent)$/);
      expect(longestPauseMs(relay)).toBeLessThanOrEqual(pictureMs + 20);
    }
  });

  test("what is damaged or lacks pictures goes out from the other, and it stays there", () => {
    for (const fault of ["damages", "lacks"] as const) {
      const relay = aRelay({
        encoders: { a: { lagMs: 30, [fault]: (n: number) => n === 40 }, b: { lagMs: 45 } },
      });
      relay.show(0, 100, 2_000);
      expectUnbroken(relay, 96);
      expect(relay.reasons).toEqual(["a: start", "b: damaged", "nobody: noInput"]);
    }
  });

  test("timestamps of the carrier alone that jump, back or ahead, are a fault of it", () => {
    for (const jump of [-90_000, -18_000, 180_000, 2 ** 33 / 2]) {
      const offset = (n: number) => (n >= 40 ? jump : 0);
      const relay = aRelay({ encoders: { a: { lagMs: 30, offset }, b: { lagMs: 45 } } });
      relay.show(0, 100, 2_000);
      expectUnbroken(relay, 96);
      expect(relay.reasons[1]).toMatch(/^b: (timestamps|late)$/);
    }
  });

  test("an encoder that comes back and catches up at first has not jumped", () => {
    const lacks = (n: number) => n >= 40 && n < 60;
    // From here on it is less late than it was, by more than encoders of one kind differ.
    const jitterMs = (n: number) => (n < 62 ? 400 : 0);
    const relay = aRelay({ encoders: { a: { lagMs: 30, lacks, jitterMs }, b: { lagMs: 45 } } });
    relay.show(0, 90);
    relay.order({ generation: 2, preferred: "a" });
    relay.show(90, 150, 2_000);
    expectUnbroken(relay, 140);
    expect(relay.playout.carrier ?? relay.reasons.join()).toContain("a: preferred");
  });

  test("when the source's clock jumps, all of it goes out, with times that go on", () => {
    for (const jump of [-900_000, 90_000 * 3_600, -45_000]) {
      const offset = (n: number) => (n >= 40 ? jump : 0);
      const relay = aRelay({
        encoders: { a: { lagMs: 30, offset }, b: { lagMs: 45, offset } },
      });
      relay.show(0, 160, 3_000);
      const lost = steps(relay.numbers());
      // The GOP that the jump cuts is sent up to it; the pictures up to the next keyframe are lost.
      expect(lost).toEqual(["39 → 48"]);
      const dts = relay.sent.filter(({ track }) => track === 0).map((frame) => frame.dts);
      expect(dts.every((time, n) => n === 0 || time > dts[n - 1]!)).toBe(true);
      expect(relay.numbers().at(-1)).toBeGreaterThanOrEqual(155);
    }
  });

  test("over the wrap of 33 bits, also where only one was seen before it", () => {
    const offset = () => 2 ** 33;
    const relay = aRelay({
      encoders: { a: { lagMs: 30, lacks: after(40) }, b: { lagMs: 45, offset } },
    });
    relay.show(0, 100, 2_000);
    expectUnbroken(relay, 96);
  });

  test("both have lost a picture: the rest goes out, and the hole is told", () => {
    const damages = (n: number) => n === 40;
    const relay = aRelay({ encoders: { a: { lagMs: 30, damages }, b: { lagMs: 45, damages } } });
    relay.show(0, 100, 2_000);
    expect(steps(relay.numbers())).toEqual(["39 → 41"]);
  });

  test("nobody brings anything: that is said, and the first who does carries", () => {
    const lacks = (n: number) => n >= 48 && n < 96;
    const relay = aRelay({ encoders: { a: { lagMs: 30, lacks }, b: { lagMs: 45, lacks } } });
    relay.show(0, 150, 2_000);
    expect(steps(relay.numbers())).toEqual(["47 → 96"]);
    expect(relay.reasons).toEqual(["a: start", "nobody: noInput", "a: start", "nobody: noInput"]);
    expect(relay.playout.missingMs).toBeCloseTo(48 * pictureMs, -1);
  });
});

describe("orders", () => {
  test("another is asked for: it takes over between two GOPs", () => {
    const relay = aRelay({ encoders: { a: { lagMs: 30 }, b: { lagMs: 45 } } });
    relay.show(0, 50);
    expect(relay.order({ generation: 2, preferred: "b" })).toBeUndefined();
    relay.show(50, 120, 2_000);
    expectUnbroken(relay, 100);
    expect(relay.reasons.slice(0, 2)).toEqual(["a: start", "b: preferred"]);
  });

  test("older orders and inputs that do not exist are refused, and change nothing", () => {
    const relay = aRelay({ encoders: { a: { lagMs: 30 }, b: { lagMs: 45 } } });
    expect(relay.order({ generation: 0, preferred: "b" })).toBe("older");
    expect(relay.order({ generation: 2, preferred: "c" })).toBe("unknownInput");
    relay.show(0, 100, 1_000);
    expect(relay.reasons[0]).toBe("a: start");
    expect(relay.playout.orders.generation).toBe(1);
  });

  test("who may not carry any more is left at the next GOP", () => {
    const relay = aRelay({ encoders: { a: { lagMs: 30 }, b: { lagMs: 45 } } });
    relay.show(0, 50);
    relay.order({ generation: 2, eligible: ["b"] });
    relay.show(50, 120, 2_000);
    expectUnbroken(relay, 100);
    expect(relay.reasons[1]).toBe("b: notEligible");
  });

  test("a loss of the preferred is no reason to come back to it", () => {
    const lacks = (n: number) => n >= 40 && n < 70;
    const relay = aRelay({ encoders: { a: { lagMs: 30, lacks }, b: { lagMs: 45 } } });
    relay.show(0, 200, 2_000);
    expectUnbroken(relay, 190);
    expect(relay.playout.switches).toBe(1);
  });
});

describe("encoders with GOPs of their own, held", () => {
  const holdMs = gopMs + 300 + 100;
  test("the carrier dies at any picture: nothing is lost, nothing doubled", () => {
    for (let death = 40; death < 40 + gopPictures; death++) {
      const relay = aRelay({
        mode: { kind: "delay-line", holdMs },
        encoders: { a: { lagMs: 30, lacks: after(death) }, b: { lagMs: 30, phase: 5 } },
      });
      relay.show(0, 130, 2_000);
      expectUnbroken(relay, 120);
      expect(relay.reasons[1]).toBe("b: silent");
    }
  });

  test("their clocks begin where they like", () => {
    const relay = aRelay({
      mode: { kind: "delay-line", holdMs },
      encoders: {
        a: { lagMs: 30, lacks: after(50) },
        b: { lagMs: 30, phase: 5, offset: () => 95_400 * 90_000 },
      },
    });
    relay.show(0, 130, 2_000);
    expectUnbroken(relay, 120);
  });

  test("without a hold the output is at once, and the hole at most a GOP and the watchdog", () => {
    const relay = aRelay({
      mode: { kind: "delay-line", holdMs: 0 },
      encoders: { a: { lagMs: 30, lacks: after(50) }, b: { lagMs: 30, phase: 5 } },
    });
    relay.show(0, 130, 2_000);
    expect(relay.sent.find(({ number }) => number === 20)!.atMs).toBeLessThanOrEqual(
      50_000 + 20 * pictureMs + 30 + 5,
    );
    const [hole] = steps(relay.numbers());
    expect(steps(relay.numbers())).toHaveLength(1);
    const [from, to] = hole!.split(" → ").map(Number);
    expect((to! - from!) * pictureMs).toBeLessThanOrEqual(gopMs + 300 + pictureMs);
  });
});

test("any losses, damage, jumps and delays: what one encoder has in whole GOPs is sent once", () => {
  const fault = fc.record({
    of: fc.constantFrom("a", "b"),
    kind: fc.constantFrom("dead", "damaged", "late", "jump"),
    gops: fc.integer({ min: 1, max: 3 }),
    at: fc.integer({ min: 0, max: gopPictures * 3 - 1 }),
    lateMs: fc.integer({ min: 1, max: 700 }),
    by: fc.constantFrom(-900_000, -9_000, 135_000, 9_000_000),
  });
  fc.assert(
    fc.property(fc.array(fault, { maxLength: 5 }), fc.nat(100), fc.nat(100), (faults, a, b) => {
      // Each fault has six GOPs of its own, so that one encoder is always whole.
      const places = faults.map((f, n) => {
        const from = (3 + n * 8) * gopPictures + f.at;
        return { ...f, from, to: from + f.gops * gopPictures };
      });
      const hit = (of: string, kind: string, n: number) =>
        places.find((f) => f.of === of && f.kind === kind && n >= f.from && n < f.to);
      const encoder = (id: string, lagMs: number) => ({
        lagMs,
        lacks: (n: number) => hit(id, "dead", n) !== undefined,
        damages: (n: number) => hit(id, "damaged", n) !== undefined,
        jitterMs: (n: number) => hit(id, "late", n)?.lateMs ?? 0,
        offset: (n: number) => hit(id, "jump", n)?.by ?? 0,
      });
      const relay = aRelay({ encoders: { a: encoder("a", a), b: encoder("b", b) } });
      const pictures = (6 + faults.length * 8) * gopPictures;
      relay.show(0, pictures, 3_000);
      expectUnbroken(relay, pictures - gopPictures - 1);
      expect(Math.max(...relay.lines.map((line) => line.store.gops.length))).toBeLessThan(12);
    }),
    { numRuns: 150 },
  );
});
