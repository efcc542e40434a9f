import type { StoragePlan } from "../site/plan.ts";
import type { Stamp } from "../time.ts";
import type { MediumRef, MediumResume } from "./medium.machine.ts";
import type { RebootCycle } from "./reboot-cycle.ts";
import type { RecordMemory, RecordResume } from "./record-path.ts";

export type StorageResume = {
  media: Record<string, MediumResume>;
  reboots: Stamp[];
  cycle: RebootCycle | null;
  /** Absent in older journals, and of what does not record. */
  recording?: RecordResume;
};

export type StorageContext = {
  plan: StoragePlan;
  now: () => Stamp;
  media: Record<string, MediumRef>;
  bootMark: string | null;
  /** Of the last 10 min. */
  reboots: Stamp[];
  /** Medium → when it was last seen as it should not be, and how. */
  suspects: Record<string, { at: Stamp; why: string }>;
  /** The cycle that was told last. */
  cycle: RebootCycle | null;
  /** Of that slot: the boot after which it was released last, and why it could not be. */
  release: { after: string | null; failed: string | null };
  /** Why the last attempt to read it failed; null = it was read. */
  failure: string | null;
  /** How often a medium became another one. */
  moves: number;
  record: RecordMemory;
};
