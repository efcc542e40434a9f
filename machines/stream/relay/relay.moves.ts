/** The steps of a relayed stream: what its relay said, what it is asked, and how that is told. */
import type { CommandRef } from "../../command/command-ref.ts";
import type { Decision } from "../../decision.ts";
import type { EncoderFacts } from "../../encoder/facts.ts";
import type { Intents } from "../../intents.ts";
import { elapsedMs, type Stamp } from "../../time.ts";
import { step } from "../incident.ts";
import { relayReasonWords } from "../relay-protocol.ts";
import { causeSentence } from "../stream.changes.ts";
import type { Change, StreamContext } from "../stream.context.ts";
import type { Incident } from "../stream.contract.ts";
import {
  eligibleOf,
  hindersInput,
  hotUnderstudy,
  inputsOf,
  type RelayMemory,
  type RelayWord,
  troubleOf,
} from "./relay.ts";

const withRelay = ({ memory }: StreamContext, change: Partial<RelayMemory>): Change => ({
  relay: { ...memory.relay, ...change },
});

export function relayOrder({ plan, memory }: StreamContext): Intents["orderRelay"]["asks"] {
  const { generation, eligible, preferred } = memory.relay;
  return { stream: plan.id, generation, eligible: [...eligible], preferred };
}

export const turned = (context: StreamContext, on: boolean): Change =>
  context.plan.relay === undefined || context.memory.relay.on === on
    ? {}
    : withRelay(context, { on, ...(!on && { spare: null }) });

/** Who may carry has changed, or it was never said. */
export function ordersAreOld(context: StreamContext): boolean {
  const { generation, eligible } = context.memory.relay;
  const now = eligibleOf(context);
  return (
    generation === 0 ||
    now.length !== eligible.length ||
    now.some((encoder) => !eligible.includes(encoder))
  );
}

/** Orders are told whole, and each change of them has a generation of its own. */
export function newOrders(context: StreamContext): Change {
  const { generation, preferred } = context.memory.relay;
  const eligible = eligibleOf(context);
  const first = generation === 0 ? (eligible[0] ?? null) : preferred;
  return withRelay(context, { generation: generation + 1, eligible, preferred: first });
}

/** The relay goes by a newer generation than this journal knows of. */
export function newerGeneration(context: StreamContext, highest: number): Change {
  const { generation, preferred, wish } = context.memory.relay;
  return withRelay(context, {
    generation: Math.max(generation, highest) + 1,
    // Who it sends by then is none of our business: only a wish of somebody's stands.
    preferred: wish === null ? null : preferred,
  });
}

/** Who is asked for: the named one, or the first that could carry. */
export function wishFor(context: StreamContext, to: string | undefined): string | undefined {
  if (to === undefined) return hotUnderstudy(context)?.encoder;
  const isThere = inputsOf(context).some(({ encoder }) => encoder === to);
  const could = isThere && hindersInput(context, to) === undefined;
  return could && to !== context.memory.relay.selected ? to : undefined;
}

export function wished(
  context: StreamContext,
  to: string,
  p: { command: CommandRef | null; by: string; cause: string },
): Change {
  const { memory } = context;
  return {
    ...withRelay(context, {
      preferred: to,
      wish: { ...p, at: context.now() },
      generation: memory.relay.generation + 1,
      eligible: eligibleOf(context),
    }),
    ...(p.command === null && { switches: [...memory.switches.slice(-9), context.now()] }),
  };
}

export function wishGivenUp(context: StreamContext): Change {
  const { generation } = context.memory.relay;
  return withRelay(context, { preferred: null, wish: null, generation: generation + 1 });
}

/** What is seen of an input may be why the relay leaves it a moment later. */
export function noticed(context: StreamContext, facts: EncoderFacts): Change {
  const ref = inputsOf(context).find(({ encoder }) => encoder === facts.encoder);
  const output = ref && facts.outputs[ref.output];
  if (!output) return {};
  const cause = output.exit
    ? "processExited"
    : output.progress === "frozen"
      ? "frozen"
      : output.state === "failing"
        ? "deviceFailing"
        : undefined;
  const { troubles } = context.memory.relay;
  const before = troubles[facts.encoder];
  if (cause === undefined) return {};
  // One that stands still does so for many readings: its beginning counts.
  if (
    cause === "frozen" &&
    before?.cause === cause &&
    elapsedMs(before.at, context.now()) < 5_000
  ) {
    return {};
  }
  const trouble = { cause, at: context.now() };
  return withRelay(context, { troubles: { ...troubles, [facts.encoder]: trouble } });
}

