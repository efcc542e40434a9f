import { and, assign, emit, not, sendParent, setup, stateIn } from "xstate";
import { decided } from "../decision.ts";
import { effect, type EffectError } from "../effect.ts";
import type { Consent, EncoderPlan } from "../site/plan.ts";
import { rebased, type Stamp } from "../time.ts";
import { custody } from "./custody.ts";
import type { EncoderEvent, EncoderToSite, ReliefReason } from "./encoder.events.ts";
import { startsNothingByItself, type Custody, type Service } from "./facts.ts";
import { withSample } from "./heat.ts";
import { countingCuts, keepsPower, power } from "./power.ts";
import type { EncoderReading } from "./reading.ts";
import {
  nextRepair,
  repair,
  repairSentence,
  type Repairs,
  repairsSince,
  type Trouble,
  withRepair,
} from "./repair.ts";
import { type Heat, heatGuards, heatSentence, thermal } from "./thermal.ts";

/** Where a restarted daemon picks up: only what cannot be read from the box again. */
export type EncoderResume = {
  service: Service;
  custody: Record<string, Custody>;
  serialNumber: string | null;
  /** We switched it off, and have not switched it on since. */
  isCut?: boolean;
  /** When its outlet was switched off, as far as it counts against the limits. */
  cuts?: Stamp[];
  staysIdle?: boolean;
  coolingStep?: number;
  repairs?: Repairs;
};

export type EncoderContext = {
  plan: EncoderPlan;
  now: () => Stamp;
  resume: EncoderResume | undefined;
  /** The last reading, however old; the link region says whether it still counts. */
  reading: EncoderReading | undefined;
  /** When it was taken, Unix ms. */
  readAtMs: number;
  failures: number;
  failure: string;
  serialNumber: string | null;
  cuts: Stamp[];
  /** As last read, however long ago: with its power back it does nothing on its own. */
  staysIdle: boolean;
  heat: Heat;
  repairs: Repairs;
  /** Outputs that hold a key. */
  holds: readonly string[];
};

type Reads = { reading: EncoderReading };
const inputs = ["good", "lost", "black", "frozen", "silent"] as const;

const machines = new Map<string, ReturnType<typeof make>>();

/** The machine of a box with these outputs; boxes of one shape share it. */
export function encoderMachineFor({ outputs, ownSelfStart, outlet }: EncoderPlan) {
  const shape = `${outputs.join()} ${ownSelfStart} ${outlet !== undefined}`;
  const known = machines.get(shape);
  if (known) return known;
  const machine = make(outputs, { ownsSelfStart: ownSelfStart, hasOutlet: outlet !== undefined });
  machines.set(shape, machine);
  return machine;
}

