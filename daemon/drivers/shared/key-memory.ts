import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { DriverError, type PublishTarget } from "../driver.ts";
import { jsonOrUndefined } from "./http/json.ts";

/** A start may not hang on a disk that does not answer; the memory in this process still holds. */
const saveWithinMs = 250;

const Holding = z.object({
  stream: z.string(),
  destination: z.string(),
  keyGeneration: z.int(),
});
type Holding = z.infer<typeof Holding>;

/** What we started. `Place` is where in the box the key was put: a profile, an entry of a list. */
export type Run<Place> = Holding & {
  place?: Place | undefined;
  /** Whether the box was seen streaming since: until then idle does not mean that it ended. */
  seenStreaming: boolean;
};
type Memory<Place> = {
  highest: Holding[];
  run?: Run<Place> | undefined;
  /** Places that were given a key and were not read back as empty since. */
  placesWithKey: Place[];
};

/**
 * What must outlive the daemon: the highest key generation per stream and destination (a fencing
 * token: a lower one is a decision that was overtaken), and the run we started. Holds no key.
 * A file that cannot be read counts as empty: the site's own journal is the owner of generations,
 * and a broken file must not keep a box off air.
 */
export function openKeyMemory<Place>(file: string, place: z.ZodType<Place>): KeyMemory<Place> {
  let memory = load(file, place);
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
    accept(where, { stream, destination, keyGeneration, srt }) {
      if (srt) throw new DriverError("notPossible", `${where} is not told how SRT calls, yet`);
      const others = memory.highest.filter(
        (key) => key.stream !== stream || key.destination !== destination,
      );
      const known = memory.highest.find((key) => !others.includes(key))?.keyGeneration;
      if (known !== undefined && keyGeneration < known) {
        const message = `${where} was given key generation ${known}, not starting ${keyGeneration}`;
        throw new DriverError("staleKey", message, { highestGeneration: known });
      }
      if (known === keyGeneration) return;
      memory = { ...memory, highest: [...others, { stream, destination, keyGeneration }] };
      unsaved = true;
    },
    async starting(run) {
      const places = new Set(memory.placesWithKey);
      if (run.place !== undefined) places.add(run.place);
      memory = { ...memory, run, placesWithKey: [...places] };
      await save();
    },
    async keyCopied(place) {
      const placesWithKey = [...new Set([...memory.placesWithKey, place])];
      memory = { ...memory, placesWithKey };
      await save();
    },
    async keyForgotten() {
      memory = { ...memory, placesWithKey: [] };
      await save();
    },
    async running(run) {
      const { run: _, ...rest } = memory;
      memory = run ? { ...rest, run } : rest;
      await save();
    },
    run: () => memory.run,
    placesWithKey: () => memory.placesWithKey,
    async settle() {
      if (unsaved) await save();
    },
  };
}

export type KeyMemory<Place> = {
  /**
   * Throws `staleKey` below the highest generation seen, else remembers this one as it: here at
   * once, on disk with the next save, which comes before anything is written to the box.
   */
  accept(where: string, holding: Holding & Pick<PublishTarget, "srt">): void;
  /** Before the key is put into `run.place`: one save, for a start has no time to lose. */
  starting(run: Run<Place>): Promise<void>;
  /** Before what may be a key is put there, too. */
  keyCopied(place: Place): Promise<void>;
  keyForgotten(): Promise<void>;
  running(run: Run<Place> | undefined): Promise<void>;
  run(): Run<Place> | undefined;
  placesWithKey(): readonly Place[];
  /** Try again to write what the disk did not take. */
  settle(): Promise<void>;
};

function load<Place>(file: string, place: z.ZodType<Place>): Memory<Place> {
  const empty: Memory<Place> = { highest: [], placesWithKey: [] };
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return empty;
  }
  const Memory = z.object({
    highest: z.array(Holding),
    run: Holding.extend({ place: place.optional(), seenStreaming: z.boolean() }).optional(),
    placesWithKey: z.array(place),
  });
  return Memory.safeParse(jsonOrUndefined(text)).data ?? empty;
}

async function write(file: string, text: string): Promise<void> {
  const draft = `${file}.new`;
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(draft, text, { mode: 0o600, flush: true });
  await rename(draft, file);
}
