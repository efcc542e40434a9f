import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DriverError } from "../driver.ts";

/** At which step of its load an encoder was last told to work, kept beside what its driver keeps. */
export type KeptLoad = {
  step(): number;
  /** @throws DriverError `notPossible` when there is no such step */
  keep(step: number): Promise<void>;
  /**
   * Around what sets a box to `step`: until that is done it counts as at the lower load of the two.
   *
   * @throws DriverError `notPossible` when there is no such step; what `work` throws
   */
  during(step: number, work: () => Promise<void>): Promise<void>;
};

/** @param steps how many there are besides full load; a config changed since may have fewer */
export function openKeptLoad(encoder: string, stateDir: string, steps: number): KeptLoad {
  const file = join(stateDir, "load-step");
  let now = Math.min(stepIn(file), steps);
  async function keep(step: number): Promise<void> {
    if (!Number.isInteger(step) || step < 0 || step > steps)
      throw new DriverError("notPossible", `${encoder} has no step ${step}`);
    if (step === now) return;
    now = step;
    // A disk that is full must not keep it hot.
    const write = writeFile(`${file}.new`, `${step}\n`, { mode: 0o600 });
    await write.then(() => rename(`${file}.new`, file)).catch(() => undefined);
  }
  return {
    step: () => now,
    keep,
    async during(step, work) {
      await keep(Math.max(step, now));
      await work();
      await keep(step);
    },
  };
}

function stepIn(file: string): number {
  try {
    const text = readFileSync(file, "utf8").trim();
    return /^\d$/.test(text) ? Number(text) : 0;
  } catch {
    return 0;
  }
}
