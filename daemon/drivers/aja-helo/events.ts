import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { DriverError } from "../driver.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";
import { decodeAlarm } from "./alarms.ts";
import { isRead } from "./reads.ts";
import type { Unit } from "./unit.ts";

/** After a connection that failed, and ten times that after several, ms. */
const retryMs = 5_000;
/** A unit that has no events, or whose events cannot be believed, is asked again so seldom. */
const giveUpMs = 600_000;
const failuresUntilGivenUp = 3;
const connectLimitMs = 5_000;
/** Changes that belong together travel together; with nothing but clocks moving, fewer waits. */
const pauseMs = 150;
const chatterPauseMs = 700;
/** An empty answer this soon is no wait; several mean that this unit does not hold them. */
const tooSoonMs = 1_000;
/** Waits leave so many requests to the polls, which are the truth. */
const leftToPolls = 10;
/** So long after a poll saw a change its event may still be on its way. */
const eventLateMs = 3_000;

const prefix = "eParamID_";
/** What changes by itself all the time. */
const chatter: ReadonlySet<string> = new Set([
  ...["StreamingDuration", "Stream1_Duration", "Stream2_Duration", "Temperature"],
  ...["CurrentMediaAvailable", "CurrentMediaUnusedBytes"],
  ...["SecondaryMediaAvailable", "SecondaryMediaUnusedBytes"],
]);
/** Its `str_value` counts; of all others `int_value`, where there is one. */
const isText = (name: string) =>
  /^(RTMP|Stream(ing|1_|2_)Duration|ProductID|Formatted|CurrentlyRunning|Scheduler(Next|Current))/.test(
    name,
  ) || /(Bytes|FilesystemType|Alarm)$/.test(name);

const ConnectionId = z.union([z.int(), z.string().regex(/^\d{1,15}$/)]).transform(String);
const Connected = z.object({
  connectionid: ConnectionId,
  configevents: z.array(z.record(z.string(), z.unknown())).optional(),
});
const Events = z.array(
  z.object({
    param_id: z.string(),
    int_value: z.number().optional(),
    str_value: z.string().optional(),
  }),
);

export type EventChannel = {
  /** Changes are being told: polls may slow down. */
  isLive(): boolean;
  /** The last answer that came through it, by `context.now`. */
  heardAtMs(): number;
  /** A poll got an answer: connect, if that is due. Throws what went wrong unexpectedly before. */
  reachable(): void;
  /** A poll read what no event had told: if none comes soon, the events cannot be believed. */
  pollSawChange(name: string): void;
  /**
   * A poll got no answer.
   * @param hung it was taken and not answered: perhaps because of our own wait
   */
  pollFailed(hung: boolean): void;
  close(): void;
};

/**
 * The event connection of a unit (encoder-devices.md §1.7): only there to be quick. The polls are
 * the truth and also the watchdog: a connection that is silent for 50 s, or that did not tell what
 * a poll has seen, is given up, and what it told of is read again.
 */
