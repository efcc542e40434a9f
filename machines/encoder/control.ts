/**
 * What a person may tell a box directly: record, stop recording, recall a preset, select a profile,
 * name its clips, boot. One at a time, and never against the programme: what would stop or redirect a stream is
 * refused, a boot unless it was said that the picture may be lost.
 */
import type { CommandRef } from "../command/command-ref.ts";
import type { Decision } from "../decision.ts";
import type { EffectError } from "../effect.ts";
import type { ProfileChoice } from "../intents.ts";
import type { ControlVerb, EncoderPlan } from "../site/plan.ts";
import { consentOf, type Duty } from "./drift.ts";
import type { Link, Service } from "./facts.ts";
import { loadStep } from "./load.ts";
import type { EncoderReading } from "./reading.ts";

export type Control =
  | { verb: Exclude<ControlVerb, "recallPreset" | "selectProfile" | "reboot" | "powerCycle"> }
  | { verb: "reboot" | "powerCycle"; interrupt?: true }
  /** 1..20 on a HELO. */
  | { verb: "recallPreset"; preset: number }
  /** 1..10 on a HELO. */
  | ({ verb: "selectProfile" } & ProfileChoice);
export type ControlEvent = { type: "control"; command: CommandRef; control: Control };

/** The command that is under way; null: none. */
export type Controlled = { command: CommandRef; control: Control } | null;

type Controllable = {
  plan: EncoderPlan;
  reading: EncoderReading | undefined;
  holds: readonly string[];
  control: Controlled;
  heat: { step: number };
  repairs: { loadStep?: number };
  duty: Pick<Duty, "desired">;
};
type Standing = { link: Link; service: Service };

/** Of what a person asks for, in the words of the answer. */
const wishes: Record<ControlVerb, string> = {
  startRecording: "start a recording",
  stopRecording: "stop its recording",
  recallPreset: "recall a preset",
  selectProfile: "select a profile",
  listClips: "name its clips",
  reboot: "reboot",
  powerCycle: "get a power cycle",
};

export const isBoot = (
  control: Control,
): control is Extract<Control, { verb: "reboot" | "powerCycle" }> =>
  control.verb === "reboot" || control.verb === "powerCycle";

/** Why this is not done now, for people; undefined: it may be tried. */
export function controlRefusal(
  box: Controllable,
  { link, service }: Standing,
  control: Control,
): string | undefined {
  const { plan, reading, holds, control: underWay } = box;
  const { id } = plan;
  const { verb } = control;
  if (!(plan.controls ?? []).includes(verb)) return `${id} cannot be told to ${wishes[verb]}`;
  if (underWay) return `${id} is busy with another command`;
  // A power cycle is for who does not answer.
  if (control.verb === "powerCycle") return whyNotBoot({ plan, reading, holds }, control);
  if (link !== "reachable" || reading === undefined) return `${id} does not answer now`;
  if (service === "rebooting") return `${id} is booting`;
  if (control.verb === "reboot") return whyNotBoot({ plan, reading, holds }, control);
  if (verb === "listClips") return undefined;
  const publishes = isPublishing(reading);
  const isOnAir = publishes || holds.length > 0;
  if (control.verb === "selectProfile") return whyNotSelect(box, control, isOnAir);
  const isLinked = reading.recording?.isLinked;
  if (verb === "recallPreset") {
    return isOnAir
      ? `${id} carries a stream: a preset could stop it or send it elsewhere`
      : undefined;
  }
  if (isLinked === undefined && isOnAir) {
    return `${id} has not told yet whether its recording is linked to its stream`;
  }
  if (isLinked !== true) return undefined;
  if (verb === "stopRecording" && isOnAir) {
    return `Link Start/Stop is on: stopping the recording of ${id} would stop its stream, which is on air`;
  }
  if (verb === "startRecording" && !publishes) {
    return `Link Start/Stop is on: a recording of ${id} would start its stream, too`;
  }
  return undefined;
}

const isPublishing = ({ outputs, recording }: EncoderReading) =>
  Object.entries(outputs).some(
    ([output, { state }]) =>
      output !== recording?.output && state !== "idle" && state !== "unknown",
  );

function whyNotSelect(
  box: Controllable,
  { of, interrupt }: ProfileChoice,
  isOnAir: boolean,
): string | undefined {
  const { plan, reading, duty } = box;
  const { id } = plan;
  const { state = "idle" } = reading?.outputs[reading.recording?.output ?? ""] ?? {};
  if (of === "recording") {
    return state === "idle" || state === "unknown"
      ? undefined
      : `${id} records: stop its recording before you select another profile for it`;
  }
  if (loadStep(box) > 0) {
    return `${id} works at less load, and its profile is set so: select another one when it is at full load again`;
  }
  const { desired } = duty;
  if (desired && consentOf(box) === "act") {
    const wish = desired.model === null ? "" : ` like ${desired.model}`;
    return `${id} is kept set as ${desired.stream} wants it${wish}: the new profile would be set otherwise at once. Set its \`sync\` to propose first`;
  }
  if (!isOnAir || interrupt === true) return undefined;
  return `${id} carries a stream, which stops for another profile: move it to its understudy first, or say interrupt`;
}

