/**
 * Which boxes a commissioning has put on air themselves, and at which far ends: only these may
 * publish when a relay cannot be kept up. Kept beside the journal, whatever becomes of the reports.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Id } from "../../machines/id.ts";
import type { EncoderReport } from "./report.ts";

/** By encoder and far end: when it was seen there, UTC. */
const Seen = z.record(Id, z.record(z.string(), z.string()));
type Seen = z.infer<typeof Seen>;

const fileIn = (stateDir: string) => join(stateDir, "seen-at-far-end.json");

/** Scheme, host and port: other keys of the same far end are reached by the same way. */
export function farEndOf(address: string): string {
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
}

/** One that was tried and not seen is forgotten; what was not tried stands. */
export function noteSeen(stateDir: string, reports: readonly EncoderReport[]): void {
  const seen = readSeen(stateDir);
  for (const { encoder, steps, farEnd } of reports) {
    const start = steps.find(({ step }) => step === "start");
    if (farEnd === undefined || !start || start.outcome === "skipped") continue;
    const { [farEnd]: _, ...others } = seen[encoder] ?? {};
    const at = new Date().toISOString();
    seen[encoder] = { ...others, ...(start.outcome === "done" && { [farEnd]: at }) };
  }
  const file = fileIn(stateDir);
  writeFileSync(`${file}.new`, `${JSON.stringify(seen, null, 2)}\n`, { mode: 0o640 });
  renameSync(`${file}.new`, file);
}

export function seenAtFarEnd(stateDir: string): (encoder: string, address: string) => boolean {
  const seen = readSeen(stateDir);
  return (encoder, address) => seen[encoder]?.[farEndOf(address)] !== undefined;
}

/** What cannot be read was not seen. */
function readSeen(stateDir: string): Seen {
  try {
    return Seen.parse(JSON.parse(readFileSync(fileIn(stateDir), "utf8")));
  } catch {
    return {};
  }
}
