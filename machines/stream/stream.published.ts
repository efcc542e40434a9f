/** How a stream's machine is seen from outside: its resume record, and its state for the hub. */
import type { SnapshotFrom } from "xstate";
import type { Published } from "../published.ts";
import { incidentRecord } from "./incident.ts";
import { isExpected, type OnAirWindow } from "./schedule.ts";
import { startOf } from "./schedule.moves.ts";
import { wallTimeOf } from "../time.ts";
import { latched } from "./latch.moves.ts";
import { isStillWarming, understudies } from "./readiness.ts";
import { missesProgramme } from "./programme-alarm.ts";
import {
  publishedRelay,
  relayedBecause,
  relayedEncoder,
  relayedWord,
} from "./relay/relay.published.ts";
import { nextOf } from "./understudy-alarm.ts";
import { publishedDrill } from "./drill/drill.ts";
import { publishedContent } from "./content.published.ts";
import {
  budgetLeft,
  type StreamContext,
  type StreamResume,
  understudyOf,
} from "./stream.context.ts";
import type { StreamState } from "./stream.contract.ts";
import type { streamMachine } from "./stream.machine.ts";

export type StreamSnapshot = SnapshotFrom<typeof streamMachine>;

/** The state of the carrier region, without its substates. */
export function carrierStateOf(snapshot: StreamSnapshot): string {
  const { carrier } = snapshot.value as { carrier: string | Record<string, unknown> };
  return typeof carrier === "string" ? carrier : Object.keys(carrier)[0]!;
}

export function streamResume(snapshot: StreamSnapshot): StreamResume {
  const { carrier, target, since, because } = snapshot.context;
  const memory = { ...snapshot.context.memory, carrier, target, since, because };
  return { carrier: carrierStateOf(snapshot), memory };
}

/** The design's word for what the carrier region is doing. */
export const carrierWord = (snapshot: StreamSnapshot): StreamState["carrier"] =>
  relayedWord(snapshot.context, regionWord(snapshot));

function regionWord(snapshot: StreamSnapshot): StreamState["carrier"] {
  const state = carrierStateOf(snapshot);
  const { context } = snapshot;
  switch (state) {
    case "offDuty":
      return isStartMissed(context) ? "needsHuman" : "stopped";
    case "stopped":
    case "carried":
    case "suspect":
    case "waitingForFence":
    case "needsHuman":
      return state;
    case "waitingForEncoder":
    case "refused":
      return context.memory.goal === "start" ? "starting" : "needsHuman";
    case "checking":
    case "fencing":
    case "proven":
    case "lookingWhoCame":
    case "kicked":
    case "leaving":
    case "releasing":
      if (context.memory.goal === "start") return "starting";
      return context.memory.goal === "return" ? "returning" : "fencing";
    case "choosing":
    case "awaitingFirst":
    case "awaitingRelay":
    case "claiming":
    case "takingOver":
    case "startFailed":
    case "ghostWaiting":
      return takingOverWord(context);
    default:
      return "starting";
  }
}

function takingOverWord({
  memory: { goal },
  target,
  carrier,
}: StreamContext): StreamState["carrier"] {
  if (goal === "start") return "starting";
  if (goal === "return") return "returning";
  return target !== null && target.encoder === carrier?.encoder ? "remediating" : "takingOver";
}

