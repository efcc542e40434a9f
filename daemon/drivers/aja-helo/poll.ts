import type { EncoderReading } from "../../../machines/encoder/reading.ts";
import { DriverError } from "../driver.ts";
import { openCompose } from "./compose.ts";
import { openEvents, type EventChannel } from "./events.ts";
import { integerOf, isBooting, replicatorStates } from "./parameters.ts";
import {
  destinationNames,
  durationName,
  recordingNames,
  slowReads,
  unknownRecordPath,
} from "./reads.ts";
import type { Unit } from "./unit.ts";

/** At most so many requests a poll, and with those before at most nine a second: above ten the
 * unit gets slow. */
const mostPerPoll = 8;
const mostPerSecond = 9;

const second = 1_000;
/** Polls that follow each other this closely look at a stream that is suspect. */
const closeLookMs = 2 * second;
/** The truth while events come: what they said is read again so often. */
const truthMs = 30 * second;
/** A unit that was heard so lately need not be asked only to learn that it is there. */
const heardLatelyMs = 4 * second;

/** Reads one HELO and says in our words what it is doing. */
export function openPoll(unit: Unit) {
  const { asked, held, boot, memory, session, budget, backOff } = unit;
  const { now } = unit.context;
  const { compose, noteContact, unreadReasons } = openCompose(unit);
  let events: EventChannel | undefined;
  let report: ((reading: EncoderReading) => void) | undefined;
  let reported = "";
  let lastPollAtMs = -Infinity;
  let wasSilent = false;

  const ageMs = (name: string) => now() - (held.triedAtMs(name) ?? -Infinity);

  /** What is read in any case, as old as it may be. */
  function mustRead(isClose: boolean) {
    const isLive = events?.isLive() === true && !isClose;
    const heard = isLive && now() - (events?.heardAtMs() ?? -Infinity) < heardLatelyMs;
    const systemState = integerOf(held.fresh("SystemState", Infinity));
    const mayBoot = wasSilent || (systemState !== undefined && isBooting(systemState));
    return {
      systemMs: mayBoot ? 0 : isLive ? truthMs : closeLookMs,
      streamMs: heard ? truthMs : 0,
      durationMs: isLive ? 5 * second : 0,
      inputMs: isLive ? truthMs : closeLookMs,
    };
  }

  async function readState(name: string, signal: AbortSignal): Promise<void> {
    const before = held.fresh(name, Infinity);
    const value = await asked.readNeeded(name, signal);
    held.note(name, value);
    if (before !== undefined && before !== value) events?.pollSawChange(name);
  }

  const nextDue = () => held.due(slowReads(unit, events?.isLive() === true))[0];
  /** The profile comes first, and says which parameters the others are. */
  const nextPressing = () =>
    unreadReasons()[0] ??
    [...destinationNames(unit), ...recordingNames].find(
      (name) => held.worthReading(name) && (held.isUrgent(name) || ageMs(name) >= truthMs),
    ) ??
    unknownRecordPath(unit)[0];

  /** @returns how many were read, at most `atMost` */
  async function readEach(
    atMost: number,
    nextName: () => string | undefined,
    signal: AbortSignal,
  ): Promise<number> {
    for (let done = 0; done < atMost; done += 1) {
      const next = nextName();
      if (next === undefined) return done;
      try {
        const before = held.fresh(next, Infinity);
        const value = await held.read(next, signal);
        if (before !== undefined && before !== value) events?.pollSawChange(next);
      } catch (error) {
        if (!(error instanceof DriverError)) throw error;
        return atMost; // What counts was read. If the unit fell silent, the next poll says so.
      }
    }
    return Math.max(atMost, 0);
  }

  async function poll(signal: AbortSignal): Promise<EncoderReading> {
    session.beginCall();
    const sentBefore = session.sentWithin(second);
    const isClose = now() - lastPollAtMs < closeLookMs;
    lastPollAtMs = now();
    const must = mustRead(isClose);
    let used = 0;

    if (ageMs("SystemState") >= must.systemMs) {
      await readState("SystemState", signal);
      used += 1;
    }
    const systemState = integerOf(held.fresh("SystemState", Infinity));
    if (systemState !== undefined && isBooting(systemState)) return tell(await compose());
    if (ageMs("ReplicatorStreamState") >= must.streamMs) {
      await readState("ReplicatorStreamState", signal);
      used += 1;
    }
    const streams = isStreaming(held.fresh("ReplicatorStreamState", Infinity));
    const duration = durationName(unit);
    if (streams && held.worthReading(duration) && ageMs(duration) >= must.durationMs) {
      await held.read(duration, signal);
      used += 1;
    }
    const input = held.worthReading("DetectInputFormat") ? "DetectInputFormat" : "HDMIInputFormat";
    if (held.worthReading(input) && ageMs(input) >= must.inputMs) {
      const before = held.fresh(input, Infinity);
      const value = await held.read(input, signal);
      if (before !== undefined && before !== value) events?.pollSawChange(input);
      used += 1;
    }
    // Before the rest is read: a boot makes what was read before worthless.
    noteContact();
    const room = Math.min(mostPerPoll, mostPerSecond - sentBefore) - used;
    // Where a stream or a recording goes to cannot wait until there is room in the budget.
    const first = await readEach(room, nextPressing, signal);
    await readEach(Math.min(room - first, budget.room()), nextDue, signal);
    const reading = tell(await compose());
    await memory.settle();
    return reading;
  }

  function tell(reading: EncoderReading): EncoderReading {
    reported = classOf(reading);
    return reading;
  }

  /** An event came: it is news if what would be read now is of another class. */
  async function tellChange(): Promise<void> {
    backOff.answered();
    if (held.fresh("ReplicatorStreamState", Infinity) === undefined) return;
    const reading = await compose();
    if (classOf(reading) === reported) return;
    report?.(tell(reading));
  }

  return {
    async poll(signal: AbortSignal): Promise<EncoderReading> {
      if (unit.context.isRising?.() !== true) backOff.check();
      try {
        const reading = await poll(signal);
        backOff.answered();
        wasSilent = false;
        if (reading.booting !== true || reading.outputs["stream-1"]?.state !== "unknown")
          events?.reachable();
        return reading;
      } catch (error) {
        if (!(error instanceof DriverError)) throw error;
        if (error.code === "timeout" || error.code === "refused") {
          boot.silent();
          wasSilent = true;
        }
        // Given up by the supervisor for something more urgent: that says nothing of the unit.
        if (signal.aborted && (signal.reason as Error).name === "AbortError") throw error;
        events?.pollFailed(error.code === "timeout");
        backOff.failed(error);
        throw error;
      }
    },
    watch(to: (reading: EncoderReading) => void): void {
      report = to;
      events ??= openEvents(unit, tellChange);
    },
    close: () => events?.close(),
  };
}

const isStreaming = (value: string | undefined) =>
  replicatorStates.get(value ?? "") === "streaming";

/** Of a reading, what is worth telling at once; figures and clocks wait for the next poll. */
function classOf({ outputs, input, booting, alarms, media, selfStart }: EncoderReading): string {
  const conditions = media?.map(({ id, condition, isWriteProtected, isTooSlow }) => {
    return [id, condition, isWriteProtected, isTooSlow];
  });
  return JSON.stringify([outputs, input, booting, alarms, conditions, selfStart]);
}
