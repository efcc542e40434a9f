/**
 * The site without its surroundings: inputs go in one at a time, decisions and intents come out.
 * It touches nothing and knows no time but the stamps of its inputs, so the daemon, the property
 * tests and a replay all run exactly this.
 */
import { type AnyActorRef, createActor } from "xstate";
import type { Decided, Decision } from "../decision.ts";
import type { DestinationEvent } from "../destination/destination.machine.ts";
import { type DestinationSnapshot, farEndFacts } from "../destination/destination.published.ts";
import { type EffectError, type EffectRef, recordEffects } from "../effect.ts";
import type { EncoderEvent } from "../encoder/encoder.events.ts";
import type { Link } from "../encoder/facts.ts";
import type { EncoderReading } from "../encoder/reading.ts";
import type { EncoderSnapshot } from "../encoder/encoder.published.ts";
import { encoderFacts, encoderResume, linkOf } from "../encoder/encoder.published.ts";
import { isToldAlike } from "../encoder/told-alike.ts";
import type { IngestEvent } from "../ingest/ingest.events.ts";
import type { OutputEvent } from "../output/output.events.ts";
import type { OutputSnapshot } from "../output/output.published.ts";
import { ingestFacts, type IngestSnapshot } from "../ingest/ingest.published.ts";
import type { Intent, IntentKind, Intents } from "../intents.ts";
import { isSame } from "../plain-json.ts";
import { sessionResume, type SessionSnapshot } from "../session/session.machine.ts";
import type { StorageEvent } from "../storage/storage.events.ts";
import { recordFacts } from "../storage/record.published.ts";
import { storageResume, type StorageSnapshot } from "../storage/storage.published.ts";
import type { StreamEvent } from "../stream/stream.events.ts";
import { streamResume, type StreamSnapshot } from "../stream/stream.published.ts";
import type { Stamp } from "../time.ts";
import { changeFreeze, type ChangeKind } from "./change-freeze.ts";
import type { ControlVerb, SitePlan } from "./plan.ts";
import type { SiteContext } from "./site.context.ts";
import type { SiteEvent } from "./site.events.ts";
import { siteMachine } from "./site.machine.ts";
import { TurnClock } from "./turn-clock.ts";
import { keepDeadlines } from "./turn-deadlines.ts";

/** An actor by kind and id: `encoder:helo-a`; the site itself is `site`. */
export type ActorName =
  | "site"
  | `encoder:${string}`
  | `destination:${string}`
  | `storage:${string}`
  | `ingest:${string}`
  | `output:${string}`
  | `stream:${string}`
  /** What its stream is used for now; told as the stream's. */
  | `session:${string}`;

export type CoreInput =
  | { to: `encoder:${string}`; event: EncoderEvent }
  | { to: `destination:${string}`; event: DestinationEvent }
  | { to: `storage:${string}`; event: StorageEvent }
  | { to: `ingest:${string}`; event: IngestEvent }
  | { to: `output:${string}`; event: OutputEvent }
  | { to: `stream:${string}`; event: StreamEvent }
  | { to: "site"; event: SiteEvent }
  /** The result of an intent. One that nobody waits for any more is ignored. */
  | {
      to: `intent:${string}`;
      event:
        | { type: "effect.done"; answer: Intents[IntentKind]["answer"] }
        | { type: "effect.failed"; error: EffectError };
    }
  /** Time has passed; whatever is due fires. */
  | { to: "clock"; event: { type: "tick" } };

export type Outcome = {
  decisions: { of: ActorName; decision: Decision }[];
  begun: Intent[];
  /** Ids of intents that got their result or were given up. */
  settled: string[];
  /** Actors whose state is another one now. */
  changed: ActorName[];
  /** False: the actor does not exist, or cannot do this in the state it is in. */
  accepted: boolean;
};

