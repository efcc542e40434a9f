/** Where the off-air time went: detect, decide, fence, start, confirm. */
import { expect, test } from "vitest";
import { incidentRecord, type OpenIncident, step } from "../../../machines/stream/incident.ts";
import { aDestinationPlan, aPlan, asks, onAir, type World } from "../world.ts";

const at = (ms: number) => ({ bootId: "boot", monoMs: ms, wallMs: ms });
const lost: OpenIncident = {
  id: "main-1",
  stream: "main",
  cause: "frozen",
  from: "a",
  to: "b",
  lastGoodAt: at(1_000),
  planned: false,
  suspectedAt: at(1_250),
  decidedAt: at(3_000),
  fencedAt: at(3_400),
  startedAt: at(4_100),
  confirmedAt: at(5_000),
  certificate: null,
  timeline: [],
};

test("each segment ends where the next begins, and together they are the time off air", () => {
  const { segments, offAirMs } = incidentRecord(lost, "tookOver", at(5_000));
  expect(segments).toEqual({
    detectMs: 250,
    decideMs: 1_750,
    fenceMs: 400,
    startMs: 700,
    confirmMs: 900,
  });
  expect(offAirMs).toBe(4_000);
});

test("a step that was not reached has no time, not a time of 0", () => {
  const open = { ...lost, fencedAt: null, startedAt: null, confirmedAt: null };
  const { segments, offAirMs, closedAtMs } = incidentRecord(open, "open", null);
  expect(segments).toMatchObject({ decideMs: 1_750, fenceMs: null, startMs: null });
  expect([segments.confirmMs, offAirMs, closedAtMs]).toEqual([null, null, null]);
});

test("a planned move is off air from the decision on", () => {
  expect(incidentRecord({ ...lost, planned: true }, "tookOver", at(5_000)).offAirMs).toBe(2_000);
});

test("a wall clock set back ten years in the middle changes no segment", () => {
  const setBack = { ...at(5_000), wallMs: -3.2e11 };
  const record = incidentRecord({ ...lost, confirmedAt: setBack }, "tookOver", setBack);
  expect([record.segments.confirmMs, record.offAirMs]).toEqual([900, 4_000]);
});

test("a long night keeps its first line and the last 59", () => {
  let incident = lost;
  for (let i = 0; i < 100; i++) incident = step(incident, at(i), `line ${i}`);
  const lines = incident.timeline.map(({ what }) => what);
  expect([lines.length, lines[0], lines[1], lines.at(-1)]).toEqual([
    60,
    "line 0",
    "line 41",
    "line 99",
  ]);
});

/** The incident as it was told last. */
function told(w: World) {
  return w.told("stream.incident").at(-1)!.data["incident"] as ReturnType<typeof incidentRecord>;
}
const total = ({ segments }: ReturnType<typeof incidentRecord>) =>
  Object.values(segments).reduce<number>((sum, ms) => sum + (ms ?? 0), 0);

test("a killed process: seen at its exit, decided at once, fenced, started, seen at the far end", () => {
  const w = onAir();
  // The last look was at this moment.
  w.wait(300);
  w.kill("a");
  for (let ms = 0; ms < 3_000 && w.word() !== "carried"; ms += 100) w.passUnread(100);
  const record = told(w);
  expect(record).toMatchObject({ cause: "processExited", outcome: "tookOver", from: "a", to: "b" });
  expect(record.segments).toEqual({
    detectMs: 300,
    decideMs: 0,
    // The daemon of this world takes 500 ms for each thing it does.
    fenceMs: 500,
    startMs: 500,
    // Two looks show movement: the first finds the counter where the old picture had left it.
    confirmMs: 100,
  });
  expect(total(record)).toBe(record.offAirMs);
});

test("a freeze that nobody sees at the far end: two seconds of the time are the decision's", () => {
  const w = onAir(aPlan({ destinations: [aDestinationPlan({ observed: false })] }));
  w.freeze("a");
  w.pass(10);
  expect(told(w).segments).toMatchObject({ detectMs: 0, decideMs: 2_000, fenceMs: 500 });
  expect(total(told(w))).toBe(told(w).offAirMs);
});

test("a start that brought nothing is part of the start's time, and the story tells it", () => {
  const w = onAir();
  w.box("b").broken = true;
  w.kill("a");
  w.pass(30);
  const record = told(w);
  expect([record.outcome, record.to]).toEqual(["restarted", "a"]);
  expect(record.segments.startMs).toBeGreaterThan(10_000);
  expect(total(record)).toBe(record.offAirMs);
  expect(record.timeline.map(({ what }) => what).join("\n")).toContain(
    "b did not bring a picture: no picture in time",
  );
});

test("a failover that somebody asked for has lost nothing before it was fenced", () => {
  const w = onAir();
  asks(w, "failover");
  w.pass(10);
  expect(told(w).segments).toMatchObject({ detectMs: 0, decideMs: 0, fenceMs: 500 });
  expect(told(w)).toMatchObject({ cause: "command", offAirMs: total(told(w)) });
});