export function openEvents(unit: Unit, onChange: () => Promise<void>): EventChannel {
  const { session, held, budget, where, context } = unit;
  const { now } = context;
  const closing = new AbortController();
  let current: string | undefined;
  /** Ends the wait of a connection that is given up. */
  let connection = new AbortController();
  let running = false;
  let failures = 0;
  /** Connections in a row that did not tell what a poll has seen. */
  let missed = 0;
  let bug: Error | undefined;
  let retryAtMs = -Infinity;
  let heardAtMs = -Infinity;
  const toldAtMs = new Map<string, number>();
  const awaited = new Map<string, NodeJS.Timeout>();

  async function connect(): Promise<string> {
    const limit = AbortSignal.any([closing.signal, AbortSignal.timeout(connectLimitMs)]);
    const body = await session.get("/config?action=connect", limit, "question");
    const answer = Connected.safeParse(jsonOrUndefined(body ?? ""));
    if (!answer.success) throw new DriverError("malformed", `${where} has no event connection`);
    heardAtMs = now();
    // What changed before this connection was told to nobody.
    held.hurryAll();
    const snapshot = answer.data.configevents?.[0] ?? {};
    const told = Object.entries(snapshot).flatMap(([id, value]) => {
      const isValue = typeof value === "string" || typeof value === "number";
      return isValue ? [{ param_id: id, str_value: String(value) }] : [];
    });
    await take(told);
    return answer.data.connectionid;
  }

  /** @returns whether anything but clocks has moved */
  async function take(events: z.infer<typeof Events>): Promise<boolean> {
    const names = new Set<string>();
    for (const { param_id, int_value, str_value } of events) {
      const name = param_id.startsWith(prefix) ? param_id.slice(prefix.length) : "";
      if (!isRead(name)) continue;
      const number = int_value === undefined || isText(name) ? undefined : String(int_value);
      const value = number ?? str_value;
      toldAtMs.set(name, now());
      clearTimeout(awaited.get(name));
      awaited.delete(name);
      const isUnclear = value === undefined || (name.endsWith("Alarm") && !decodeAlarm(value));
      if (isUnclear) held.hurry([name]);
      else held.note(name, value);
      names.add(name);
    }
    if (names.size > 0) await onChange();
    return [...names].some((name) => !chatter.has(name));
  }

  async function follow(id: string, signal: AbortSignal): Promise<void> {
    let tooSoon = 0;
    while (current === id) {
      await budget.take(signal, leftToPolls);
      const askedAtMs = now();
      const path = `/config?action=wait_for_config_events&connectionid=${id}`;
      const body = await session.hold(path, signal);
      // A wait of an outdated connection may still answer: its news is old.
      if (current !== id) return;
      if (body === undefined) throw new UnknownConnection();
      const events = Events.safeParse(jsonOrUndefined(body));
      if (!events.success) throw new DriverError("malformed", `${where} sent no events`);
      heardAtMs = now();
      failures = 0;
      tooSoon = events.data.length === 0 && now() - askedAtMs < tooSoonMs ? tooSoon + 1 : 0;
      if (tooSoon >= 5) {
        failures = failuresUntilGivenUp - 1;
        throw new DriverError("malformed", `${where} does not hold its events`);
      }
      const moved = await take(events.data);
      if (moved) missed = 0;
      await sleep(moved ? pauseMs : chatterPauseMs, undefined, { signal });
    }
  }

  async function run(): Promise<void> {
    running = true;
    try {
      connection = new AbortController();
      current = await connect();
      await follow(current, AbortSignal.any([closing.signal, connection.signal]));
    } catch (error) {
      if (closing.signal.aborted || connection.signal.aborted) return;
      if (error instanceof UnknownConnection) {
        // A reboot, or a login that ended: connect again with the next answer to a poll.
        retryAtMs = now();
      } else if (error instanceof DriverError) {
        failures += 1;
        retryLater(failures);
      } else bug = error instanceof Error ? error : new Error(String(error));
    } finally {
      drop();
      running = false;
    }
  }

  function retryLater(times: number): void {
    retryAtMs = now() + (times >= failuresUntilGivenUp ? giveUpMs : retryMs);
  }

  /** Whatever it told is doubtful until it was read. */
  function drop(): void {
    current = undefined;
    connection.abort();
    for (const timer of awaited.values()) clearTimeout(timer);
    awaited.clear();
    held.hurryAll();
  }

  return {
    isLive: () => current !== undefined,
    heardAtMs: () => heardAtMs,
    reachable() {
      if (bug) throw bug;
      if (running || closing.signal.aborted || now() < retryAtMs) return;
      void run();
    },
    pollSawChange(name) {
      if (current === undefined || chatter.has(name) || awaited.has(name)) return;
      const id = current;
      if (now() - (toldAtMs.get(name) ?? -Infinity) < eventLateMs) return;
      const late = setTimeout(() => {
        awaited.delete(name);
        if (current !== id) return;
        missed += 1;
        retryLater(missed);
        drop();
      }, eventLateMs);
      awaited.set(name, late.unref());
    },
    pollFailed(hung) {
      if (current === undefined) return;
      if (hung) missed += 1;
      retryLater(hung ? missed : 1);
      drop();
    },
    close() {
      current = undefined;
      for (const timer of awaited.values()) clearTimeout(timer);
      closing.abort();
    },
  };
}

/** The unit does not know our connection (any more). */
class UnknownConnection extends Error {}
