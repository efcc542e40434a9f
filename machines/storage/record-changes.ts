/** What is noted of a box's recording, step by step. */
import {
  firstMedium,
  type RecordMemory,
  reasonToLeave,
  slowMedium,
  stillLeft,
  withMove,
} from "./record-path.ts";
import { askedMedium, nextOf, recorderOf } from "./recorder.ts";
import type { StorageContext } from "./storage.context.ts";
import type { StorageEvent } from "./storage.events.ts";

type Change = (context: StorageContext, event: StorageEvent) => Partial<RecordMemory>;

export const recordChanges = {
  noteRead: (context, event) => {
    if (event.type !== "box.read") return {};
    const { record, now } = context;
    const { recording, outputs } = event.reading;
    const state = recording ? (outputs?.[recording.output]?.state ?? "unknown") : "unknown";
    return {
      // Of a box that just boots nothing is known, and nothing has ended.
      ...(state !== "unknown" && { state }),
      ...(state === "streaming" && { seenAt: now() }),
      ...(recording?.medium !== undefined && { medium: recording.medium }),
      ...(recording && { also: recording.also ?? null }),
      ...(recording && { isOneTooSlow: recording.isOneTooSlow === true }),
      ...(Object.keys(record.left).length > 0 && { left: stillLeft(recorderOf(context)) }),
    };
  },
  noteOrder: ({ record }, event) => {
    if (event.type !== "recordFor") return {};
    const isNew = event.order !== null && record.order === null;
    return { order: event.order, refused: null, ...(isNew && { isUnwanted: false }) };
  },
  noteWish: (_, event) =>
    event.type === "recordingWanted" ? { isUnwanted: !event.wanted, isOurs: false } : {},
  wantAgain: () => ({ isUnwanted: false }),
  forgetOwn: () => ({ isOurs: false, trouble: null, wasRecording: false }),
  noteOwn: () => ({ isOurs: true, refused: null }),
  noteTrouble: (context) => {
    const { state, medium, seenAt, trouble } = context.record;
    const why = reasonToLeave(recorderOf(context))?.why ?? "lost its recording";
    const gapSince = state === "streaming" ? null : (seenAt ?? context.now());
    return { trouble: trouble ?? { medium, why, gapSince } };
  },
  noteProposal: ({ record: { trouble } }) => ({
    trouble: trouble && { ...trouble, askedTimes: (trouble.askedTimes ?? 0) + 1 },
  }),
  endTrouble: () => ({ trouble: null, target: null }),
  chooseFirst: (context) => ({ target: firstMedium(recorderOf(context)) ?? null }),
  chooseNext: (context) => ({ target: nextOf(context) ?? null }),
  noteAsked: (context, event) => {
    if (event.type !== "moveRecording") return {};
    const { medium, state, seenAt } = context.record;
    const gapSince = state === "streaming" ? null : seenAt;
    return {
      target: askedMedium(context, event.medium) ?? null,
      trouble: { medium, why: `is not wanted any more by ${event.by}`, gapSince },
    };
  },
  /** From now on nothing is recorded. */
  noteMove: (context) => {
    const { trouble, target, left, medium } = context.record;
    const reason = reasonToLeave(recorderOf(context));
    return {
      moves: withMove(recorderOf(context), target ?? ""),
      ...(trouble && { trouble: { ...trouble, gapSince: trouble.gapSince ?? context.now() } }),
      ...(medium !== null && reason?.how === "now" && { left: { ...left, [medium]: reason.why } }),
    };
  },
  forgetMove: ({ record: { moves } }) => ({ moves: moves.slice(0, -1) }),
  noteRecording: ({ record: { target, medium }, now }) => ({
    state: "streaming",
    medium: target ?? medium,
    seenAt: now(),
  }),
  /** Nothing is recorded until it begins again. */
  noteLight: ({ record, now }) => ({
    light: now(),
    trouble: record.trouble ?? {
      medium: slowMedium(record),
      why: "cannot keep up with what is written",
      gapSince: now(),
    },
  }),
  noteStay: ({ record: { medium } }) => ({ target: medium }),
  noteFull: () => ({ light: null }),
  noteEnd: () => ({ state: "idle" }),
  forgetState: () => ({ state: "unknown" }),
} as const satisfies Record<string, Change>;
