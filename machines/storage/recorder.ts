/** What is asked about the recording of a box, of all that its storage knows. */
import { mediumWord } from "./medium.published.ts";
import { type Leave, nextMedium, reasonToLeave, type Recorder } from "./record-path.ts";
import type { StorageContext } from "./storage.context.ts";

export const ownerOf = ({ plan }: StorageContext) => plan.name ?? plan.id;

export function recorderOf({ plan, record, media, cycle, now }: StorageContext): Recorder {
  return {
    plan: plan.record ?? { paths: [], failover: "observe" },
    record,
    media: Object.entries(media).map(([id, ref]) => {
      const snapshot = ref.getSnapshot();
      return { id, word: mediumWord(snapshot), isTooSlow: snapshot.value.speed === "tooSlow" };
    }),
    cycleSlot: cycle?.slot ?? null,
    now: now(),
  };
}

/** Where its recording goes next, if it has to go. */
export function nextOf(context: StorageContext): string | undefined {
  const box = recorderOf(context);
  const how: Leave["how"] =
    context.record.state === "streaming" ? (reasonToLeave(box)?.how ?? "soon") : "now";
  return nextMedium(box, how);
}

/** A person may name any of its media but the present one. */
export function askedMedium(
  context: StorageContext,
  medium: string | undefined,
): string | undefined {
  const { record, plan } = context;
  if (record.state !== "streaming" && record.trouble === null) return undefined;
  if (medium === undefined) return nextMedium(recorderOf(context), "now");
  const isPath = (plan.record?.paths ?? []).includes(medium);
  return isPath && medium !== record.medium ? medium : undefined;
}