const causeOf: Partial<Record<RelayWord["reason"], string>> = {
  silent: "relaySilent",
  late: "relayLate",
  damaged: "relayDamaged",
  timestamps: "relayTimestamps",
  notEligible: "notEligible",
  noInput: "noInput",
  preferred: "return",
};

/** The relay's word counts, also where it is not what was asked for. */
export function reported(context: StreamContext, word: RelayWord): Change {
  const { relay } = context.memory;
  const now = context.now();
  const isOther = word.selected !== relay.selected;
  const reached = relay.preferred !== null && word.selected === relay.preferred;
  const slateMs = word.slateMs ?? 0;
  const isNewRun =
    word.switches < relay.switches ||
    word.missingMs < relay.missingMs ||
    slateMs < (relay.slateMs ?? 0);
  const next: RelayMemory = {
    ...relay,
    selected: word.selected,
    since: isOther ? now : relay.since,
    reason: word.reason,
    switches: word.switches,
    missingMs: word.missingMs,
    slateMs,
    slateSince: word.slate === "on" ? (relay.slateSince ?? now) : null,
    preferred: reached ? null : relay.preferred,
    wish: reached ? null : relay.wish,
    lostAt: null,
    empty: word.selected !== null ? null : (relay.empty ?? emptyFrom(relay.selected, now)),
    isPaged: false,
    spare: spareIn(context, word),
  };
  const missing = word.missingMs - (isNewRun ? 0 : relay.missingMs);
  const shown = slateMs - (isNewRun ? 0 : (relay.slateMs ?? 0));
  return {
    relay: movedToSpare(context, next),
    ...(isOther || relay.lostAt !== null
      ? closed(context, word, { missingMs: missing, slateMs: shown })
      : {}),
  };
}

/** A spare that somebody asked for brings pictures: from here on it is a move like any other. */
function movedToSpare(context: StreamContext, relay: RelayMemory): RelayMemory {
  const { encoder, brought, asked } = relay.spare ?? {};
  if (encoder === undefined || !brought || !asked) return relay;
  const spare = { encoder, brought };
  if (relay.selected === encoder) return { ...relay, spare };
  const called = { ...relay, spare };
  return {
    ...called,
    preferred: encoder,
    wish: { command: asked, by: asked.by, cause: "command", at: context.now() },
    generation: relay.generation + 1,
    eligible: eligibleOf({ ...context, memory: { relay: called } }),
  };
}

/** One that it sends was called in, also where that is not remembered: so was who brings at first. */
function spareIn({ plan, memory, relay }: StreamContext, { selected, live }: RelayWord) {
  const { spare = null } = memory.relay;
  const first = relay === null && spare === null ? live : [];
  const found = [selected, ...first].find((id) => id !== null && plan.spares?.includes(id));
  if (found) return { ...(found === spare?.encoder && spare), encoder: found, brought: true };
  return spare && live.includes(spare.encoder) ? { ...spare, brought: true } : spare;
}

const emptyFrom = (from: string | null, at: Stamp) => (from === null ? null : { from, at });

/**
 * The incident of a switch: it is over when it is known. Off air is what is missing in what the
 * relay has sent, by its own count.
 */
function closed(
  context: StreamContext,
  word: RelayWord,
  { missingMs, slateMs }: { missingMs: number; slateMs: number },
): Change {
  const { plan, memory, now } = context;
  const { relay } = memory;
  const { wish, lostAt, empty } = relay;
  const from = relay.selected ?? empty?.from ?? null;
  const to = word.selected;
  // Before it is on air nothing is lost, whoever is ready first.
  const isOnAir = context.carrier !== null && context.target === null;
  if (from === null || to === null || !isOnAir) return {};
  const isRelays = from === to && empty === null;
  if (isRelays && lostAt === null) return {};
  const isPlanned = wish !== null && to === relay.preferred;
  const trouble = troubleOf(context, from);
  const cause = isRelays
    ? "relayDied"
    : isPlanned
      ? wish.cause
      : (trouble?.cause ?? (empty ? "noInput" : (causeOf[word.reason] ?? "relaySilent")));
  const openedAt: Stamp =
    (isRelays ? lostAt : isPlanned ? wish.at : (empty?.at ?? trouble?.at)) ?? now();
  const why = isPlanned
    ? `asked for by ${wish.by}`
    : isRelays
      ? causeSentence(cause)
      : `${from}: ${causeSentence(cause)}`;
  const sentence = isRelays
    ? `the relay runs again, with ${to}`
    : `the relay goes on with ${to} (${relayReasonWords[word.reason]}); ${missing(missingMs)}${shown(slateMs)}`;
  if (memory.incident !== null) {
    const before = memory.incident.slateMs ?? 0;
    const incident = step(memory.incident, now(), `${why}: ${sentence}`);
    return { incident: slateMs > 0 ? { ...incident, slateMs: before + slateMs } : incident };
  }
  const lastIncident: Incident = {
    id: `${plan.id}-${now().wallMs.toString(36)}-${memory.incidents + 1}`,
    stream: plan.id,
    cause,
    openedAtMs: openedAt.wallMs,
    closedAtMs: now().wallMs,
    outcome: isRelays ? "restarted" : from === to ? "recovered" : "tookOver",
    from,
    to,
    // A relay that died knows nothing of the time without it.
    offAirMs: lostAt === null ? Math.round(missingMs) : null,
    ...(slateMs > 0 && { slateMs: Math.round(slateMs) }),
    segments: {
      detectMs: null,
      decideMs: null,
      fenceMs: null,
      startMs: null,
      confirmMs: Math.round(elapsedMs(openedAt, now())),
    },
    certificate: null,
    timeline: [
      { atMs: openedAt.wallMs, what: why },
      { atMs: now().wallMs, what: sentence },
    ],
  };
  return { lastIncident, incidents: memory.incidents + 1 };
}

