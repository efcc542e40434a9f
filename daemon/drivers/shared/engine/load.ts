import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DriverError } from "../../driver.ts";

/** At which of its steps a software encoder works, kept over a restart of the daemon. */
export type Load = {
  step(): number;
  /** @throws DriverError `notPossible` when there is no such step */
  keep(step: number): Promise<void>;
};

/** @param steps how many there are besides full load; a config changed since may have fewer */
export function openLoad(encoder: string, stateDir: string, steps: number): Load {
  const file = join(stateDir, "load-step");
  let now = Math.min(stepIn(file), steps);
  return {
    step: () => now,
    async keep(step) {
      if (!Number.isInteger(step) || step < 0 || step > steps)
        throw new DriverError("notPossible", `${encoder} has no step ${step}`);
      if (step === now) return;
      await writeFile(`${file}.new`, `${step}\n`, { mode: 0o600 });
      await rename(`${file}.new`, file);
      now = step;
    },
  };
}

function stepIn(file: string): number {
  try {
    const text = readFileSync(file, "utf8").trim();
    return /^\d$/.test(text) ? Number(text) : 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
