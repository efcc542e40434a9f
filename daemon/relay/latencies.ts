import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { Id } from "../../machines/id.ts";

/** How much later than the earliest each encoder of a stream brings the same picture, ms. */
const Latencies = z.record(Id, z.number().min(0).max(5_000));
export type Latencies = z.infer<typeof Latencies>;

/** What was measured; undefined where nobody has. */
export function readLatencies(path: string): Latencies | undefined {
  try {
    return Latencies.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    // There is none.
    return undefined;
  }
}

/** Whole or not at all: the relay may read it at any time. */
export function writeLatencies(path: string, latencies: Latencies): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(latencies)}\n`, { mode: 0o644 });
  renameSync(`${path}.new`, path);
}
