/**
 * The region of a box's storage that keeps its recording going: on another of its media when the
 * one it goes to fails, and, for another box, from the start. The stream is never touched.
 */
import type { recordChanges } from "./record-changes.ts";
import type { StorageContext } from "./storage.context.ts";
import type { RecordNews } from "./record-sentences.ts";

const tell = (news: RecordNews) => ({ type: "tellRecording", params: news }) as const;
const note = (what: keyof typeof recordChanges) => ({ type: "note", params: what }) as const;
const asks = ({ context: { plan, record } }: { context: StorageContext }) => ({
  encoder: plan.id,
  medium: record.target ?? "",
});

const lightly =
  (light: boolean) =>
  ({ context: { plan } }: { context: StorageContext }) => ({ encoder: plan.id, light });

const records = {
  guard: "recordsWell",
  target: "#storage.recording.recording",
} as const;
/** It began again without us. */
const isBack = { ...records, actions: [tell("back"), "tellGap", note("endTrouble")] } as const;
const wasStopped = {
  guard: "isUnwanted",
  target: "#storage.recording.stopping",
  actions: note("endTrouble"),
} as const;

export const recording = {
  initial: "unknown",
  on: {
    "box.read": { actions: note("noteRead") },
    recordFor: { actions: note("noteOrder") },
    recordingWanted: { actions: note("noteWish") },
    moveRecording: {
      guard: "mayMove",
      target: ".moving",
      actions: note("noteAsked"),
    },
  },
  states: {
    unknown: {
      always: [
        { guard: "isRecording", target: "recording" },
        { guard: "fellWhileAway", target: "deciding", actions: note("noteTrouble") },
        { guard: "isAtRest", target: "idle" },
      ],
    },
    idle: {
      entry: note("forgetOwn"),
      always: [
        { guard: "isRecording", target: "recording", actions: note("wantAgain") },
        { guard: "isOrdered", target: "starting" },
        { guard: "isLight", target: "restoring" },
      ],
    },
    /** What a slow medium had taken from it is given back for the next recording. */
    restoring: {
      invoke: {
        src: "recordLight",
        input: lightly(false),
        onDone: { target: "idle", actions: [note("noteFull"), tell("full")] },
        onError: "restoringLater",
      },
    },
    restoringLater: {
      always: [
        { guard: "isRecording", target: "recording", actions: note("wantAgain") },
        { guard: "isOrdered", target: "starting" },
      ],
      after: { restoresAgain: "idle" },
    },
    starting: {
      entry: note("chooseFirst"),
      invoke: {
        src: "recordTo",
        input: asks,
        onDone: {
          target: "recording",
          actions: [tell("started"), "tellStandIn", note("noteRecording"), note("noteOwn")],
        },
        onError: { target: "refused", actions: "tellRefused" },
      },
    },
    refused: {
      always: [
        { guard: "isRecording", target: "recording" },
        { guard: "isNotOrdered", target: "idle" },
      ],
      after: { retryOrder: "idle" },
    },
    recording: {
      always: [
        wasStopped,
        { guard: "hasFallen", target: "deciding", actions: note("noteTrouble") },
        { guard: "mustMove", target: "deciding", actions: note("noteTrouble") },
        { guard: "mayLighten", target: "lightening" },
        { guard: "isDone", target: "ending" },
        { guard: "isAtRest", target: "ended" },
      ],
    },
    /** For some seconds nothing is recorded; else the box breaks it off by itself. */
    lightening: {
      entry: note("noteLight"),
      invoke: {
        src: "recordLight",
        input: lightly(true),
        onDone: {
          target: "recording",
          actions: [tell("lightened"), "tellGap", note("noteRecording"), note("endTrouble")],
        },
        onError: { target: "takingUp", actions: "tellNotLightened" },
      },
    },
    /** It was stopped for that, and may not have begun again. */
    takingUp: {
      entry: note("noteStay"),
      invoke: {
        src: "recordTo",
        input: asks,
        onDone: {
          target: "recording",
          actions: ["tellGap", note("noteRecording"), note("endTrouble")],
        },
        onError: { target: "settling", actions: ["tellMoveFailed", note("forgetState")] },
      },
    },
    ended: {
      always: [
        wasStopped,
        { guard: "isRecording", target: "recording" },
        { guard: "hasFallen", target: "deciding", actions: note("noteTrouble") },
      ],
      after: { faultShows: "idle" },
    },
    /** By a person: what is read meanwhile is no fault. */
    stopping: {
      always: [
        { guard: "isAtRest", target: "idle" },
        { guard: "isWanted", target: "unknown" },
      ],
      after: { stopsWithin: { target: "unknown", actions: note("wantAgain") } },
    },
    ending: {
      invoke: {
        src: "stopRecording",
        input: ({ context }: { context: StorageContext }) => ({ encoder: context.plan.id }),
        onDone: { target: "idle", actions: [tell("ended"), note("noteEnd")] },
        onError: { target: "recording", actions: note("forgetOwn") },
      },
    },
    deciding: {
      always: [
        wasStopped,
        { ...records, actions: note("endTrouble") },
        { guard: "stillRecordsSomewhere", target: "recording", actions: note("endTrouble") },
        { guard: "nothingIsLeft", target: "lost" },
        { guard: { type: "consents", params: "observe" }, target: "observing" },
        { guard: { type: "consents", params: "propose" }, target: "proposing" },
        { target: "moving", actions: note("chooseNext") },
      ],
    },
    observing: {
      entry: [note("noteProposal"), tell("wouldMove")],
      always: [wasStopped, isBack, { guard: "nothingIsLeft", target: "lost" }],
      after: { proposalEnds: "deciding" },
    },
    proposing: {
      entry: [note("noteProposal"), tell("proposed")],
      always: [wasStopped, isBack, { guard: "nothingIsLeft", target: "lost" }],
      after: { proposalEnds: "deciding" },
    },
    moving: {
      entry: [note("noteMove"), tell("moving")],
      invoke: {
        src: "recordTo",
        input: asks,
        onDone: {
          target: "recording",
          actions: [tell("moved"), "tellGap", note("noteRecording"), note("endTrouble")],
        },
        onError: [
          { guard: "gaveWay", target: "pausing", actions: note("forgetMove") },
          { target: "settling", actions: ["tellMoveFailed", note("forgetState")] },
        ],
      },
    },
    /** The box was left as it was found: does it record? */
    settling: {
      always: [
        wasStopped,
        { guard: "isRecording", target: "recording", actions: ["tellGap", note("endTrouble")] },
        { guard: "hasEnded", target: "deciding" },
      ],
      after: { seenWithin: "deciding" },
    },
    /** Its stream was more urgent. */
    pausing: {
      always: wasStopped,
      after: { triesAgain: "deciding" },
    },
    lost: {
      entry: tell("lost"),
      always: [wasStopped, isBack, { guard: "somethingIsLeft", target: "deciding" }],
    },
  },
} as const;
