import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { JournalHealth, TurnRow } from "../../../daemon/journal/journal.ts";
import { openJournal } from "../../../daemon/journal/open-journal.ts";
import type { JournalOptions } from "../../../daemon/journal/start-writer.ts";
import { bundleWriter } from "../../setup/writer-url.ts";

export const stamp = (wallMs = 1_700_000_000_000, monoMs = 5_000) => ({
  bootId: "boot-1",
  monoMs,
  wallMs,
});

export const event = (seq: number, message = `event ${seq}`) => ({
  seq,
  atMs: 1_700_000_000_000 + seq,
  type: "carrier_changed",
  subject: { kind: "stream", id: "main" },
  severity: "info" as const,
  message,
  data: { seq },
});
export const turn = (...seqs: number[]): TurnRow => ({
  events: seqs.map((seq) => event(seq)),
  resume: {},
  intents: [],
  settledIntents: [],
});
export const upTo = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** Waits for what must come; the limit only turns a hang into a message. */
export async function until(what: string, holds: () => boolean, withinMs = 60_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`still waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Journals in folders of their own, closed and removed after each test. */
export function journals() {
  let writer: Awaited<ReturnType<typeof bundleWriter>> | undefined;
  const cleanUp: (() => Promise<void> | void)[] = [];
  beforeAll(async () => {
    writer = await bundleWriter();
  });
  afterAll(() => writer?.remove());
  afterEach(async () => {
    for (const clean of cleanUp.splice(0).reverse()) await clean();
  });

  function writerUrl(): URL {
    if (!writer) throw new Error("the writer is not built yet");
    return writer.url;
  }
  return {
    writerUrl,
    afterwards: (clean: () => Promise<void> | void) => void cleanUp.push(clean),
    folder: (): string => {
      const folder = mkdtempSync(join(tmpdir(), "understudy-journal-"));
      cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
      return folder;
    },
    open: async (folder: string, options: Partial<JournalOptions> = {}) => {
      const warnings: string[] = [];
      const journal = await openJournal({
        file: join(folder, "journal.sqlite"),
        writerUrl: writerUrl(),
        now: () => stamp(),
        reserveBytes: 0,
        warn: (message) => void warnings.push(message),
        ...options,
      });
      cleanUp.push(() => journal.close());
      const healths: JournalHealth[] = [];
      journal.onHealth((health) => void healths.push(health));
      return { journal, warnings, healths };
    },
  };
}
