/** What an encoder tells the journal, in words for people. */
import type { Decision } from "../decision.ts";
import type { EffectError } from "../effect.ts";
import type { EncoderContext } from "./encoder.context.ts";
import type { EncoderEvent } from "./encoder.events.ts";
import type { Change } from "./other-hands.ts";
import { endsWithPower, keepsPower } from "./power.ts";
import type { ThermalTold } from "./facts.ts";
import type { EncoderReading } from "./reading.ts";
import { isStrain } from "./playbooks.ts";
import { type RepairNews, repairSentence } from "./repair-words.ts";
import { busySentence, heatSentence } from "./thermal.ts";

type Reads = { reading: EncoderReading };

export function repair(context: EncoderContext, what: RepairNews): Decision {
  const { trouble, loadStep, wasGivenUp } = context.repairs;
  // Of a strained box the picture is still seen. Nobody is called twice for one trouble.
  const calls = what === "givenUp" && !isStrain(trouble) && wasGivenUp !== true;
  const severity = calls ? "critical" : "warning";
  return {
    type: "encoder.repair",
    severity: what === "proven" || what === "givesBack" ? "info" : severity,
    message: repairSentence(context, what),
    data: { repair: what, trouble, ...(loadStep !== undefined && { loadStep }) },
  };
}

export function stepFailed(context: EncoderContext, event: EncoderEvent): Decision {
  const { error } = event as unknown as { error?: EffectError };
  return {
    type: "encoder.thermal",
    severity: "warning",
    message: `${heatSentence(context)}: step ${context.heat.step} could not be taken (${error?.message ?? "no answer"})`,
    data: { thermal: "cooling", step: context.heat.step, code: error?.code },
  };
}

export function replaced(context: EncoderContext, { reading }: Reads): Decision {
  return {
    type: "encoder.replaced",
    severity: "warning",
    message: `${context.plan.id} is another box now: serial number ${reading.identity?.serialNumber} instead of ${context.serialNumber}`,
    data: { was: context.serialNumber, is: reading.identity?.serialNumber },
  };
}

export function rebooted(context: EncoderContext): Decision {
  return {
    type: "encoder.rebooted",
    severity: "warning",
    message: `${context.plan.id} has rebooted`,
  };
}

export function link(context: EncoderContext, link: string): Decision {
  return {
    type: "encoder.link",
    severity: link === "unreachable" ? "warning" : "info",
    message:
      link === "unreachable"
        ? `${context.plan.id} does not answer: ${context.unread.why}`
        : `${context.plan.id} answers`,
    data: { link },
  };
}

const thermalSeverity = {
  normal: "info",
  warm: "warning",
  cooling: "warning",
  hot: "critical",
  protected: "critical",
} as const;

export function thermal(context: EncoderContext, word: ThermalTold): Decision {
  const { step } = context.heat;
  const carries = context.holds.length > 0;
  const upTo = context.heat.saysHot === undefined ? ` up to ${context.plan.heat.protectC} °C` : "";
  const taken = context.plan.cooling[step - 1]?.what;
  const what = {
    normal: "cool again, at full load",
    warm: "too hot, and nothing can be done about its load",
    hot: `still too hot at its lowest load, and nobody can take over: it stays on air${upTo}`,
    cooling: `cooling, step ${step} of ${context.plan.cooling.length}: ${taken}`,
    protected: carries
      ? "still too hot: it is taken off the programme to protect it"
      : "still too hot: it is not used before it has cooled",
  }[word];
  // Nobody gets up for a box that carries nothing.
  const isSpared = word === "protected" && !carries;
  return {
    type: "encoder.thermal",
    severity: isSpared ? "warning" : thermalSeverity[word],
    message: `${heatSentence(context)}: ${what}`,
    data: { thermal: word, step },
  };
}

export function coolingHeld(context: EncoderContext, event: EncoderEvent): Decision {
  const because = event.type === "mayNotCool" ? event.because : "its stream";
  return {
    type: "encoder.thermal",
    severity: "warning",
    message: `${heatSentence(context)}: the next step would cost the picture: ${because}`,
    data: { thermal: "cooling", step: context.heat.step, because },
  };
}

export function busy(context: EncoderContext, isBusy: boolean): Decision {
  const what = isBusy
    ? "for a minute: it has no room for a harder scene, others are chosen before it; take work off it"
    : "it has room again";
  return {
    type: "encoder.thermal",
    severity: isBusy ? "warning" : "info",
    message: `${busySentence(context)}${isBusy ? " " : ": "}${what}`,
    data: { thermal: isBusy ? "warm" : "normal", step: context.heat.step, isBusy },
  };
}

