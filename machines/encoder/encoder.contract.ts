import { z } from "zod";
import { Id, word } from "../id.ts";
import { Figure, Published } from "../published.ts";

export const linkWords = ["unknown", "reachable", "silent", "unreachable"] as const;
export const thermalWords = ["unknown", "normal", "warm", "cooling", "hot", "protected"] as const;
export const outputWords = [
  "unknown",
  "idle",
  "starting",
  "streaming",
  "failing",
  "stopping",
] as const;
export const serviceWords = ["inService", "maintenance", "quarantined", "rebooting"] as const;
export const powerWords = ["on", "cutting", "cut", "unknown", "restoring"] as const;
export const clockWords = ["unknown", "right", "wrong"] as const;
export const inputWords = ["unknown", "good", "lost", "black", "frozen", "silent"] as const;

/** One output of a box: a stream or a recording. */
export const EncoderOutput = z.object({
  id: Id,
  state: word(outputWords),
  /** Whether its output moves: time, frames or bytes advancing. */
  progress: word(["moving", "frozen"]),
  /** Whether the network takes what it sends. `stuck` means the network, not the encoder. */
  sendQueue: word(["draining", "stuck"]),
  /** The stream that holds this output, if any. */
  stream: Id.optional(),
  keyGeneration: z.number().int().optional(),
  sinceMs: z.number(),
});
export type EncoderOutput = z.infer<typeof EncoderOutput>;

/** What a box measures of itself. A figure it cannot measure is absent, never 0. */
export const EncoderFigures = z.object({
  temperatureC: Figure.optional(),
  cpuUsageRatio: Figure.optional(),
  memoryUsageRatio: Figure.optional(),
  fanSpeedRpm: Figure.optional(),
  bitrateBps: Figure.optional(),
  framesPerSecond: Figure.optional(),
  droppedFrames: Figure.optional(),
  outputBytes: Figure.optional(),
  /** What the processes of a software encoder take of their host: seconds of one processor, … */
  cpuSeconds: Figure.optional(),
  memoryBytes: Figure.optional(),
  /** … and bytes from and to disks. The source says whether its control group or /proc counts. */
  ioReadBytes: Figure.optional(),
  ioWrittenBytes: Figure.optional(),
  /** Its clock minus that of the site's host; certain to `clockExactToMs`. */
  clockAheadMs: Figure.optional(),
  clockExactToMs: Figure.optional(),
  /** Who takes the programme from the box itself, as from its SRT listener. */
  clientCount: Figure.optional(),
  /** Through its interface, everything and not only the programme; and what that could carry. */
  networkSentBps: Figure.optional(),
  networkReceivedBps: Figure.optional(),
  networkLinkBps: Figure.optional(),
});
export type EncoderFigures = z.infer<typeof EncoderFigures>;

export const breakerWords = ["closed", "open", "halfOpen"] as const;

/** How it is to talk to. A figure that cannot be told is absent, never 0. */
export const EncoderConnection = z.object({
  /** After five failures in a row it is `open`: left alone, but for stop and fence. */
  breaker: word(breakerWords),
  /** 0 (no use) to 100 (nothing wrong). */
  healthScore: z.number().min(0).max(100).optional(),
  /** What is worst of it. */
  burden: word(["latency", "errors", "resets", "staleness"]).optional(),
  /** 0 to 100: what we do to its web server. Not a temperature. */
  requestPressure: z.number().min(0).max(100).optional(),
  latencyMs: z.number().optional(),
  failedRatio: z.number().optional(),
  resets: z.number().optional(),
  /** Trouble on its way, and how that was told. */
  predicted: z
    .object({ what: z.string(), reachesMs: z.number(), inMs: z.number(), method: z.string() })
    .optional(),
});
export type EncoderConnection = z.infer<typeof EncoderConnection>;

export const repairWords = [
  "well",
  "lowered",
  "givingBack",
  "watching",
  "expectedOff",
  "deciding",
  "coolingFirst",
  "observing",
  "proposing",
  "rejected",
  "clearing",
  "heldBack",
  "resting",
  "acting",
  "proving",
  "givenUp",
] as const;

export const troubleWords = ["unreachable", "failing", "overload", "network"] as const;
/** What is wrong with a box, as a class that a playbook is written for. */
export type Trouble = (typeof troubleWords)[number];

