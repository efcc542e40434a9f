import type { Connection } from "./connection.ts";
import type { ControlEvent } from "./control.ts";
import type { Exercise, ExerciseNews } from "../exercise/exercise.ts";
import type { Desired } from "./drift.ts";
import type { Trouble } from "./encoder.contract.ts";
import type { Feed } from "./facts.ts";
import type { EncoderReading, PollFailure } from "./reading.ts";

export type EncoderEvent =
  | {
      type: "reading";
      reading: EncoderReading;
      /** Since the last command of ours ended, ms; absent: nobody else can change it. */
      sinceOursMs?: number;
    }
  /** One attempt to read it failed. */
  | { type: "unreadable"; failure: PollFailure; detail: string }
  /** How it is to talk to, whenever that has become another. */
  | { type: "connection"; connection: Connection }
  /** Whether anything comes from the ingest that it takes. */
  | { type: "feed"; feed: Feed }
  /** The decider itself stood still: whatever was known has to be seen again. */
  | { type: "stalled" }
  /** The site gave this output a key; `asSpareFor`: it is a spare of this stream. */
  | { type: "granted"; output: string; asSpareFor?: string }
  /** Another box has the key: this one must neither know it nor use it. */
  | { type: "benched"; output: string }
  | { type: "released"; output: string }
  /** It publishes although it is benched, and its stream knows that to be true. */
  | { type: "rogue"; output: string }
  /** A stream cannot prove it off otherwise. */
  | { type: "cutPower"; stream: string; recording: "protect" | "sacrifice" }
  /** A person wants it on again now. */
  | { type: "restorePower"; by: string }
  /** A person says yes to the repair that was proposed, or wants one tried again. */
  | { type: "repair"; by: string }
  /** A person says no to it. */
  | { type: "rejectRepair"; by: string }
  /** What its streams want it to be set to. */
  | { type: "wanted"; desired: Desired | null }
  /** A person says yes to setting it so. */
  | { type: "sync"; by: string }
  /** A session begins on it: be set so now, without asking anybody. */
  | { type: "setUp" }
  /** The site's answer to `isMissed`. */
  | { type: "missed" }
  | { type: "notMissed" }
  /** The site's answer to `wantsToInterrupt`. */
  | { type: "mayInterrupt" }
  | { type: "mayNotInterrupt"; because: string }
  /** The site's answer to `wantsToCool`. */
  | { type: "mayCool" }
  | { type: "mayNotCool"; because: string }
  /** Its stream is about to see to that itself: ask again. */
  | { type: "mayNotYet" }
  /** Its stream started it twice, and it brought no picture; or it has brought one since. */
  | { type: "starts"; failed: boolean }
  /** The site's answer to `wantsSync`. */
  | { type: "maySync" }
  | { type: "mayNotSync"; because: string }
  /** A person puts a used spare back into the pool. */
  | { type: "release"; by: string }
  | ControlEvent
  /** It is practised, or was. */
  | { type: "exercise"; exercise: Exercise; news: ExerciseNews }
  /** A person wants it cooler: one step now. */
  | { type: "cooldown"; by: string }
  | { type: "maintenance"; by: string }
  | { type: "inService"; by: string };

/** What an encoder asks of the site. */
export type EncoderToSite =
  | {
      /** By what was remembered it is benched, and it publishes: is the memory right? */
      type: "publishesBenched";
      encoder: string;
      output: string;
      /** Where to, or null when the box cannot tell. */
      destination: string | null;
    }
  /** It should carry nothing: whoever can shall take its programmes over, if anybody can. */
  | { type: "wantsRelief"; encoder: string; because: ReliefReason }
  /** A step against its trouble could cost a picture: may it? */
  | { type: "wantsToInterrupt"; encoder: string; trouble: Trouble }
  /** A step against its heat costs the picture for a moment: may it? */
  | { type: "wantsToCool"; encoder: string }
  /** It was told to boot, or got a power cycle: what was tried with it before does not count. */
  | { type: "wasBooted"; encoder: string }
  /** It does not answer: is any of its programmes expected on air now, or soon? */
  | { type: "isMissed"; encoder: string }
  /** It is not set as its stream wants it, and carries nothing: may that be changed now? */
  | { type: "wantsSync"; encoder: string };

export type ReliefReason = "heat" | "repair";
