/**
 * Software encoders: one process for each output, under a launcher, that outlives the daemon. They
 * are found again by what stands in `<stateDir>/engines/<output>/`.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DeviceAlarm, EncoderReading } from "../../../../machines/encoder/reading.ts";
import type { EncoderSettings } from "../../../../machines/encoder/settings.ts";
import { DriverError, type DriverContext, type EncoderDriver } from "../../driver.ts";
import { cgroups, type Limits } from "./cgroups.ts";
import { Engine } from "./engine.ts";
import { figuresOf, type FigureMemory } from "./figures.ts";
import type { Choice, EngineTimes, Made, RunEnd, Wanted } from "./launch.ts";
import { openKeptLoad } from "../kept-load.ts";
import { openOverload } from "./overload.ts";
import { engineReports } from "./report-beat.ts";
import { usageFigures } from "./usage.ts";

/** Stands for the settings of the configuration. */
const asConfigured: EncoderSettings = {};

export type SoftwareEncoder = {
  /** What is run, and what that makes of its input, by load step: full load first. */
  loads: (settings?: EncoderSettings, by?: string) => readonly [Made, ...Made[]];
  source: string | undefined;
  outputs: readonly string[];
  times: EngineTimes;
  limits: Limits;
  /** Path of `launcher.sh`. */
  launcher: string;
  /** Sentences about the host it runs on. */
  hostAlarms?: () => readonly string[];
  /** What of the host's hardware was proven to encode; undefined: not tried. */
  hardware?: () => string[] | undefined;
  /** Where a picture may be made by more than one: see `EngineSurroundings`. */
  pictures?: {
    choice: (target?: Wanted) => Choice;
    /** Resolves when it is known what works, or has taken too long to wait for. */
    known: Promise<unknown>;
    blames: (end: RunEnd) => boolean;
    /** What is not as it was asked for. */
    raised: () => readonly DeviceAlarm[];
  };
};

