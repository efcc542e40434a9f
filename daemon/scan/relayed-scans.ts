/**
 * Whether what the encoders bring to their relays is combed, whatever its flags say. The relay sends
 * it on as it is, so it is what goes out.
 */
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Scan } from "../../machines/content/scan.ts";
import { spoolFileS, spoolFiles } from "../../machines/stream/spool.ts";
import { lookAtScan } from "./look-at-scan.ts";

const lookForWorkEveryMs = 5_000;
/** An encoder is set otherwise now and then; its pictures cost as much as decoding 6 s of them. */
const againAfterMs = 5 * 60_000;
/** Nothing moved, or it has just begun. */
const soonAfterMs = 20_000;

type Spool = { stream: string; encoder: string; folder: string };
export type RelayedScans = {
  /** By encoder, of those that are known. */
  of(stream: string): Readonly<Record<string, Scan>>;
  close(): Promise<void>;
};

/** One after the other. */
export function watchRelayedScans(spools: readonly Spool[], nowMs: () => number): RelayedScans {
  const seen = new Map<Spool, Scan>();
  const dueMs = new Map<Spool, number>();
  const closing = new AbortController();
  let look: Promise<void> | undefined;

  async function lookAt(spool: Spool, files: string[]): Promise<void> {
    const bytes = Buffer.concat(await Promise.all(files.map((path) => readFile(path))));
    const scan = await lookAtScan(fromPipe, { bytes, signal: closing.signal });
    if (scan) seen.set(spool, scan);
    dueMs.set(spool, nowMs() + (scan ? againAfterMs : soonAfterMs));
  }

  const timer = setInterval(() => {
    if (look) return;
    for (const spool of spools) {
      const files = lastWhole(spool.folder, Date.now());
      // Who brings nothing may be set otherwise when it is back.
      if (!files) forget(spool);
      else if (nowMs() >= (dueMs.get(spool) ?? -Infinity)) {
        look = lookAt(spool, files)
          .catch(() => undefined)
          .finally(() => (look = undefined));
        return;
      }
    }
  }, lookForWorkEveryMs);
  function forget(spool: Spool): void {
    seen.delete(spool);
    dueMs.delete(spool);
  }

  return {
    of: (stream) =>
      Object.fromEntries(
        [...seen].flatMap(([spool, scan]) =>
          spool.stream === stream ? [[spool.encoder, scan] as const] : [],
        ),
      ),
    async close() {
      clearInterval(timer);
      closing.abort();
      await look;
    },
  };
}

const fromPipe = ["-protocol_whitelist", "pipe", "-f", "mpegts", "-i", "pipe:0"];

/** The two files before the one that is written to now; undefined: nothing comes. */
function lastWhole(folder: string, wallMs: number): string[] | undefined {
  const files = spoolFiles
    .flatMap((name) => {
      const path = join(folder, name);
      const file = statSync(path, { throwIfNoEntry: false });
      return file && file.size > 0 ? [{ path, atMs: file.mtimeMs }] : [];
    })
    .sort((a, b) => a.atMs - b.atMs);
  const newest = files.at(-1);
  if (!newest || wallMs - newest.atMs > spoolFileS * 1_000) return undefined;
  const whole = files.slice(-3, -1);
  return whole.length < 2 ? undefined : whole.map(({ path }) => path);
}
