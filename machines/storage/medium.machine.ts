import { type ActorRefFrom, assign, sendParent, setup } from "xstate";
import type { Decision } from "../decision.ts";
import { elapsedMs, rebased, type Stamp } from "../time.ts";
import { levelIn, type ReadWord, wordOf } from "./judge.ts";
import type { MediumWord } from "./storage.contract.ts";
import type { MediumReading } from "./medium.ts";
import { slowSentence, soonFullSentence, fileSystemSentence, wordDecision } from "./sentences.ts";
import {
  endsFilesAt4GB,
  freeBytesOf,
  freeRatioOf,
  type Level,
  levelsFor,
  type StorageLevels,
} from "./space.ts";
import type { MediumEvent, MediumToStorage } from "./storage.events.ts";
import { type Sample, secondsToFull, withSample, writeBytesPerSecond } from "./write-rate.ts";
import { stepped } from "../stepping/stepped.ts";

/** What a restarted daemon must not tell again, and what hysteresis must not forget. */
export type MediumResume = {
  told: MediumWord | null;
  level: Level | null;
  hasToldSpace: boolean;
  wasPresent: boolean;
  unlistedSince: Stamp | null;
  isRetired: boolean;
  /** Who took it out of use; it stays so until a person brings it back. */
  retiredBy?: string;
};

export type MediumInput = {
  id: string;
  /** Whose medium it is, as people call it. */
  owner: string;
  readingMaxAgeMs: number;
  levels: StorageLevels;
  now: () => Stamp;
  resume?: MediumResume;
};

export type MediumContext = Omit<MediumInput, "resume"> &
  Omit<MediumResume, "isRetired" | "retiredBy"> & {
    retiredBy: string | null;
    resume: MediumResume | undefined;
    /** The last one, however old; the word says whether it still counts. */
    reading: MediumReading | undefined;
    readAt: Stamp | null;
    /** Free space over the last 10 min. */
    samples: readonly Sample[];
    slowAt: Stamp | null;
  };

/** A warning that it is soon full ends with this much more time left than it began with. */
const notSoonRatio = 1.5;
/** A medium that keeps up for so long is no longer called slow. */
const keepsUpAfterMs = 60_000;
/** Nobody has named it for so long: it is gone for good. */
const retiredAfterMs = 24 * 3_600_000;

type Reads = { reading: MediumReading };
const seen = ({ event }: { event: MediumEvent }): Reads => ({
  reading: (event as Extract<MediumEvent, { type: "reading" }>).reading,
});
const readWords = [
  "unknown",
  "healthy",
  "filling",
  "nearlyFull",
  "full",
  "failing",
  "missing",
  "readOnly",
] as const satisfies readonly ReadWord[];
const tells = <W extends MediumWord>(word: W) =>
  [
    { type: "tell", params: word },
    { type: "noteTold", params: word },
  ] as const;
const ages = {
  after: { readingMaxAge: { target: "unknown", actions: tells("unknown") } },
} as const;

