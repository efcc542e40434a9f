import { expect, onTestFinished, test } from "vitest";
import type { BenchBox } from "../../../daemon/commissioning/bench.ts";
import { capabilitiesOf } from "../../../daemon/commissioning/capabilities.ts";
import { vendors } from "../../../daemon/drivers/index.ts";
import type { EncoderReading } from "../../../machines/encoder/reading.ts";
import { startHelo } from "../../fakes/helo/helo.ts";
import { aPlan } from "../../machines/world.ts";
import { aDriver } from "../drivers/aja-helo/a-unit.ts";
import { aBox as aMagewell, aDriver as aMagewellDriver } from "../drivers/magewell/a-box.ts";

/** What is said of a HELO of this model after it was read. */
async function notesOf(model: "classic" | "plus"): Promise<string> {
  const timings = { answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const helo = await startHelo({ name: "studio a", model, timings });
  onTestFinished(() => helo.close());
  return notesOn("aja-helo", await aDriver(helo.port).pollAll());
}

async function notesOn(vendor: string, reading: EncoderReading): Promise<string> {
  const box: Partial<BenchBox> = {
    ...{ vendor: vendors[vendor]!, plan: aPlan({ kinds: { a: "helo" } }).encoders[0]! },
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

test.each([
  ["encode", "Media: sd ok."],
  ["stream", "Storage: none told, so nobody hears from here that it fills."],
] as const)("of a Magewell Ultra %s its media are told, or that it tells none", async (...of) => {
  const [model, says] = of;
  const { port } = await aMagewell({ model });
  const notes = await notesOn("magewell", await aMagewellDriver(port).pollAll());
  expect(notes).toContain(says);
});
