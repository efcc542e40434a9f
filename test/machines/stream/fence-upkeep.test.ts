/** A proof is told once, and it is worth something only while it is fresh. */
import { expect, test } from "vitest";
import { aDestinationPlan, aPlan, onAir, type World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

const devices = (noPublisherProofMs = 30_000) =>
  onAir(
    aPlan({
      kinds: { a: "helo", b: "helo" },
      destinations: [aDestinationPlan({ noPublisherProofMs })],
    }),
  );
const timeline = (w: World) =>
  w.core.stream("main").context.memory.incident!.timeline.map(({ what }) => what);

slow("a fence that stays without proof for an hour is one line of the timeline", () => {
  const w = devices(3_600_000);
  w.box("a").reachable = false;
  w.freeze("a");
  w.pass(3_600);
  expect(timeline(w).filter((what) => what.includes("is not proven off"))).toHaveLength(1);
});

test("when another thing is seen, that is told, too", () => {
  const w = devices(3_600_000);
  w.box("a").reachable = false;
  w.freeze("a");
  w.pass(30);
  // It can be reached, does not stop, and may start again by itself.
  Object.assign(w.box("a"), { reachable: true, deaf: true });
  w.fenceEvidence = [{ kind: "deviceNotStreaming", reads: 2, selfStartOff: false, atMs: 0 }];
  w.pass(30);
  expect(timeline(w).filter((what) => what.includes("is not proven off"))).toHaveLength(2);
});

/** Nobody can start for so long after the carrier was proven off; then `b` can. */
function waitedForAnEncoder(seconds: number): World {
  const w = devices();
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  w.box("a").broken = true;
  w.freeze("a");
  w.pass(10);
  w.send({ to: "encoder:a", event: { type: "maintenance", by: "engineer" } });
  w.pass(40);
  expect(w.core.stream("main").value).toMatchObject({ carrier: { waitingForEncoder: "paged" } });
  w.pass(seconds);
  w.observed = false;
  return w;
}
const fences = (w: World) => w.told("stream.fenced").length;

test("a proof that aged while nobody could start is made again before the takeover", () => {
  const w = waitedForAnEncoder(61);
  const before = fences(w);
  w.send({ to: "encoder:b", event: { type: "inService", by: "engineer" } });
  w.pass(10);
  expect(w.carrier()).toBe("b");
  expect(fences(w)).toBe(before + 1);
});

test("an aged proof that cannot be made again holds the takeover back", () => {
  const w = waitedForAnEncoder(61);
  w.box("a").reachable = false;
  w.look("far");
  w.send({ to: "encoder:b", event: { type: "inService", by: "engineer" } });
  w.pass(30);
  expect(w.publishers()).toEqual([]);
  expect(w.word()).toBe("waitingForFence");
  w.box("a").reachable = true;
  w.pass(10);
  expect(w.carrier()).toBe("b");
});

test("the only encoder, proven off, is started at its front panel: it carries again, and the call ends", () => {
  const w = devices();
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  w.box("a").claims = "failing";
  w.box("a").broken = true;
  w.freeze("a");
  w.pass(30);
  expect(w.word()).toBe("needsHuman");
  Object.assign(w.box("a"), { claims: null, broken: false, frozen: false });
  w.pressStart("a");
  w.pass(60);
  expect(w.word()).toBe("carried");
  expect(w.carrier()).toBe("a");
  expect(w.told("stream.incident").at(-1)?.data).toMatchObject({
    incident: { outcome: "restarted", to: "a" },
  });
});

test("quiet is proof for as long as it was looked at, not for the time since the last look", () => {
  const w = devices();
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(1);
  const { quietSince } = w.core.destination("far").context;
  const quietForMs = () => w.now().monoMs - quietSince!.monoMs;
  while (quietForMs() < 28_500) w.pass(0.25);
  const before = fences(w);
  w.wait(2_500);
  expect(w.core.destination("far").value).toBe("quiet");
  expect(fences(w)).toBe(before);
  w.look("far");
  expect(fences(w)).toBe(before + 1);
});
