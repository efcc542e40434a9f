import { createActor } from "xstate";
import type { Decision } from "../../../machines/decision.ts";
import type { StoragePlan } from "../../../machines/site/plan.ts";
import { TurnClock } from "../../../machines/site/turn-clock.ts";
import type { MediumReading } from "../../../machines/storage/medium.ts";
import type { StorageResume } from "../../../machines/storage/storage.context.ts";
import { storageMachine } from "../../../machines/storage/storage.machine.ts";
import { storageResume, storageState } from "../../../machines/storage/storage.published.ts";
import type { StorageEvent } from "../../../machines/storage/storage.events.ts";

export const sd: MediumReading = {
  ...{ id: "sd", kind: "card", isNetwork: false, condition: "ok", source: "device" },
  totalBytes: 100e9,
};

/** The media of one box, whose readings are believed for a minute. */
export function aStorage(
  p: { resume?: StorageResume; startMs?: number; plan?: Partial<StoragePlan> } = {},
) {
  const stamp = (monoMs: number) => ({ bootId: "b", monoMs, wallMs: 1.7e12 + monoMs });
  let nowMs = p.startMs ?? 0;
  const clock = new TurnClock(stamp(nowMs));
  const told: Decision[] = [];
  const actor = createActor(storageMachine, {
    clock: { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout },
    input: {
      plan: { id: "helo-1", readingMaxAgeMs: 60_000, ...p.plan },
      now: clock.now,
      ...(p.resume && { resume: p.resume }),
    },
  });
  actor.on("decided", ({ decision }) => void told.push(decision));
  actor.start();
  let snapshot: unknown;
  const state = () =>
    storageState(actor.getSnapshot(), {
      published: { id: "helo-1", epoch: "e", seq: 1, session: "s", atMs: 1.7e12 + nowMs },
      sinceMs: () => 0,
    });
  return {
    told,
    state,
    word: (medium = "sd") => state().media.find(({ id }) => id === medium)?.state,
    medium: (medium = "sd") => state().media.find(({ id }) => id === medium)!,
    send: (event: StorageEvent) => actor.send(event),
    reads: (...media: Partial<MediumReading>[]) =>
      actor.send({
        type: "reading",
        reading: { media: media.map((medium) => ({ ...sd, ...medium })) },
      }),
    boots: (bootMark: string, ...media: Partial<MediumReading>[]) =>
      actor.send({
        type: "reading",
        reading: { bootMark, media: media.map((medium) => ({ ...sd, ...medium })) },
      }),
    pass(seconds: number) {
      nowMs += seconds * 1_000;
      clock.advanceTo(stamp(nowMs), () => undefined);
    },
    resume: () => JSON.parse(JSON.stringify(storageResume(actor.getSnapshot()))) as StorageResume,
    /** Whether an outside that compares snapshots sees a difference since it last looked. */
    looksNew(): boolean {
      const before = snapshot;
      snapshot = actor.getSnapshot();
      return snapshot !== before;
    },
  };
}