/** Adopts or kills what it finds before it resolves, so nothing can be started twice. */
export async function openSoftwareEncoder(
  context: DriverContext,
  encoderOf: SoftwareEncoder,
): Promise<EncoderDriver> {
  const { encoder, stateDir, now } = context;
  const { loads, source, outputs, times, limits, launcher } = encoderOf;
  const { hostAlarms, hardware, pictures } = encoderOf;
  const engines = new Map<string, Engine>();
  const configured = loads();
  const load = openKeptLoad(encoder, stateDir, configured.length - 1);
  const bySettings = new WeakMap<EncoderSettings, Map<string, readonly [Made, ...Made[]]>>();
  const made = (target: Wanted = {}, asked?: string): Made & Partial<Choice> => {
    const { settings = asConfigured } = target;
    const choice = asked === undefined ? pictures?.choice(target) : { by: asked };
    const by = choice?.by;
    const known = bySettings.get(settings) ?? new Map<string, readonly [Made, ...Made[]]>();
    bySettings.set(settings, known);
    const of = known.get(by ?? "") ?? loads(settings === asConfigured ? undefined : settings, by);
    known.set(by ?? "", of);
    return { ...(of[load.step()] ?? of[0]), ...choice };
  };
  const memory: FigureMemory = new Map();
  const overload = openOverload();
  const lacks = new Set<string>();
  let report: ((reading: EncoderReading) => void) | undefined;
  let planned: NodeJS.Immediate | undefined;

  // All that changed in one turn of the event loop is one reading.
  const changed = () => {
    if (report) planned ??= setImmediate(tell);
  };
  const tell = () => {
    clearImmediate(planned);
    planned = undefined;
    report?.(reading());
  };
  let leaveBeat: (() => void) | undefined;

  const outputOf = ([id, engine]: [string, Engine]) => {
    const isOverloaded = overload.isOverloaded(id);
    return [id, { ...engine.reading(), ...(isOverloaded !== undefined && { isOverloaded }) }];
  };
  /** What runs; else what would be run to where it published last. */
  const present = () => {
    const all = [...engines.values()];
    const [run] = all.flatMap((engine) => engine.underWay() ?? []);
    if (run) return { ...run, name: run.program, settings: run.makes ?? made().settings };
    const [last] = all.flatMap((engine) => engine.record ?? []);
    const next = made({ address: last?.address });
    return { ...next, name: next.program.name };
  };
  const reading = (): EncoderReading => {
    const hardwareEncoders = hardware?.();
    const slow = overload.alarms(engines, now());
    const { name, settings, by = name, because } = present();
    return {
      outputs: Object.fromEntries([...engines].map(outputOf)) as EncoderReading["outputs"],
      ...(source !== undefined && { source }),
      identity: { vendor: name },
      ...(hardwareEncoders && { hardwareEncoders }),
      ...(pictures && {
        raised: { alarms: pictures.raised(), isWhole: true },
        encodes: { by, ...(because !== undefined && { because }) },
      }),
      settings,
      loadStep: load.step(),
      // A process of ours starts nothing by itself.
      selfStart: { autoRecover: false, powerUp: "idle", scheduler: false },
      alarms: [
        ...(hostAlarms?.() ?? []),
        ...lacks,
        ...[...engines.values()].flatMap((engine) => engine.alarms()),
        ...slow,
      ],
      figures: {
        ...figuresOf(engines, memory, now(), `${name} progress`),
        ...usageFigures(engines.values()),
      },
    };
  };

  /** Only `DriverError` leaves a driver, and never with arguments of a program in it. */
  const guarded = async <T>(
    output: string,
    signal: AbortSignal,
    work: (e: Engine) => Promise<T>,
  ) => {
    const engine = engines.get(output);
    if (!engine) throw new DriverError("notPossible", `${encoder} has no output ${output}`);
    try {
      return await work(engine);
    } catch (error) {
      if (error instanceof DriverError) throw error;
      if (signal.aborted) throw new DriverError("timeout", `${encoder} took too long`);
      const code = (error as NodeJS.ErrnoException).code ?? "unknown";
      throw new DriverError("failed", `${encoder} could not do that: ${code}`, { cause: error });
    }
  };

  const left = leftOutputs(stateDir).filter((output) => !outputs.includes(output));
  for (const output of [...outputs, ...left]) {
    const group = cgroups.group(`${encoder}.${output}`, limits);
    if (group.lacks !== undefined) lacks.add(group.lacks);
    const engine = new Engine(output, {
      ...{ encoder, stateDir, times, launcher, group, now, changed, made },
      blames: (end) => pictures?.blames(end) ?? false,
      knownTargets: context.knownTargets,
    });
    await engine.open();
    engines.set(output, engine);
  }
  // What is on air is seen first; whoever starts now is started by what was found.
  if (![...engines.values()].some((engine) => engine.underWay())) await pictures?.known;

  return {
    poll: async () => reading(),
    startOutput: (output, target, signal) =>
      guarded(output, signal, (engine) => engine.start(target, signal)),
    rehearseStart: () => [...engines.values()][0]?.rehearseStart(),
    // The key stands nowhere but in the arguments of the process: it is forgotten with it.
    stopOutput: (output, _forgetKey, signal) =>
      guarded(output, signal, (engine) => engine.stop(signal)),
    proveOff: (output, address, signal) =>
      guarded(output, signal, (engine) => engine.proveOff(address, signal)),
    ownSelfStart: async () => {},
    // What runs already at this load is left alone, also what an earlier daemon has started.
    setLoad: async (step, signal) => {
      await load.keep(step);
      for (const output of engines.keys())
        await guarded(output, signal, (engine) => engine.remake(signal));
      changed();
    },
    reportsAll: true,
    watch: (listener) => {
      report = listener;
      leaveBeat ??= engineReports.join(tell);
      changed();
    },
    close: async () => {
      report = undefined;
      clearImmediate(planned);
      leaveBeat?.();
      await Promise.all([...engines.values()].map((engine) => engine.close()));
    },
  };
}

/** Outputs of an earlier config: what runs there must still be seen and stopped. */
function leftOutputs(stateDir: string): string[] {
  try {
    return readdirSync(join(stateDir, "engines"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
