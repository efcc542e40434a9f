import { expect, onTestFinished, test } from "vitest";
import type { BenchBox } from "../../../daemon/commissioning/bench.ts";
import { capabilitiesOf } from "../../../daemon/commissioning/capabilities.ts";
import { vendors } from "../../../daemon/drivers/index.ts";
import { startHelo } from "../../fakes/helo/helo.ts";
import { aPlan } from "../../machines/world.ts";
import { aDriver } from "../drivers/aja-helo/a-unit.ts";

/** What is said of a HELO of this model after it was read. */
async function notesOf(model: "classic" | "plus"): Promise<string> {
  const timings = { answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const helo = await startHelo({ name: "studio a", model, timings });
  onTestFinished(() => helo.close());
  const reading = await aDriver(helo.port).pollAll();
  const box: Partial<BenchBox> = {
    ...{ vendor: vendors["aja-helo"]!, plan: aPlan({ kinds: { a: "helo" } }).encoders[0]! },
    ...{ failures: () => 0, answersMs: () => [1, 2, 3, 4] },
    latest: () => ({ reading, atMs: 0 }),
  };
  const { notes } = await capabilitiesOf(box as BenchBox, AbortSignal.timeout(10_000));
  return notes.join("\n");
}

test("of a HELO Plus it is said that one of its streams is driven, and of a HELO nothing of the kind", async () => {
  expect(await notesOf("plus")).toContain(
    "It carries one programme: how stream-2 is set and started is not documented, so that is only watched.",
  );
  expect(await notesOf("classic")).not.toContain("stream-2");
});
