import type {
  EncoderReading,
  OutputReading,
  RecordingReading,
} from "../../../machines/encoder/reading.ts";
import { openProgress } from "../shared/progress.ts";
import { decodeAlarm, type watchedAlarms } from "./alarms.ts";
import { targetOf } from "./destination.ts";
import { mediaOf, mediumOf } from "./media.ts";
import {
  flagOf,
  inputOf,
  integerOf,
  isBooting,
  mediaStateDataLan,
  powerUpStates,
  replicatorStates,
  secondsOf,
  shutdownOverTemp,
  videoIns,
} from "./parameters.ts";
import { isOurs } from "./publish.ts";
import { alarmsOf, ownCalendar, ownPattern, raisedNow, unfitReasons } from "./raised-alarms.ts";
import {
  destinationNames,
  destinationReads,
  durationName,
  isHeloPlus,
  keyPlaces,
  plusDurations,
  profileChoices,
  profileNameReads,
  recordBitrateRead,
  slow,
  watchedAlarm,
} from "./reads.ts";
import type { Slow } from "./held-values.ts";
import { settingsNow } from "./settings.ts";
import { profileOf, recordOutput, secondStreamOutput, streamOutput, type Unit } from "./unit.ts";

const second = 1_000;
const mediaKeepMs = 10 * 60 * second;
/** What was read within the poll that noticed a boot is of after it. */
const ofThisPollMs = 3 * second;
/** A recording writes its sound beside its picture. */
const mostSoundKbps = 256;
/** What is read in each poll, or told by events, holds no longer than this. */
const stateKeepMs = 60 * second;
/** What is done about a stream that fails depends on why: that is read first, for so long. */
const failureAlarms = ["StreamingFailedAlarm", "NetworkNameNotFoundAlarm"] as const;
const reasonsWithinMs = 5 * second;

