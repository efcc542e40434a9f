import type { Intent } from "../machines/intents.ts";
import type { SiteEvent } from "../machines/site/site.contract.ts";
import type { ActorName, CoreInput, Outcome, SiteCore } from "../machines/site/site-core.ts";
import type { Stamp } from "../machines/time.ts";
import { eventOf } from "./event-of.ts";
import type { Journal } from "./journal/journal.ts";

/** A loop that was late by more than this has seen nothing meanwhile: its evidence is old. */
const stallMs = 200;
const heartbeatMs = 50;
/** With one turn after the other, the outside waits no longer than this, ms. */
const tellAfterMs = 50;
/** A start leaves within some ms of its turn, and what is told takes the loop as long: it waits. */
const startLeavesWithinMs = 10;

export type Turned = Outcome & {
  /** The events this turn wrote, in order. */
  events: Omit<SiteEvent, "epoch" | "session">[];
  durable: boolean;
};

export type Decider = {
  /** Hand in one input; resolves when its turn is over and its intents are under way. */
  submit(input: CoreInput): Promise<Turned>;
  /** `seq` of the newest event. */
  seq(): number;
  /** Seq starts again at 1: the journal began a new epoch. */
  epochBegan(): void;
  /** When the last turn or idle beat was, monotonic ms: what the watchdog looks at. */
  aliveMs(): number;
  /** No input is taken any more; the one under way is finished. */
  close(): Promise<void>;
};

/**
 * The turn: one input at a time is written down, given to the machines, and what they decided is
 * committed before anything is done about it. Nothing else can change a machine.
 */
export function openDecider(p: {
  core: SiteCore;
  journal: Journal;
  now: () => Stamp;
  begin: (intent: Intent) => void;
  giveUp: (intentId: string) => void;
  /** Each turn in its order, soon after it. */
  onTurn: (turned: Turned) => void;
}): Decider {
  const { core, journal } = p;
  const queue: { input: CoreInput; done: (turned: Turned) => void }[] = [];
  const untold: Turned[] = [];
  let untoldSinceMs = 0;
  const memories = new Map<ActorName, { memory: unknown; text: string }>();
  /** The machines count their intents anew in each run; the journal keeps them over runs. */
  const rowOf = (id: string) => `${journal.session}/${id}`;
  // What the last run left open is asked for again by the resumed machines, under new ids.
  const superseded = journal.openIntents.map(({ id }) => id);
  let seq = journal.lastSeq;
  let turning: Promise<void> | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let beatMs = p.now().monoMs;

  async function finish(outcome: Outcome, at: Stamp): Promise<Turned> {
    const { plan } = core.site();
    const events = outcome.decisions.map((made) => ({
      seq: (seq += 1),
      ...eventOf(made, at.wallMs, plan),
    }));
    const resume: Record<string, unknown> = {};
    for (const actor of outcome.changed) {
      const memory = core.resumeOf(actor);
      const before = memories.get(actor);
      if (memory === undefined || before?.memory === memory) continue;
      const text = JSON.stringify(memory);
      memories.set(actor, { memory, text });
      if (before?.text !== text) resume[actor] = memory;
    }
    // An intent that began and ended within one turn leaves no work.
    const begun = outcome.begun.filter(({ id }) => !outcome.settled.includes(id));
    let durable = true;
    if (
      events.length > 0 ||
      begun.length > 0 ||
      outcome.settled.length > 0 ||
      Object.keys(resume).length > 0
    ) {
      durable = await journal.commit({
        events,
        resume,
        intents: begun.map((intent) => ({ ...intent, id: rowOf(intent.id) })),
        settledIntents: [...superseded.splice(0), ...outcome.settled.map(rowOf)],
      });
    }
    for (const id of outcome.settled) p.giveUp(id);
    for (const intent of begun) p.begin(intent);
    const turned = { ...outcome, events, durable };
    if (untold.length === 0) untoldSinceMs = at.monoMs;
    untold.push(turned);
    return turned;
  }

  /** Only between turns: what is not yet written down is not told. */
  function tell(): void {
    for (const turned of untold.splice(0)) p.onTurn(turned);
  }

  function take(input: CoreInput, at: Stamp): Promise<Turned> {
    journal.input({ stamp: at, to: input.to, event: input.event });
    return finish(core.turn(input, at), at);
  }

  async function turn(): Promise<void> {
    for (let next = queue.shift(); next && !closed; next = queue.shift()) {
      const at = p.now();
      // Before anything else is believed, the machines learn that nobody was looking.
      const lagMs = takeLag(at.monoMs);
      if (lagMs !== undefined) await take({ to: "site", event: { type: "stalled", lagMs } }, at);
      next.done(await take(next.input, at));
      beatMs = p.now().monoMs;
      if (beatMs - untoldSinceMs > tellAfterMs) tell();
    }
    turning = undefined;
    armTimer();
    // A takeover is several turns, one right after the other: it is told when it is under way.
    const tellThen = () => {
      if (!turning) tell();
    };
    const starts = untold.some(({ begun }) => begun.some(({ kind }) => kind === "startOutput"));
    if (starts) setTimeout(tellThen, startLeavesWithinMs);
    else setImmediate(tellThen);
  }

  function submit(input: CoreInput): Promise<Turned> {
    return new Promise((done) => {
      queue.push({ input, done });
      if (!closed) turning ??= turn();
    });
  }

  function armTimer(): void {
    clearTimeout(timer);
    const dueMs = core.nextDueMs();
    if (closed || dueMs === undefined) return;
    timer = setTimeout(
      () => void submit({ to: "clock", event: { type: "tick" } }),
      Math.min(Math.max(0, Math.ceil(dueMs - p.now().monoMs)), 2 ** 31 - 1),
    );
  }

  let expectedMs = p.now().monoMs + heartbeatMs;
  /** How late the event loop is, told once; undefined when it keeps its time. */
  function takeLag(monoMs: number): number | undefined {
    const lagMs = monoMs - expectedMs;
    if (lagMs <= stallMs) return undefined;
    expectedMs = monoMs + heartbeatMs;
    return lagMs;
  }
  const heartbeat = setInterval(() => {
    const { monoMs } = p.now();
    const lagMs = takeLag(monoMs);
    expectedMs = monoMs + heartbeatMs;
    if (!turning) beatMs = monoMs;
    if (lagMs !== undefined) void submit({ to: "site", event: { type: "stalled", lagMs } });
  }, heartbeatMs);

  turning = finish(core.opening, core.openedAt).then(() => turn());

  return {
    submit,
    seq: () => seq,
    epochBegan: () => void (seq = 0),
    aliveMs: () => beatMs,
    async close() {
      closed = true;
      clearInterval(heartbeat);
      clearTimeout(timer);
      await turning;
      tell();
    },
  };
}
