import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { DriverError } from "../driver.ts";
import { jsonOrUndefined } from "./session.ts";

/** A start may not hang on a disk that does not answer; the memory in this process still holds. */
const saveWithinMs = 250;

const Run = z.object({
  stream: z.string(),
  destination: z.string(),
  keyGeneration: z.int(),
  /** Where the key was put: `RTMPStreamName_3` and the like belong to profile 2. */
  profile: z.int().min(0).max(9).optional(),
  /** Whether the unit was seen streaming since: until then idle does not mean that it ended. */
  seenStreaming: z.boolean(),
});
const Memory = z.object({
  highest: z.array(
    z.object({ stream: z.string(), destination: z.string(), keyGeneration: z.int() }),
  ),
  run: Run.optional(),
  /** Profiles that were given a key and were not read back as empty since. */
  profilesWithKey: z.array(z.int().min(0).max(9)),
});
type Memory = z.infer<typeof Memory>;
export type Run = z.infer<typeof Run>;
type Holding = Pick<Run, "stream" | "destination" | "keyGeneration">;

/**
 * What must outlive the daemon: the highest key generation per stream and destination (a fencing
 * token: a lower one is a decision that was overtaken), and the run we started. Holds no key.
 * A file that cannot be read counts as empty: the site's own journal is the owner of generations,
 * and a broken file must not keep a unit off air.
 */
export function openKeyMemory(stateDir: string) {
  const file = join(stateDir, "aja-helo.json");
  let memory = load(file);
  let unsaved = false;
  let lastWrite: Promise<unknown> = Promise.resolve();

  async function save(): Promise<void> {
    unsaved = true;
    const written = lastWrite
      .then(() => write(file, JSON.stringify(memory)))
      .then(
        () => true,
        () => false,
      );
    lastWrite = written;
    if (await Promise.race([written, sleep(saveWithinMs, false, { ref: false })])) unsaved = false;
  }

  return {
    /**
     * Throws `staleKey` below the highest generation seen, else remembers this one as it: here at
     * once, on disk with the next save, which comes before anything is written to the unit.
     */
    accept(where: string, { stream, destination, keyGeneration }: Holding): void {
      const others = memory.highest.filter(
        (key) => key.stream !== stream || key.destination !== destination,
      );
      const known = memory.highest.find((key) => !others.includes(key))?.keyGeneration;
      if (known !== undefined && keyGeneration < known) {
        const message = `${where} was given key generation ${known}, not starting ${keyGeneration}`;
        throw new DriverError("staleKey", message);
      }
      if (known === keyGeneration) return;
      memory = { ...memory, highest: [...others, { stream, destination, keyGeneration }] };
      unsaved = true;
    },
    /** Before the key is put into the profile of `run`: one save, for a start has no time to lose. */
    async starting(run: Run): Promise<void> {
      const profiles = new Set(memory.profilesWithKey);
      if (run.profile !== undefined) profiles.add(run.profile);
      memory = { ...memory, run, profilesWithKey: [...profiles] };
      await save();
    },
    async keyForgotten(): Promise<void> {
      memory = { ...memory, profilesWithKey: [] };
      await save();
    },
    async running(run: Run | undefined): Promise<void> {
      const { run: _, ...rest } = memory;
      memory = run ? { ...rest, run } : rest;
      await save();
    },
    run: () => memory.run,
    profilesWithKey: () => memory.profilesWithKey,
    /** Try again to write what the disk did not take. */
    async settle(): Promise<void> {
      if (unsaved) await save();
    },
  };
}
export type KeyMemory = ReturnType<typeof openKeyMemory>;

function load(file: string): Memory {
  const empty: Memory = { highest: [], profilesWithKey: [] };
  try {
    return Memory.safeParse(jsonOrUndefined(readFileSync(file, "utf8"))).data ?? empty;
  } catch {
    return empty;
  }
}

async function write(file: string, text: string): Promise<void> {
  const draft = `${file}.new`;
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(draft, text, { mode: 0o600, flush: true });
  await rename(draft, file);
}
