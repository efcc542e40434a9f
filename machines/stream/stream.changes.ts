/** What more than one step of a stream does to its memory, and how it is put into words. */
import { type EncoderFacts, withoutExit as outputWithoutExit } from "../encoder/facts.ts";
import type { Refusal } from "../encoder/reading.ts";
import type { OutputRef } from "../intents.ts";
import { elapsedMs } from "../time.ts";
import { type Try, tryCountsMs } from "./candidates.ts";
import { step } from "./incident.ts";
import { lossSentence } from "./source-loss.ts";
import { type Change, type StreamContext, verdict } from "./stream.context.ts";

/** A new situation, from now on. */
export const at = (context: StreamContext, because: string): Change => ({
  since: context.now(),
  because,
});

export function withTry(
  context: StreamContext,
  ref: OutputRef | null,
  brought: boolean,
  refusal?: Refusal,
): Try[] {
  const now = context.now();
  const recent = context.memory.tries.filter((t) => elapsedMs(t.at, now) < tryCountsMs);
  if (!ref) return recent;
  const last = { encoder: ref.encoder, at: now, brought, ...(refusal && { refusal }) };
  return [...recent.slice(-31), last];
}

/** What a box that has to do with the incident began to complain of. */
export function heardAlarms(context: StreamContext, { encoder, alarms }: EncoderFacts): Change {
  const { incident } = context.memory;
  const isOfIt = [incident?.from, incident?.to, context.target?.encoder].includes(encoder);
  if (!incident || !alarms || !isOfIt) return {};
  const said = alarms.map((alarm) => `${encoder} says: ${alarm}`);
  const news = said.filter((line) => incident.timeline.every(({ what }) => what !== line));
  if (news.length === 0) return {};
  const now = context.now();
  return { incident: news.reduce((open, line) => step(open, now, line), incident) };
}

/** An exit is news once: it must not fail the next start. */
export function withoutExit(context: StreamContext, ref: OutputRef | null) {
  if (!ref) return context.facts;
  const facts = context.facts[ref.encoder];
  const output = facts?.outputs[ref.output];
  if (!facts || !output?.exit) return context.facts;
  const outputs = { ...facts.outputs, [ref.output]: outputWithoutExit(output) };
  return { ...context.facts, [facts.encoder]: { ...facts, outputs } };
}

export const nameOf = (ref: OutputRef | null) => ref?.encoder ?? "nobody";

const causes: Record<string, string> = {
  processExited: "its process has ended",
  frozen: "it makes no more pictures",
  network: "the network does not take what it sends",
  deviceFailing: "it says its stream is failing",
  deviceIdle: "it says it is not streaming",
  farEndQuiet: "the far end has no publisher",
  farEndStalled: "nothing arrives at the far end",
  farEndRefuses: "the far end does not take it",
  heat: "its carrier is too hot",
  repair: "its carrier needs a repair",
  "shows-black": "it shows a black picture",
  "shows-frozen": "its picture stands still",
  "shows-silent": "it has no sound",
  recording: "a recording of it stood still",
  command: "it was asked for",
  relaySilent: "it brings no pictures to the relay",
  relayLate: "its pictures come late to the relay",
  relayDamaged: "its pictures come damaged to the relay",
  relayTimestamps: "its timestamps have jumped",
  relayDied: "the relay had died",
  relayDown: "its relay could not be kept up",
  notEligible: "it may not carry now",
  noInput: "no encoder brings pictures to the relay",
  sourceLost: "its source sends nothing",
  otherPublisher: "somebody else publishes in its place",
};
/** What speaks against its carrier, or against the source of all of them. */
export function troubleSentence(context: StreamContext): string {
  const { cause } = verdict(context);
  const { carrier, facts, plan } = context;
  const feed = facts[(plan.relay?.inputs[0] ?? carrier)?.encoder ?? ""]?.feed;
  if (cause === "sourceLost" && feed) return lossSentence(feed);
  return `${nameOf(carrier)}: ${causeSentence(cause)}`;
}

const refusals: Record<Refusal, string> = {
  refused: "the far end refuses it (wrong key, or somebody is still publishing)",
  maybeRefused:
    "the far end refuses it (wrong key, or somebody is still publishing), or the connection failed",
};
export const refusalSentence = (refusal: Refusal): string => refusals[refusal];

export function causeSentence(cause: string): string {
  return causes[cause] ?? (cause.startsWith("input-") ? `its input is ${cause.slice(6)}` : cause);
}