/** How it is repaired: while no picture is on air from it, and what is done about its load. */
export const EncoderRepair = z.object({
  /** What may be done without a person; about `trouble`, where there is one. */
  consent: word(["observe", "propose", "act"]),
  /** The same for each kind of trouble, where they differ. */
  playbooks: z.record(z.string(), word(["observe", "propose", "act"])).optional(),
  state: word(repairWords),
  /** What is wrong with it. */
  trouble: word(troubleWords).optional(),
  /** What is proposed, or would be done. */
  next: word(["lowerLoad", "restart", "reboot", "powerCycle"]).optional(),
  /** In words, where `next` is `lowerLoad`. */
  nextLoad: z.string().optional(),
  /** It carries a programme now, whose picture would be lost for a moment. */
  nextCostsPicture: z.boolean().optional(),
  /** Its playbooks have it work at this step of its load, 0 = full. Absent: they never touched it. */
  loadStep: z.number().int().min(0).max(9).optional(),
  /** A proposal is good until then, and is made anew if the trouble lasts: for twice as long. */
  proposalEndsAtMs: z.number().optional(),
  /** With consent `observe`: what `act` would have done. */
  wouldHaveActed: z
    .object({
      times: z.number().int(),
      byAction: z.record(z.string(), z.number().int()),
      sinceMs: z.number(),
      lastAtMs: z.number().nullable(),
    })
    .optional(),
});
export type EncoderRepair = z.infer<typeof EncoderRepair>;

/** What is recorded beside the streams. */
export const EncoderRecording = z.object({
  state: word(outputWords),
  /** Starting or stopping the stream does so to the recording, and the other way round. */
  isLinked: z.boolean().optional(),
  /** The medium it goes to, by its id in `storage/<id>/state`. */
  medium: z.string().optional(),
});
export type EncoderRecording = z.infer<typeof EncoderRecording>;

/** One of the sets of settings a box works by; `number` counts from 1. */
export const EncoderProfile = z.object({
  number: z.number().int(),
  name: z.string().optional(),
  /** Of all that may be selected, the first is number 1. Absent until the box has told them all. */
  names: z.array(z.string()).optional(),
});
export type EncoderProfile = z.infer<typeof EncoderProfile>;

export const h264Profiles = ["constrainedBaseline", "baseline", "main", "high"] as const;

/** What it is set to make of its input. What it does not tell is absent. */
export const EncoderSettings = z.object({
  videoBitrateBps: z.number().optional(),
  audioBitrateBps: z.number().optional(),
  /** `input`: as large as its input, whatever that is. */
  sizeOf: word(["input", "settings"]).optional(),
  widthPx: z.number().optional(),
  heightPx: z.number().optional(),
  framesPerSecond: z.number().optional(),
  /** Of boxes that send a part of the input's frames: 1, 0.5 or 0.25. */
  frameRateShare: z.number().optional(),
  gopFrames: z.number().optional(),
  h264Profile: word(h264Profiles).optional(),
});

/** A setting that is otherwise than its stream wants. */
export const Drifting = z.object({
  setting: z.string(),
  wanted: z.union([z.number(), z.string()]),
  actual: z.union([z.number(), z.string()]),
});

/** What its stream wants of it, and where it is set otherwise. */
export const EncoderWanted = z.object({
  stream: Id,
  /** The encoder that it should be set like; absent: site.yaml says how. */
  like: Id.optional(),
  settings: EncoderSettings,
  /** Of `settings`. */
  hash: z.string(),
  /** Of those that the box tells, too: as wanted and as they are. Alike: it does not drift. */
  comparedHash: z.string().optional(),
  actualHash: z.string().optional(),
  /** Absent: it does not tell its settings now. */
  drift: z.array(Drifting).optional(),
  /** It has lasted for a minute, and people were told. */
  isAlarmed: z.boolean(),
  /** What is done about it; `observe` also where its driver cannot set it. */
  sync: word(["observe", "propose", "act"]),
  /** The command `sync` would set it now. */
  isProposed: z.boolean(),
  notSetBecause: z.string().optional(),
  /** Settings that its driver or its model does not tell, in which they may differ. */
  notCompared: z.array(z.string()).optional(),
});
export type EncoderWanted = z.infer<typeof EncoderWanted>;

