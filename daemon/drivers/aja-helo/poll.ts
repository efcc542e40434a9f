import type { EncoderReading, OutputReading } from "../../../machines/encoder/reading.ts";
import { DriverError } from "../driver.ts";
import { watchedAlarms } from "./alarms.ts";
import type { Slow } from "./held-values.ts";
import {
  flagOf,
  inputOf,
  integerOf,
  isBooting,
  powerUpStates,
  replicatorStates,
  secondsOf,
  videoInTestPattern,
} from "./parameters.ts";
import { targetOf } from "./destination.ts";
import { alarmsOf } from "./raised-alarms.ts";
import { nameOf, profileOf, recordOutput, streamOutput, type Unit } from "./unit.ts";

/**
 * At most this many requests a poll, and with what was sent before never more than nine in a
 * second: at 500 ms a poll is down to the four that are always read. The unit gets slow above ten.
 */
const mostPerPoll = 8;
const mostPerSecond = 9;
const alwaysRead = 4;

const second = 1_000;
const profileSel: Slow = { name: "StreamingProfileSel", everyMs: 10 * second };
const videoIn: Slow = { name: "VideoInSelect", everyMs: 30 * second };
const mediaState: Slow = { name: "MediaState", everyMs: 10 * second };
const recordState: Slow = { name: "ReplicatorRecordState", everyMs: 10 * second };
const temperature: Slow = { name: "Temperature", everyMs: 15 * second };
const autoRecover: Slow = { name: "AutoRecoverStreaming", everyMs: 30 * second };
const powerUp: Slow = { name: "PowerUpState", everyMs: 30 * second };
const scheduler: Slow = { name: "SchedulerEnabled", everyMs: 30 * second };
const link: Slow = { name: "LinkStartStop", everyMs: 30 * second };
const shutdown: Slow = { name: "ShutdownMessageII", everyMs: 20 * second };
/** Once per boot: a boot makes the driver forget what it read. */
const once = 24 * 3_600 * second;
const model: Slow = { name: "ProductID", everyMs: once };
const serialNumber: Slow = { name: "FormattedSerialNumber", everyMs: once };
const firmware: Slow = { name: "CurrentlyRunningImageVersion", everyMs: once };
const alarms: Slow[] = watchedAlarms.map((name) => ({ name, everyMs: 20 * second }));

