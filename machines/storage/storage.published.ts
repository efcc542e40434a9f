/** How the machine of some media is seen from outside. */
import type { SnapshotFrom } from "xstate";
import type { Published } from "../published.ts";
import { worstOf } from "./judge.ts";
import { recordingState, recordResume, recordWarnings } from "./record.published.ts";
import { mediumResume, mediumState } from "./medium.published.ts";
import type { StorageState } from "./storage.contract.ts";
import type { StorageResume } from "./storage.context.ts";
import type { storageMachine } from "./storage.machine.ts";
import { cycleSentence } from "./storage.setup.ts";

export type StorageSnapshot = SnapshotFrom<typeof storageMachine>;

export function storageState(
  snapshot: StorageSnapshot,
  p: { published: Published; sinceMs: (medium: string, word: string) => number },
): StorageState {
  const { context } = snapshot;
  const { plan, failure, cycle } = context;
  const recording = recordingState(snapshot);
  const media = Object.values(context.media).map((ref) => {
    const state = mediumState(ref.getSnapshot(), 0);
    return { ...state, sinceMs: p.sinceMs(state.id, state.state) };
  });
  return {
    ...p.published,
    ...(plan.name !== undefined && { name: plan.name }),
    state: worstOf(media.map(({ state }) => state)),
    media,
    ...(recording && { recording }),
    warnings: [
      ...recordWarnings(snapshot),
      ...(cycle ? [cycleSentence(context)] : []),
      ...(failure !== null ? [`does not tell of its media: ${failure}`] : []),
    ],
  };
}

export function storageResume(snapshot: StorageSnapshot): StorageResume {
  const { media, reboots, cycle } = snapshot.context;
  const recording = recordResume(snapshot);
  return {
    media: Object.fromEntries(
      Object.entries(media).map(([id, ref]) => [id, mediumResume(ref.getSnapshot())]),
    ),
    reboots,
    cycle,
    ...(recording && { recording }),
  };
}