export type SiteCore = {
  /** What starting alone decided (resumed work is asked for again). */
  readonly opening: Outcome;
  readonly openedAt: Stamp;
  turn(input: CoreInput, at: Stamp): Outcome;
  /** Would this be accepted now? Changes nothing. */
  can(input: CoreInput): boolean;
  /** Why this waits until after an event, or undefined. */
  frozen(input: CoreInput): string | undefined;
  exists(actor: ActorName): boolean;
  /** When a tick is due, monotonic ms. */
  nextDueMs(): number | undefined;
  site(): SiteContext;
  siteWord(): "ok" | "impaired";
  encoder(id: string): EncoderSnapshot;
  encoderReading(id: string): { link: Link; reading: EncoderReading | undefined };
  destination(id: string): DestinationSnapshot;
  storage(id: string): StorageSnapshot;
  ingest(id: string): IngestSnapshot;
  output(id: string): OutputSnapshot;
  stream(id: string): StreamSnapshot;
  /** Of a stream that is kept for sessions. */
  session(stream: string): SessionSnapshot | undefined;
  /** What this actor needs after a restart; undefined = nothing. The same object while it is. */
  resumeOf(actor: ActorName): unknown;
};

export function openSite(p: {
  plan: SitePlan;
  at: Stamp;
  resume: ReadonlyMap<string, unknown>;
}): SiteCore {
  const clock = new TurnClock(p.at);
  const open = new Map<string, EffectRef>();
  const ids = new Map<EffectRef, string>();
  const seen = new Map<ActorName, { snapshot: unknown; facts: object }>();
  const resumes = new Map<string, { snapshot: EncoderSnapshot; memory: unknown }>();
  let outcome = emptyOutcome();
  let made = 0;

  const site = createActor(siteMachine, {
    clock: { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout },
    systemId: "site",
    input: { plan: p.plan, now: clock.now, resume: p.resume },
  });
  keepDeadlines(site.system, clock);
  recordEffects(site.system, {
    began(kind, asks, ref) {
      const id = String(++made);
      open.set(id, ref as EffectRef);
      ids.set(ref as EffectRef, id);
      outcome.begun.push({ id, kind, asks } as Intent);
    },
    givenUp: (ref) => settle(ref),
  });
  const names: ActorName[] = [
    // Who takes what they pass on comes after them.
    ...(p.plan.ingests ?? []).map(({ id }) => `ingest:${id}` as const),
    ...p.plan.encoders.map(({ id }) => `encoder:${id}` as const),
    ...p.plan.destinations.map(({ id }) => `destination:${id}` as const),
    ...(p.plan.storages ?? []).map(({ id }) => `storage:${id}` as const),
    ...(p.plan.outputs ?? []).map(({ id }) => `output:${id}` as const),
    ...p.plan.streams.map(({ id }) => `stream:${id}` as const),
    ...p.plan.streams.flatMap(({ id, sessions }) => (sessions ? [`session:${id}` as const] : [])),
    "site",
  ];
  const recorders: ReadonlySet<string> = new Set(
    (p.plan.storages ?? []).flatMap(({ id, record }) => (record ? [`storage:${id}`] : [])),
  );
  const actor = (name: string) => site.system.get(name) as AnyActorRef | undefined;
  /** Places in `names`. Looking at each of thousands of actors in each turn would cost the turn. */
  const moved = new Set<number>();
  const untold = new Set<number>();
  const before = new Map<number, unknown>();
  for (const [at, name] of names.entries()) {
    const ref = actor(name);
    ref?.on("decided", (event) => {
      const of = name.replace(/^session:/, "stream:") as ActorName;
      outcome.decisions.push({ of, decision: (event as Decided).decision });
    });
    before.set(at, ref?.getSnapshot());
    const tellsFacts = /^(encoder|destination|ingest):/.test(name) || recorders.has(name);
    if (tellsFacts) untold.add(at);
    ref?.subscribe({
      next() {
        moved.add(at);
        if (tellsFacts) untold.add(at);
      },
      // Its parent is told of it, as without us.
      ...(name !== "site" && { error: () => undefined }),
    });
  }

  function settle(ref: EffectRef) {
    const id = ids.get(ref);
    if (id === undefined) return;
    ids.delete(ref);
    open.delete(id);
    outcome.settled.push(id);
  }

  /**
   * What boxes and far ends were seen to do reaches the streams through the site. In the order of
   * the plan: who moves because of it and stands before is passed on with the next.
   */
  function passFactsOn() {
    for (let at = firstFrom(untold, 0); at !== undefined; at = firstFrom(untold, at + 1)) {
      untold.delete(at);
      passOn(names[at]!);
    }
  }
  function passOn(name: ActorName) {
    const snapshot = actor(name)!.getSnapshot() as unknown;
    const before = seen.get(name);
    if (before?.snapshot === snapshot) return;
    if (before && name.startsWith("encoder:") && isAlike(before.snapshot, snapshot)) {
      seen.set(name, { snapshot, facts: before.facts });
      return;
    }
    const event = factsEvent(name);
    const isNews = before === undefined || !isSame(before.facts, event.facts);
    seen.set(name, { snapshot, facts: isNews ? event.facts : before.facts });
    if (isNews) site.send(event);
  }
  function factsEvent(name: ActorName): Extract<SiteEvent, { facts: unknown }> {
    const id = name.slice(name.indexOf(":") + 1);
    if (recorders.has(name))
      return { type: "recording.facts", facts: recordFacts(core.storage(id)) };
    if (name.startsWith("ingest:"))
      return { type: "ingest.facts", facts: ingestFacts(core.ingest(id)) };
    return name.startsWith("encoder:")
      ? { type: "encoder.facts", facts: encoderFacts(core.encoder(id)) }
      : { type: "farEnd.facts", facts: farEndFacts(core.destination(id)) };
  }

  function during(work: () => void): Outcome {
    outcome = emptyOutcome();
    moved.clear();
    work();
    passFactsOn();
    for (let at = firstFrom(moved, 0); at !== undefined; at = firstFrom(moved, at + 1)) {
      if (isChanged(at)) outcome.changed.push(names[at]!);
    }
    return outcome;
  }
  function isChanged(at: number): boolean {
    const snapshot = actor(names[at]!)?.getSnapshot() as unknown;
    const isOther = snapshot !== before.get(at);
    before.set(at, snapshot);
    return isOther;
  }

  const core: SiteCore = {
    opening: emptyOutcome(),
    openedAt: p.at,
    turn: (input, at) =>
      during(() => {
        // After a stall nothing that was due meanwhile may judge by what was known before it.
        if (input.event.type === "stalled") {
          clock.standAt(at);
          outcome.accepted = deliver(input);
          passFactsOn();
          clock.advanceTo(at, passFactsOn);
          return;
        }
        clock.advanceTo(at, passFactsOn);
        outcome.accepted = deliver(input);
      }),
    can: (input) => {
      const ref = actor(input.to);
      if (ref === undefined || core.frozen(input) !== undefined) return false;
      return (ref.getSnapshot() as Can).can(input.event);
    },
    frozen: ({ event }) => {
      const change = waits(event);
      return change && changeFreeze(core.site().freeze, change, clock.now());
    },
    exists: (name) => names.includes(name),
    nextDueMs: () => clock.nextDueMs(),
    site: () => site.getSnapshot().context,
    siteWord: () => site.getSnapshot().value,
    encoder: (id) => actor(`encoder:${id}`)!.getSnapshot() as EncoderSnapshot,
    encoderReading: (id) => ({
      link: linkOf(core.encoder(id)),
      reading: core.encoder(id).context.reading,
    }),
    destination: (id) => actor(`destination:${id}`)!.getSnapshot() as DestinationSnapshot,
    storage: (id) => actor(`storage:${id}`)!.getSnapshot() as StorageSnapshot,
    ingest: (id) => actor(`ingest:${id}`)!.getSnapshot() as IngestSnapshot,
    output: (id) => actor(`output:${id}`)!.getSnapshot() as OutputSnapshot,
    stream: (id) => actor(`stream:${id}`)!.getSnapshot() as StreamSnapshot,
    session: (stream) => actor(`session:${stream}`)?.getSnapshot() as SessionSnapshot | undefined,
    resumeOf(name) {
      const [kind, id = ""] = name.split(":");
      if (kind === "encoder") return boxResume(id, core.encoder(id));
      if (kind === "storage") return storageResume(core.storage(id));
      if (kind === "stream") return streamResume(core.stream(id));
      if (kind === "session") return sessionResume(core.session(id)!);
      if (kind !== "site") return undefined;
      const { keys, freeze, hostClock, recordings, exercise, standby } = core.site();
      const { streams: recorded } = recordings;
      return {
        ...{ keys, freeze },
        ...(hostClock.told && { clockTold: hostClock.told }),
        ...(recorded.length > 0 && { recorded }),
        ...(exercise && { exercise }),
        ...(Object.keys(standby.held).length > 0 && { heldCold: standby.held }),
      };
    },
  };

  function boxResume(id: string, snapshot: EncoderSnapshot): unknown {
    const before = resumes.get(id);
    const memory =
      before &&
      before.snapshot.context.hands.changes === snapshot.context.hands.changes &&
      isToldAlike(before.snapshot, snapshot)
        ? before.memory
        : encoderResume(snapshot);
    resumes.set(id, { snapshot, memory });
    return memory;
  }

  function deliver(input: CoreInput): boolean {
    if (input.to === "clock") return true;
    if (input.to.startsWith("intent:")) {
      const ref = open.get(input.to.slice("intent:".length));
      if (!ref) return false;
      settle(ref);
      // One of them for all: the union of what each takes is too much for the compiler.
      (ref as EffectRef<"fence">).send(input.event as never);
      return true;
    }
    const ref = actor(input.to);
    if (!ref) return false;
    if ("command" in input.event && !core.can(input)) return false;
    ref.send(input.event);
    tellMedia(input);
    return true;
  }

  /** What a box says of its media, its recording and its boots is its storage's, too. */
  function tellMedia({ to, event }: CoreInput): void {
    if (!to.startsWith("encoder:")) return;
    const storage = actor(`storage:${to.slice("encoder:".length)}`);
    if (event.type === "reading" || event.type === "unreadable") storage?.send(event);
    if (event.type !== "control") return;
    const wanted = recordingWish[event.control.verb];
    if (wanted !== undefined) storage?.send({ type: "recordingWanted", wanted });
  }

  return Object.assign(core, { opening: during(() => site.start()) });
}

/** What a person wants of a recording is no fault of it. */
const recordingWish: Partial<Record<string, boolean>> = {
  startRecording: true,
  stopRecording: false,
};

/** The least of `places` that is `from` or more. */
function firstFrom(places: ReadonlySet<number>, from: number): number | undefined {
  let first: number | undefined;
  for (const at of places) if (at >= from && (first === undefined || at < first)) first = at;
  return first;
}

const isSetting: ReadonlySet<ControlVerb> = new Set(["recallPreset", "selectProfile"]);

/** It would set a box otherwise. A box that repairs itself for the event does not come this way. */
/** What of it can wait until after an event. */
function waits(event: CoreInput["event"]): ChangeKind | undefined {
  if (event.type === "drill") return "drill";
  const sets = event.type === "control" && isSetting.has(event.control.verb);
  return event.type === "sync" || sets ? "configuration" : undefined;
}

const isAlike = (a: unknown, b: unknown) => isToldAlike(a as EncoderSnapshot, b as EncoderSnapshot);

type Can = { can: (event: unknown) => boolean };

function emptyOutcome(): Outcome {
  return { decisions: [], begun: [], settled: [], changed: [], accepted: true };
}
