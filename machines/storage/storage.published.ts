/** How the machine of some media is seen from outside. */
import type { SnapshotFrom } from "xstate";
import type { Published } from "../published.ts";
import { worstOf } from "./judge.ts";
import { mediumResume, mediumState } from "./medium.published.ts";
import type { StorageState } from "./storage.contract.ts";
import { cycleSentence, type storageMachine, type StorageResume } from "./storage.machine.ts";

export type StorageSnapshot = SnapshotFrom<typeof storageMachine>;

export function storageState(
  { context }: StorageSnapshot,
  p: { published: Published; sinceMs: (medium: string, word: string) => number },
): StorageState {
  const { plan, failure, cycle } = context;
  const media = Object.values(context.media).map((ref) => {
    const state = mediumState(ref.getSnapshot(), 0);
    return { ...state, sinceMs: p.sinceMs(state.id, state.state) };
  });
  return {
    ...p.published,
    ...(plan.name !== undefined && { name: plan.name }),
    state: worstOf(media.map(({ state }) => state)),
    media,
    warnings: [
      ...(cycle ? [cycleSentence(context)] : []),
      ...(failure !== null ? [`does not tell of its media: ${failure}`] : []),
    ],
  };
}

export function storageResume({ context }: StorageSnapshot): StorageResume {
  const { media, reboots, cycle } = context;
  return {
    media: Object.fromEntries(
      Object.entries(media).map(([id, ref]) => [id, mediumResume(ref.getSnapshot())]),
    ),
    reboots,
    cycle,
  };
}