/** One box: may it take work, what does it do, what does it know that it should not? */
function make(
  outputs: readonly string[],
  { ownsSelfStart, hasOutlet }: { ownsSelfStart: boolean; hasOutlet: boolean },
) {
  const heats = ofContext(heatGuards);
  const isIdleBox = and(["holdsNothing", not(stateIn({ service: "maintenance" })), "hasPower"]);
  const isGone = and([isIdleBox, stateIn({ link: "unreachable" })]);
  const isUp = and([stateIn({ link: "reachable" }), not(stateIn({ service: "rebooting" }))]);
  const isFailing = and([isIdleBox, isUp, "outputFails"]);
  const isReady = and([isUp, not("outputFails")]);
  const base = setup({
    types: {} as {
      context: EncoderContext;
      input: { plan: EncoderPlan; now: () => Stamp; resume?: EncoderResume };
      events: EncoderEvent;
      emitted: ReturnType<typeof decided>;
    },
    actors: {
      stopOutput: effect("stopOutput"),
      ownSelfStart: effect("ownSelfStart"),
      turnOutlet: effect("turnOutlet"),
      reboot: effect("reboot"),
      setLoad: effect("setLoad"),
    },
    guards: {
      tooManyFailures: ({ context }) => context.failures + 1 >= context.plan.unreachableAfter,
      ...heats,
      wasCooled: ({ context }) => context.heat.step > 0,
      isBooting: (_, { reading }: Reads) => reading.booting === true,
      isUp: (_, { reading }: Reads) => reading.booting !== true,
      mayStartByItself: (_, { reading }: Reads) =>
        reading.selfStart !== undefined && !startsNothingByItself(reading.selfStart),
      outputIs: (_, params: { output: string; asked: string }) => params.output === params.asked,
      wasService: ({ context }, word: Service) => context.resume?.service === word,
      wasCustody: ({ context }, p: { output: string; word: Custody }) =>
        context.resume?.custody[p.output] === p.word,
      staysIdle: ({ context }) => context.staysIdle,
      hasPower: hasOutlet ? stateIn({ power: "on" }) : () => true,
      outputFails: ({ context }) =>
        Object.values(context.reading?.outputs ?? {}).some(({ state }) => state === "failing"),
      isGone,
      isFailing,
      isWell: and([not(isGone), not(isFailing)]),
      isReady,
      isNotReady: not(isReady),
      nothingIsLeft: ({ context }) => nextRepair(context) === undefined,
      consents: ({ context }, to: Consent) => context.plan.repair === to,
      wasRebootChosen: ({ context }) => context.repairs.done.at(-1)?.action === "reboot",
      wasCut: ({ context }) => context.resume?.isCut === true,
      mayCut: ({ context, event }) =>
        event.type === "cutPower" &&
        context.plan.outlet !== undefined &&
        keepsPower(context, event.recording) === undefined,
      usesOurKey: (_, { reading, output }: Reads & { output: string }) =>
        publishes(reading, output),
    },
    actions: {
      keepReading: assign(({ context }, { reading }: Reads) => ({
        reading,
        readAtMs: context.now().wallMs,
        failures: 0,
        serialNumber: reading.identity?.serialNumber ?? context.serialNumber,
        staysIdle: reading.selfStart ? startsNothingByItself(reading.selfStart) : context.staysIdle,
        heat: { ...context.heat, samples: samplesWith(context, reading) },
      })),
      changeStep: assign(({ context: { heat } }, by: number) => ({
        heat: { ...heat, step: heat.step + by },
      })),
      hold: assign(({ context: { holds } }, p: { output: string; held: boolean }) => ({
        holds: [...holds.filter((output) => output !== p.output), ...(p.held ? [p.output] : [])],
      })),
      askForRelief: sendParent(({ context }, because: ReliefReason): EncoderToSite => ({
        type: "wantsRelief",
        encoder: context.plan.id,
        because,
      })),
      noteTrouble: assign(({ context: { repairs } }, trouble: Trouble) => ({
        repairs: { ...repairs, trouble },
      })),
      noteRepair: assign(({ context }) => {
        const next = nextRepair(context);
        const cuts = countingCuts(context.cuts, context.now());
        return {
          ...(next && { repairs: withRepair(context, next) }),
          ...(next === "powerCycle" && { cuts: [...cuts, context.now()] }),
        };
      }),
      countWouldHave: assign(({ context: { repairs } }) => ({
        repairs: { ...repairs, wouldHave: repairs.wouldHave + 1 },
      })),
      forgetRepairs: assign(({ context: { repairs } }) => ({ repairs: { ...repairs, done: [] } })),
      tellRepair: emit(({ context }, what: Parameters<typeof repairSentence>[1]) =>
        decided({
          type: "encoder.repair",
          severity: what === "givenUp" ? "critical" : what === "proven" ? "info" : "warning",
          message: repairSentence(context, what),
          data: { repair: what, trouble: context.repairs.trouble },
        }),
      ),
      tellStepFailed: emit(({ context, event }) => {
        const { error } = event as unknown as { error?: EffectError };
        return decided({
          type: "encoder.thermal",
          severity: "warning",
          message: `${heatSentence(context)}: step ${context.heat.step} could not be taken (${error?.message ?? "no answer"})`,
          data: { thermal: "cooling", step: context.heat.step, code: error?.code },
        });
      }),
      countFailure: assign(({ context }, failure: string) => ({
        failures: context.failures + 1,
        failure,
      })),
      forgetReading: assign({ reading: undefined }),
      tellReplaced: emit(({ context }, { reading }: Reads) =>
        decided({
          type: "encoder.replaced",
          severity: "warning",
          message: `${context.plan.id} is another box now: serial number ${reading.identity?.serialNumber} instead of ${context.serialNumber}`,
          data: { was: context.serialNumber, is: reading.identity?.serialNumber },
        }),
      ),
      tellRebooted: emit(({ context }) =>
        decided({
          type: "encoder.rebooted",
          severity: "warning",
          message: `${context.plan.id} has rebooted`,
        }),
      ),
      tellLink: emit(({ context }, link: string) =>
        decided({
          type: "encoder.link",
          severity: link === "unreachable" ? "warning" : "info",
          message:
            link === "unreachable"
              ? `${context.plan.id} does not answer: ${context.failure}`
              : `${context.plan.id} answers`,
          data: { link },
        }),
      ),
      tellThermal: emit(({ context }, word: "normal" | "warm" | "cooling" | "protected") => {
        const { step } = context.heat;
        const taken = context.plan.cooling[step - 1]?.what;
        const what = {
          normal: "cool again, at full load",
          warm: "too hot, and nothing can be done about its load",
          cooling: `cooling, step ${step} of ${context.plan.cooling.length}: ${taken}`,
          protected: "still too hot: it is taken off the programme to protect it",
        }[word];
        return decided({
          type: "encoder.thermal",
          severity: { normal: "info", warm: "warning", cooling: "warning", protected: "critical" }[
            word
          ] as "info" | "warning" | "critical",
          message: `${heatSentence(context)}: ${what}`,
          data: { thermal: word, step },
        });
      }),
      tellInput: emit(({ context }, word: string) =>
        decided({
          type: "encoder.input",
          severity: word === "good" || word === "unknown" ? "info" : "warning",
          message: `input of ${context.plan.id}: ${word}`,
          data: { input: word },
        }),
      ),
      tellService: emit(({ context }, p: { word: string; by: string }) =>
        decided({
          type: "encoder.service",
          severity: "info",
          message: `${context.plan.id} is ${p.word} (${p.by})`,
          data: { service: p.word, by: p.by },
        }),
      ),
      tellSelfStart: emit(({ context }, ok: boolean) =>
        decided({
          type: "encoder.selfStart",
          severity: ok ? "info" : "warning",
          message: ok
            ? `${context.plan.id}: auto-recover, power-up action and scheduler are off and owned by us`
            : `${context.plan.id}: could not switch off what it does on its own; trying again`,
        }),
      ),
      tellRogue: emit(({ context }, output: string) =>
        decided({
          type: "encoder.rogue",
          severity: "critical",
          message: `${context.plan.id} began to publish on ${output} although it is benched: stopping it`,
          data: { output },
        }),
      ),
      tellDoubt: sendParent(({ context }, output: string): EncoderToSite => {
        const target = context.reading?.outputs[output]?.target;
        const destination = typeof target === "object" ? target.destination : null;
        return { type: "publishesBenched", encoder: context.plan.id, output, destination };
      }),
      countCut: assign({
        cuts: ({ context }) => [...countingCuts(context.cuts, context.now()), context.now()],
      }),
      tellPower: emit(({ context }, word: "on" | "cut") =>
        decided({
          type: "encoder.power",
          severity: "warning",
          message:
            word === "cut"
              ? `${context.plan.id} is powered off at outlet ${context.plan.outlet?.id}, read back`
              : `${context.plan.id} has power again at outlet ${context.plan.outlet?.id}`,
          data: { power: word, outlet: context.plan.outlet?.id },
        }),
      ),
      tellPowerFailed: emit(({ context, event }) => {
        const { error } = event as unknown as { error?: EffectError };
        return decided({
          type: "encoder.power",
          severity: "critical",
          message: `outlet ${context.plan.outlet?.id} of ${context.plan.id} did not switch: ${error?.message ?? "no answer"}`,
          data: { power: "unknown", outlet: context.plan.outlet?.id, code: error?.code },
        });
      }),
      tellPowerKept: emit(({ context, event }) =>
        decided({
          type: "encoder.power",
          severity: "warning",
          message: `${context.plan.id} keeps its power: ${event.type === "cutPower" ? keepsPower(context, event.recording) : ""}`,
          data: { power: "on" },
        }),
      ),
      tellBenched: emit(({ context }, output: string) =>
        decided({
          type: "encoder.benched",
          severity: "info",
          message: `${context.plan.id}/${output} is benched: key and address taken out of the box`,
          data: { output },
        }),
      ),
    },
    delays: {
      readingMaxAge: ({ context }) => context.plan.readingMaxAgeMs,
      retryBench: 5_000,
      retrySelfStart: 30_000,
      restorePowerAfter: 30_000,
      coolingPeriod: ({ context }) => context.plan.heat.coolingPeriodMs,
      hurry: ({ context }) => context.plan.heat.coolingPeriodMs / 4,
      reliefWithin: 20_000,
    },
  });

  const reads = ({ event }: { event: EncoderEvent }) => ({
    reading: (event as Extract<EncoderEvent, { type: "reading" }>).reading,
  });

  return base.createMachine({
    id: "encoder",
    context: ({ input }) => ({
      plan: input.plan,
      now: input.now,
      resume: input.resume,
      reading: undefined,
      readAtMs: 0,
      failures: 0,
      failure: "not read yet",
      serialNumber: input.resume?.serialNumber ?? null,
      staysIdle: input.resume?.staysIdle ?? false,
      repairs: repairsSince(input.resume?.repairs, input.now()),
      heat: { samples: [], step: input.resume?.coolingStep ?? 0 },
      holds: Object.entries(input.resume?.custody ?? {}).flatMap(([output, word]) =>
        word === "held" ? [output] : [],
      ),
      cuts: (input.resume?.cuts ?? []).map((at) => rebased(at, input.now())),
    }),
    type: "parallel",
    states: {
      /** Remembers; decides nothing. */
      memory: {
        on: {
          reading: [
            {
              guard: ({ context, event }) =>
                context.serialNumber !== null &&
                event.reading.identity?.serialNumber !== undefined &&
                event.reading.identity.serialNumber !== context.serialNumber,
              actions: [
                { type: "tellReplaced", params: reads },
                { type: "keepReading", params: reads },
              ],
            },
            {
              guard: ({ context, event }) =>
                context.reading?.bootMark !== undefined &&
                event.reading.bootMark !== undefined &&
                event.reading.bootMark !== context.reading.bootMark,
              actions: ["tellRebooted", { type: "keepReading", params: reads }],
            },
            { actions: { type: "keepReading", params: reads } },
          ],
          unreadable: {
            actions: {
              type: "countFailure",
              params: ({ event }) => `${event.failure}: ${event.detail}`,
            },
          },
          stalled: { actions: "forgetReading" },
          granted: { actions: holding(true) },
          benched: { actions: holding(false) },
          released: { actions: holding(false) },
        },
      },
      link: {
        initial: "unknown",
        on: { stalled: ".unknown" },
        states: {
          unknown: {
            on: {
              reading: "reachable",
              unreadable: [{ guard: "tooManyFailures", target: "unreachable" }, {}],
            },
          },
          reachable: {
            on: { reading: { target: "reachable", reenter: true }, unreadable: "silent" },
            after: { readingMaxAge: "silent" },
          },
          silent: {
            on: {
              reading: "reachable",
              unreadable: [{ guard: "tooManyFailures", target: "unreachable" }, {}],
            },
          },
          unreachable: {
            entry: { type: "tellLink", params: "unreachable" },
            on: {
              reading: { target: "reachable", actions: { type: "tellLink", params: "reachable" } },
            },
          },
        },
      },
      thermal,
      service: {
        initial: "deciding",
        on: {
          maintenance: {
            target: ".maintenance",
            actions: {
              type: "tellService",
              params: ({ event }) => ({ word: "maintenance", by: event.by }),
            },
          },
        },
        states: {
          deciding: {
            always: [
              { guard: { type: "wasService", params: "maintenance" }, target: "maintenance" },
              { target: "inService" },
            ],
          },
          inService: {
            on: { reading: { guard: { type: "isBooting", params: reads }, target: "rebooting" } },
          },
          rebooting: {
            on: { reading: { guard: { type: "isUp", params: reads }, target: "inService" } },
          },
          maintenance: {
            on: {
              inService: {
                target: "inService",
                actions: {
                  type: "tellService",
                  params: ({ event }) => ({ word: "inService", by: event.by }),
                },
              },
            },
          },
        },
      },
      input: {
        initial: "unknown",
        states: Object.fromEntries(
          (["unknown", ...inputs] as const).map((here) => [
            here,
            {
              on: {
                reading: (["unknown", ...inputs] as const)
                  .filter((word) => word !== here)
                  .map((word) => ({
                    guard: ({ event }: { event: Reads }) =>
                      (event.reading.input ?? "unknown") === word,
                    target: word,
                    actions: { type: "tellInput" as const, params: word },
                  })),
              },
            },
          ]),
        ),
      },
      selfStart: ownsSelfStart
        ? {
            initial: "watching",
            states: {
              watching: {
                on: {
                  reading: { guard: { type: "mayStartByItself", params: reads }, target: "owning" },
                },
              },
              owning: {
                invoke: {
                  src: "ownSelfStart",
                  input: ({ context }) => ({ encoder: context.plan.id }),
                  onDone: {
                    target: "settling",
                    actions: { type: "tellSelfStart", params: true },
                  },
                  onError: { target: "resting", actions: { type: "tellSelfStart", params: false } },
                },
              },
              /** The next readings may still show the old values: they are read in turn. */
              settling: { after: { retrySelfStart: "watching" } },
              resting: { after: { retrySelfStart: "watching" } },
            },
          }
        : {},
      power: hasOutlet ? power : {},
      repair,
      ...Object.fromEntries(outputs.map((output) => [`custody:${output}`, custody(output)])),
    },
  });
}
export type EncoderMachine = ReturnType<typeof encoderMachineFor>;

/** A box that does not tell its temperature any more has no trend either. */
function samplesWith({ heat, now }: EncoderContext, reading: EncoderReading) {
  const celsius = reading.figures.temperatureC?.value;
  return celsius === undefined ? [] : withSample(heat.samples, { celsius, at: now() });
}

function holding(held: boolean) {
  return {
    type: "hold" as const,
    params: ({ event }: { event: EncoderEvent }) => ({
      output: "output" in event ? event.output : "",
      held,
    }),
  };
}

/** Guards that ask nothing but the context. */
function ofContext<K extends string>(of: Record<K, (context: EncoderContext) => boolean>) {
  return Object.fromEntries(
    Object.entries<(context: EncoderContext) => boolean>(of).map(([name, ask]) => [
      name,
      ({ context }: { context: EncoderContext }) => ask(context),
    ]),
  ) as Record<K, (args: { context: EncoderContext }) => boolean>;
}

/** It is publishing, or about to, to one of our destinations. */
function publishes(reading: EncoderReading, output: string): boolean {
  const now = reading.outputs[output];
  if (now === undefined || (now.state !== "streaming" && now.state !== "starting")) return false;
  return now.target === undefined || typeof now.target === "object";
}