export function cooldown(context: EncoderContext, event: EncoderEvent): Decision {
  const by = event.type === "cooldown" ? event.by : "somebody";
  return {
    type: "encoder.thermal",
    severity: "info",
    message: `${heatSentence(context)}: ${by} wants it cooler, one step is taken now`,
    data: { thermal: "cooling", step: context.heat.step + 1, by },
  };
}

export function input(context: EncoderContext, word: string): Decision {
  return {
    type: "encoder.input",
    severity: word === "good" || word === "unknown" ? "info" : "warning",
    message: `input of ${context.plan.id}: ${word}`,
    data: { input: word },
  };
}

export function service(context: EncoderContext, p: { word: string; by: string }): Decision {
  return {
    type: "encoder.service",
    severity: "info",
    message: `${context.plan.id} is ${p.word} (${p.by})`,
    data: { service: p.word, by: p.by },
  };
}

export function selfStart(context: EncoderContext, ok: boolean): Decision {
  return {
    type: "encoder.selfStart",
    severity: ok ? "info" : "warning",
    message: ok
      ? `${context.plan.id}: auto-recover, power-up action and scheduler are off and owned by us`
      : `${context.plan.id}: could not switch off what it does on its own; trying again`,
  };
}

export function rogue(context: EncoderContext, output: string): Decision {
  return {
    type: "encoder.rogue",
    severity: "critical",
    message: `${context.plan.id} began to publish on ${output} although it is benched: stopping it`,
    data: { output },
  };
}

export function power(context: EncoderContext, word: "on" | "cut"): Decision {
  const ended = word === "cut" ? endsWithPower(context) : [];
  const withIt = ended.length > 0 ? `; with it went ${ended.join(", ")}` : "";
  return {
    type: "encoder.power",
    severity: "warning",
    message:
      word === "cut"
        ? `${context.plan.id} is powered off at outlet ${context.plan.outlet?.id}, read back${withIt}`
        : `${context.plan.id} has power again at outlet ${context.plan.outlet?.id}`,
    data: { power: word, outlet: context.plan.outlet?.id, ...(word === "cut" && { ended }) },
  };
}

export function powerFailed(context: EncoderContext, event: EncoderEvent): Decision {
  const { error } = event as unknown as { error?: EffectError };
  return {
    type: "encoder.power",
    severity: "critical",
    message: `outlet ${context.plan.outlet?.id} of ${context.plan.id} did not switch: ${error?.message ?? "no answer"}`,
    data: { power: "unknown", outlet: context.plan.outlet?.id, code: error?.code },
  };
}

export function powerKept(context: EncoderContext, event: EncoderEvent): Decision {
  return {
    type: "encoder.power",
    severity: "warning",
    message: `${context.plan.id} keeps its power: ${event.type === "cutPower" ? keepsPower(context, event.recording) : ""}`,
    data: { power: "on" },
  };
}

export function changedElsewhere(context: EncoderContext, changes: readonly Change[]): Decision {
  const isHeld = context.holds.length > 0;
  const what = changes.map(({ sentence }) => sentence).join("; ");
  return {
    type: "encoder.changedElsewhere",
    severity: "warning",
    message: `${context.plan.id} was changed, and not by us: ${what}${isHeld ? "" : "; it is left so while it holds no key"}`,
    data: { changes: changes.map((change) => change.what), holdsKey: isHeld },
  };
}

export function anotherController(context: EncoderContext, isThere: boolean): Decision {
  return {
    type: "encoder.anotherController",
    severity: isThere ? "critical" : "info",
    message: isThere
      ? `another controller works on ${context.plan.id}: it was changed ${context.hands.changes.length} times in 10 min, and not by us; find out who (front panel, vendor's page, Companion)`
      : `${context.plan.id}: nobody else has changed anything for 10 min`,
    data: { anotherController: isThere },
  };
}

export function released(context: EncoderContext, event: EncoderEvent): Decision {
  const by = event.type === "release" ? event.by : "a person";
  return {
    type: "encoder.released",
    severity: "info",
    message: `${context.plan.id} is a free spare again: ${context.duty.inUseFor} does not need it any more (${by})`,
    data: { stream: context.duty.inUseFor, by },
  };
}

export function benched(context: EncoderContext, output: string): Decision {
  return {
    type: "encoder.benched",
    severity: "info",
    message: `${context.plan.id}/${output} is benched: key and address taken out of the box`,
    data: { output },
  };
}
