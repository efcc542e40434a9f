/**
 * Plays takeovers to a site like this one, in memory and with nobody to carry out what it asks.
 * Code that has not run for long has to be compiled first: the decision for a takeover took 7 to
 * 34 ms the first time and 2 ms from then on (measured), and the first may come after weeks.
 */
import { setImmediate as breath } from "node:timers/promises";
import type { OutputReading } from "../machines/encoder/reading.ts";
import type { Intent } from "../machines/intents.ts";
import type { SitePlan } from "../machines/site/plan.ts";
import { type CoreInput, openSite } from "../machines/site/site-core.ts";
import type { FenceEvidence } from "../machines/stream/fence-evidence.ts";
import type { Stamp } from "../machines/time.ts";

const stepMs = 250;
/** The site looks around, starts, loses its carrier twice, and has the last one on air for a while. */
const lastStep = 120;
const endsAt = new Set([60, 90]);

/** @returns how many takeovers were decided; none where no stream has a backup */
export async function rehearse(plan: SitePlan, from: Stamp): Promise<number> {
  const stream = plan.streams.find(({ encoders }) => encoders.length > 1);
  if (!stream) return 0;
  const used = stream.encoders.slice(0, 3);
  const core = openSite({
    plan: {
      site: plan.site,
      encoders: plan.encoders.filter(({ id }) => used.some(({ encoder }) => encoder === id)),
      destinations: plan.destinations.filter(({ id }) => id === stream.destination),
      streams: [{ ...stream, encoders: used, autoStart: true }],
    },
    at: from,
    resume: new Map(),
  });
  const { destination } = stream;
  let at = from;
  const begun: Intent[] = [];
  let onAir: { encoder: string; keyGeneration: number } | undefined;
  let starts = 0;

  const turn = (input: CoreInput) => void begun.push(...core.turn(input, at).begun);
  function carryOut(intent: Intent): void {
    const isStart = intent.kind === "startOutput";
    if (isStart) {
      onAir = intent.asks;
      starts += 1;
    }
    const gone: FenceEvidence = { kind: "processGone", lockFree: true, unsentBytes: 0, atMs: 0 };
    const answer =
      intent.kind === "fence" ? { evidence: [gone] } : isStart ? { startedAtMs: at.wallMs } : {};
    turn({ to: `intent:${intent.id}`, event: { type: "effect.done", answer } });
  }
  function read(encoder: string, output: OutputReading): void {
    const outputs = Object.fromEntries(
      used.filter((ref) => ref.encoder === encoder).map((ref) => [ref.output, output]),
    );
    const selfStart = { autoRecover: false, powerUp: "idle", scheduler: false } as const;
    const reading = { outputs, input: "good", selfStart, figures: {} } as const;
    turn({ to: `encoder:${encoder}`, event: { type: "reading", reading } });
  }

  for (let step = 0; step < lastStep; step++) {
    at = { ...at, monoMs: at.monoMs + stepMs, wallMs: at.wallMs + stepMs };
    turn({ to: "clock", event: { type: "tick" } });
    for (const intent of begun.splice(0)) carryOut(intent);
    const ended = endsAt.has(step) ? onAir : undefined;
    if (ended) onAir = undefined;
    for (const encoder of new Set(used.map((ref) => ref.encoder))) {
      const gone = { destination, atMs: at.monoMs };
      if (encoder === ended?.encoder) {
        read(encoder, { state: "idle", target: "none", exit: { code: 1, signal: null, gone } });
      } else if (encoder === onAir?.encoder) {
        const { keyGeneration } = onAir;
        read(encoder, {
          ...{ state: "streaming", progress: "moving", sendQueue: "draining" },
          ...{ target: { destination }, keyGeneration },
        });
      } else read(encoder, { state: "idle", target: "none" });
    }
    const isOn = onAir !== undefined;
    turn({
      to: `destination:${destination}`,
      event: {
        ...{ type: "sight", source: "statistics", provesAbsence: true },
        sight: isOn
          ? { word: "publishing", by: null, bytes: step * 1_000, publishers: 1 }
          : { word: "quiet" },
      },
    });
    // What really happens meanwhile comes first.
    await breath();
  }
  return Math.max(0, starts - 1);
}
