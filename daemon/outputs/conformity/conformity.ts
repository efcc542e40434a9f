import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { OutputStatus } from "../status.ts";
import { fileFault } from "./files.ts";
import { FollowedList } from "./followed-list.ts";
import {
  filesIn,
  type Manifest,
  manifestFault,
  manifestStepFault,
  readManifest,
} from "./manifest.ts";
import { isMaster, readList } from "./media-list.ts";

type Reading = NonNullable<OutputStatus["conformity"]>;

/** So many times as long as a look takes: it costs less than 0.3 % of a core, whatever is written. */
const restsTimes = 350;

/**
 * Looks at what an output has written as a player would get it: from the disk, after it was written,
 * and never in the way of what is written next.
 */
export class Conformity {
  readonly #folder: string;
  readonly #entry: string;
  readonly #manifestName: string | undefined;
  readonly #nowMs: () => number;
  readonly #lists = new Map<string, FollowedList>();
  readonly #mostRestMs: number;
  #manifest: Manifest | undefined;
  #there: ReadonlySet<string> = new Set();
  #isDue = false;
  #looking: Promise<void> | undefined;
  #checked = 0;
  #lookedAtMs = 0;
  /** Something was found in this look. */
  #isFaulty = false;
  #fault: { why: string; atMs: number } | undefined;

  /** @param p.entry the list that a player is given; lists that it names are followed */
  constructor(p: {
    folder: string;
    entry: string;
    manifest?: string;
    windowMs: number;
    nowMs: () => number;
  }) {
    this.#folder = p.folder;
    this.#entry = p.entry;
    this.#manifestName = p.manifest;
    // By then some of what was listed is listed still, so that what comes can be held against it.
    this.#mostRestMs = p.windowMs / 3;
    this.#nowMs = p.nowMs;
  }

  /** A list was written. @returns when all of that has been looked at */
  written(): Promise<void> {
    this.#isDue = true;
    this.#looking ??= this.#look();
    return this.#looking;
  }

  /** Null: nothing has been looked at. */
  get reading(): Reading | null {
    if (this.#checked === 0) return null;
    const fault = this.#fault;
    return {
      checked: this.#checked,
      fault: fault?.why ?? null,
      faultlessMs: fault ? Math.round(this.#lookedAtMs - fault.atMs) : null,
    };
  }

  async #look(): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false;
      this.#isFaulty = false;
      const [entry, manifest] = [this.#entry, this.#manifestName];
      const beganAtMs = this.#nowMs();
      // What is not there yet is asked for by itself.
      this.#there = new Set(await readdir(this.#folder).catch(() => []));
      await this.#trying(entry, () => this.#list(entry));
      if (manifest !== undefined) await this.#trying(manifest, () => this.#dash(manifest));
      this.#lookedAtMs = this.#nowMs();
      const restMs = Math.min(restsTimes * (this.#lookedAtMs - beganAtMs), this.#mostRestMs);
      if (restMs > 0) await sleep(restMs, undefined, { ref: false });
    }
    this.#looking = undefined;
  }

  async #list(name: string): Promise<void> {
    const text = await readFile(join(this.#folder, name), "utf8");
    this.#checked++;
    const list = readList(text);
    if (isMaster(list)) {
      const sounds = list.variants.flatMap(({ audio }) => audio.map(({ uri }) => uri));
      const all = [...list.variants.map(({ uri }) => uri), ...sounds];
      const named = new Set(all.filter((uri) => uri !== undefined));
      for (const one of named) await this.#trying(one, () => this.#list(one));
      return;
    }
    const followed = this.#lists.get(name) ?? new FollowedList(this.#folder);
    this.#lists.set(name, followed);
    const before = followed.checked;
    const found = (why: string) => this.#found(`${name}: ${why}`);
    await followed.look(list, { there: this.#there, found });
    this.#checked += followed.checked - before;
  }

  async #dash(name: string): Promise<void> {
    const xml = await readFile(join(this.#folder, name), "utf8");
    this.#checked++;
    const [before, now] = [this.#manifest, readManifest(xml)];
    this.#manifest = now;
    const why = manifestFault(now) ?? (before && manifestStepFault(before, now));
    if (why !== undefined) this.#found(`${name}: ${why}`);
    for (const file of filesIn(now).filter((one) => !this.#there.has(one))) {
      const missing = await fileFault(this.#folder, file);
      if (missing !== undefined) this.#found(`${name}: ${missing}`);
    }
  }

  /** The first of a look is kept: others may come of it. */
  #found(why: string): void {
    const atMs = this.#nowMs();
    this.#fault = { why: this.#isFaulty ? this.#fault!.why : why, atMs };
    this.#isFaulty = true;
  }

  /** What cannot be read is not there for players either. */
  async #trying(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.#found(`${name}: ${(cause as Error).message}`);
    }
  }
}
