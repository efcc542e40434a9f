import type { EncoderReading, OutputReading } from "../../../machines/encoder/reading.ts";
import { DriverError, NotAsked } from "../driver.ts";
import { targetAt } from "../shared/address.ts";
import { followRun, generationOf } from "../shared/run.ts";
import { alarmsOf, raisedNow } from "./alarms.ts";
import type { BoxStatus, LiveSession } from "./answers.ts";
import { mediaOf } from "./media.ts";
import { entryOf, isEmpty, liveOf, ownServers, type State } from "./sessions.ts";
import { settingsNow } from "./settings.ts";
import { phaseOf, readStatus, recordOutput, streamOutput, type Unit } from "./unit.ts";
import { live, servesOthers, statusBit } from "./words.ts";

/** Besides the status, which is read each time. */
const slowPerPoll = 1;

/** Reads one box and says in our words what it is doing. */
export function openPoll(unit: Unit): (signal: AbortSignal) => Promise<EncoderReading> {
  const { usapi, boot, memory, slow, budget, where } = unit;
  let lastMark: string | undefined;
  let lastPhase: ReturnType<typeof phaseOf> | undefined;
  let lastState: State | undefined;

  async function poll(signal: AbortSignal): Promise<EncoderReading> {
    if (!budget.has(1)) throw new NotAsked(`${where} was asked enough of late`);
    unit.questions.add(signal);
    usapi.beginCall();
    const status = await readStatus(unit, signal);
    const phase = phaseOf(status.bits);
    const { state, session } = liveOf(status, ownServers(unit.options), unit.wasConnected);
    const runS = state === "streaming" && session?.runMs;
    const mark = boot.contact({ phase, ...(runS && { streamingS: runS / 1_000 }) });
    const booted = lastMark !== undefined && mark !== lastMark;
    lastMark = mark;
    // A silence alone may have been one.
    if (booted && (phase === "booting" || lastPhase === "goingDown")) unit.reboots.booted();
    lastPhase = phase;
    if (booted) slow.forgetAll();
    if (phase !== "up") return busyWithItself(unit, status, mark);

    if (state === "streaming") {
      unit.wasConnected = true;
      unit.pendingStart.tookEffect();
    }
    if (state === "idle") unit.wasConnected = false;
    if (state !== lastState && lastState !== undefined) unit.settings.forget();
    lastState = state;
    const mayReadMore = budget.room() > 0 || unit.settings.value() === undefined;
    await slow.readDue(mayReadMore ? slowPerPoll : 0, signal);
    await followRun(memory, state, booted);
    await memory.settle();

    const { identity, inputs } = unit.info.value() ?? {};
    const alarms = alarmsOf(unit, status, session);
    const media = mediaOf(status);
    const input = inputOf(status, session);
    const inputSelect = inputSelectOf(status, inputs);
    const clock = unit.clock.reading();
    const settings = settingsNow(unit);
    return {
      outputs: {
        [streamOutput]: streamReading(unit, state, session),
        [recordOutput]: { state: status.bits & statusBit.recording ? "streaming" : "idle" },
      },
      bootMark: mark,
      booting: false,
      loadStep: unit.load.step(),
      ...(input && { input }),
      ...(inputSelect !== undefined && { inputSelect }),
      ...(settings && { settings }),
      ...(clock && { clock }),
      ...(identity?.serialNumber && { identity: { vendor: "Magewell", ...identity } }),
      ...(alarms && { alarms }),
      raised: raisedNow(status, state, session),
      ...(media && { media }),
      figures: figuresOf(status, state, session),
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

function busyWithItself({ load }: Unit, status: BoxStatus, bootMark: string): EncoderReading {
  const unknown: OutputReading = { state: "unknown" };
  const isUpgrading = (status.bits & statusBit.upgrading) !== 0;
  return {
    outputs: { [streamOutput]: unknown, [recordOutput]: unknown },
    bootMark,
    booting: true,
    loadStep: load.step(),
    ...(isUpgrading && { alarms: ["Firmware update in progress"] }),
    figures: {},
  };
}

function streamReading(unit: Unit, state: State, session?: LiveSession): OutputReading {
  const moved = unit.progress.judge(
    state === "streaming" ? (session?.frames ?? session?.runMs) : undefined,
  );
  const target = targetOf(unit, session);
  const isRefused = state === "failing" && session?.result === live.refused;
  const reading: OutputReading = {
    state,
    ...(isRefused && { refusal: "refused" }),
    ...(moved && { progress: moved }),
    ...(target && { target }),
  };
  return { ...reading, ...generationOf(unit.memory, reading) };
}

/** What the box would publish to, or does; undefined while its settings are not known. */
function targetOf(unit: Unit, session?: LiveSession): OutputReading["target"] {
  const { options, context, settings } = unit;
  const known = settings.value();
  if (!known) return undefined;
  if (!options.servers) {
    const entry = entryOf(known, options.server);
    if (!entry || isEmpty(entry)) return "none";
    if (entry.url === undefined || entry.key === undefined) return undefined;
    return targetAt(entry.url, entry.key, context.knownTargets());
  }
  const inUse = known.servers.filter((entry) => entry["is-use"] && !servesOthers.has(entry.type));
  const entry = inUse.find(({ id }) => id === session?.id) ?? inUse[0];
  if (!entry) return "none";
  const named = Object.entries(options.servers).find(([, id]) => id === entry.id);
  return named ? { destination: named[0] } : "elsewhere";
}

function inputOf({ hasPicture }: BoxStatus, session?: LiveSession): EncoderReading["input"] {
  if (session?.result === live.noSignal || hasPicture === false) return "lost";
  return hasPicture === undefined ? undefined : "good";
}

/** One that the box has no name for, as its mixer of both, is none of those it names. */
function inputSelectOf(
  { inputSource }: BoxStatus,
  inputs: ReadonlyMap<number, string> | undefined,
): string | undefined {
  if (inputSource === undefined || inputs === undefined) return undefined;
  return inputs.get(inputSource) ?? `input ${inputSource}`;
}

function figuresOf(
  { temperatureC, sessions }: BoxStatus,
  state: State,
  session?: LiveSession,
): EncoderReading["figures"] {
  const streams = state === "streaming" ? session : undefined;
  const { bps, droppedFrames } = streams ?? {};
  const clients = sessions?.flatMap((one) => (one.isInUse === false ? [] : (one.clients ?? [])));
  return {
    ...(temperatureC !== undefined && {
      temperatureC: { value: temperatureC, source: "device" },
    }),
    ...(bps !== undefined && { bitrateBps: { value: bps, source: "device" } }),
    ...(droppedFrames !== undefined && {
      droppedFrames: { value: droppedFrames, source: "device" },
    }),
    ...(clients?.length && {
      clientCount: { value: clients.reduce((sum, of) => sum + of, 0), source: "device" },
    }),
  };
}