/** A reading from what is held; asks the unit nothing. Called after each poll and each event. */
export function openCompose(unit: Unit) {
  const { held, boot, progress, memory, clock, reboots, load } = unit;
  const { now, knownTargets } = unit.context;
  const secondProgress = openProgress(now);
  let lastMark: string | undefined;
  let lastStreamState: OutputReading["state"] | undefined;
  let bootedSince = false;
  let hadNetwork = false;
  let failingSinceMs = Infinity;
  let judged: { readAtMs: number; word: OutputReading["progress"] } | undefined;

  const fresh = (name: string) => held.fresh(name, stateKeepMs);

  function streamState(): OutputReading["state"] {
    return replicatorStates.get(fresh("ReplicatorStreamState") ?? "") ?? "unknown";
  }

  /** Of the stream that runs, s; a duration left from a poll before is no news. */
  function streamingS(): number | undefined {
    return streamState() === "streaming" ? secondsOf(fresh(durationName(unit))) : undefined;
  }

  /** The unit has answered: notices a boot, after which nothing older holds, and a new stream. */
  function noteContact(): void {
    const systemState = integerOf(fresh("SystemState"));
    const streamS = streamingS();
    const mark = boot.contact({
      systemState,
      ...(streamS !== undefined && { streamingS: streamS }),
    });
    const booted = lastMark !== undefined && mark !== lastMark;
    if (booted) {
      reboots.booted();
      held.forgetOlder(ofThisPollMs);
      bootedSince = true;
    }
    lastMark = mark;
    const state = streamState();
    if (state !== lastStreamState) onNewStreamState(state);
    lastStreamState = state;
  }

  /** Judged once per time it was read: what was not read again has not stood still. */
  function streamProgress(): OutputReading["progress"] {
    const seconds = streamingS();
    if (seconds === undefined) {
      judged = undefined;
      return progress.judge(undefined);
    }
    const readAtMs = held.readAtMs(durationName(unit)) ?? now();
    if (judged?.readAtMs !== readAtMs) judged = { readAtMs, word: progress.judge(seconds) };
    return judged.word;
  }

  function onNewStreamState(state: OutputReading["state"]): void {
    const destination = destinationNames(unit);
    // After our own start it was just read back; else somebody may have set another one.
    const sentAtMs = unit.startSentAtMs ?? -Infinity;
    const ownStart = !memory.run()?.seenStreaming && now() - sentAtMs < 10 * second;
    if (!ownStart && lastStreamState !== undefined) {
      held.forget(destination);
      held.hurry(destination);
    }
    failingSinceMs = state === "failing" ? now() : Infinity;
  }

  /** Its far end had taken the stream that fails now: that is told at once, and as no refusal. */
  const wasTaken = () => memory.run()?.seenStreaming === true;

  /** What has to be read before it can be told why the stream fails. */
  function unreadReasons(): string[] {
    if (streamState() !== "failing" || wasTaken()) return [];
    return failureAlarms.filter(
      (name) => held.worthReading(name) && (held.triedAtMs(name) ?? -Infinity) < failingSinceMs,
    );
  }

  /** The unit raises the same alarm for a far end that says no and for one that is silent. */
  function failure(): Pick<OutputReading, "state" | "refusal"> {
    if (wasTaken()) return { state: "failing" };
    if (unreadReasons().length > 0)
      return { state: now() - failingSinceMs < reasonsWithinMs ? "unknown" : "failing" };
    const [failed, nameNotFound] = failureAlarms.map(isRaised);
    const isMaybe = failed === true && nameNotFound !== true;
    return { state: "failing", ...(isMaybe && { refusal: "maybeRefused" }) };
  }

  async function followRun(state: OutputReading["state"], booted: boolean): Promise<void> {
    const run = memory.run();
    if (!run) return;
    const ended = state === "idle" && run.seenStreaming;
    if (booted || ended) await memory.running(undefined);
    else if (state === "streaming" && !run.seenStreaming)
      await memory.running({ ...run, seenStreaming: true });
  }

  function streamReading(state: OutputReading["state"]): OutputReading {
    const { url, streamName, streamType } = destinationReads(unit);
    const configured = {
      url: held.value(url),
      streamName: held.value(streamName),
      streamType: held.value(streamType),
    };
    const target = targetOf(configured, state === "streaming", knownTargets());
    const moved = streamProgress();
    const run = memory.run();
    const ours =
      state === "streaming" &&
      typeof target === "object" &&
      run !== undefined &&
      run.destination === target.destination;
    return {
      ...(state === "failing" ? failure() : { state }),
      ...(moved && { progress: moved }),
      ...(target && { target }),
      ...(ours && { keyGeneration: run.keyGeneration }),
      ...(state === "idle" && holdsKey() && { holdsKey: true }),
      ...(state === "streaming" && strain()),
    };
  }

  function isNearlyTooHot(): boolean | undefined {
    if (held.value(slow.shutdown) === shutdownOverTemp) return true;
    return isRaised("Near_Over_Temp_Alarm");
  }

  const holdsKey = () => keyPlaces.some((place) => isOurs(unit, held.value(place)));

  /** It counts neither frames nor load: all that it tells is these alarms. */
  function strain(): Pick<OutputReading, "isOverloaded" | "isNetworkTooSlow"> {
    const dropsFrames = isRaised("Dropped_Frames_Alarm");
    const isNetworkTooSlow = isRaised("Network_Too_Slow_Alarm");
    return {
      ...(dropsFrames !== undefined && { isOverloaded: dropsFrames }),
      ...(isNetworkTooSlow !== undefined && { isNetworkTooSlow }),
    };
  }

  function isRaised(name: (typeof watchedAlarms)[number]): boolean | undefined {
    return decodeAlarm(held.value(watchedAlarm(name)) ?? "")?.raised;
  }

  /** A HELO Plus tells of its second stream only how long it has run. */
  function secondStream(): Record<string, OutputReading> {
    const [, name] = plusDurations;
    const seconds = secondsOf(held.fresh(name, stateKeepMs));
    if (!isHeloPlus(held.value(slow.model)) || seconds === undefined) return {};
    const moved = secondProgress.judge(seconds > 0 ? seconds : undefined);
    const state = moved === "moving" ? "streaming" : "unknown";
    return { [secondStreamOutput]: { state, ...(moved && { progress: moved }) } };
  }

  function input(): EncoderReading["input"] {
    // Nothing of what comes in goes out.
    if (ownPattern(unit) !== undefined) return "lost";
    return inputOf(integerOf(fresh("DetectInputFormat") ?? fresh("HDMIInputFormat")));
  }

  function slowFields(): Partial<EncoderReading> & Pick<EncoderReading, "figures"> {
    const selfStart = {
      autoRecover: flagOf(held.value(slow.autoRecover)),
      powerUp: powerUpStates.get(held.value(slow.powerUp) ?? ""),
      scheduler: flagOf(held.value(slow.scheduler)),
    };
    const heat = integerOf(held.value(slow.temperature));
    const kilobit = integerOf(held.value(destinationReads(unit).bitrate));
    const names = {
      model: held.value(slow.model),
      serialNumber: held.value(slow.serialNumber),
      firmware: held.value(slow.firmware),
    };
    const media = mediaOf((name) => held.fresh(name, mediaKeepMs));
    const calendar = ownCalendar(unit);
    const clockReading = clock.reading();
    const profiles = profilesNow();
    const settings = settingsNow(unit);
    const inputSelect = videoIns.get(held.value(slow.videoIn) ?? "");
    const mediaState = held.value(slow.mediaState);
    const nearlyTooHot = isNearlyTooHot();
    return {
      ...(allKnown(selfStart) && { selfStart }),
      ...(calendar && { calendar }),
      // Whole or not at all, so that a unit read half way is not taken for another one.
      ...(names.serialNumber && { identity: { vendor: "AJA", ...known(names) } }),
      ...(media && { media }),
      ...(profiles && { profiles }),
      ...(settings && { settings }),
      ...(inputSelect !== undefined && { inputSelect }),
      ...(nearlyTooHot !== undefined && { isNearlyTooHot: nearlyTooHot }),
      ...(mediaState && { isDataLan: mediaState === mediaStateDataLan }),
      ...(clockReading && { clock: clockReading }),
      figures: {
        // 0 is the default of a parameter that was never measured; the unit is an open ° C number.
        ...(heat && heat < 150 && { temperatureC: { value: heat, source: "device" } }),
        // A HELO does not measure what it sends: this is what it was told to.
        ...(kilobit && { bitrateBps: { value: kilobit * 1_000, source: "configured" } }),
      },
    };
  }

  function profilesNow(): EncoderReading["profiles"] {
    const names = profileNameReads(unit);
    const profile = (selected: Slow, of: keyof typeof profileChoices) => {
      const at = profileOf(held.value(selected));
      if (at === undefined) return undefined;
      const called = names[of] && held.value(names[of]);
      const all = profileChoices[of].flatMap((choice) => held.value(choice) ?? []);
      return {
        number: at + 1,
        ...(called && { name: called }),
        ...(all.length === profileChoices[of].length && { names: all }),
      };
    };
    const streaming = profile(slow.profileSel, "streaming");
    const recording = profile(slow.recordingProfileSel, "recording");
    if (!streaming && !recording) return undefined;
    return { ...(streaming && { streaming }), ...(recording && { recording }) };
  }

  function recordingNow(): RecordingReading {
    // A unit that does not know the parameter links nothing.
    const hasLink = held.worthReading(slow.link.name);
    const isLinked = hasLink ? flagOf(held.value(slow.link)) : false;
    const medium = mediumOf(held.fresh("RecordingDestination", mediaKeepMs));
    const also = mediumOf(held.fresh("SecondaryRecordingDestination", mediaKeepMs));
    const kilobit = integerOf(held.value(recordBitrateRead(unit)));
    const isDoubled = medium !== undefined && also !== undefined && also !== medium;
    return {
      output: recordOutput,
      ...(isLinked !== undefined && { isLinked }),
      ...(medium !== undefined && { medium }),
      ...(also !== undefined && also !== medium && { also }),
      ...(isDoubled && isRaised("Media_Too_Slow_Alarm") && { isOneTooSlow: true }),
      ...(kilobit && { bitrateBps: (kilobit + mostSoundKbps) * 1_000 }),
    };
  }

  async function whileBooting(systemState: number): Promise<EncoderReading> {
    const mark = boot.contact({ systemState });
    if (lastMark !== undefined && mark !== lastMark) reboots.booted();
    lastMark = mark;
    lastStreamState = undefined;
    held.forgetAllBut("SystemState");
    progress.judge(undefined);
    await followRun("unknown", true);
    const unknown: OutputReading = { state: "unknown" };
    const outputs = { [streamOutput]: unknown, [recordOutput]: unknown };
    return { outputs, booting: true, bootMark: mark, loadStep: load.step(), figures: {} };
  }

  async function compose(): Promise<EncoderReading> {
    const systemState = integerOf(fresh("SystemState"));
    if (systemState !== undefined && isBooting(systemState)) return whileBooting(systemState);
    noteContact();
    const booted = bootedSince;
    bootedSince = false;
    const state = streamState();
    await followRun(state, booted);

    const record = replicatorStates.get(held.value(slow.recordState) ?? "");
    const network = flagOf(held.value(slow.network));
    // 0 is also what a firmware says that never measures it: only its loss tells something.
    const lines = alarmsOf(unit, { systemState, record, lostNetwork: hadNetwork && !network });
    hadNetwork ||= network === true;
    const taken = input();
    const unfit = state === "streaming" ? undefined : unfitReasons(unit)[0];
    return {
      outputs: {
        [streamOutput]: streamReading(state),
        ...secondStream(),
        ...(record && { [recordOutput]: { state: record } }),
      },
      ...(record && { recording: recordingNow() }),
      ...(taken && { input: taken }),
      ...(lastMark !== undefined && { bootMark: lastMark }),
      // On air it is what it is; at rest it could not take over.
      booting: unfit !== undefined,
      ...(unfit !== undefined && { unfit }),
      ...(lines && { alarms: lines }),
      raised: raisedNow(unit, { record }),
      loadStep: load.step(),
      ...slowFields(),
    };
  }
  return { compose, noteContact, unreadReasons };
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
