/** May a carrier lose its picture for a moment, for its own good? */
import { expect, test } from "vitest";
import { whyNotInterrupt } from "../../../machines/site/interruption.ts";
import { aPlan, onAir, type World } from "../world.ts";

const facility = (ids: string) =>
  onAir(aPlan({ kinds: Object.fromEntries([...ids].map((id) => [id, "helo"])) }));
const answer = (w: World) => whyNotInterrupt([w.core.stream("main")]);

test("not while it is seen, or cannot be looked at, and somebody stands by", () => {
  const w = facility("ab");
  expect(answer(w)).toBe("main is on air with b standing by");
  w.observed = false;
  w.pass(5);
  expect(w.carriage()).toBe("notKnown");
  expect(answer(w)).toBe("main is on air with b standing by");
});

test("yes where nobody stands by", () => {
  expect(answer(facility("a"))).toBeUndefined();
  const w = facility("ab");
  w.box("b").reachable = false;
  w.pass(20);
  expect(answer(w)).toBeUndefined();
});

test("yes where who stands by shows another programme: a hole of seconds is less", () => {
  const w = facility("ab");
  const comparison = { word: "different", because: "measured" } as const;
  w.send({ to: "stream:main", event: { type: "compared", carrier: "a", with: "b", comparison } });
  expect(answer(w)).toBeUndefined();
});

test("not where the first who stands by shows another programme, and the next is not known to", () => {
  const w = facility("abc");
  const comparison = { word: "different", because: "measured" } as const;
  w.send({ to: "stream:main", event: { type: "compared", carrier: "a", with: "b", comparison } });
  expect(answer(w)).toBe("main is on air with c standing by");
});

test("not while its stream is in doubt or taken over: the understudy comes first", () => {
  const w = facility("ab");
  w.box("a").running = null;
  const answers = new Set<string | undefined>();
  while (w.carrier() !== "b" && answers.size < 10) {
    w.pass(0.25);
    if (w.word() !== "carried") answers.add(answer(w));
  }
  expect([...answers]).toEqual([
    "main is in doubt with b standing by",
    "main is being taken over now",
  ]);
});

test("a box that carries nothing may", () => {
  expect(whyNotInterrupt([])).toBeUndefined();
});
