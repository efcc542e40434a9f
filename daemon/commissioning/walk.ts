import type { SiteConfig } from "../../config/site.schema.ts";
import { fencePathWarnings } from "../../config/warnings.ts";
import { recognisers } from "../drivers/recognisers.ts";
import { type Bench, type BenchBox, openBench } from "./bench.ts";
import { capabilitiesOf, now } from "./capabilities.ts";
import { exposureOf } from "./exposure.ts";
import { destinationFor, unfit, type AskFreeze, type Consent } from "./permission.ts";
import { checkPower } from "./power.ts";
import { rehearse, type Rehearsal } from "./rehearsal.ts";
import { skipped, type EncoderReport, type Report, type Step } from "./report.ts";
import { farEndOf } from "./seen-at-far-end.ts";
import { probeTakeover } from "./takeover-probe.ts";

export type Wishes = Consent & {
  /** Ids of the encoders to walk, in the order of the file. */
  encoders: readonly string[];
  cutPower: boolean;
  probeTakeover: boolean;
};

/**
 * Walks one box after the other and tells what was found. Only looks, unless the operator wished
 * more; then everything that was started is stopped again, also when it is broken off.
 */
export async function walk(p: {
  config: SiteConfig;
  version: string;
  wishes: Wishes;
  frozen: AskFreeze;
  /** Likewise, also where the operator has a reason to do it all the same. */
  eventNear: AskFreeze;
  signal: AbortSignal;
  tell: (line: string) => void;
}): Promise<Report> {
  const { config, wishes, signal, tell } = p;
  const startedAt = now();
  const encoders: EncoderReport[] = [];
  const destinations: Report["destinations"][number][] = [];
  let exposure: Report["exposure"] = [];
  const bench = await openBench(config, wishes.encoders);
  try {
    for (const box of bench.boxes.values()) {
      const told = (step: Step) => tell(`${box.id} ${step.step}: ${step.outcome}, ${step.because}`);
      encoders.push(await walkBox(box, bench, p, told));
    }
    if (wishes.probeTakeover) destinations.push(...(await walkDestinations(bench, p)));
    tell("who else could reach the site's devices");
    exposure = await exposureOf(config, wishes.encoders, recognisers, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await bench.close();
  }
  const isWhole = !signal.aborted;
  const { site } = config;
  const endedAt = now();
  return {
    site,
    version: p.version,
    startedAt,
    endedAt,
    isWhole,
    encoders,
    destinations,
    exposure,
  };
}

type Parts = Parameters<typeof walk>[0];

async function walkBox(
  box: BenchBox,
  bench: Bench,
  { config, wishes, frozen, signal }: Parts,
  told: (step: Step) => void,
): Promise<EncoderReport> {
  const steps: Step[] = [];
  const add = (step: Step | undefined) => {
    if (!step) return;
    steps.push(step);
    told(step);
  };
  add(await capabilitiesOf(box, signal));
  const [output] = box.vendor.outputs;
  const permission = destinationFor(box.id, { config, bench, consent: wishes, frozen });
  if (output === undefined) {
    add(skipped("start", "it is only looked at: no output of it can carry a stream"));
  } else if ("refusal" in permission) {
    for (const step of ["start", "fence"] as const) add(skipped(step, permission.refusal));
  } else {
    const rehearsal = rehearsalOf(box, output, permission.farEnd, bench);
    for (const step of await rehearse(rehearsal, signal)) add(step);
  }
  const refusal = !wishes.cutPower
    ? "cutting its power is wanted with --power"
    : "refusal" in permission || output === undefined
      ? "refusal" in permission
        ? permission.refusal
        : "it has no output to be idle"
      : unfit(box, output, permission.farEnd);
  add(await checkPower({ config, box, refusal }, signal));
  const { host, port } = optionsOf(config, box.id);
  const identity = box.latest()?.reading.identity;
  const warnings = fencePathWarnings(config).filter((line) => line.startsWith(`${box.id} `));
  return {
    encoder: box.id,
    driver: box.plan.vendor,
    ...(host !== undefined && { where: port === undefined ? host : `${host}:${port}` }),
    ...(identity && { identity }),
    ...("farEnd" in permission && { farEnd: farEndOf(permission.farEnd.destination.address) }),
    steps: steps.map((step) =>
      step.step === "fence" ? { ...step, notes: [...step.notes, ...warnings] } : step,
    ),
  };
}

function rehearsalOf(
  box: BenchBox,
  output: string,
  farEnd: Rehearsal["farEnd"],
  { plan }: Bench,
): Rehearsal {
  const isAlone = !plan.streams.some(
    ({ encoders }) => encoders.length > 1 && encoders.some(({ encoder }) => encoder === box.id),
  );
  const { noPublisherProofMs } = plan.destinations.find(({ id }) => id === farEnd.destination.id)!;
  return { box, output, farEnd, isAlone, noPublisherProofMs };
}

/**
 * Of the boxes walked, the first two that can publish, at every destination for tests. At one that
 * people watch, and that was typed, the first two of its own streams, and near no event for any reason.
 */
async function walkDestinations(bench: Bench, p: Parts) {
  const { config, wishes, signal, tell } = p;
  const reports: { destination: string; steps: Step[] }[] = [];
  const able = [...bench.boxes.values()].filter(({ vendor }) => vendor.outputs.length > 0);
  const { confirmedTakeover } = wishes;
  const chosen = config.destinations.filter(
    ({ id, test }) => test || confirmedTakeover.includes(id),
  );
  for (const { id, test } of chosen) {
    const farEnd = bench.farEnds.get(id)!;
    const own = config.streams
      .filter(({ destination }) => destination === id)
      .flatMap(({ encoders }) => encoders.map(({ encoder }) => encoder));
    const [first, second] = test ? able : able.filter((box) => own.includes(box.id));
    const whose = test ? "two boxes" : `two boxes that carry streams to ${id}`;
    const refusal =
      (test ? p.frozen() : p.eventNear()) ??
      (first && second ? undefined : `it takes ${whose}: walk both in one run`);
    const step =
      refusal !== undefined || !first || !second
        ? skipped("takeover", refusal ?? "")
        : await probeTakeover(
            rehearsalOf(first, first.vendor.outputs[0]!, farEnd, bench),
            rehearsalOf(second, second.vendor.outputs[0]!, farEnd, bench),
            signal,
            confirmedTakeover,
          );
    tell(`${id} takeover: ${step.outcome}, ${step.because}`);
    reports.push({ destination: id, steps: [step] });
  }
  return reports;
}

function optionsOf({ encoders }: SiteConfig, id: string): { host?: string; port?: number } {
  return encoders.find((encoder) => encoder.id === id)?.options as { host?: string; port?: number };
}