export function streamState(
  snapshot: StreamSnapshot,
  p: { published: Published; backupLeg: StreamSnapshot | undefined },
): StreamState {
  const { context, value } = snapshot;
  const words = value as {
    carriage: StreamState["carriage"];
    understudy: StreamState["understudy"];
  };
  const backup = p.backupLeg;
  const { relay } = context.plan;
  const { eventEnds } = context.memory;
  const all = relay?.inputs ?? context.plan.encoders;
  const carrier = relay
    ? all.find(({ encoder }) => encoder === relayedEncoder(context))
    : (context.target ?? context.carrier);
  const carriage = backup
    ? bestCarriage(words.carriage, (backup.value as typeof words).carriage)
    : words.carriage;
  return {
    ...p.published,
    ...(context.plan.name !== undefined && { name: context.plan.name }),
    carriage: carriage === "onAir" || isExpectedNow(snapshot) ? carriage : "notExpected",
    carrier: carrierWord(snapshot),
    understudy:
      words.understudy === "ready" && isStillWarming(context) ? "warming" : words.understudy,
    destination: context.destination.id,
    takeover: context.destination.takeover,
    encoder: carrier?.encoder ?? null,
    output: carrier?.output ?? null,
    understudyEncoder: nextOf(context)?.encoder ?? null,
    encoders: all.map((ref) => ref.encoder),
    understudies: understudies(context),
    path: context.plan.relay ? "relayed" : "direct",
    relay: publishedRelay(context),
    keyGeneration: context.memory.keyGeneration,
    sinceMs: context.since.wallMs,
    because: relayedBecause(context, carrierWord(snapshot)),
    incident: context.memory.incident
      ? incidentRecord(context.memory.incident, "open", null)
      : context.memory.lastIncident,
    ...withContent(context),
    missesProgramme: missesProgramme(context),
    eventEndsAtMs: eventEnds === null ? null : wallTimeOf(eventEnds, context.now()),
    budgetLeft: budgetLeft(context),
    latched: latched(context),
    schedule: scheduleOf(context),
    lineUp: context.memory.schedule.lineUp,
    drill: publishedDrill(context),
    legs: backup ? [legOf("primary", snapshot), legOf("backup", backup)] : [],
  };
}

/** Outside its windows and between two sessions nobody misses it. */
const isExpectedNow = (snapshot: StreamSnapshot) =>
  isExpected(snapshot.context.memory.schedule) &&
  !(snapshot.context.plan.sessions === true && carrierStateOf(snapshot) === "stopped");

const isStartMissed = (context: StreamContext) =>
  context.memory.schedule.phase === "on" && startOf(context) === "missed";

function scheduleOf(context: StreamContext): NonNullable<StreamState["schedule"]> {
  const { phase, window, windows, rules } = context.memory.schedule;
  const published = ({ name, startMs, endMs, from }: OnAirWindow) => ({
    ...(name !== undefined && { name }),
    startsAtMs: startMs,
    endsAtMs: endMs,
    ...(from && { from }),
  });
  const later = (windows ?? []).filter((w) => window !== null && w.startMs > window.startMs);
  return {
    phase,
    window: window && published(window),
    next: later.map(published),
    startMissed: isStartMissed(context),
    rules: [...rules],
  };
}

function withContent(context: StreamContext): Pick<StreamState, "content"> {
  const content = publishedContent(context);
  return content ? { content } : {};
}

export type ComparedPair = {
  carrier: string;
  with: string;
  isOnAir: boolean;
  /** It may soon be left for the other one: its heat is not normal, or the automatic return counts. */
  mayMoveSoon: boolean;
};

/** Who carries and who would be next; off air the first two, for the line-up before an event. */
export function comparedPair(snapshot: StreamSnapshot): ComparedPair | undefined {
  const { context } = snapshot;
  const isOnAir = ["carried", "suspect"].includes(carrierStateOf(snapshot));
  const { relay, encoders } = context.plan;
  const [first, second] = relay?.inputs ?? encoders;
  const selected = relay?.inputs.find(({ encoder }) => encoder === relayedEncoder(context));
  const carrier = isOnAir ? (relay ? selected : context.carrier) : first;
  const next = isOnAir ? understudyOf(context) : second;
  if (!carrier || !next) return undefined;
  const { thermal = "unknown" } = context.facts[carrier.encoder] ?? {};
  const isHot = thermal !== "normal" && thermal !== "unknown";
  const isReturning = (snapshot.value as { failback: string }).failback === "counting";
  const mayMoveSoon = isOnAir && (isHot || isReturning);
  return { carrier: carrier.encoder, with: next.encoder, isOnAir, mayMoveSoon };
}

/** Two legs to one programme: one picture is enough. */
function bestCarriage(a: StreamState["carriage"], b: StreamState["carriage"]) {
  const order = ["onAir", "notKnown", "offAir"] as const;
  return order.find((word) => a === word || b === word) ?? "notKnown";
}

function legOf(leg: "primary" | "backup", snapshot: StreamSnapshot): StreamState["legs"][number] {
  const { context } = snapshot;
  const state = carrierStateOf(snapshot);
  const word =
    state === "stopped"
      ? "stopped"
      : state === "carried" || state === "suspect"
        ? "publishing"
        : context.memory.goal === "start"
          ? "starting"
          : "lost";
  const ref = context.target ?? context.carrier ?? context.plan.encoders[0]!;
  return { leg, encoder: ref.encoder, state: word };
}
