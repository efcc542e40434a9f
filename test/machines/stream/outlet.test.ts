/** Level 4 of the fence: a box that cannot be proven off any other way loses its power. */
import { isRising } from "../../../machines/encoder/power.ts";
import { expect, test } from "vitest";
import { aPlan, asks, aStreamPlan, onAir, World } from "../world.ts";

const plan = (p: Parameters<typeof aPlan>[0] = {}) =>
  aPlan({ kinds: { a: "helo", b: "helo" }, outlets: true, ...p });
/** Box a is on air, does not answer any more, and its picture is gone. */
function offAirAndSilent(p: Parameters<typeof aPlan>[0] = {}): World {
  const w = onAir(plan(p));
  w.box("a").reachable = false;
  w.box("a").running = null;
  return w;
}
const power = (w: World) => w.told("encoder.power").map(({ data }) => data["power"]);

test("a box that is off air and does not answer is powered off, and the backup takes over", () => {
  const w = offAirAndSilent();
  w.pass(15);
  expect(power(w)).toEqual(["cut"]);
  expect(w.box("a").unpowered).toBe(true);
  expect(w.carrier()).toBe("b");
  expect(w.told("key.granted").at(-1)?.data["because"]).toMatchObject({
    kind: "fenced",
    certificates: [{ level: 4, encoder: "a", evidence: ["outlet outlet-a is off, read back"] }],
  });
});

test("without an outlet the same fault waits for the far end's 30 s", () => {
  const w = offAirAndSilent({ outlets: false });
  w.pass(20);
  expect(w.word()).toBe("waitingForFence");
  w.pass(20);
  expect(w.carrier()).toBe("b");
});

test("no power is cut while the far end still sees the picture", () => {
  const w = onAir(plan());
  w.box("a").reachable = false;
  w.pass(60);
  expect(power(w)).toEqual([]);
  expect(w.word()).toBe("carried");
});

test("a person who asks for the move while the box does not answer gets it by the outlet", () => {
  const w = onAir(plan());
  w.box("a").reachable = false;
  w.pass(5);
  expect(asks(w, "failover")).toBe(true);
  w.pass(15);
  expect(power(w)[0]).toBe("cut");
  expect(w.carrier()).toBe("b");
});

test("no power is cut when nobody could take over: it would only make things worse", () => {
  const w = onAir(plan());
  w.box("b").reachable = false;
  w.pass(10);
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(20);
  expect(power(w)).toEqual([]);
});

test("a box on maintenance keeps its power: somebody has a hand in it", () => {
  const w = offAirAndSilent();
  w.send({ to: "encoder:a", event: { type: "maintenance", by: "engineer" } });
  w.pass(15);
  expect(power(w)).toEqual([]);
  expect(w.box("a").unpowered).toBe(false);
});

test("a box that was recording keeps its power, unless the stream says sacrifice: then it is named", () => {
  for (const recording of ["protect", "sacrifice"] as const) {
    const w = onAir(plan({ streams: [aStreamPlan({ encoders: ["a", "b"], recording })] }));
    const outputs = {
      "stream-1": { state: "streaming" as const, target: { destination: "far" } },
      "record-1": { state: "streaming" as const },
    };
    w.box("a").says = { outputs };
    w.pass(2);
    w.box("a").reachable = false;
    w.box("a").running = null;
    w.pass(15);
    expect(power(w)).toEqual([recording === "protect" ? "on" : "cut"]);
    expect(w.carrier()).toBe(recording === "protect" ? "a" : "b");
    expect(w.told("encoder.power")[0]?.message).toBe(
      recording === "protect"
        ? "a keeps its power: it was recording when last read"
        : "a is powered off at outlet outlet-a, read back; with it went stream-1, record-1",
    );
  }
});

test("an outlet that does not switch has proven nothing, and says so", () => {
  const w = offAirAndSilent();
  w.outletsFail = true;
  w.pass(20);
  expect(power(w)).toContain("unknown");
  expect(w.carrier()).toBe("a");
  expect(w.word()).toBe("waitingForFence");
});

test("an outlet is cut twice in an hour at most, and six times in a day", () => {
  const w = onAir(plan());
  w.outletsFail = true;
  const cut = () =>
    w.send({
      to: "encoder:a",
      event: { type: "cutPower", stream: "main", recording: "sacrifice" },
    });
  for (let hour = 0; hour < 4; hour++) {
    for (let time = 0; time < 3; time++) {
      cut();
      w.pass(1);
    }
    w.wait(3_600_000);
  }
  const kept = w.told("encoder.power").filter(({ message }) => message.includes("keeps"));
  expect(kept.map(({ message }) => message)).toEqual([
    ...Array<string>(3).fill("a keeps its power: its outlet was cut 2 times in an hour"),
    ...Array<string>(3).fill("a keeps its power: its outlet was cut 6 times in a day"),
  ]);
});

