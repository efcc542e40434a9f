import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type SavedState, StateFile } from "../../../daemon/relay/saved-state.ts";

const state = (inputs: number): SavedState => ({
  playout: {
    orders: {
      generation: 7,
      eligible: Array.from({ length: inputs }, (_, n) => `encoder-with-a-long-name-${n}`),
      preferred: null,
    },
    selected: null,
    clock: null,
    baseMs: null,
  },
  outputs: {},
});

test("the last state is what a successor finds, also after one too long for the file so far", () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-relay-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "state");
  const file = new StateFile(path);
  for (const inputs of [2, 300, 3]) {
    file.save(state(inputs));
    expect(new StateFile(path).load()).toEqual(state(inputs));
  }
  const successor = new StateFile(path);
  successor.save(state(1));
  expect(new StateFile(path).load()).toEqual(state(1));
});
