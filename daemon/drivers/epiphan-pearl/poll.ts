import type {
  DeviceAlarm,
  EncoderReading,
  OutputReading,
} from "../../../machines/encoder/reading.ts";
import { DriverError, NotAsked } from "../driver.ts";
import { targetAt, withoutSecrets } from "../shared/address.ts";
import { oneByCode } from "../shared/raised.ts";
import { followRun, generationOf } from "../shared/run.ts";
import type { PublisherStatus, SystemStatus } from "./answers.ts";
import {
  liveOf,
  ownPublishers,
  readPublishers,
  readSystem,
  recordOutput,
  streamOutput,
  type Unit,
} from "./unit.ts";

/** The publishers, and the system's status. */
const alwaysAsked = 2;
/** Besides the publishers and the system's status, which are read each time. */
const slowPerPoll = 1;
/** The clock is told in whole seconds. */
const clockExactToMs = 1_000;

type State = OutputReading["state"];

/** Reads one channel of a Pearl and says in our words what it is doing. */
export function openPoll(unit: Unit): (signal: AbortSignal) => Promise<EncoderReading> {
  const { api, boot, memory, slow, options, context, budget, where } = unit;
  let lastMark: string | undefined;
  let lastState: State | undefined;

  async function poll(signal: AbortSignal): Promise<EncoderReading> {
    if (!budget.has(alwaysAsked)) throw new NotAsked(`${where} was asked enough of late`);
    unit.questions.add(signal);
    const publishers = await readPublishers(unit, signal);
    const { state, publisher } = liveOf(publishers, ownPublishers(options), unit.wasConnected);
    const askedAtMs = context.now();
    const system = await systemOrUndefined(unit, signal);
    const tookMs = context.now() - askedAtMs;
    const { uptimeS } = system ?? {};
    const runS = state === "streaming" && publisher?.durationS;
    const mark = boot.contact({
      phase: "up",
      ...(uptimeS !== undefined && { uptimeS }),
      ...(runS && { streamingS: runS }),
    });
    const booted = lastMark !== undefined && mark !== lastMark;
    lastMark = mark;
    if (booted) {
      // Without its uptime a boot is only what a silence may have been.
      if (uptimeS !== undefined) unit.reboots.booted();
      slow.forgetAll();
      api.forgetVersion();
    }
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

    const record = unit.recorder.value();
    const identity = unit.identity.value();
    const media = unit.media.value();
    const settings = unit.encoding.value();
    const layout = unit.layout?.value();
    return {
      outputs: {
        [streamOutput]: streamReading(unit, state, publisher),
        ...(record && { [recordOutput]: { state: record } }),
      },
      bootMark: mark,
      loadStep: unit.load.step(),
      ...(identity && { identity: { vendor: "Epiphan", ...identity } }),
      ...(media && { media }),
      ...(layout !== undefined && { layout }),
      ...(settings && Object.keys(settings).length > 0 && { settings }),
      ...clockIn(unit, system, tookMs),
      ...alarmsOf(unit, publisher, system),
      figures: { ...system?.figures, ...figuresOf(state, publisher) },
    };
  }

  return async (signal) => {
    try {
      return await poll(signal);
    } catch (error) {
      if (error instanceof DriverError && isSilence(error)) boot.silent();
      throw error;
    }
  };
}

const isSilence = ({ code }: DriverError) => code === "timeout" || code === "refused";

/** What the publisher does was read and must not be lost over what else the box cannot tell. */
async function systemOrUndefined(unit: Unit, signal: AbortSignal) {
  try {
    return await readSystem(unit, signal);
  } catch (error) {
    if (error instanceof DriverError && !isSilence(error)) return undefined;
    throw error;
  }
}

function streamReading(unit: Unit, state: State, publisher?: PublisherStatus): OutputReading {
  const moved = unit.progress.judge(
    state === "streaming" ? (publisher?.sentBytes ?? publisher?.durationS) : undefined,
  );
  const target = targetOf(unit, state, publisher);
  const reading = { state, ...(moved && { progress: moved }), ...(target && { target }) };
  return { ...reading, ...generationOf(unit.memory, reading) };
}

/** What the box would publish to, or does; undefined while its settings are not known. */
function targetOf(
  { options, context, settings }: Unit,
  state: State,
  publisher?: PublisherStatus,
): OutputReading["target"] {
  if (options.publishers) {
    if (state === "idle") return "none";
    const named = Object.entries(options.publishers).find(([, id]) => id === publisher?.id);
    return named ? { destination: named[0] } : undefined;
  }
  const held = settings.value();
  if (!held) return undefined;
  if (held.type !== "rtmp") return "elsewhere";
  if (held.url === "") return "none";
  if (held.url === undefined || held.stream === undefined) return undefined;
  return targetAt(held.url, held.stream, context.knownTargets());
}

/** The dates of many answers tell it more exactly than the one it writes. */
function clockIn(
  { clock }: Unit,
  system: SystemStatus | undefined,
  tookMs: number,
): Pick<EncoderReading, "clock"> {
  const byDates = clock.reading();
  if (byDates) return { clock: byDates };
  if (system?.wallMs === undefined) return {};
  const aheadMs = Math.round(system.wallMs - (Date.now() - tookMs / 2));
  const exactToMs = clockExactToMs + Math.round(tookMs / 2);
  return { clock: { aheadMs, exactToMs, ageMs: 0, source: "system status" } };
}

/** What the box says is wrong, and with it what we see that it does not say. */
function alarmsOf(
  { options, context, settings, reboots, recorder }: Unit,
  publisher?: PublisherStatus,
  system?: SystemStatus,
): Required<Pick<EncoderReading, "alarms" | "raised">> {
  const secrets = [
    options.password,
    settings.value()?.stream,
    ...context.knownTargets().map(({ streamKey }) => streamKey),
  ];
  const complaints = [
    ...(publisher?.complaints ?? []),
    ...(system?.complaints ?? []),
    ...(recorder.value() === "failing" ? [recordingFailed] : []),
  ].map((alarm) => ({ ...alarm, text: withoutSecrets(alarm.text, secrets) }));
  const asking = reboots.alarm();
  const lines = complaints.map(({ text }) => text);
  return {
    alarms: [...new Set([...lines, ...(asking === undefined ? [] : [asking])])],
    raised: { alarms: oneByCode(complaints), isWhole: system !== undefined },
  };
}
const recordingFailed: DeviceAlarm = {
  ...{ code: "recordingFailed", severity: "error", text: "Recorder: error" },
};

function figuresOf(state: State, publisher?: PublisherStatus): EncoderReading["figures"] {
  if (state !== "streaming" || !publisher) return {};
  const { sendBps, sentBytes } = publisher;
  return {
    ...(sendBps !== undefined && { bitrateBps: { value: sendBps, source: "device" } }),
    ...(sentBytes !== undefined && { outputBytes: { value: sentBytes, source: "device" } }),
  };
}
