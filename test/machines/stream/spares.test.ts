import { expect, test } from "vitest";
import { streamState } from "../../../machines/stream/stream.published.ts";
import {
  aDestinationPlan,
  aPlan,
  aStreamPlan,
  asks,
  onAir,
  type Remains,
  World,
} from "../world.ts";

/** Two programmes with a box each, and one spare; `two` may be fed by another camera. */
function plan(p: { sourceOfTwo?: string; failbackMs?: number } = {}) {
  const spares = ["s"];
  const made = aPlan({
    kinds: { a: "helo", b: "helo", s: "helo" },
    destinations: [aDestinationPlan(), aDestinationPlan({ id: "far-two" })],
    streams: [
      aStreamPlan({ encoders: ["a", "s"], spares, failbackMs: p.failbackMs ?? "manual" }),
      aStreamPlan({ id: "two", destination: "far-two", encoders: ["b", "s"], spares }),
    ],
  });
  made.encoders[1]!.source = p.sourceOfTwo ?? "camera";
  return made;
}

const told = (w: World, type: string) => w.told(type).map(({ message }) => message);
const die = (w: World, id: string) => Object.assign(w.box(id), { reachable: false, running: null });
const revive = (w: World, id: string) => (w.box(id).reachable = true);
function understudies(w: World, id: string) {
  const published = { id, epoch: "e", seq: 1, session: "s", atMs: 1 };
  return streamState(w.core.stream(id), { published, backupLeg: undefined }).understudies;
}
const release = { to: "encoder:s", event: { type: "release", by: "engineer" } } as const;
const publishers = (w: World) => [w.publishers("far"), w.publishers("far-two")];

test("a spare covers the first stream that needs it, and no second one", () => {
  const w = onAir(plan());
  die(w, "a");
  w.pass(60);
  expect(w.carrier("main")).toBe("s");
  die(w, "b");
  w.pass(60);
  expect(publishers(w)).toEqual([["s"], []]);
  expect(told(w, "stream.understudy")).toContain(
    "two has no understudy: nobody can take over from b (s carries main)",
  );
});

test("a spare that shows another source than the programme's is no understudy for it", () => {
  const w = onAir(plan({ sourceOfTwo: "lectern" }));
  w.pass(60);
  expect(told(w, "stream.understudy")).toEqual([
    "two has no understudy: nobody can take over from b (s shows camera, not lectern)",
  ]);
  die(w, "b");
  w.pass(60);
  expect(publishers(w)).toEqual([["a"], []]);
});

test("a spare whose input is switched to the programme's source covers it from then on", () => {
  const w = onAir(plan({ sourceOfTwo: "lectern" }));
  w.box("s").says = { source: "lectern" };
  w.pass(10);
  die(w, "b");
  w.pass(60);
  expect(w.carrier("two")).toBe("s");
});

test("a spare that is switched to an input of another source, or of none, is not taken", () => {
  const made = plan();
  made.encoders[2]!.inputs = { sdi: "camera", hdmi: "slides" };
  delete made.encoders[2]!.source;
  const w = new World(made);
  w.box("s").says = { inputSelect: "SDI" };
  asks(w, "start");
  w.pass(30);
  const hindrance = () => understudies(w, "main")?.[0]?.hindrance;
  expect([w.carrier("main"), hindrance()]).toEqual(["a", undefined]);
  w.box("s").says = { inputSelect: "HDMI" };
  w.pass(10);
  expect(hindrance()).toBe("shows slides, not camera");
  w.box("s").says = { inputSelect: "input 3" };
  w.pass(10);
  expect(hindrance()).toBe("shows a source without a name, not camera");
  die(w, "a");
  w.pass(60);
  expect(publishers(w)[0]).toEqual([]);
  w.box("s").says = { inputSelect: "SDI" };
  w.pass(60);
  expect(w.carrier("main")).toBe("s");
});

test("a spare shows what the layout shows that it has, and switching these is nobody else's hand", () => {
  const made = plan();
  made.encoders[2]!.inputs = { hall: "camera", "hall and slides": "camera", "room 2": "other" };
  delete made.encoders[2]!.source;
  const w = new World(made);
  asks(w, "start");
  const hindrance = () => understudies(w, "main")?.[0]?.hindrance;
  const shows = (layout: string) => {
    w.box("s").says = { layout };
    w.pass(30);
    return hindrance();
  };
  expect(shows("Hall")).toBeUndefined();
  expect(shows("Hall and slides")).toBeUndefined();
  expect(shows("Room 2")).toBe("shows other, not camera");
  expect(shows("Hall")).toBeUndefined();
  expect(told(w, "encoder.changedElsewhere")).toEqual([]);
});

test("a primary that died shows what its input showed last, also after a restart", () => {
  const made = plan();
  made.encoders[0]!.inputs = { sdi: "camera", hdmi: "slides" };
  delete made.encoders[0]!.source;
  const w = new World(made);
  w.box("a").says = { inputSelect: "SDI" };
  asks(w, "start");
  w.pass(30);
  // As after a boot: what it takes was not read yet.
  w.box("a").says = {};
  w.pass(5);
  w.box("s").reachable = false;
  die(w, "a");
  w.pass(30);
  w.restart();
  w.box("s").reachable = true;
  w.pass(90);
  expect(w.carrier("main")).toBe("s");
});

test("a used spare stays in use after the return, until a person releases it", () => {
  const w = onAir(plan());
  die(w, "a");
  w.pass(60);
  expect(w.core.can(release)).toBe(false);
  revive(w, "a");
  w.pass(30);
  asks(w, "return");
  w.pass(60);
  expect(publishers(w)).toEqual([["a"], ["b"]]);
  expect(understudies(w, "main")).toMatchObject([{ role: "spare", inUseFor: "main" }]);
  expect(understudies(w, "two")).toMatchObject([
    { is: "none", hindrance: "is kept for main until somebody releases it" },
  ]);
  w.restart();
  w.pass(20);
  expect(w.core.can(release)).toBe(true);
  w.send(release);
  w.pass(5);
  expect(told(w, "encoder.released")).toHaveLength(1);
  die(w, "b");
  w.pass(60);
  expect(w.carrier("two")).toBe("s");
});

test("a stream that returns by itself does not return from a spare", () => {
  const w = onAir(plan({ failbackMs: 300_000 }));
  die(w, "a");
  w.pass(60);
  revive(w, "a");
  w.leap(600, 120);
  expect(w.carrier("main")).toBe("s");
});

test("an understudy of its own goes before a spare that is listed before it", () => {
  const kinds = { a: "helo", s: "helo", b: "helo" } as const;
  const stream = aStreamPlan({ encoders: ["a", "s", "b"], spares: ["s"] });
  const w = onAir(aPlan({ kinds, streams: [stream] }));
  die(w, "a");
  w.pass(60);
  expect(w.carrier()).toBe("b");
});

test("a journal from before there were spares is taken up as it was", () => {
  const w = onAir(plan());
  const left: Remains = w.remains();
  expect(left.resume).not.toContain("inUseFor");
  const again = new World(plan(), left);
  again.pass(20);
  expect(publishers(again)).toEqual([["a"], ["b"]]);
});
