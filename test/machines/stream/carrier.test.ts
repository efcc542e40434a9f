/** From the first doubt to the next picture: what the carrier region decides, and when. */
import { expect, test } from "vitest";
import { aDestinationPlan, anEncoderPlan, aPlan, aStreamPlan, onAir, World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

const unobserved = () => onAir(aPlan({ destinations: [aDestinationPlan({ observed: false })] }));

test("the exit of the process on air is acted on in the turn in which it is read", () => {
  const w = onAir();
  w.kill("a");
  expect(w.word()).toBe("fencing");
});

test("a frozen encoder is suspect in the turn in which it is read", () => {
  const w = unobserved();
  w.freeze("a");
  expect(w.word()).toBe("suspect");
});

test("a freeze of 1,999 ms switches nothing, one of 2,000 ms does", () => {
  const w = unobserved();
  w.freeze("a");
  w.wait(1_999);
  expect(w.word()).toBe("suspect");
  w.wait(1);
  expect(w.word()).toBe("fencing");
});

test("a freeze that ends in time leaves the carrier where it is", () => {
  const w = unobserved();
  w.freeze("a");
  w.wait(1_900);
  w.box("a").frozen = false;
  w.read("a");
  expect(w.word()).toBe("carried");
});

test("where somebody looks, the freeze counts from the last movement at the far end", () => {
  const w = onAir();
  w.box("a").frozen = true;
  w.wait(500);
  w.look("far");
  w.wait(500);
  w.look("far");
  expect(w.word()).toBe("suspect");
  w.wait(999);
  expect(w.word()).toBe("suspect");
  w.wait(1);
  expect(w.word()).toBe("fencing");
});

test("while the far end still receives a picture, a frozen counter switches nothing", () => {
  const w = onAir();
  w.box("a").says = { outputs: { "stream-1": { state: "streaming", progress: "frozen" } } };
  w.pass(30);
  expect(w.word()).toBe("suspect");
  expect(w.carriage()).toBe("onAir");
});

slow("a network that takes nothing never switches, however long", () => {
  const w = onAir();
  w.uplink = false;
  w.pass(600);
  expect(w.word()).toBe("suspect");
  expect(w.publishers()).toEqual(["a"]);
  w.uplink = true;
  w.pass(3);
  expect(w.word()).toBe("carried");
});

test("after the fence the understudy carries, and the last holder was proven off", () => {
  const w = onAir();
  w.kill("a");
  w.pass(5);
  expect([w.word(), w.carrier(), w.carriage()]).toEqual(["carried", "b", "onAir"]);
  const granted = w.told("key.granted").at(-1)!;
  expect(granted.data["because"]).toMatchObject({
    kind: "fenced",
    certificates: [{ encoder: "a", level: 2 }],
  });
});

test("without proof nobody takes over: it waits 45 s, then calls a person, and goes on trying", () => {
  const w = onAir(
    aPlan({
      kinds: { a: "helo", b: "helo" },
      destinations: [aDestinationPlan({ noPublisherProofMs: 3_600_000 })],
    }),
  );
  w.box("a").reachable = false;
  w.freeze("a");
  w.pass(10);
  expect(w.word()).toBe("waitingForFence");
  w.pass(45);
  expect(w.word()).toBe("needsHuman");
  w.pass(3_600);
  expect(w.publishers()).toEqual(["a"]);
  w.box("a").reachable = true;
  w.pass(15);
  expect([w.word(), w.carrier()]).toEqual(["carried", "b"]);
});

test("the fence time is 45 s, not 44.999 s", () => {
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
  w.intentDelayMs = 60_000;
  w.box("a").claims = "idle";
  w.observed = false;
  w.look("far");
  w.read("a");
  w.wait(2_000);
  expect(w.word()).toBe("fencing");
  w.wait(44_999);
  expect(w.word()).toBe("fencing");
  w.wait(1);
  expect(w.word()).toBe("needsHuman");
});

test("a far end that was quiet for 30 s is proof, whatever the box answers; nobody is called", () => {
  const streams = [aStreamPlan({ encoders: ["a", "b"], fenceTimeoutMs: 20_000 })];
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" }, streams }));
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(28);
  expect(w.word()).toBe("waitingForFence");
  w.pass(8);
  expect(w.told("stream.needsHuman")).toEqual([]);
  expect(w.carrier()).toBe("b");
  expect(w.told("key.granted").at(-1)!.data["because"]).toMatchObject({
    certificates: [{ encoder: "a", level: 3 }],
  });
});

test("an overdue fence calls a person as soon as the far end's quiet can no longer become proof", () => {
  const streams = [aStreamPlan({ encoders: ["a", "b"], fenceTimeoutMs: 20_000 })];
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" }, streams }));
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(28);
  expect(w.word()).toBe("waitingForFence");
  w.observed = false;
  w.look("far");
  expect(w.word()).toBe("needsHuman");
});

test("a start that brings no picture is given its grace, then the next one is tried", () => {
  const w = onAir();
  w.box("b").broken = true;
  w.kill("a");
  w.pass(10);
  expect(w.word()).toBe("takingOver");
  w.pass(3);
  expect(w.told("stream.startFailed").length).toBe(1);
  w.pass(5);
  expect([w.word(), w.carrier()]).toEqual(["carried", "a"]);
});

test("a lost input switches only to a box on the same source whose input is good", () => {
  const w = onAir();
  w.box("a").input = "lost";
  w.pass(4);
  expect(w.carrier()).toBe("a");
  w.pass(6);
  expect([w.word(), w.carrier()]).toEqual(["carried", "b"]);

  const both = onAir();
  both.box("a").input = "lost";
  both.box("b").input = "lost";
  both.pass(60);
  expect(both.carrier()).toBe("a");

  const encoders = [
    anEncoderPlan("a", "soft"),
    { ...anEncoderPlan("b", "soft"), source: "slides" },
  ];
  const slides = onAir({ ...aPlan(), encoders });
  slides.box("a").input = "lost";
  slides.pass(60);
  expect(slides.carrier()).toBe("a");
});

test("an encoder that cannot measure its input is not believed to show the programme", () => {
  const kinds = { a: "soft", b: "soft", c: "soft" } as const;
  const w = onAir(aPlan({ kinds }));
  w.box("b").cannotMeasureInput = true;
  w.pass(3);
  w.box("a").input = "lost";
  w.pass(15);
  expect([w.word(), w.carrier()]).toEqual(["carried", "c"]);

  const pair = onAir();
  pair.box("b").cannotMeasureInput = true;
  pair.pass(3);
  pair.box("a").input = "lost";
  pair.pass(60);
  expect([pair.word(), pair.carrier()]).toEqual(["suspect", "a"]);
});

slow("content faults switch twice in ten minutes and not a third time", () => {
  const w = onAir();
  for (const id of ["a", "b", "a"]) {
    w.box("a").input = "good";
    w.box("b").input = "good";
    w.pass(30);
    w.box(id).input = "lost";
    w.pass(30);
  }
  expect(w.told("stream.takingOver").length).toBe(3);
  expect(w.carrier()).toBe("a");
  w.box("b").input = "good";
  w.pass(600);
  expect(w.carrier()).toBe("b");
});

test("with failback configured it returns when the primary was ready so long, else never", () => {
  const streams = [aStreamPlan({ encoders: ["a", "b"], failbackMs: 60_000 })];
  for (const [plan, expected] of [
    [aPlan({ streams }), "a"],
    [aPlan(), "b"],
  ] as const) {
    const w = onAir(plan);
    w.kill("a");
    w.pass(30);
    expect(w.carrier()).toBe("b");
    w.pass(60);
    expect(w.carrier()).toBe(expected);
  }
});

const atCelsius = (value: number) => ({
  figures: { temperatureC: { value, source: "chassis" } },
});
test.each([
  ["without its input", { input: "lost" }, { input: "good" }],
  ["that is hot", { says: atCelsius(85) }, { says: atCelsius(60) }],
] as const)("it does not return by itself to a primary %s", (_, broken, mended) => {
  const streams = [aStreamPlan({ encoders: ["a", "b"], failbackMs: 60_000 })];
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" }, streams }));
  const command = { id: "c1", by: "ops" };
  w.send({ to: "stream:main", event: { type: "failover", command, to: "b" } });
  w.pass(20);
  Object.assign(w.box("a"), broken);
  w.pass(5 * 60);
  expect(w.carrier()).toBe("b");
  Object.assign(w.box("a"), mended);
  w.pass(10 * 60);
  expect(w.carrier()).toBe("a");
});

test("a box in maintenance is no understudy and is not started", () => {
  const w = onAir();
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  w.kill("a");
  w.pass(10);
  expect([w.word(), w.carrier()]).toEqual(["carried", "a"]);
});

test("two streams never get one box: the second waits until the first lets it go", () => {
  const plan = aPlan({
    kinds: { a: "soft", b: "soft", c: "soft" },
    destinations: [aDestinationPlan(), aDestinationPlan({ id: "far-two" })],
    streams: [
      aStreamPlan({ encoders: ["a", "b"] }),
      aStreamPlan({ id: "two", destination: "far-two", encoders: ["c", "b"] }),
    ],
  });
  const w = onAir(plan);
  for (const id of ["a", "c"]) w.box(id).broken = true;
  w.kill("a");
  w.kill("c");
  w.pass(60);
  expect(w.carrier("main")).toBe("b");
  expect(w.word("two")).not.toBe("carried");
  expect(w.publishers("far-two")).toEqual([]);
});

test("nothing is started before it is known who publishes; who publishes is adopted", () => {
  const w = new World();
  w.box("b").running = { destination: "far", generation: 7 };
  w.pass(10);
  expect([w.word(), w.carrier()]).toEqual(["carried", "b"]);
  expect(w.publishers()).toEqual(["b"]);
  expect(w.told("key.adopted").length).toBe(1);
});