test("a box that starts nothing by itself gets its power back after 30 s, and loses the key then", () => {
  const w = offAirAndSilent();
  w.pass(10);
  expect(w.carrier()).toBe("b");
  w.box("a").reachable = true;
  w.pass(20);
  expect(w.box("a").unpowered).toBe(true);
  w.pass(20);
  expect(power(w)).toEqual(["cut", "on"]);
  expect(w.box("a")).toMatchObject({ unpowered: false, running: null, knowsKeyOf: null });
});

test("a box that would stream at power-up stays off until a person restores it", () => {
  const w = onAir(plan());
  // Somebody switched auto-recover on again, and we could not switch it off.
  w.box("a").deaf = true;
  w.box("a").says = {};
  w.box("a").selfStart = true;
  w.read("a");
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(300);
  expect(w.box("a").unpowered).toBe(true);
  expect(w.carrier()).toBe("b");
  w.send({ to: "encoder:a", event: { type: "restorePower", by: "engineer" } });
  w.pass(5);
  expect(w.box("a").unpowered).toBe(false);
});

test("a box that has its power back is waited for until it answers, or for three minutes", () => {
  const w = offAirAndSilent();
  w.pass(10);
  const word = () => (w.core.encoder("a").value as { power: unknown }).power;
  w.send({ to: "encoder:a", event: { type: "restorePower", by: "engineer" } });
  w.pass(1);
  expect([word(), isRising(w.core.encoder("a")), power(w).at(-1)]).toEqual(["rising", true, "on"]);
  w.box("a").reachable = true;
  w.read("a");
  expect(word()).toBe("on");
  w.box("a").reachable = false;
  w.send({ to: "encoder:a", event: { type: "cutPower", stream: "main", recording: "protect" } });
  w.pass(1);
  w.send({ to: "encoder:a", event: { type: "restorePower", by: "engineer" } });
  w.pass(179);
  expect(word()).toBe("rising");
  w.pass(2);
  expect(word()).toBe("on");
});

test("power that we cut is still known to be cut after a restart of the daemon", () => {
  const w = offAirAndSilent();
  w.pass(10);
  expect(w.box("a").unpowered).toBe(true);
  w.restart();
  w.pass(1);
  expect(w.carrier()).toBe("b");
  w.box("a").reachable = true;
  w.pass(60);
  expect(power(w).at(-1)).toBe("on");
  expect(w.box("a").unpowered).toBe(false);
});

/** Box a was powered off as a fence; b carries, and then nobody is left but a. */
function cutAndRemembered(): World {
  const w = onAir(plan());
  w.box("a").deaf = true;
  w.box("a").says = {};
  w.box("a").selfStart = true;
  w.read("a");
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(15);
  expect(w.box("a").unpowered).toBe(true);
  return w;
}
const provesOff = (w: World) => w.core.site().facts["a"]?.power?.word === "cut";

test("an outlet that was read as off half a minute ago proves nothing any more", () => {
  const w = cutAndRemembered();
  expect(provesOff(w)).toBe(true);
  w.pass(60);
  expect(w.box("a").unpowered).toBe(true);
  expect(provesOff(w)).toBe(false);
});

test("after a restart the memory of a cut is no proof: somebody may have restored the power", () => {
  const w = cutAndRemembered();
  w.restart();
  expect(provesOff(w)).toBe(false);
  w.send({ to: "encoder:a", event: { type: "cutPower", stream: "main", recording: "protect" } });
  w.pass(2);
  expect(provesOff(w)).toBe(true);
});

test("a box that answers has power, whatever we switched off", () => {
  const w = cutAndRemembered();
  w.box("a").unpowered = false;
  w.box("a").reachable = true;
  w.pass(3);
  expect(w.core.site().facts["a"]?.power?.word).toBe("on");
});

test("an outlet that was told to come on and did not say so is not a proof that it is off", () => {
  const w = onAir(plan());
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(12);
  expect(provesOff(w)).toBe(true);
  w.outletsFail = true;
  w.pass(40);
  expect(power(w).at(-1)).toBe("unknown");
  expect(provesOff(w)).toBe(false);
});

test("an outlet that a person restores to a box with power-up state stream: it is stopped within seconds, and loses the key", () => {
  const w = offAirAndSilent();
  w.box("a").selfStart = true;
  w.pass(20);
  expect([w.carrier(), power(w).at(-1)]).toEqual(["b", "cut"]);
  w.box("a").reachable = true;
  w.send({ to: "encoder:a", event: { type: "restorePower", by: "engineer" } });
  w.pass(5);
  expect(w.box("a")).toMatchObject({ unpowered: false, running: null, knowsKeyOf: null });
  expect(w.publishers()).toEqual(["b"]);
  expect([w.carrier(), w.word()]).toEqual(["b", "carried"]);
  w.pass(10);
  expect(w.box("a").selfStart).toBe(false);
});