const missing = (ms: number) =>
  ms === 0 ? "nothing is missing" : `${Math.round(ms)} ms are missing`;

const shown = (ms: number) =>
  ms === 0 ? "" : `, the slate was shown for ${(ms / 1_000).toFixed(1)} s`;

/** What has to be told when this report is believed; asked before it is. */
export function newsOf(context: StreamContext, word: RelayWord): Decision[] {
  const { plan, memory } = context;
  const { relay } = memory;
  if (word.selected === relay.selected && relay.lostAt === null) return [];
  const change = reported(context, word);
  const incident = change.lastIncident;
  const { selected, generation, reason } = word;
  const isPlanned = relay.wish !== null && selected === relay.preferred;
  const { encoder: spare, asked } = relay.spare ?? {};
  const command = isPlanned ? relay.wish?.command : selected === spare ? asked : undefined;
  return [
    {
      type: "stream.relay",
      severity: selected === null ? "critical" : isPlanned || !incident ? "info" : "warning",
      message:
        selected === null
          ? `${plan.id}: no encoder brings pictures to the relay`
          : `${plan.id}: the relay sends ${selected} (${relayReasonWords[reason]})`,
      data: { selected, before: relay.selected, reason, generation, missingMs: word.missingMs },
    },
    ...(incident
      ? [
          {
            type: "stream.incident" as const,
            severity: "info" as const,
            message: `${plan.id}: ${causeSentence(incident.cause)}, ${incident.outcome}${
              incident.offAirMs === null
                ? ""
                : `, ${(incident.offAirMs / 1000).toFixed(1)} s off air`
            }`,
            data: { incident },
          },
        ]
      : []),
    ...(command
      ? [
          {
            type: "command.done" as const,
            severity: "info" as const,
            message: `${plan.id}: the relay sends ${selected}`,
            data: { command: command.id },
          },
        ]
      : []),
  ];
}

export function wishRefused({ plan, memory }: StreamContext): Decision | null {
  const { wish, preferred } = memory.relay;
  if (!wish?.command) return null;
  return {
    type: "command.refused",
    severity: "warning",
    message: `${plan.id}: the relay has not taken ${preferred}`,
    data: { command: wish.command.id, code: "not_selected" },
  };
}

/** So many failures in this time are no accident, ms. */
const often = { failures: 3, withinMs: 60_000 };
const recentFailures = ({ memory, now }: StreamContext) =>
  memory.relay.failures.filter((at) => elapsedMs(at, now()) < often.withinMs).length;

/** It died, or could not be had. */
export function failed(context: StreamContext, because: string): Change {
  const { failures, lostAt } = context.memory.relay;
  const now = context.now();
  return withRelay(context, {
    failures: [...failures.slice(-9), now],
    failedBecause: because,
    lostAt: lostAt ?? now,
  });
}

/** A first death is cured at once; what dies again and again is given time. */
export function restMs(context: StreamContext): number {
  const failures = recentFailures(context);
  return failures <= 1 ? 0 : Math.min(10_000, 250 * 2 ** failures);
}

export const cannotBeKeptUp = (context: StreamContext): boolean =>
  recentFailures(context) >= often.failures;

export const paged = (context: StreamContext): Change => withRelay(context, { isPaged: true });

export function relayDown({ plan }: StreamContext, because: string): Decision {
  return {
    type: "stream.needsHuman",
    severity: "critical",
    message: `${plan.id} needs you: its relay cannot be kept up (${because}); it is tried again and again`,
    data: { relay: "down" },
  };
}
