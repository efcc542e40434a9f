import { z } from "zod";

/**
 * One moment, as the site knows it. `monoMs` (time since boot) orders and measures; `wallMs`
 * (Unix time) is for people and for comparing across a reboot.
 */
export const Stamp = z.object({
  bootId: z.string(),
  monoMs: z.number(),
  wallMs: z.number(),
});
export type Stamp = z.infer<typeof Stamp>;

/** A moment in the future that survives a restart. `lengthMs` caps what a jumped clock can add. */
export const Deadline = Stamp.extend({ lengthMs: z.number().nonnegative() });
export type Deadline = z.infer<typeof Deadline>;

export function deadlineIn(lengthMs: number, now: Stamp): Deadline {
  return {
    bootId: now.bootId,
    monoMs: now.monoMs + lengthMs,
    wallMs: now.wallMs + lengthMs,
    lengthMs,
  };
}

/** Milliseconds left: by the monotonic clock within one boot, else by the wall clock, clamped. */
export function leftMs(deadline: Deadline | undefined, now: Stamp): number {
  if (!deadline) return 0;
  const left =
    deadline.bootId === now.bootId ? deadline.monoMs - now.monoMs : deadline.wallMs - now.wallMs;
  return Math.min(Math.max(left, 0), deadline.lengthMs);
}

const clockDriftMs = 2_000;

/**
 * When it will be by the wall clock as it is set now, Unix ms. A clock that is only being corrected
 * changes nothing that was told.
 */
export function wallTimeOf(deadline: Deadline, now: Stamp): number {
  if (deadline.bootId !== now.bootId) return deadline.wallMs;
  const byNow = now.wallMs + deadline.monoMs - now.monoMs;
  return Math.abs(byNow - deadline.wallMs) < clockDriftMs ? deadline.wallMs : byNow;
}

/** Milliseconds since `then`. Never negative: a wall clock set back must not undo history. */
export function elapsedMs(then: Stamp, now: Stamp): number {
  const elapsed = then.bootId === now.bootId ? now.monoMs - then.monoMs : now.wallMs - then.wallMs;
  return Math.max(elapsed, 0);
}

/**
 * A stamp of an earlier boot in this boot's clock, so that time goes on for it. A wall clock that
 * was set back meanwhile makes it "just now", never a moment yet to come.
 */
export function rebased(then: Stamp, now: Stamp): Stamp {
  if (then.bootId === now.bootId) return then;
  const { bootId, monoMs } = now;
  return { ...then, bootId, monoMs: monoMs - elapsedMs(then, now) };
}
