import type { Measures } from "./relay/measures.ts";
import type { RecordingGap } from "./stream.contract.ts";
import type { CommandRef } from "../command/command-ref.ts";
import type { Comparison } from "../content/compare.ts";
import type { ContentLook } from "../content/look.ts";
import type { QualityLook } from "../content/quality.ts";
import type { FarEndFacts } from "../destination/far-end.ts";
import type { ReliefReason } from "../encoder/encoder.events.ts";
import type { EncoderFacts } from "../encoder/facts.ts";
import type { EncoderSettings } from "../encoder/settings.ts";
import type { OutputRef } from "../intents.ts";

import type { RelayWord } from "./relay/relay.ts";
import type { LineUp } from "./line-up.contract.ts";
import type { OnAirWindow } from "./schedule.ts";
import type { WindowRule } from "./schedule.contract.ts";

export type StreamEvent =
  /** A box changed. `heldBy` names the stream that holds each of its outputs. */
  | { type: "encoder.facts"; facts: EncoderFacts; heldBy: Record<string, string> }
  | { type: "farEnd.facts"; facts: FarEndFacts }
  /** What an encoder shows, or `farEnd`. */
  | { type: "content"; view: string; look: ContentLook }
  | { type: "quality"; look: QualityLook }
  | { type: "compared"; carrier: string; with: string; comparison: Comparison }
  /** Answers of the site to `claim`. */
  | { type: "key.granted"; keyGeneration: number }
  | { type: "key.refused"; because: string }
  /** `to`: this encoder first. */
  | { type: "start"; command: CommandRef; to?: string }
  | { type: "stop"; command: CommandRef }
  /** Move to `to`, or to the best understudy. `unproven`: a person vouches for the fence. */
  | { type: "failover"; command: CommandRef; to?: string; unproven?: boolean }
  /** Back to the primary. */
  | { type: "return"; command: CommandRef }
  /** Give up a move that has not begun to take anything off air. */
  | { type: "abort"; command: CommandRef }
  /** A person has looked: try again now, all budgets fresh. */
  | { type: "release"; command: CommandRef }
  /** To the understudy and back, measured. `consent`: the name of the stream, as it was typed. */
  | { type: "drill"; command: CommandRef; consent?: string }
  | { type: "failbackDue" }
  /** The windows as the calendar has them now, those that matter; null = always on air. */
  | { type: "schedule"; windows: readonly OnAirWindow[] | null }
  | { type: "addWindow"; command: CommandRef; rule: WindowRule }
  | { type: "removeWindow"; command: CommandRef; rule: string }
  /** From the event region to the carrier region. */
  | { type: "eventNears" }
  | { type: "windowBegan" }
  | { type: "windowEnded" }
  /** What the site found at the line-up. */
  | { type: "lineUp"; lineUp: LineUp }
  /** A recording of its programme went on after a gap. */
  | { type: "recordingGap"; gap: RecordingGap }
  /** It was booted: what it was tried for before does not count. */
  | { type: "wasBooted"; encoder: string }
  /** Its carrier should carry nothing: move away if somebody else can carry. */
  | { type: "relieve"; encoder: string; because: ReliefReason }
  /** A box publishes on this key that is benched by what was remembered. */
  | { type: "publishesBenched"; encoder: string; output: string }
  /** The relay's word on who carries, at each change. */
  | { type: "relay.report"; report: RelayWord }
  /** What it measures of its inputs, by encoder; each 5 s. */
  | { type: "relay.measured"; inputs: Readonly<Record<string, Measures>> }
  /** The relay has died, or does not answer. */
  | { type: "relay.lost"; because: string }
  /** From the relay region to the carrier region: on without it, or with it again. */
  | { type: "fallBack" }
  | { type: "relayAgain" }
  /** To a relayed stream: who stays cold for want of processor, by encoder, and why. */
  | { type: "heldCold"; held: Readonly<Record<string, string>> }
  /** To a stream that only feeds a relay: whether it is to. */
  | { type: "feed"; on: boolean }
  /** It is stopped; from now on these are its encoders. */
  | { type: "assigned"; encoders: OutputRef[]; startWith?: EncoderSettings }
  /** The journal is not to be trusted: look who publishes before doing anything. */
  | { type: "ownershipUnknown" };

/** What a stream asks of the site, the only writer of who holds a key. */
export type StreamToSite =
  | {
      type: "claim";
      stream: string;
      destination: string;
      encoder: string;
      output: string;
      /** Why this may be: a certificate for the last holder, or the named reason. */
      because: ClaimReason;
    }
  /** It was found publishing already, by a reading with our target. */
  | {
      type: "adopt";
      stream: string;
      destination: string;
      encoder: string;
      output: string;
      keyGeneration: number | undefined;
    }
  /** An event is near or under way, or it is over. */
  | { type: "eventPhase"; stream: string; event: { name: string; untilMs: number } | null }
  | { type: "wantsLineUp"; stream: string }
  /** It has not been drilled for as long as the site wants it. */
  | { type: "drillDue"; stream: string }
  /** It cannot be proven off in any other way, and somebody could take over. */
  | { type: "cutPower"; stream: string; encoder: string; recording: "protect" | "sacrifice" }
  /** Started twice, it brought no picture; or it has brought one now. */
  | { type: "starts"; encoder: string; failed: boolean }
  /** The far end did not take this encoder; null: it took one. */
  | { type: "refusal"; destination: string; by: string | null }
  /** That box is benched indeed: stop it. */
  | { type: "rogue"; encoder: string; output: string }
  /** The world is newer than what was remembered. */
  | { type: "rolledBack"; because: string }
  /** These encoders are to bring their pictures to its relay, and no others. */
  | { type: "feeds"; stream: string; encoders: readonly string[] }
  /** Nobody brings any, and some of them stay cold. */
  | { type: "needsInputs" }
  /** It is stopped: nobody of ours publishes, or it was not on at all. */
  | { type: "streamStopped"; stream: string }
  /** Somebody wants it stopped. */
  | { type: "streamStopAsked"; stream: string; command: CommandRef }
  /** Nobody of ours publishes on this key any more; proven. */
  | { type: "releaseKey"; stream: string; destination: string };

export type ClaimReason =
  | { kind: "fenced"; certificates: import("./stream.contract.ts").FenceCertificate[] }
  | { kind: "nobodyHeldIt" }
  /** The holder itself, whose driver has seen this generation: the next has to be higher. */
  | { kind: "staleKey"; highestGeneration: number }
  | { kind: "lastWins"; evidence: string }
  | { kind: "allowUnproven"; by: string };
