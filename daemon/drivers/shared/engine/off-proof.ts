/**
 * Level 2 of the fence: the lock tried for real, nothing left of the process, and only then a look at
 * what the kernel still sends for the dead.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { FenceEvidence } from "../../../../machines/stream/fence-evidence.ts";
import { freeLock } from "./ending.ts";
import type { LifeLine } from "./life-line.ts";
import { areOver, type ProcessId } from "./processes.ts";
import { smallShell } from "./small-shell.ts";
import { orphanedBytes, type Orphans } from "./sockets.ts";

type Look = { lockFree: boolean; unsentBytes: number };

const lookEveryMs = 20;
/** The launcher holds the lock until it has kept the last words: some milliseconds. */
const launcherEndsWithinMs = 500;
/** What waited for the program's end ends right after it: then nobody holds the life line. */
const lineIsCutWithinMs = 20;
/** Longer ago, it is looked at again: evidence is not kept in stock. */
const earlyLookKeptMs = 1_000;

export class OffProof {
  readonly #lock: string;
  readonly #now: () => number;
  #early: { orphans: Orphans; atMs: number; look: Promise<Look | undefined> } | undefined;

  constructor(lock: string, now: () => number) {
    this.#lock = lock;
    this.#now = now;
  }

  /**
   * The process was seen to have ended. The question whether it is off comes in a moment: the look
   * begins now.
   * @returns whether it is proven off already, as soon as that can be known
   */
  async lookEarly(
    line: LifeLine | undefined,
    processes: readonly ProcessId[],
    orphans: Orphans,
  ): Promise<boolean> {
    const look = this.#look(line, processes, orphans).catch(() => undefined);
    this.#early = { orphans, atMs: this.#now(), look };
    if (!line) return false;
    const seen = await Promise.race([look, pause(lineIsCutWithinMs, undefined, { ref: false })]);
    return seen?.lockFree === true && seen.unsentBytes === 0;
  }

  async #look(
    line: LifeLine | undefined,
    processes: readonly ProcessId[],
    orphans: Orphans,
  ): Promise<Look> {
    const within = AbortSignal.timeout(launcherEndsWithinMs);
    const lockFree =
      ((await line?.isCut(lineIsCutWithinMs)) ||
        (await smallShell.lockIsFree(this.#lock, launcherEndsWithinMs))) &&
      (await areOver(processes, within));
    return { lockFree, unsentBytes: await orphanedBytes(orphans) };
  }

  /** Something is started: what was seen before says nothing any more. */
  forget(): void {
    this.#early = undefined;
  }

  /**
   * Whoever holds the lock is killed, and what is still being sent is waited for.
   * @param processes who published, and ends or has ended
   */
  async prove(
    processes: readonly ProcessId[],
    orphans: Orphans,
    signal: AbortSignal,
  ): Promise<FenceEvidence> {
    const early = this.#early;
    this.#early = undefined;
    const inTime = early && this.#now() - early.atMs < earlyLookKeptMs;
    if (inTime && orphans.addresses.every((to) => early.orphans.addresses.includes(to))) {
      const look = await early.look;
      if (look?.lockFree && look.unsentBytes === 0) {
        return { kind: "processGone", ...look, atMs: early.atMs };
      }
    }
    const lockFree = await freeLock(this.#lock, processes, signal);
    for (;;) {
      const unsentBytes = await orphanedBytes(orphans);
      if (unsentBytes === 0 || signal.aborted) {
        return { kind: "processGone", lockFree, unsentBytes, atMs: this.#now() };
      }
      await pause(lookEveryMs);
    }
  }
}
