import { describe, expect, test } from "vitest";
import type { ContentLook } from "../../../machines/content/look.ts";
import { comparedPair, streamState } from "../../../machines/stream/stream.published.ts";
import { comparisonCountsFor } from "../../../machines/stream/content.ts";
import { aContentPlan, aPlan, aStreamPlan, World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

const good: ContentLook = { word: "seen", picture: "moving", pairsDbfs: [-20] };
const black: ContentLook = { word: "seen", picture: "black", pairsDbfs: [-20] };
const still: ContentLook = { word: "seen", picture: "still", pairsDbfs: [-20] };
const silent: ContentLook = { word: "seen", picture: "moving", pairsDbfs: [-51, -20] };
const unseen: ContentLook = { word: "unreadable", detail: "it could not be opened" };

/** On air with `a`; `shows` is looked at each second while time passes. */
function onAir(
  does: "off" | "observe" | "act" = "act",
  {
    compareEveryMs = 60_000,
    loudness,
    ...more
  }: {
    compareEveryMs?: number;
    failbackMs?: number;
    loudness?: NonNullable<ReturnType<typeof aContentPlan>["loudness"]>;
  } = {},
) {
  const comparisonCountsMs = comparisonCountsFor(compareEveryMs);
  const content = { ...aContentPlan(does), comparisonCountsMs, ...(loudness && { loudness }) };
  const stream = aStreamPlan({ encoders: ["a", "b"], content, ...more });
  const w = new World(aPlan({ streams: [stream] }));
  const shows: Record<string, ContentLook> = { farEnd: good, a: good, b: good };
  const pass = (seconds: number) => {
    for (let s = 0; s < seconds; s++) {
      for (const [view, look] of Object.entries(shows)) {
        w.send({ to: "stream:main", event: { type: "content", view, look } });
      }
      w.pass(1);
    }
  };
  const compared = (word: "same" | "different" | "cannotTell") =>
    w.send({
      to: "stream:main",
      event: {
        type: "compared",
        carrier: "a",
        with: "b",
        comparison: { word, because: "measured" },
      },
    });
  const published = () =>
    streamState(w.core.stream("main"), {
      published: { id: "main", epoch: "e", seq: 1, session: "s", atMs: 1 },
      backupLeg: undefined,
    }).content;
  w.pass(60);
  pass(10);
  expect(w.carrier()).toBe("a");
  return { w, shows, pass, compared, published };
}

describe("a picture that is not the programme", () => {
  test("a black picture is said after its time, shown, and by default nothing is done", () => {
    const { w, shows, pass, published } = onAir("observe");
    shows["farEnd"] = black;
    pass(9);
    expect(w.told("stream.content")).toHaveLength(0);
    pass(3);
    expect(w.told("stream.content").map(({ message }) => message)).toEqual([
      "main, at the far end: the picture is black, for 10 s now",
    ]);
    expect(published()?.views[0]).toMatchObject({
      of: "farEnd",
      picture: "seen",
      sound: "heard",
      faults: [{ fault: "black", does: "observe" }],
    });
    pass(60);
    expect(w.carrier()).toBe("a");
    shows["farEnd"] = good;
    pass(2);
    expect(w.told("stream.content").at(-1)?.message).toContain("is not black any more");
    expect(published()?.views[0]?.faults).toEqual([]);
  });

  for (const [fault, look, afterS] of [
    ["black", black, 10],
    ["frozen", still, 20],
    ["silent", silent, 20],
  ] as const) {
    test(`${fault} with "act": the understudy that has it takes over after ${afterS} s`, () => {
      const { w, shows, pass } = onAir();
      shows["farEnd"] = look;
      shows["a"] = look;
      pass(afterS - 1);
      expect(w.carrier()).toBe("a");
      pass(10);
      expect(w.carrier()).toBe("b");
      expect(w.core.stream("main").context.memory.lastIncident?.cause).toBe(`shows-${fault}`);
      expect(w.overlaps).toEqual([]);
    });

    test(`${fault} with "act": an understudy that shows the same fault does not take over`, () => {
      const { w, shows, pass } = onAir();
      shows["farEnd"] = shows["a"] = shows["b"] = look;
      pass(60);
      expect(w.carrier()).toBe("a");
      expect(w.word()).toBe("suspect");
    });
  }

  const loudAt = (shortTermLufs: number, pairDbfs = -20): ContentLook => ({
    ...{ word: "seen", picture: "moving", pairsDbfs: [pairDbfs] },
    loudness: { shortTermLufs, integratedLufs: -23 },
  });
  const band = { afterMs: 30_000, leastLufs: -28, mostLufs: -18 };

  test("a sound that stays outside its loudness is said; nobody takes over for it", () => {
    const { w, shows, pass, published } = onAir("act", { loudness: { does: "observe", ...band } });
    shows["farEnd"] = shows["a"] = loudAt(-28);
    pass(40);
    expect(w.told("stream.content")).toEqual([]);
    shows["a"] = loudAt(-17.9);
    pass(30);
    expect(w.told("stream.content")).toEqual([]);
    pass(2);
    expect(w.told("stream.content").map(({ message }) => message)).toEqual([
      "main, of a: the sound is too loud or too quiet, for 30 s now",
    ]);
    const view = published()?.views.find(({ of }) => of === "a");
    expect(view).toMatchObject({
      faults: [{ fault: "loudness", does: "observe" }],
      figures: { shortTermLufs: { value: -17.9, source: "preview" } },
    });
    pass(60);
    expect(w.word()).toBe("carried");
    shows["a"] = loudAt(-28.1);
    pass(60);
    expect(w.told("stream.content")).toHaveLength(1);
    shows["a"] = loudAt(-23);
    pass(2);
    expect(w.told("stream.content").at(-1)?.message).toContain("as loud as it should be again");
  });

  test("silence is a fault of its own, and no loudness", () => {
    const { w, shows, pass } = onAir("off", { loudness: { does: "observe", ...band } });
    shows["a"] = loudAt(-70, -51);
    pass(60);
    expect(w.told("stream.content")).toEqual([]);
  });

  test("without a band the loudness is shown, and nothing is said of it", () => {
    const { w, shows, pass, published } = onAir("observe", { loudness: { does: "off", ...band } });
    shows["farEnd"] = loudAt(-5);
    pass(60);
    expect(w.told("stream.content")).toEqual([]);
    expect(published()?.views[0]).toMatchObject({
      faults: [],
      figures: { shortTermLufs: { value: -5, source: "far end" }, integratedLufs: { value: -23 } },
    });
    shows["farEnd"] = unseen;
    pass(2);
    expect(published()?.views[0]?.figures).toEqual({});
  });

  test("with it switched off nothing is said at all", () => {
    const { w, shows, pass } = onAir("off");
    shows["farEnd"] = black;
    pass(60);
    expect(w.told("stream.content")).toEqual([]);
    expect(w.word()).toBe("carried");
  });

  test("a fade of nine seconds is no fault, however often it comes", () => {
    const { w, shows, pass } = onAir();
    for (let i = 0; i < 6; i++) {
      shows["farEnd"] = black;
      pass(9);
      shows["farEnd"] = good;
      pass(1);
    }
    expect(w.told("stream.content")).toEqual([]);
    expect(w.word()).toBe("carried");
  });

  test("a look that fails is unknown: neither fine nor a fault", () => {
    const { w, shows, pass, published } = onAir();
    shows["farEnd"] = unseen;
    pass(60);
    expect(w.word()).toBe("carried");
    expect(published()?.views[0]).toMatchObject({ picture: "unknown", sound: "unknown" });
    shows["b"] = unseen;
    shows["farEnd"] = shows["a"] = black;
    pass(60);
    // Nobody knows that the understudy has the picture.
    expect(w.carrier()).toBe("a");
  });

  test("what was seen is not believed when nobody looks any more", () => {
    const { w, shows, pass, published } = onAir();
    shows["farEnd"] = black;
    pass(8);
    w.pass(30);
    expect(w.word()).toBe("carried");
    expect(published()?.views[0]).toMatchObject({ picture: "unknown", faults: [] });
  });

  test("after a takeover the late picture of the last carrier is not held against the new", () => {
    const { w, shows, pass } = onAir();
    shows["farEnd"] = shows["a"] = black;
    pass(20);
    expect(w.carrier()).toBe("b");
    // The far end still gives back what it got from a.
    pass(8);
    shows["farEnd"] = good;
    pass(60);
    expect(w.carrier()).toBe("b");
    expect(w.word()).toBe("carried");
  });
});

describe("carrier and understudy compared", () => {
  test("an understudy with another programme does not take over for a black picture", () => {
    const { w, shows, pass, compared, published } = onAir();
    compared("different");
    expect(w.told("stream.compared")[0]).toMatchObject({ data: { word: "different" } });
    expect(published()?.comparison).toMatchObject({ with: "b", word: "different" });
    shows["farEnd"] = shows["a"] = black;
    pass(30);
    compared("cannotTell");
    pass(30);
    expect(w.carrier()).toBe("a");
    compared("same");
    pass(10);
    expect(w.carrier()).toBe("b");
  });

  test("it is said once, and again when it changes", () => {
    const { w, compared } = onAir();
    for (const word of ["same", "same", "cannotTell", "different", "different", "same"] as const) {
      compared(word);
    }
    expect(w.told("stream.compared").map(({ data }) => data["word"])).toEqual([
      "same",
      "different",
      "same",
    ]);
  });

  test("off air, another programme is better than none", () => {
    const { w, pass, compared } = onAir();
    compared("different");
    w.box("a").running = null;
    w.box("a").exit = { code: 1, signal: null };
    w.box("a").broken = true;
    pass(30);
    expect(w.carrier()).toBe("b");
  });

  test("a carrier that gets hot is not relieved by another programme, before it is in danger", () => {
    const { w, pass, compared } = onAir();
    const heat = (celsius: number) => {
      w.box("a").says = { figures: { temperatureC: { value: celsius, source: "chassis" } } };
    };
    compared("different");
    heat(85);
    pass(200);
    expect(w.carrier()).toBe("a");
    compared("different");
    heat(91);
    pass(120);
    expect(w.carrier()).toBe("b");
  });

  slow("compared each hour, another programme blocks for three of them", () => {
    const { w, shows, pass, compared } = onAir("act", { compareEveryMs: 3_600_000 });
    compared("different");
    w.leap(10_000, 400);
    shows["farEnd"] = shows["a"] = black;
    pass(20);
    expect(w.carrier()).toBe("a");
    w.leap(900, 40);
    pass(20);
    expect(w.carrier()).toBe("b");
  });

  test("who has lost its input differs from everybody: that does not keep it on air", () => {
    const { w, pass, compared } = onAir();
    compared("same");
    w.box("a").input = "lost";
    pass(3);
    compared("different");
    pass(20);
    expect(w.carrier()).toBe("b");
    expect(w.told("stream.compared").map(({ data }) => data["word"])).toEqual(["same"]);
  });

  test("by its rule it returns to the primary only when that shows the same", () => {
    const { w, pass, compared } = onAir("act", { failbackMs: 60_000 });
    const failover = { type: "failover", command: { id: "c1", by: "ops" } } as const;
    w.send({ to: "stream:main", event: { ...failover, to: "b" } });
    pass(30);
    expect(w.carrier()).toBe("b");
    compared("different");
    pass(120);
    expect(w.carrier()).toBe("b");
    compared("same");
    pass(90);
    expect(w.carrier()).toBe("a");
  });

  test("the two are known to move soon while the carrier is hot, and while the automatic return counts", () => {
    const { w, pass } = onAir("act", { failbackMs: 60_000 });
    const pair = () => comparedPair(w.core.stream("main"));
    expect(pair()).toEqual({ carrier: "a", with: "b", isOnAir: true, mayMoveSoon: false });
    w.box("a").says = { figures: { temperatureC: { value: 85, source: "chassis" } } };
    pass(5);
    expect(pair()).toMatchObject({ carrier: "a", with: "b", mayMoveSoon: true });
    w.box("a").says = {};
    pass(300);
    const failover = { type: "failover", command: { id: "c1", by: "ops" } } as const;
    w.send({ to: "stream:main", event: { ...failover, to: "b" } });
    pass(30);
    expect(pair()).toEqual({ carrier: "b", with: "a", isOnAir: true, mayMoveSoon: true });
    pass(120);
    expect(pair()).toMatchObject({ carrier: "a", mayMoveSoon: false });
  });

  test("by its rule it does not return to a primary that is black, until it shows something", () => {
    const { w, pass, shows } = onAir("act", { failbackMs: 60_000 });
    shows["a"] = black;
    shows["farEnd"] = black;
    pass(12);
    shows["farEnd"] = good;
    pass(30);
    expect(w.carrier()).toBe("b");
    pass(5 * 60);
    expect(w.carrier()).toBe("b");
    shows["a"] = good;
    pass(90);
    expect(w.carrier()).toBe("a");
  });

  test("a person's move stands in its incident with what was known of both pictures", () => {
    const { w, pass, compared } = onAir();
    compared("different");
    const command = { id: "c1", by: "ops" };
    w.send({ to: "stream:main", event: { type: "failover", command, to: "b" } });
    pass(30);
    expect(w.carrier()).toBe("b");
    const { lastIncident } = w.core.stream("main").context.memory;
    expect(lastIncident?.timeline.map(({ what }) => what)).toContain(
      "a and b show different programmes (measured)",
    );
  });

  slow("a comparison that is older than ten minutes blocks nothing", () => {
    const { w, shows, pass, compared } = onAir();
    compared("different");
    pass(601);
    shows["farEnd"] = shows["a"] = black;
    pass(20);
    expect(w.carrier()).toBe("b");
  });
});
