import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { delayMs } from "../../../machines/stream/relay/media-clock.ts";
import { aRelay, type Encoder, gopPictures, pictureMs, steps } from "./a-relay.ts";

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

  test("who was gone for long makes the output no later when it is back", () => {
    const relay = aRelay({
      encoders: { a: { lagMs: 30, lacks: (n) => n >= 60 && n < 200 }, b: { lagMs: 45 } },
    });
    relay.show(0, 400, 2_000);
    expectUnbroken(relay, 380);
    const lateMs = relay.sent
      .filter(({ track }) => track === 0)
      .map(({ atMs, number }) => atMs - number * pictureMs);
    const [early, last] = [lateMs[20]!, Math.max(...lateMs)];
    expect(last - early).toBeLessThanOrEqual(pictureMs);
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

describe("how long it takes, by the times of the source", () => {
  /** Picture 0 has 10 s and is shown at 50 s. */
  const shown = { aheadMs: 40_000, fromMs: 0 };
  const needs = (relay: ReturnType<typeof aRelay>) => {
    const source = { ...shown, untilMs: relay.now() };
    const { sent } = relay.playout;
    const late = relay.sent
      .filter(({ track, atMs }) => track === 0 && sent && atMs >= sent.fromMs)
      .map(({ atMs, number }) => atMs - 50_000 - number * pictureMs);
    return {
      /** From when the source showed them, by their numbers. */
      trulyMs: late.reduce((sum, ms) => sum + ms, 0) / late.length,
      encoders: relay.lines.map(({ passing }) => delayMs(source, passing.clock, relay.now())),
      sent: sent && { input: sent.input, ms: delayMs(source, sent, relay.now())! },
    };
  };

  test("each encoder's delay is told, and that of what goes out: a GOP more and up to the margin", () => {
    const bFrames = { lagMs: 400, bFrames: true, offset: () => 2 ** 33 };
    const relay = aRelay({ encoders: { a: { lagMs: 30 }, b: { lagMs: 250 }, c: bFrames } });
    relay.show(0, 120);
    expect(needs(relay)).toMatchObject({ encoders: [undefined, undefined, undefined], sent: null });
    relay.show(120, 300);
    const { encoders, sent, trulyMs } = needs(relay);
    // With B-frames its times are two pictures ahead, so that they come that much earlier.
    expect(encoders.map((ms) => Math.round(ms!))).toEqual([30, 250, 320]);
    expect(sent!.input).toBe("a");
    expect(Math.abs(sent!.ms - trulyMs)).toBeLessThan(5);
    expect(sent!.ms).toBeGreaterThan(30 + gopMs);
    expect(sent!.ms).toBeLessThanOrEqual(30 + gopMs + 60);
  });

  test("after a switch, a jump or a silence it is not known until it has been measured anew", () => {
    const offset = (n: number) => (n >= 300 ? 90_000 : 0);
    const relay = aRelay({
      encoders: { a: { lagMs: 30, lacks: after(500) }, b: { lagMs: 45 }, c: { lagMs: 90, offset } },
    });
    relay.show(0, 320);
    expect(needs(relay)).toMatchObject({ encoders: [30, 45, undefined], sent: { input: "a" } });
    relay.order({ generation: 2, preferred: "b" });
    relay.show(320, 400);
    expect(relay.playout.carrier).toBe("b");
    expect(needs(relay).sent).toBeNull();
    relay.show(400, 500);
    expect(needs(relay).encoders[0]).toBeCloseTo(30, 0);
    relay.show(500, 560);
    for (const line of relay.lines) if (!line.isLive(relay.now())) line.forget();
    expect(needs(relay).encoders[0]).toBeUndefined();
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

  test("with B-frames, too, nothing is lost and nothing doubled", () => {
    for (let death = 2 * gopPictures; death < 3 * gopPictures + 1; death++) {
      const relay = aRelay({
        encoders: {
          a: { lagMs: 30, bFrames: true, lacks: after(death) },
          b: { lagMs: 45, bFrames: true },
        },
      });
      relay.show(0, 108, 2_000);
      expect(steps(relay.numbers().sort((one, other) => one - other))).toEqual([]);
      expect(relay.numbers().length).toBeGreaterThanOrEqual(96);
      expect(relay.reasons[1]).toMatch(/^b: /);
    }
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
  const mode = { kind: "delay-line", marginMs: 300 } as const;
  /** As two boxes are: nothing is common to them but what they see. */
  const boxA: Encoder = { lagMs: 130, wholeMs: true, lookedForMs: 20, ppm: -50 };
  const boxB: Encoder = {
    ...{ ...boxA, phase: 5, ppm: 50, soundPhase: 700 },
    offset: () => 95_400 * 90_000,
  };

  /** Every picture once, at the far end as far apart as they were; the sound goes on without a hole. */
  function expectHeld(relay: ReturnType<typeof aRelay>, atLeast: number): void {
    expect(steps(relay.numbers())).toEqual([]);
    expect(relay.numbers().length).toBeGreaterThanOrEqual(atLeast);
    for (const [track, ticks] of [pictureMs * 90, 1_920].entries()) {
      const dts = relay.sent.filter((frame) => frame.track === track).map((frame) => frame.dts);
      const apart = dts.slice(1).map((time, n) => time - dts[n]!);
      expect(apart.filter((step) => step < ticks - 10 * 90 || step > ticks + 13 * 90)).toEqual([]);
    }
    expect(Math.max(...relay.skewsMs())).toBeLessThanOrEqual(20);
    expect(relay.playout.missingMs).toBe(0);
  }

  test("the carrier dies at any picture: nothing is lost, nothing doubled", () => {
    for (let death = 60; death < 60 + gopPictures; death++) {
      const relay = aRelay({
        mode,
        encoders: { a: { ...boxA, lacks: after(death) }, b: boxB },
      });
      relay.show(0, 150, 2_000);
      expectHeld(relay, 140);
      expect(relay.reasons[1]).toBe("b: silent");
    }
  });

  test("for five minutes on the clock of the one, then it dies", () => {
    const relay = aRelay({ mode, encoders: { a: { ...boxA, lacks: after(7_500) }, b: boxB } });
    relay.show(0, 7_600, 2_000);
    expectHeld(relay, 7_590);
  });

  test("the carrier is asked to give way and comes back, at any picture", () => {
    for (let asked = 130; asked < 130 + gopPictures; asked++) {
      const relay = aRelay({ mode, encoders: { a: boxA, b: boxB } });
      relay.show(0, asked);
      relay.order({ generation: 2, preferred: "b" });
      relay.show(asked, asked + 60);
      expect(relay.playout.carrier).toBe("b");
      relay.order({ generation: 3, preferred: "a" });
      relay.show(asked + 60, asked + 120, 2_000);
      expectHeld(relay, asked + 110);
      expect(relay.reasons.slice(0, 3)).toEqual(["a: start", "b: preferred", "a: preferred"]);
    }
  });

  test("who has only just come is not asked yet: when its pictures come at the earliest is not known", () => {
    // A box that begins has to catch up.
    const jitterMs = (n: number) => (n < 40 ? 200 : 0);
    const relay = aRelay({ mode, encoders: { a: boxA, b: { ...boxB, jitterMs } } });
    relay.show(0, 36);
    relay.order({ generation: 2, preferred: "b" });
    relay.show(36, 220, 2_000);
    expectHeld(relay, 210);
    expect(relay.reasons.slice(0, 2)).toEqual(["a: start", "b: preferred"]);
  });

  test("the carrier is stopped and sends what it still holds, earlier than ever: the same", () => {
    const jitterMs = (n: number) => (n === 149 ? -80 : n === 148 ? -40 : 0);
    const relay = aRelay({
      mode,
      encoders: { a: { ...boxA, jitterMs, lacks: after(150) }, b: boxB },
    });
    relay.show(0, 240, 2_000);
    expectHeld(relay, 230);
  });

  test("timestamps of the carrier that begin anew: the other goes on", () => {
    for (const jump of [-900_000, 90_000 * 3_600, -45_000]) {
      const offset = (n: number) => (n >= 66 ? jump : 0);
      const relay = aRelay({ mode, encoders: { a: { ...boxA, offset }, b: boxB } });
      relay.show(0, 150, 2_000);
      expectHeld(relay, 140);
    }
  });

  test("the carrier works at half speed: nothing is lost, nothing doubled", () => {
    for (let slow = 60; slow < 60 + gopPictures; slow++) {
      const jitterMs = (n: number) => Math.max(0, n - slow) * pictureMs;
      const a = { ...boxA, jitterMs, lacks: after(slow + 40) };
      const relay = aRelay({ mode, encoders: { a, b: boxB } });
      relay.show(0, 170, 2_000);
      expectHeld(relay, 160);
      expect(relay.reasons[1]).toBe("b: late");
    }
  });

  test("the carrier is damaged: nothing is lost, nothing doubled", () => {
    for (let hurt = 60; hurt < 60 + gopPictures; hurt++) {
      const damages = (n: number) => n >= hurt && n < hurt + 30;
      const relay = aRelay({ mode, encoders: { a: { ...boxA, damages }, b: boxB } });
      relay.show(0, 150, 2_000);
      expectHeld(relay, 140);
      expect(relay.reasons[1]).toBe("b: damaged");
    }
  });

  test("both are late at once, as their source is: nobody takes over", () => {
    const jitterMs = (n: number) => Math.max(0, n - 60) * (pictureMs / 4);
    const relay = aRelay({
      mode: { kind: "next-keyframe" },
      encoders: { a: { ...boxA, jitterMs }, b: { ...boxB, jitterMs } },
    });
    relay.show(0, 170, 2_000);
    expect(relay.playout.switches).toBe(0);
  });

  test("one that was gone is back with other times, and takes over again", () => {
    const offset = (n: number) => (n >= 66 ? -900_000 : 0);
    const lacks = (n: number) => n >= 66 && n < 95;
    const relay = aRelay({ mode, encoders: { a: { ...boxA, offset, lacks }, b: boxB } });
    relay.show(0, 220);
    relay.order({ generation: 2, preferred: "a" });
    relay.show(220, 300, 2_000);
    expectHeld(relay, 290);
    expect(relay.reasons.slice(0, 3)).toEqual(["a: start", "b: silent", "a: preferred"]);
  });

  test("any deaths, jumps, pauses and wishes, on either: every picture goes out once", () => {
    const gops = 6;
    const fault = fc.record({
      of: fc.constantFrom("a", "b"),
      kind: fc.constantFrom("dead", "jump", "late", "asked", "off"),
      at: fc.integer({ min: 0, max: gopPictures - 1 }),
      pictures: fc.integer({ min: 1, max: 2 * gopPictures }),
      by: fc.constantFrom(-900_000, -135_000, 225_000, 9_000_000),
    });
    fc.assert(
      fc.property(fc.array(fault, { maxLength: 5 }), fc.nat(gopPictures - 1), (faults, phase) => {
        const places = faults.map((f, n) => {
          const from = (5 + n * gops) * gopPictures + f.at;
          return { ...f, from, to: from + f.pictures };
        });
        const hit = (of: string, n: number, ...kinds: string[]) =>
          places.some((f) => f.of === of && kinds.includes(f.kind) && n >= f.from && n < f.to);
        const box = (id: string, own: Encoder): Encoder => ({
          ...own,
          lacks: (n) => hit(id, n, "dead"),
          // Whoever comes back begins its times anew.
          offset: (n) =>
            (own.offset?.(n) ?? 0) +
            places
              .filter((f) => f.of === id && (f.kind === "dead" ? n >= f.to : n >= f.from))
              .reduce((sum, f) => sum + (["dead", "jump"].includes(f.kind) ? f.by : 0), 0),
          jitterMs: (n) => (hit(id, n, "late") ? 150 : 0),
        });
        const relay = aRelay({
          mode,
          encoders: { a: box("a", boxA), b: box("b", { ...boxB, phase }) },
        });
        let shown = 0;
        for (const [n, { of, kind, from }] of places.entries()) {
          if (kind !== "asked" && kind !== "off") continue;
          relay.show(shown, from);
          shown = from;
          const eligible = kind === "off" ? [of === "a" ? "b" : "a"] : ["a", "b"];
          const preferred = kind === "asked" ? of : null;
          relay.order({ generation: 2 + 2 * n, preferred, eligible });
          relay.show(shown, (shown += 3 * gopPictures));
          relay.order({ generation: 3 + 2 * n, preferred: null });
        }
        const pictures = (8 + faults.length * gops) * gopPictures;
        relay.show(shown, pictures, 2_000);
        expectHeld(relay, pictures - 10);
      }),
      { numRuns: 100 },
    );
  });

  test("with B-frames, those that need a picture from beyond the keyframe are lost, and counted", () => {
    // By where in the GOP of the one the keyframe of the other is: 3, which is needed by 1 and 2, is
    // shown at or after the keyframe at 2 or 3. No other cut loses less and shows none twice.
    const lost = [0, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1];
    for (let phase = 0; phase < gopPictures; phase++) {
      for (let death = 60; death < 60 + gopPictures; death++) {
        const a = { ...boxA, bFrames: true, lacks: after(death) };
        const relay = aRelay({ mode, encoders: { a, b: { ...boxB, bFrames: true, phase } } });
        relay.show(0, 150, 2_000);
        expect(relay.reasons[1]).toBe("b: silent");
        const dts = relay.sent.filter(({ track }) => track === 0).map((frame) => frame.dts);
        expect(dts.every((time, n) => n === 0 || time > dts[n - 1]!)).toBe(true);
        // The end cuts the last GOP in the same way.
        const shown = relay.numbers().filter((n) => n < 132);
        expect(new Set(shown).size).toBe(shown.length);
        expect([phase, death, 132 - shown.length]).toEqual([phase, death, lost[phase]]);
        expect(Math.round(relay.playout.missingMs / pictureMs)).toBe(lost[phase]);
      }
    }
  });

  test("one is slower, and it is known by how much: the same", () => {
    for (const [a, b] of [
      [0, 320],
      [480, 0],
    ] as const) {
      for (let death = 80; death < 80 + gopPictures; death++) {
        const relay = aRelay({
          mode,
          encoders: {
            a: { ...boxA, lagMs: 130 + a, lateMs: a, lacks: after(death) },
            b: { ...boxB, lagMs: 130 + b, lateMs: b },
          },
        });
        relay.show(0, 170, 2_000);
        expectHeld(relay, 160);
      }
    }
  });

  test("one is slower, and nobody knows: what lies between them is repeated, or lost", () => {
    const wrong = (a: number, b: number) => {
      const relay = aRelay({
        mode,
        encoders: {
          a: { ...boxA, lagMs: 130 + a, lacks: after(180) },
          b: { ...boxB, lagMs: 130 + b },
        },
      });
      relay.show(0, 270, 2_000);
      const [from, to] = steps(relay.numbers()).at(-1)!.split(" → ").map(Number);
      expect(relay.reasons).toContain("b: silent");
      return (to! - from! - 1) * pictureMs;
    };
    expect(Math.abs(wrong(0, 320) + 320)).toBeLessThanOrEqual(pictureMs);
    expect(Math.abs(wrong(320, 0) - 320)).toBeLessThanOrEqual(pictureMs);
  });

  test("it comes a GOP, the watchdog and a margin later, and no more is kept than a GOP beyond", () => {
    const relay = aRelay({ mode, encoders: { a: boxA, b: boxB } });
    relay.show(0, 100);
    const { atMs } = relay.sent.find(({ track, number }) => track === 0 && number === 60)!;
    const lateMs = atMs - (50_000 + 60 * pictureMs + 130);
    expect(lateMs).toBeGreaterThanOrEqual(gopMs + 600 - pictureMs);
    expect(lateMs).toBeLessThanOrEqual(gopMs + 600 + pictureMs);
    for (const { store } of relay.lines) {
      const firstMs = store.gops[0]!.arrivedMs;
      expect(relay.now() - firstMs).toBeLessThanOrEqual(gopMs + 600 + 2 * gopMs);
    }
  });

  test("without a hold, and told of the end of its process, it goes on with the other's next keyframe", () => {
    for (let death = 60; death < 60 + gopPictures; death++) {
      const relay = aRelay({
        mode: { kind: "next-keyframe" },
        encoders: { a: { ...boxA, lacks: after(death) }, b: boxB },
      });
      relay.show(0, death + 1);
      relay.lines[0]!.processEnded();
      relay.show(death + 1, 150, 2_000);
      const pictures = relay.sent.filter(({ track }) => track === 0);
      const next = pictures.findIndex(({ number }) => number >= death);
      const [before, first] = [pictures[next - 1]!, pictures[next]!];
      expect(relay.reasons[1]).toBe("b: silent");
      // Nobody waits for the watchdog, 300 ms.
      const pauseMs = first.atMs - before.atMs;
      expect(pauseMs).toBeLessThanOrEqual((first.number - before.number + 1) * pictureMs);
    }
  });

  test("without a hold, at half speed or damaged: the hole is at most a GOP", () => {
    for (let from = 60; from < 60 + gopPictures; from++) {
      for (const fault of [
        { jitterMs: (n: number) => Math.max(0, n - from) * pictureMs },
        { damages: (n: number) => n >= from },
      ]) {
        const relay = aRelay({
          mode: { kind: "next-keyframe" },
          encoders: { a: { ...boxA, ...fault }, b: boxB },
        });
        relay.show(0, 150, 2_000);
        expect(relay.reasons[1]).toMatch(/^b: (late|damaged)$/);
        const [hole = "0 → 1", ...others] = steps(relay.numbers());
        const [last, next] = hole.split(" → ").map(Number);
        expect(others).toEqual([]);
        expect(next! - last! - 1).toBeLessThanOrEqual(gopPictures);
      }
    }
  });

  test("without a hold the output is at once, and the hole at most a GOP and the watchdog", () => {
    const relay = aRelay({
      mode: { kind: "next-keyframe" },
      encoders: { a: { ...boxA, lacks: after(66) }, b: boxB },
    });
    relay.show(0, 150, 2_000);
    const { atMs } = relay.sent.find(({ track, number }) => track === 0 && number === 40)!;
    expect(atMs).toBeLessThanOrEqual(50_000 + 40 * pictureMs + 130 + 25);
    const [hole] = steps(relay.numbers());
    expect(steps(relay.numbers())).toHaveLength(1);
    const [from, to] = hole!.split(" → ").map(Number);
    expect((to! - from!) * pictureMs).toBeLessThanOrEqual(gopMs + 300 + pictureMs);
  });
});

describe("two encoders on their source's clock, without a hold", () => {
  const mode = { kind: "next-keyframe", sourceClocked: true } as const;

  test("a death, wrong times or half speed at any picture costs at most a GOP, and nothing comes twice", () => {
    for (let from = 60; from < 60 + gopPictures; from++) {
      const isHit = (n: number) => n >= from && n < from + 60;
      for (const fault of [
        { lacks: isHit },
        { offset: (n: number) => (isHit(n) ? -900_000 : 0) },
        { jitterMs: (n: number) => (isHit(n) ? (n - from) * pictureMs : 0) },
      ]) {
        // One is later than the other by more than the length of a picture.
        const a = { lagMs: 30, ...fault };
        const relay = aRelay({ mode, encoders: { a, b: { lagMs: 90 } } });
        relay.show(0, 220);
        relay.order({ generation: 2, preferred: "a" });
        relay.show(220, 300, 2_000);
        expect(relay.playout.switches).toBe(2);
        const [hole = "0 → 1", ...others] = steps(relay.numbers());
        const [last, next] = hole.split(" → ").map(Number);
        expect([from, hole, others]).toEqual([from, expect.any(String), []]);
        expect(next! - last! - 1).toBeLessThanOrEqual(gopPictures);
        expect(next).toBeGreaterThan(last!);
      }
    }
  });

  test("damage that is seen just after the other's keyframe: all of that GOP comes, in order", () => {
    const damages = (n: number) => n >= 63;
    const relay = aRelay({ mode, encoders: { a: { lagMs: 30, damages }, b: { lagMs: 45 } } });
    relay.show(0, 150, 2_000);
    expect(steps(relay.numbers())).toEqual(["62 → 60"]);
    const pictures = relay.sent.filter(({ track }) => track === 0);
    const at = pictures.findIndex(({ number }) => number === 63);
    // Those that were seen take no time.
    const times = pictures.slice(at - 4, at + 1).map(({ pts }) => pts - pictures[at]!.pts);
    expect(times).toEqual([-3_600, -3_599, -3_598, -3_597, 0]);
    expect(relay.reasons[1]).toBe("b: damaged");
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