/** Reads one HELO and says in our words what it is doing. */
export function openPoll(unit: Unit): (signal: AbortSignal) => Promise<EncoderReading> {
  const { device, held, boot, progress, memory, session } = unit;
  let lastMark: string | undefined;
  let lastStreamState: OutputReading["state"] | undefined;

  function destinationReads() {
    const profile = profileOf(held.value(profileSel));
    const slow = (family: Parameters<typeof nameOf>[0], everyMs: number): Slow => {
      return { name: nameOf(family, profile, unit), everyMs };
    };
    return {
      url: slow("RTMPServerURL", 10 * second),
      streamName: slow("RTMPStreamName", 10 * second),
      streamType: slow("StreamType", 10 * second),
      bitrate: slow("StreamingVideoBitrate", 60 * second),
    };
  }

  /** In the order in which they are wanted while nothing is known. */
  function slowReads(): Slow[] {
    const { url, streamName, streamType, bitrate } = destinationReads();
    const destination = [url, streamName, streamType];
    const selfStart = [autoRecover, powerUp, scheduler];
    const identity = [model, firmware, serialNumber];
    const start = [profileSel, ...destination, mediaState, recordState, ...selfStart];
    return [...start, ...identity, temperature, ...alarms, shutdown, link, videoIn, bitrate];
  }

  async function readSlow(howMany: number, signal: AbortSignal): Promise<void> {
    for (let left = howMany; left > 0; left -= 1) {
      const [next] = held.due(slowReads());
      if (next === undefined) return;
      try {
        await held.read(next, signal);
      } catch (error) {
        if (!(error instanceof DriverError)) throw error;
        return; // What counts was read. If the unit fell silent just now, the next poll says so.
      }
    }
  }

  async function readInput(signal: AbortSignal): Promise<EncoderReading["input"]> {
    const name = held.worthReading("DetectInputFormat") ? "DetectInputFormat" : "HDMIInputFormat";
    const format = held.worthReading(name) ? await held.read(name, signal) : undefined;
    // A unit told to send its own test pattern has no input that could be lost.
    if (held.value(videoIn) === videoInTestPattern) return undefined;
    return inputOf(integerOf(format));
  }

  function onNewStreamState(state: OutputReading["state"]): void {
    const { url, streamName, streamType } = destinationReads();
    const destination = [profileSel, url, streamName, streamType].map(({ name }) => name);
    // After our own start it was just read back; else somebody may have set another one.
    const sentAtMs = unit.startSentAtMs ?? -Infinity;
    const ownStart = !memory.run()?.seenStreaming && unit.context.now() - sentAtMs < 10 * second;
    if (!ownStart && lastStreamState !== undefined) held.forget(destination);
    if (state === "failing") held.hurry(["StreamingFailedAlarm", "NetworkNameNotFoundAlarm"]);
  }

  async function followRun(state: OutputReading["state"], booted: boolean): Promise<void> {
    const run = memory.run();
    if (!run) return;
    const ended = state === "idle" && run.seenStreaming;
    if (booted || ended) await memory.running(undefined);
    else if (state === "streaming" && !run.seenStreaming)
      await memory.running({ ...run, seenStreaming: true });
  }

  function streamReading(
    state: OutputReading["state"],
    seconds: number | undefined,
  ): OutputReading {
    const { url, streamName, streamType } = destinationReads();
    const configured = {
      url: held.value(url),
      streamName: held.value(streamName),
      streamType: held.value(streamType),
    };
    const target = targetOf(configured, state === "streaming", unit.context.knownTargets());
    const moved = progress.judge(seconds);
    const run = memory.run();
    const ours =
      state === "streaming" &&
      typeof target === "object" &&
      run !== undefined &&
      run.destination === target.destination;
    return {
      state,
      ...(moved && { progress: moved }),
      ...(target && { target }),
      ...(ours && { keyGeneration: run.keyGeneration }),
    };
  }

  function slowFields(): Partial<EncoderReading> & Pick<EncoderReading, "figures"> {
    const selfStart = {
      autoRecover: flagOf(held.value(autoRecover)),
      powerUp: powerUpStates.get(held.value(powerUp) ?? ""),
      scheduler: flagOf(held.value(scheduler)),
    };
    const heat = integerOf(held.value(temperature));
    const kilobit = integerOf(held.value(destinationReads().bitrate));
    const names = {
      model: held.value(model),
      serialNumber: held.value(serialNumber),
      firmware: held.value(firmware),
    };
    return {
      ...(allKnown(selfStart) && { selfStart }),
      // Whole or not at all, so that a unit read half way is not taken for another one.
      ...(names.serialNumber && { identity: { vendor: "AJA", ...known(names) } }),
      figures: {
        // 0 is the default of a parameter that was never measured; the unit is an open ° C number.
        ...(heat && heat < 150 && { temperatureC: { value: heat, source: "device" } }),
        // A HELO does not measure what it sends: this is what it was told to.
        ...(kilobit && { bitrateBps: { value: kilobit * 1_000, source: "configured" } }),
      },
    };
  }

  async function poll(signal: AbortSignal): Promise<EncoderReading> {
    session.beginCall();
    const sentBefore = session.sentWithin(second);
    const budget = Math.min(mostPerPoll, mostPerSecond - sentBefore);
    const systemState = integerOf(await device.readNeeded("SystemState", signal));
    if (systemState !== undefined && isBooting(systemState)) {
      lastMark = boot.contact({ systemState });
      lastStreamState = undefined;
      held.forget();
      progress.judge(undefined);
      await followRun("unknown", true);
      const unknown: OutputReading = { state: "unknown" };
      const outputs = { [streamOutput]: unknown, [recordOutput]: unknown };
      return { outputs, booting: true, bootMark: lastMark, figures: {} };
    }
    const streamState = await device.readNeeded("ReplicatorStreamState", signal);
    const state = replicatorStates.get(streamState) ?? "unknown";
    const counts = state === "streaming" && held.worthReading("StreamingDuration");
    const seconds = counts ? secondsOf(await held.read("StreamingDuration", signal)) : undefined;
    const input = await readInput(signal);

    const mark = boot.contact({
      systemState,
      ...(seconds !== undefined && { streamingS: seconds }),
    });
    const booted = lastMark !== undefined && mark !== lastMark;
    if (booted) held.forget();
    lastMark = mark;
    if (state !== lastStreamState) onNewStreamState(state);
    lastStreamState = state;
    await readSlow(Math.max(budget - (counts ? alwaysRead : alwaysRead - 1), 0), signal);
    await followRun(state, booted);
    await memory.settle();

    const record = replicatorStates.get(held.value(recordState) ?? "");
    const lines = alarmsOf(unit, systemState, {
      alarms,
      shutdown,
      mediaState,
      link,
      streamName: destinationReads().streamName,
    });
    return {
      outputs: {
        [streamOutput]: streamReading(state, seconds),
        ...(record && { [recordOutput]: { state: record } }),
      },
      ...(input && { input }),
      bootMark: mark,
      booting: false,
      ...(lines && { alarms: lines }),
      ...slowFields(),
    };
  }

  return async (signal) => {
    try {
      return await poll(signal);
    } catch (error) {
      const noAnswer = error instanceof DriverError && ["timeout", "refused"].includes(error.code);
      if (noAnswer) boot.silent();
      throw error;
    }
  };
}

type Known<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const allKnown = <T extends object>(fields: T): fields is T & Known<T> =>
  Object.values(fields).every((value) => value !== undefined);

/** Without the fields that are not known (an empty text says nothing either). */
function known<K extends string>(
  fields: Record<K, string | undefined>,
): Partial<Record<K, string>> {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(said) as Partial<Record<K, string>>;
}
