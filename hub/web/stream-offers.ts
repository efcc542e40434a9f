/** What may be asked of a stream now, and what will happen then. */
import type { StreamItem } from "./items.ts";
import { encoderName, type Now } from "./now.ts";
import type { Offer } from "./talk.ts";

const moving = ["starting", "suspect", "remediating", "fencing", "takingOver", "returning"];
const waiting = ["waitingForFence", "needsHuman"];

export function streamOffers(stream: StreamItem, now: Now): Offer[] {
  const { carrier = "", carriage, latched = [], schedule } = stream;
  const isStopped = carrier === "stopped";
  const waits = waiting.includes(carrier);
  const canStart = isStopped || schedule?.startMissed === true;
  return [
    ...(canStart ? [start(stream, now)] : [failover(stream, now)]),
    ...(waits ? [unproven(stream, now)] : []),
    ...(canStart ? [] : waysBack(stream, now)),
    ...(carrier === "carried" && stream.drill?.underWay === null ? [drill(stream, now)] : []),
    ...(moving.includes(carrier) || waits ? [abort] : []),
    ...(latched.length > 0 || waits ? [release] : []),
    ...(isStopped && carriage !== "onAir" ? [] : [stop(stream, now)]),
  ];
}

function failover(stream: StreamItem, now: Now): Offer {
  const [from, to] = fromTo(stream, now);
  return {
    verb: "failover",
    label: "Fail over now",
    will: `The programme goes from ${from} to ${to}. ${fenceWords(stream, from)} ${gapWords(stream, now)}`,
  };
}

/** What went on without its relay goes back to that, whoever carries it. */
function waysBack(stream: StreamItem, now: Now): Offer[] {
  if (stream.relay?.fellBack != null) return [toRelay(stream, now)];
  return stream.encoder === stream.encoders?.[0] ? [] : [goBack(stream, now)];
}

function toRelay(stream: StreamItem, now: Now): Offer {
  const [from] = fromTo(stream, now);
  return {
    verb: "return",
    label: "Return to its relay",
    will: `${from} is stopped and proven off first, then its relay publishes again. Viewers are without picture until the encoders have fed it.`,
  };
}

function goBack(stream: StreamItem, now: Now): Offer {
  const [from] = fromTo(stream, now);
  const primary = encoderName(now, stream.site, stream.encoders?.[0]);
  return {
    verb: "return",
    label: "Return to primary",
    will: `The programme goes back from ${from} to ${primary}. ${fenceWords(stream, from)} ${gapWords(stream, now)}`,
  };
}

/** The last one tells what it costs. */
function drill(stream: StreamItem, now: Now): Offer {
  const [from, to] = fromTo(stream, now);
  const last = stream.drill?.last?.legs.map(({ offAirMs }) => offAirMs ?? Number.NaN) ?? [];
  const cost = last.some(Number.isNaN) || last.length < 2 ? gapWords(stream, now) : costWords(last);
  return {
    verb: "drill",
    label: "Drill a failover",
    args: { consent: stream.id },
    types: stream.id,
    will: `The programme goes from ${from} to ${to}, stays there for 10 s, and goes back; both moves are measured. ${cost}`,
  };
}

const costWords = (offAirMs: readonly number[]) =>
  `In the last drill viewers were without picture for ${offAirMs.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(" and ")}.`;

function unproven(stream: StreamItem, now: Now): Offer {
  const to = encoderName(now, stream.site, stream.understudyEncoder);
  return {
    verb: "failover",
    label: "Fail over without proof",
    args: { unproven: true },
    will: `${to} starts although nothing proves the old encoder off. Two at once can end the event at the far end. Your name stands in the journal.`,
    vouch: "I have seen that the old encoder is off: power or network is out.",
  };
}

const start = (stream: StreamItem, now: Now): Offer => ({
  verb: "start",
  label: "Put on air",
  will: `${encoderName(now, stream.site, stream.encoders?.[0])}, or the next that is ready, starts to send to ${stream.destination ?? "the far end"}.`,
});

const stop = (stream: StreamItem, now: Now): Offer => ({
  verb: "stop",
  label: "Take off air",
  will: `${fromTo(stream, now)[0]} is stopped. Viewers lose the programme, and no understudy takes over until somebody puts it on air again.`,
});

const abort: Offer = {
  verb: "abort",
  label: "Abort",
  will: "The move under way is given up, where the old encoder is still on air. The programme stays where it is.",
};

const release: Offer = {
  verb: "release",
  label: "Release",
  will: "What was counted against it is forgotten: it may move by itself again, at once if there is a reason.",
};

const fromTo = (stream: StreamItem, now: Now): [from: string, to: string] => [
  encoderName(now, stream.site, stream.encoder),
  stream.understudyEncoder == null
    ? "the next encoder that can start (none is ready now)"
    : encoderName(now, stream.site, stream.understudyEncoder),
];

function fenceWords({ takeover }: StreamItem, from: string): string {
  return takeover === "exclusive" || takeover === "firstWins"
    ? `${from} is stopped and proven off first; without that proof the other does not start.`
    : "The far end takes both at once, so nothing has to be proven first.";
}

/** By what it took last time; never a promise. */
function gapWords({ id, site }: StreamItem, { board }: Now): string {
  const last = board.incidents.find(
    (i) => i.site === site && i.stream === id && i.outcome === "tookOver" && i.offAirMs !== null,
  );
  if (last?.offAirMs == null) return "How long viewers are without picture is not known yet.";
  return `Last time viewers were without picture for ${(last.offAirMs / 1_000).toFixed(1)} s.`;
}
