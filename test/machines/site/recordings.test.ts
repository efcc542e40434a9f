/** Who records because of another box. */
import { expect, test } from "vitest";
import type { MediumReading } from "../../../machines/storage/medium.ts";
import type { SitePlan } from "../../../machines/site/plan.ts";
import { aPlan, aStreamPlan, World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

const card = (more: Partial<MediumReading> = {}): MediumReading => ({
  ...{ id: "sd", kind: "card", isNetwork: false, condition: "ok", source: "device" },
  ...{ freeRatio: 0.5, ...more },
});

/** Two boxes with a card each; `a` is on air. */
function aFacility(recording: "protect" | "sacrifice", more: Partial<SitePlan> = {}) {
  const record = { paths: ["sd"], failover: "act" } as const;
  const w = new World({
    ...aPlan({
      kinds: { a: "helo", b: "helo" },
      streams: [aStreamPlan({ encoders: ["a", "b"], recording })],
    }),
    ...more,
    storages: ["a", "b"].map((id) => ({ id, readingMaxAgeMs: 144_000, record })),
  });
  for (const id of ["a", "b"]) {
    w.box(id).records = { state: "idle", medium: "sd", media: {} };
    w.box(id).says.media = [card()];
  }
  w.pass(60);
  const state = (id: string) => w.box(id).records!.state;
  const isLost = () => {
    w.box("a").says.media = [card({ condition: "missing" })];
    w.box("a").records!.state = "failing";
  };
  return { w, state, isLost };
}
const lines = (w: World) => w.told("storage.recording").map(({ message }) => message);

test("protect: the understudy records from the start, and ends with the programme's recording", () => {
  const { w, state } = aFacility("protect");
  expect(state("b")).toBe("idle");
  w.box("a").records!.state = "streaming";
  w.pass(5);
  expect(state("b")).toBe("streaming");
  expect(lines(w)).toEqual(["b records to sd as well, in case that a fails"]);
  w.box("a").records!.state = "idle";
  w.pass(15);
  expect(state("b")).toBe("idle");
});

test("sacrifice: the understudy does not record before it is needed", () => {
  const { w, state, isLost } = aFacility("sacrifice");
  w.box("a").records!.state = "streaming";
  w.pass(30);
  expect(state("b")).toBe("idle");
  isLost();
  w.pass(5);
  expect(state("b")).toBe("streaming");
  expect(lines(w)[1]).toMatch(/^b records to sd in place of a, which cannot; at most \d\.\d s are/);
});

test("a loss that another box has recorded is in the incident, with its seconds and with who has them", () => {
  const { w, state, isLost } = aFacility("protect");
  w.box("a").records!.state = "streaming";
  w.pass(5);
  isLost();
  w.pass(20);
  w.box("a").says.media = [card()];
  w.pass(5);
  expect(state("a")).toBe("streaming");
  const [incident] = w.told("stream.incident").map(({ data }) => data["incident"]);
  expect(incident).toMatchObject({
    ...{ cause: "recording", outcome: "recovered", offAirMs: null, from: "a", to: "a" },
    recordingGaps: [{ encoder: "a", by: "a", to: "sd", because: "sd is missing", coveredBy: "b" }],
  });
  const [{ ms }] = (incident as { recordingGaps: [{ ms: number }] }).recordingGaps;
  expect(ms).toBeGreaterThan(19_000);
  expect(ms).toBeLessThan(23_000);
});

slow("after a takeover the programme is still recorded, by the box that now carries it", () => {
  const { w, state } = aFacility("protect");
  w.box("a").records!.state = "streaming";
  w.pass(5);
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(120);
  expect(w.carrier()).toBe("b");
  expect(state("b")).toBe("streaming");
  w.restart();
  w.pass(30);
  expect(state("b")).toBe("streaming");
});

test("a box with another source, or in maintenance, is not made to record", () => {
  const other = aPlan({ kinds: { a: "helo", b: "helo" } }).encoders;
  const { w, state } = aFacility("protect", {
    encoders: other.map((box) => (box.id === "b" ? { ...box, source: "camera 2" } : box)),
  });
  w.box("a").records!.state = "streaming";
  w.pass(30);
  expect(state("b")).toBe("idle");

  const kept = aFacility("protect");
  kept.w.send({ to: "encoder:b", event: { type: "maintenance", by: "anna" } });
  kept.w.box("a").records!.state = "streaming";
  kept.w.pass(30);
  expect(kept.state("b")).toBe("idle");
});