function whyNotBoot(
  { plan: { id }, reading, holds }: Pick<Controllable, "plan" | "reading" | "holds">,
  { interrupt }: { interrupt?: true },
): string | undefined {
  if (interrupt === true) return undefined;
  const all = "say interrupt to do it all the same";
  if (holds.length > 0) return `${id} carries a stream, whose picture would be lost: ${all}`;
  const runs = Object.entries(reading?.outputs ?? {}).filter(
    ([, { state }]) => state !== "idle" && state !== "unknown",
  );
  return runs.length === 0
    ? undefined
    : `${runs.map(([output, { state }]) => `${output} of ${id} is ${state}`).join(", ")}: ${all}`;
}

/** So many are told, the newest: answers are kept, and are sent to every hub. */
const mostClips = 50;

export function controlDone(
  { plan, control }: Pick<Controllable, "plan" | "control">,
  answer: unknown,
): Decision {
  const {
    clips = [],
    restored = [],
    name,
  } = answer as { clips?: readonly object[]; restored?: readonly string[]; name?: string };
  const { id } = plan;
  const asked = control!.control;
  const putBack =
    restored.length === 0 ? "" : `; it held another ${restored.join(" and ")}, which was put back`;
  const sentence = {
    startRecording: () => `${id} records`,
    stopRecording: () => `${id} has stopped its recording`,
    recallPreset: () =>
      `${id} has recalled preset ${(asked as { preset?: number }).preset}${putBack}`,
    selectProfile: () => {
      const { of, profile } = asked as ProfileChoice;
      const called = name === undefined ? "" : ` (${name})`;
      return `${id} has selected profile ${profile}${called} for its ${of}${putBack}`;
    },
    listClips: () => `${id} has ${clips.length} clips`,
    reboot: () => `${id} was told to boot anew`,
    powerCycle: () => `${id} has had its power cycle: its outlet is on again`,
  }[asked.verb]();
  return {
    type: "command.done",
    severity: restored.length > 0 ? "warning" : "info",
    message: sentence,
    data: {
      command: control!.command.id,
      verb: asked.verb,
      by: control!.command.by,
      ...(asked.verb === "listClips" && {
        answer: { clips: clips.slice(-mostClips), count: clips.length },
      }),
    },
  };
}

export function controlFailed(
  { plan, control }: Pick<Controllable, "plan" | "control">,
  error: EffectError | undefined,
): Decision {
  const { command, control: asked } = control!;
  return {
    type: "command.refused",
    severity: "warning",
    message: `${plan.id} did not ${wishes[asked.verb]}: ${error?.message ?? "no answer"}`,
    data: {
      command: command.id,
      verb: asked.verb,
      by: command.by,
      code: error?.code === "notPossible" ? "not_possible" : (error?.code ?? "failed"),
    },
  };
}

const asks = ({ context }: { context: Controllable }) => ({ encoder: context.plan.id });
const isAsked =
  (verb: ControlVerb) =>
  ({ context }: { context: Controllable }) =>
    context.control?.control.verb === verb;
const ends = {
  onDone: { target: "#encoder.control.free", actions: "tellControlDone" },
  onError: { target: "#encoder.control.free", actions: "tellControlFailed" },
} as const;
const boots = {
  onDone: { target: "#encoder.control.free", actions: ["tellBooted", "tellControlDone"] },
  onError: ends.onError,
} as const;

export const control = {
  initial: "free",
  states: {
    free: {
      entry: "forgetControl",
      on: { control: { guard: "mayControl", target: "busy", actions: "noteControl" } },
    },
    busy: {
      initial: "choosing",
      states: {
        choosing: {
          always: [
            { guard: isAsked("startRecording"), target: "startRecording" },
            { guard: isAsked("stopRecording"), target: "stopRecording" },
            { guard: isAsked("recallPreset"), target: "recallPreset" },
            { guard: isAsked("selectProfile"), target: "selectProfile" },
            { guard: isAsked("reboot"), target: "reboot", actions: "noteBoot" },
            { guard: isAsked("powerCycle"), target: "powerCycle", actions: "noteBoot" },
            { target: "listClips" },
          ],
        },
        startRecording: { invoke: { src: "startRecording", input: asks, ...ends } },
        stopRecording: { invoke: { src: "stopRecording", input: asks, ...ends } },
        recallPreset: {
          invoke: {
            src: "recallPreset",
            input: ({ context }: { context: Controllable }) => ({
              encoder: context.plan.id,
              preset: (context.control?.control as { preset: number }).preset,
            }),
            ...ends,
          },
        },
        selectProfile: {
          invoke: {
            src: "selectProfile",
            input: ({ context }: { context: Controllable }) => {
              const { verb: _, ...choice } = context.control?.control as Extract<
                Control,
                { verb: "selectProfile" }
              >;
              return { encoder: context.plan.id, ...choice };
            },
            ...ends,
          },
        },
        reboot: { invoke: { src: "reboot", input: asks, ...boots } },
        powerCycle: {
          invoke: {
            src: "turnOutlet",
            input: ({ context: { plan } }: { context: Controllable }) => ({
              encoder: plan.id,
              outlet: plan.outlet?.id ?? "",
              to: "cycle" as const,
            }),
            ...boots,
          },
        },
        listClips: { invoke: { src: "listClips", input: asks, ...ends } },
      },
    },
  },
} as const;
