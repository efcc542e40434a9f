import { expect, test } from "vitest";
import { aPlan, onAir, type World } from "../world.ts";

const devices = () => onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
const facts = (w: World, id: string) => w.core.site().facts[id]!;
const isHot = (w: World, value: number) => {
  w.box("a").says = { figures: { temperatureC: { value, source: "device" } } };
  w.read("a");
  return facts(w, "a").thermal;
};

test("it is warm from 80 °C, not from 79.9, and cool again below 72, not at 72", () => {
  const w = onAir();
  isHot(w, 20);
  expect([79.9, 80, 72, 71.9].map((c) => isHot(w, c))).toEqual([
    "normal",
    "warm",
    "warm",
    "normal",
  ]);
});

test("a box that tells no temperature has none: unknown, not cool", () => {
  const w = onAir();
  isHot(w, 85);
  w.box("a").says = {};
  w.read("a");
  expect(facts(w, "a").thermal).toBe("unknown");
});

test("a reading is worth 2.5 s and not a moment longer", () => {
  const w = onAir();
  w.wait(2_499);
  expect(facts(w, "a").link).toBe("reachable");
  w.wait(1);
  expect(facts(w, "a").link).toBe("silent");
});

test("a device is silent at the first failed poll and unreachable at the third", () => {
  const w = devices();
  w.box("b").reachable = false;
  const links = [1, 2, 3].map(() => (w.read("b"), facts(w, "b").link));
  expect(links).toEqual(["silent", "silent", "unreachable"]);
});

test("a box that is left alone is told of once, and again when it is asked as usual", () => {
  const w = onAir();
  const breaker = (word: "closed" | "open" | "halfOpen") =>
    w.send({
      to: "encoder:a",
      event: { type: "connection", connection: { breaker: word, failure: "refused: no answer" } },
    });
  for (const word of ["open", "halfOpen", "open", "halfOpen", "closed"] as const) breaker(word);
  expect(w.told("encoder.breaker").map(({ message }) => message)).toEqual([
    "a failed 5 times in a row (refused: no answer): it is left alone for 30 s at a time, only stop and fence still go out",
    "a has answered 3 times: it is asked as usual again",
  ]);
});

test("a benched box that publishes is stopped and alarmed at once", () => {
  const w = devices();
  w.box("b").running = { destination: "far", generation: 1 };
  w.pass(3);
  expect(w.told("encoder.rogue").length).toBe(1);
  expect(w.publishers()).toEqual(["a"]);
});

test("a benched box forgets the key as soon as it can be reached", () => {
  const w = devices();
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(60);
  expect(w.carrier()).toBe("b");
  expect(w.box("a").knowsKeyOf).toBe("far");
  w.box("a").reachable = true;
  w.pass(3);
  expect(w.box("a").knowsKeyOf).toBeNull();
});

test("a benched box that somebody gives a key forgets it again, one that is on air keeps its own", () => {
  const w = devices();
  w.pass(3);
  const output = { state: "idle", target: "none", holdsKey: true } as const;
  for (const id of ["a", "b"]) {
    w.box(id).knowsKeyOf = "far";
    if (id === "b") w.box(id).says = { outputs: { "stream-1": output } };
  }
  w.pass(3);
  expect(["a", "b"].map((id) => w.box(id).knowsKeyOf)).toEqual(["far", null]);
  expect(w.publishers()).toEqual(["a"]);
});

test("what a box does on its own is switched off, and again when somebody switched it on", () => {
  const w = devices();
  expect(w.box("a").selfStart).toBe(false);
  w.box("a").selfStart = true;
  w.pass(40);
  expect(w.box("a").selfStart).toBe(false);
});

test("another serial number in the same place is an event, and the role stays", () => {
  const w = onAir();
  for (const serialNumber of ["1A", "2B"]) {
    w.box("a").says = { identity: { vendor: "soft", serialNumber } };
    w.read("a");
  }
  expect(w.told("encoder.replaced").map((d) => d.data)).toEqual([{ was: "1A", is: "2B" }]);
  expect(w.carrier()).toBe("a");
});

test("maintenance outlives a restart and ends only when a person says so", () => {
  const w = onAir();
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  w.restart();
  w.pass(5);
  expect(facts(w, "b").service).toBe("maintenance");
  w.send({ to: "encoder:b", event: { type: "inService", by: "engineer" } });
  expect(facts(w, "b").service).toBe("inService");
});

test("the third stall within a minute means an impaired host, until a minute without one", () => {
  const w = onAir();
  w.stall(300);
  w.pass(20);
  w.stall(300);
  expect(w.core.siteWord()).toBe("ok");
  w.pass(20);
  w.stall(300);
  expect(w.core.siteWord()).toBe("impaired");
  w.pass(61);
  expect(w.core.siteWord()).toBe("ok");
});

test("three stalls in more than a minute are no impaired host", () => {
  const w = onAir();
  for (let i = 0; i < 3; i++) {
    w.stall(300);
    w.pass(30);
  }
  expect(w.told("site.deciderImpaired")).toEqual([]);
});

test("the key is taken out of a benched box once, not with every takeover again", () => {
  const w = onAir(aPlan({ kinds: { a: "soft", b: "soft", c: "soft" } }));
  w.kill("a");
  w.pass(10);
  expect(w.carrier()).toBe("b");
  const benched = () => w.told("encoder.benched").map(({ of }) => of);
  expect(benched()).toContain("encoder:c");
  const before = benched().length;
  w.kill("b");
  w.pass(10);
  expect(w.carrier()).not.toBe("b");
  expect(benched().slice(before)).toEqual(["encoder:b"]);
});
