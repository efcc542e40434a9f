import { expect, test } from "vitest";
import { moveRefusal } from "../../../machines/stream/readiness.ts";
import { aDestinationPlan, aPlan, asks, onAir, World } from "../world.ts";

const three = () => onAir(aPlan({ kinds: { a: "soft", b: "soft", c: "soft" } }));
const outcomes = (w: World) =>
  w.decisions
    .filter(({ type }) => type === "command.done" || type === "command.refused")
    .map(({ type, data }) => [type.slice("command.".length), data["command"], data["code"]]);
/** Two devices; the one on air does not answer any more but still publishes. */
function cutOff(): World {
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
  w.box("a").reachable = false;
  return w;
}

test("a failover goes to the box that was named", () => {
  const w = three();
  expect(asks(w, "failover", { to: "c" })).toBe(true);
  w.pass(10);
  expect([w.word(), w.carrier()]).toEqual(["carried", "c"]);
  expect(outcomes(w)).toEqual([["done", "failover", undefined]]);
});

test("also from a carrier that is suspect", () => {
  const w = three();
  w.uplink = false;
  w.pass(5);
  expect(w.word()).toBe("suspect");
  asks(w, "failover", { to: "c" });
  w.uplink = true;
  w.pass(10);
  expect(w.carrier()).toBe("c");
});

test("a failover to the carrier, to a stranger or to a box in maintenance is refused", () => {
  const w = three();
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  for (const to of ["a", "nobody", "b"]) expect(asks(w, "failover", { to })).toBe(false);
  expect(w.word()).toBe("carried");
});

test("who asked for a move that cannot be made is told what hinders the one that was asked for", () => {
  const w = three();
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  const why = (to?: string) => moveRefusal(w.core.stream("main").context, to);
  expect(why("a")).toBe("a carries it already");
  expect(why("nobody")).toBe("nobody is no encoder of it");
  expect(why("b")).toBe("b is in maintenance");
  expect(why("c")).toBeUndefined();
  expect(why()).toBeUndefined();
  w.send({ to: "encoder:c", event: { type: "maintenance", by: "engineer" } });
  expect(why()).toBe("b is in maintenance, c is in maintenance");
});

test("return goes back to the primary, and is refused when it carries", () => {
  const w = onAir();
  expect(asks(w, "return")).toBe(false);
  w.kill("a");
  w.pass(10);
  expect(asks(w, "return")).toBe(true);
  expect(w.word()).toBe("returning");
  w.pass(10);
  expect([w.word(), w.carrier()]).toEqual(["carried", "a"]);
});

test("a move that waits for its fence can be given up while the picture is on air", () => {
  const w = cutOff();
  asks(w, "failover");
  w.pass(3);
  expect(w.word()).toBe("waitingForFence");
  expect(asks(w, "abort")).toBe(true);
  expect([w.word(), w.carrier()]).toEqual(["carried", "a"]);
});

test("a real loss cannot be given up", () => {
  const w = cutOff();
  w.box("a").running = null;
  w.pass(6);
  expect(w.word()).toBe("waitingForFence");
  expect(asks(w, "abort")).toBe(false);
});

test("a move that cannot be fenced is refused after a while, and the carrier goes on", () => {
  const w = cutOff();
  asks(w, "failover");
  w.pass(60);
  expect([w.word(), w.carrier()]).toEqual(["carried", "a"]);
  expect(outcomes(w)).toEqual([["refused", "failover", "fence_unproven"]]);
});

test("a person may vouch for the fence, and the journal says who", () => {
  const w = onAir(
    aPlan({
      kinds: { a: "helo", b: "helo" },
      destinations: [aDestinationPlan({ noPublisherProofMs: 3_600_000 })],
    }),
  );
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(60);
  expect(w.word()).toBe("needsHuman");
  expect(asks(w, "failover", { to: "b" })).toBe(false);
  expect(asks(w, "failover", { to: "b", unproven: true })).toBe(true);
  w.pass(10);
  expect(w.carrier()).toBe("b");
  const because = w.told("key.granted").at(-1)!.data["because"];
  expect(because).toEqual({ kind: "allowUnproven", by: "engineer" });
});

/** How to bring a stream into each state that lasts. */
const states: Record<string, () => World> = {
  carried: () => onAir(),
  suspect: () => after(onAir(), (w) => (w.uplink = false), 3),
  fencing: () => after(onAir(), (w) => w.kill("a"), 0),
  takingOver: () => after(onAir(), (w) => w.kill("a"), 0.75),
  waitingForFence: () => after(cutOff(), (w) => (w.box("a").running = null), 6),
  needsHuman: () => after(cutOff(), cannotBeProven, 60),
  starting: () => after(new World(), () => undefined, 0),
  returning: () => after(onAir(), (w) => (asks(w, "failover"), w.pass(10), asks(w, "return")), 0),
  stopped: () => after(onAir(), (w) => asks(w, "stop"), 5),
};
/** The far end cannot be seen either: nothing will prove it off. */
function cannotBeProven(w: World) {
  w.box("a").running = null;
  w.pass(4);
  w.observed = false;
}
function after(w: World, what: (w: World) => unknown, seconds: number): World {
  what(w);
  w.pass(seconds);
  return w;
}

for (const [state, reach] of Object.entries(states)) {
  test(`stop while ${state} ends in stopped, with the key free and nobody publishing`, () => {
    const w = reach();
    expect(w.word()).toBe(state);
    expect(asks(w, "stop")).toBe(true);
    w.box("a").reachable = true;
    w.uplink = true;
    w.pass(60);
    expect(w.word()).toBe("stopped");
    expect(w.publishers()).toEqual([]);
    expect(w.core.site().keys["far"]?.holder).toBeNull();
    expect(outcomes(w).at(-1)).toEqual(["done", "stop", undefined]);
  });

  test(`a daemon restarted while ${state} goes on there`, () => {
    const w = reach();
    expect(w.word()).toBe(state);
    w.restart({ downMs: 100 });
    // A fence that is pending is asked for again before it is waited for.
    const again = { waitingForFence: "fencing", needsHuman: "fencing", suspect: "carried" };
    expect(w.word()).toBe((again as Record<string, string>)[state] ?? state);
    if (state !== "stopped") {
      w.box("a").reachable = true;
      w.uplink = true;
    }
    w.pass(60);
    expect(w.word()).toBe(state === "stopped" ? "stopped" : "carried");
    expect(w.publishers().length).toBe(state === "stopped" ? 0 : 1);
    expect(w.overlaps).toEqual([]);
  });
}

test("a stopped stream starts again when it is told to, at its primary", () => {
  const w = states["stopped"]!();
  w.pass(30);
  expect(w.publishers()).toEqual([]);
  asks(w, "start");
  w.pass(10);
  expect([w.word(), w.carrier()]).toEqual(["carried", "a"]);
});

test("a wish from before the stop does not decide who starts afterwards", () => {
  const w = three();
  asks(w, "failover", { to: "c" });
  asks(w, "stop");
  w.pass(10);
  expect(outcomes(w)[0]).toEqual(["refused", "failover", "superseded"]);
  asks(w, "start");
  w.pass(10);
  expect(w.carrier()).toBe("a");
});
