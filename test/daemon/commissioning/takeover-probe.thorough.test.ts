import { expect, test } from "vitest";
import { monotonicMs } from "../../../daemon/clock.ts";
import type { BenchBox, FarEndView } from "../../../daemon/commissioning/bench.ts";
import type { Rehearsal } from "../../../daemon/commissioning/rehearsal.ts";
import { probeTakeover } from "../../../daemon/commissioning/takeover-probe.ts";
import type { EncoderDriver } from "../../../daemon/drivers/driver.ts";

type Policy = "refusesSecond" | "kicksFirst" | "dropsBoth" | "letsBothIn";

/** Two boxes and a far end with this habit, with nothing between them. */
function twoBoxes(policy: Policy, takeover: string, isTest = true) {
  const publishing = new Set<string>();
  const stopped: string[] = [];
  function ask(id: string): void {
    if (publishing.size === 0 || policy === "letsBothIn") publishing.add(id);
    else if (policy !== "refusesSecond") {
      publishing.clear();
      if (policy === "kicksFirst") publishing.add(id);
    }
  }
  const view = (): FarEndView => {
    const seen = { atMs: monotonicMs(), source: "the far end", provesAbsence: true };
    const by = [...publishing].at(-1);
    if (by === undefined)
      return { ...seen, sight: { word: "quiet" }, quietSinceMs: monotonicMs() - 60_000 };
    const publishers = publishing.size;
    const sight = { word: "publishing" as const, by: `10.0.0.${by}`, bytes: 1, publishers };
    return { ...seen, sight, grewAtMs: monotonicMs() };
  };
  const destination = { id: "far", test: isTest, takeover, observers: [{}] };
  const rehearsal = (id: string) => {
    const driver = {
      startOutput: async () => ask(id),
      stopOutput: async () => {
        publishing.delete(id);
        stopped.push(id);
      },
    } as unknown as EncoderDriver;
    const state = () => (publishing.has(id) ? ("streaming" as const) : ("idle" as const));
    const box = {
      id,
      vendor: {},
      run: (signal: AbortSignal, work: Parameters<BenchBox["run"]>[1]) => work(driver, signal),
      latest: () => ({
        reading: { outputs: { "stream-1": { state: state() } }, figures: {} },
        atMs: monotonicMs(),
      }),
      failure: () => undefined,
    };
    return {
      box,
      output: "stream-1",
      farEnd: { destination, latest: view },
    } as unknown as Rehearsal;
  };
  const probed = (confirmed: string[] = []) =>
    probeTakeover(rehearsal("1"), rehearsal("2"), new AbortController().signal, confirmed);
  return { probed, stopped, publishing };
}

test.concurrent.each<[Policy, string, string]>([
  ["refusesSecond", "the second is refused, the first goes on", "takeover: firstWins"],
  ["kicksFirst", "the second takes the key over, the first is dropped", "takeover: lastWins"],
  ["dropsBoth", "both are thrown out", "exclusive is right"],
  ["letsBothIn", "both are let in at once", "exclusive is right"],
])(
  "a far end that %s is recognised, and both boxes are stopped",
  async (policy, seen, right) => {
    const boxes = twoBoxes(policy, "exclusive");
    const step = await boxes.probed();
    expect(step).toMatchObject({ step: "takeover", outcome: "done" });
    expect(step.because).toContain(seen);
    expect(step.notes.join(" ")).toContain(right);
    expect(boxes.stopped.sort()).toEqual(["1", "2"]);
  },
  60_000,
);

test.concurrent(
  "a configured policy that is not what was seen is a failure",
  async () => {
    const step = await twoBoxes("refusesSecond", "lastWins").probed();
    expect(step).toMatchObject({ outcome: "failed" });
    expect(step.notes.join(" ")).toContain("that is not what was seen");
  },
  60_000,
);

test.concurrent(
  "no second publisher is tried where people watch, or where somebody publishes",
  async () => {
    const watched = twoBoxes("refusesSecond", "exclusive", false);
    expect(await watched.probed()).toMatchObject({ outcome: "skipped" });
    const taken = twoBoxes("refusesSecond", "exclusive");
    taken.publishing.add("9");
    expect(await taken.probed()).toMatchObject({ outcome: "skipped" });
    expect([...watched.stopped, ...taken.stopped]).toEqual([]);
  },
);

test.concurrent(
  "where people watch, it is tried at a destination whose id was typed, and while nobody publishes",
  async () => {
    const watched = twoBoxes("kicksFirst", "exclusive", false);
    expect(await watched.probed(["another"])).toMatchObject({ outcome: "skipped" });
    expect(await watched.probed(["far"])).toMatchObject({ outcome: "done" });
    expect(watched.stopped.sort()).toEqual(["1", "2"]);
    const taken = twoBoxes("kicksFirst", "exclusive", false);
    taken.publishing.add("9");
    const step = await taken.probed(["far"]);
    expect(step).toMatchObject({ outcome: "skipped" });
    expect(step.because).toContain("publishing to far");
    expect([...taken.publishing]).toEqual(["9"]);
  },
  60_000,
);