export const EncoderIdentity = z.object({
  vendor: z.string(),
  model: z.string().optional(),
  serialNumber: z.string().optional(),
  firmware: z.string().optional(),
});
export type EncoderIdentity = z.infer<typeof EncoderIdentity>;

/** `encoder/<id>/state` */
export const EncoderState = Published.extend({
  name: z.string().optional(),
  identity: EncoderIdentity,
  /** Of a software encoder's host. `hardwareEncoders`: proven by a trial; empty: none works. Absent: not tried. */
  capabilities: z.object({ hardwareEncoders: z.array(z.string()) }).optional(),
  /**
   * By what it makes its picture, or will from its next start on (h264_nvenc, …, libx264; of driver auto
   * also gstreamer, ffmpeg), and why by that. Absent: there is no choice.
   */
  encodes: z.object({ by: z.string(), because: z.string().optional() }).optional(),
  link: word(linkWords),
  /** How long its death goes unnoticed at worst. Absent: an older site. */
  detection: z.object({ silentWithinMs: z.number(), unreachableWithinMs: z.number() }).optional(),
  /** Absent: nothing is asked over a network. */
  connection: EncoderConnection.optional(),
  thermal: word(thermalWords),
  /** Cooldown step 0…5; 0 is full load. */
  thermalStep: z.number().int().min(0).max(9),
  service: word(serviceWords),
  input: word(inputWords),
  outputs: z.array(EncoderOutput),
  /**
   * Streams of the box that nothing here starts, stops or sets, with their state: the second one of a
   * HELO Plus, of which no maker's page says how that is done. Absent: it has none.
   */
  onlyWatched: z.record(Id, word(outputWords)).optional(),
  /** Absent: it does not record, or does not tell. */
  recording: EncoderRecording.optional(),
  profiles: z
    .object({ streaming: EncoderProfile.optional(), recording: EncoderProfile.optional() })
    .optional(),
  /** Absent: an older site. */
  repair: EncoderRepair.optional(),
  /** Against the clock of the site's host. Absent: an older site. */
  clock: word(clockWords).optional(),
  /** What a person may tell it directly: startRecording, stopRecording, … Absent: an older site. */
  controls: z.array(z.string()).optional(),
  settings: EncoderSettings.optional(),
  /** Absent: its streams want nothing of it, or the site is older than that. */
  wanted: EncoderWanted.optional(),
  /** Of a box that stands by for others. */
  practice: z
    .object({
      lastOnAirAtMs: z.number().nullable(),
      /** For a week it has neither carried anything nor been practised. */
      isOverdue: z.boolean(),
      /** Absent: the site is older than that. */
      consent: word(["observe", "propose", "act"]).optional(),
      lastPractisedAtMs: z.number().optional(),
      /** From the order to its picture at the far end, in the last exercise that showed it. */
      startMs: z.number().optional(),
      /** Why the last exercise failed. */
      failure: z.string().optional(),
      /** The destination where it is practised now. */
      underWayAt: Id.optional(),
      /** Overdue, and why it cannot be practised now. */
      hindrance: z.string().optional(),
    })
    .optional(),
  /** A used spare: the stream it is kept for until the command `release`. */
  inUseFor: Id.optional(),
  figures: EncoderFigures,
  /** What this box does on its own after a failure or a power cut; absent = not readable. */
  selfStart: z
    .object({
      autoRecover: z.boolean(),
      powerUp: word(["idle", "record", "stream", "both"]),
      scheduler: z.boolean(),
    })
    .optional(),
  /** Of the outlet it hangs on; absent = it has none that we could switch. */
  power: word(powerWords).optional(),
  /** What the box itself complains of, since when; the same is in `warnings` in sentences. */
  alarms: z
    .array(
      z.object({
        code: z.string(),
        severity: word(["warning", "error"]),
        text: z.string(),
        sinceMs: z.number(),
      }),
    )
    .optional(),
  /** Sentences for the operator: what is not as it should be. */
  warnings: z.array(z.string()),
}).meta({ id: "EncoderState" });
export type EncoderState = z.infer<typeof EncoderState>;
