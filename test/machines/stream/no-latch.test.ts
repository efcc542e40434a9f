/** Nothing may keep a stream off air, or in a wrong state, once somebody can carry it. */
import { expect, test } from "vitest";
import {
  aDestinationPlan,
  aPlan,
  aPlanForDays,
  asks,
  aStreamPlan,
  onAir,
  World,
} from "../world.ts";
import { slow } from "../../setup/slow.ts";

test("a wish for a box that cannot start does not keep the others from starting", () => {
  const w = onAir();
  w.box("a").broken = true;
  w.box("b").broken = true;
  w.kill("a");
  w.pass(60);
  expect(w.word()).toBe("needsHuman");
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  w.box("a").broken = false;
  asks(w, "failover", { to: "b" });
  w.pass(90);
  expect(w.carrier()).toBe("a");
  expect(w.word()).toBe("carried");
});

test("a box that is lost between the fence and the takeover is not waited for", () => {
  const w = onAir(aPlan({ kinds: { a: "soft", b: "helo", c: "soft" } }));
  w.intentDelayMs = 3_000;
  asks(w, "failover", { to: "b" });
  w.pass(1);
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  w.pass(30);
  expect(w.word()).toBe("carried");
  expect(w.carrier()).toBe("c");
});

slow("a host that booted ten years in the past tries its encoders again all the same", () => {
  const w = onAir();
  w.box("a").broken = true;
  w.box("b").broken = true;
  w.kill("a");
  w.pass(60);
  w.box("a").broken = false;
  w.box("b").broken = false;
  w.jumpWallClock(-10 * 365 * 86_400_000);
  w.restart({ reboot: true });
  w.pass(16 * 60);
  expect(w.word()).toBe("carried");
});

test("a late picture of an encoder that could not be proven off is kept, and it is the carrier", () => {
  const w = onAir(
    aPlan({
      kinds: { a: "soft", b: "helo" },
      destinations: [aDestinationPlan({ noPublisherProofMs: 120_000 })],
    }),
  );
  w.box("b").broken = true;
  w.kill("a");
  w.pass(5);
  expect(w.word()).toBe("takingOver");
  w.box("b").reachable = false;
  w.pass(40);
  expect(w.word()).toBe("waitingForFence");
  w.box("b").broken = false;
  w.box("b").running = { destination: "far", generation: 2 };
  w.pass(5);
  expect(w.word()).toBe("carried");
  expect(w.carrier()).toBe("b");
  w.box("b").reachable = true;
  w.pass(5);
  w.box("b").running = null;
  w.pass(20);
  expect(w.word()).toBe("carried");
  expect(w.overlaps).toEqual([]);
});

test("kicked out twice by somebody else, it waits for a person and does not fight", () => {
  const w = kickedTwice();
  expect(w.word()).toBe("needsHuman");
  w.pass(60);
  expect(w.word()).toBe("needsHuman");
  w.restart();
  w.pass(60);
  expect(w.word()).toBe("needsHuman");
  w.namedPublisher = null;
  asks(w, "release");
  w.pass(30);
  expect(w.word()).toBe("carried");
});

test("the latch after two kicks opens when the far end has been free for 30 s", () => {
  const w = kickedTwice();
  w.namedPublisher = null;
  for (const id of ["a", "b"]) w.box(id).running = null;
  w.pass(45);
  expect(w.word()).toBe("carried");
});

/** `lastWins`, and the far end names another of our encoders as the publisher, twice. */
function kickedTwice(): World {
  const w = onAir(aPlan({ destinations: [aDestinationPlan({ takeover: "lastWins" })] }));
  const kick = () => {
    w.namedPublisher = `understudy/${w.carrier() === "a" ? "b" : "a"}/9`;
    w.pass(4);
  };
  kick();
  w.namedPublisher = null;
  w.pass(15);
  expect(w.word()).toBe("carried");
  kick();
  return w;
}

test("a software encoder that a stranger kicks only ends: where the last wins, that is a kick", () => {
  const w = onAir(aPlan({ destinations: [aDestinationPlan({ takeover: "lastWins" })] }));
  const strangerKicks = () => {
    w.stranger = true;
    w.kill(w.carrier()!);
    w.pass(3);
  };
  strangerKicks();
  expect(w.word()).not.toBe("needsHuman");
  w.stranger = false;
  w.pass(15);
  expect(w.word()).toBe("carried");
  strangerKicks();
  expect(w.word()).toBe("needsHuman");
  expect(w.told("stream.needsHuman").at(-1)?.message).toContain("two kicks in 10 minutes");
});

test("where the last wins, an encoder that ends by itself is replaced without a pause", () => {
  const w = onAir(aPlan({ destinations: [aDestinationPlan({ takeover: "lastWins" })] }));
  w.kill("a");
  w.pass(2);
  expect(w.carrier()).toBe("b");
});

test("a rolled-back journal does not start a stream that nobody asked for", () => {
  const w = new World(
    aPlan({ streams: [aStreamPlan({ encoders: ["a", "b"], autoStart: false })] }),
  );
  w.pass(10);
  w.send({ to: "site", event: { type: "rolledBack", because: "the hub has more" } });
  w.pass(30);
  expect(w.word()).toBe("stopped");
  expect(w.publishers()).toEqual([]);
});

test("without proof, a stream that is to stop is not said to be stopped, even with allowUnproven", () => {
  const plan = aPlan({
    kinds: { a: "helo", b: "helo" },
    streams: [aStreamPlan({ encoders: ["a", "b"], allowUnproven: true })],
  });
  const w = onAir(plan);
  w.box("a").reachable = false;
  asks(w, "stop");
  w.pass(60);
  expect(w.word()).toBe("needsHuman");
  w.box("a").reachable = true;
  w.pass(15);
  expect(w.word()).toBe("stopped");
  expect(w.publishers()).toEqual([]);
});

test("nobody can start for a day: a person is called, and again less and less often", () => {
  const w = onAir(aPlanForDays({ a: "helo" }));
  w.box("a").reachable = false;
  w.box("a").running = null;
  const inAll = () => w.told("stream.needsHuman").length;
  for (let minute = 0; minute < 4; minute++) w.leap(60, 12);
  expect(inAll()).toBe(1);
  for (let minute = 0; minute < 60; minute++) w.leap(60, 6);
  expect(inAll()).toBe(3);
  for (let hour = 0; hour < 23; hour++) w.leap(3_600, 60);
  expect(inAll()).toBeLessThanOrEqual(10);
  w.box("a").reachable = true;
  w.pass(120);
  expect(w.carrier()).toBe("a");
  w.box("a").reachable = false;
  w.box("a").running = null;
  const before = inAll();
  w.pass(90);
  // Another incident is news.
  expect(inAll()).toBe(before + 1);
});