/** One card, share, disk or volume: can it take a recording, and for how long? */
export const mediumMachine = setup({
  types: {} as { context: MediumContext; input: MediumInput; events: MediumEvent },
  guards: {
    isRetiredByHand: ({ context }) => context.retiredBy !== null,
    says: ({ context }, { reading, word }: Reads & { word: ReadWord }) =>
      context.retiredBy === null && wordOf(reading, context, context.readingMaxAgeMs) === word,
    wasRetired: ({ context }) => context.resume?.isRetired === true,
    isGoneForGood: ({ context }) =>
      context.unlistedSince !== null &&
      elapsedMs(context.unlistedSince, context.now()) >= retiredAfterMs,
    isSlow: (_, { reading }: Reads) => reading.isTooSlow === true,
    keepsUp: ({ context }, { reading }: Reads) =>
      reading.isTooSlow === false &&
      context.slowAt !== null &&
      elapsedMs(context.slowAt, context.now()) >= keepsUpAfterMs,
    endsFilesAt4GB: (_, { reading }: Reads) => endsFilesAt4GB(reading.fileSystem),
    hasAnotherFileSystem: (_, { reading }: Reads) =>
      reading.fileSystem !== undefined && !endsFilesAt4GB(reading.fileSystem),
    isSoonFull: ({ context }) => leftSeconds(context) <= warnBeforeS(context),
    isNotSoonFull: ({ context }) => leftSeconds(context) > notSoonRatio * warnBeforeS(context),
  },
  actions: {
    keep: assign(({ context }, { reading }: Reads) => {
      const { now, samples } = context;
      const at = takenAt(reading, now());
      const freeBytes = freeBytesOf(reading);
      const word = wordOf(reading, context, context.readingMaxAgeMs);
      return {
        reading,
        readAt: at,
        samples:
          freeBytes === undefined || word === "unknown" || word === "missing"
            ? samples
            : withSample(samples, { monoMs: at.monoMs, freeBytes }, reading.totalBytes),
        level: levelIn(word) ?? context.level,
        hasToldSpace: context.hasToldSpace || freeRatioOf(reading) !== undefined,
        unlistedSince: null,
        slowAt: reading.isTooSlow === true ? now() : context.slowAt,
      };
    }),
    /** Tells a word once, also over a restart; the first word of a medium only if it matters. */
    tell: sendParent(({ context }, word: MediumWord): MediumToStorage => {
      const isNews = context.told !== word && !(context.told === null && word === "healthy");
      return isNews
        ? { type: "medium.moved", decision: wordDecision(context, word) }
        : { type: "medium.moved" };
    }),
    noteTold: assign(({ context }, word: MediumWord) => ({
      told: word,
      wasPresent:
        context.wasPresent || (word !== "missing" && word !== "unknown" && word !== "retired"),
    })),
    /** Nobody is alarmed for what is out of use. */
    say: sendParent(({ context }, decision: Decision): MediumToStorage => ({
      type: "medium.moved",
      ...(context.retiredBy === null && { decision }),
    })),
    noteRetired: assign((_, by: string) => ({ retiredBy: by })),
    forgetRetired: assign({ retiredBy: null }),
    noteUnlisted: assign({
      unlistedSince: ({ context }) => context.unlistedSince ?? context.now(),
    }),
    forgetSamples: assign({ samples: [] }),
  },
  delays: {
    readingMaxAge: ({ context }) =>
      Math.max(0, context.readingMaxAgeMs - (context.reading?.ageMs ?? 0)),
  },
}).createMachine({
  id: "medium",
  context: ({ input: { resume, ...input } }) => ({
    ...input,
    resume,
    reading: undefined,
    readAt: null,
    samples: [],
    slowAt: null,
    told: resume?.told ?? null,
    level: resume?.level ?? null,
    hasToldSpace: resume?.hasToldSpace ?? false,
    wasPresent: resume?.wasPresent ?? false,
    retiredBy: resume?.retiredBy ?? null,
    unlistedSince: resume?.unlistedSince ? rebased(resume.unlistedSince, input.now()) : null,
  }),
  type: "parallel",
  states: {
    /** Remembers; decides nothing. */
    memory: {
      on: {
        reading: { actions: { type: "keep", params: seen } },
        unlisted: { actions: "noteUnlisted" },
      },
    },
    word: {
      initial: "deciding",
      on: {
        reading: readWords.map((word) => ({
          guard: {
            type: "says" as const,
            params: (p: { event: MediumEvent }) => ({ ...seen(p), word }),
          },
          target: `.${word}` as const,
          actions: tells(word),
        })),
        retire: {
          target: ".retired",
          actions: [{ type: "noteRetired", params: ({ event }) => event.by }, ...tells("retired")],
        },
        bringBack: { guard: "isRetiredByHand", target: ".unknown", actions: "forgetRetired" },
      },
      states: {
        deciding: { always: [{ guard: "wasRetired", target: "retired" }, "unknown"] },
        unknown: {
          entry: "forgetSamples",
          on: {
            unlisted: {
              guard: "isGoneForGood",
              target: "retired",
              actions: tells("retired"),
            },
          },
        },
        healthy: ages,
        filling: ages,
        nearlyFull: ages,
        full: ages,
        failing: ages,
        missing: ages,
        readOnly: ages,
        /** Back in use as soon as somebody reads it, or when a person says so who retired it. */
        retired: {},
      },
    },
    speed: {
      initial: "keepsUp",
      states: {
        keepsUp: {
          on: {
            reading: {
              guard: { type: "isSlow", params: seen },
              target: "tooSlow",
              actions: { type: "say", params: ({ context }) => slowSentence(context, true) },
            },
          },
        },
        tooSlow: {
          on: {
            reading: {
              guard: { type: "keepsUp", params: seen },
              target: "keepsUp",
              actions: { type: "say", params: ({ context }) => slowSentence(context, false) },
            },
          },
        },
      },
    },
    forecast: {
      initial: "open",
      states: {
        open: {
          always: {
            guard: "isSoonFull",
            target: "soonFull",
            actions: {
              type: "say",
              params: ({ context }) =>
                soonFullSentence(
                  context,
                  leftSeconds(context),
                  writeBytesPerSecond(context.samples) ?? 0,
                ),
            },
          },
        },
        soonFull: { always: { guard: "isNotSoonFull", target: "open" } },
      },
    },
    fileSystem: {
      initial: "unlimited",
      states: {
        unlimited: {
          on: {
            reading: {
              guard: { type: "endsFilesAt4GB", params: seen },
              target: "endsFilesAt4GB",
              actions: {
                type: "say",
                params: (p) => fileSystemSentence(p.context, seen(p).reading.fileSystem ?? ""),
              },
            },
          },
        },
        endsFilesAt4GB: {
          on: {
            reading: { guard: { type: "hasAnotherFileSystem", params: seen }, target: "unlimited" },
          },
        },
      },
    },
  },
});
stepped(mediumMachine);
export type MediumRef = ActorRefFrom<typeof mediumMachine>;

const warnBeforeS = ({ levels }: MediumContext) => levels.warnBeforeMs / 1_000;

/** Seconds until the medium is called full; Infinity when it does not fill or nobody can tell. */
export function leftSeconds({ reading, samples, levels }: MediumContext): number {
  if (!reading) return Infinity;
  const { totalBytes = 0, isNetwork } = reading;
  return secondsToFull(samples, levelsFor(levels, isNetwork).full * totalBytes) ?? Infinity;
}

/** When it was read, which may be a while before it was told. */
function takenAt({ ageMs = 0 }: MediumReading, now: Stamp): Stamp {
  if (ageMs === 0) return now;
  return { ...now, monoMs: now.monoMs - ageMs, wallMs: now.wallMs - ageMs };
}
