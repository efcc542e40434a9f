import type { DestinationConfig } from "../config/site.schema.ts";
import type { EffectError } from "../machines/effect.ts";
import type { Intent, IntentKind, Intents } from "../machines/intents.ts";
import type { FenceEvidence } from "../machines/stream/fence-evidence.ts";
import {
  DriverError,
  type EncoderDriver,
  type KnownTarget,
  type PublishTarget,
} from "./drivers/driver.ts";
import type { IngestKeeper } from "./ingest/keeper.ts";
import type { OutputKeeper } from "./outputs/keeper.ts";
import type { FarEndObserver } from "./observers/observer.ts";
import type { Outlet } from "./outlets.ts";
import type { RelayProcess } from "./relays/relay-process.ts";
import type { Supervised } from "./supervisor.ts";

/** Where one key leads: an address of a destination, with its key. */
export type Ingest = KnownTarget;

export type Result<K extends IntentKind = IntentKind> =
  | { type: "effect.done"; answer: Intents[K]["answer"] }
  | { type: "effect.failed"; error: EffectError };

type Work<T> = (driver: EncoderDriver, signal: AbortSignal) => Promise<T>;

/** Longest time for one intent, ms. A device that takes longer counts as not answering. */
const limitsMs: Record<IntentKind, number> = {
  startOutput: 15_000,
  stopOutput: 15_000,
  fence: 15_000,
  ownSelfStart: 20_000,
  turnOutlet: 20_000,
  runIngest: 15_000,
  runOutput: 15_000,
  setLoad: 20_000,
  reboot: 15_000,
  startRecording: 15_000,
  stopRecording: 15_000,
  recordTo: 45_000,
  recordLight: 30_000,
  releaseMedium: 20_000,
  recallPreset: 30_000,
  selectProfile: 20_000,
  listClips: 15_000,
  applySettings: 20_000,
  orderRelay: 10_000,
  endRelay: 10_000,
};

/** Of these, how long a box may take to prove itself off; the rest is for asking the far end. */
const boxProofWithinMs = 10_000;

/**
 * Does what the machines ask for, through the drivers. Intents are absolute, so one that was
 * begun before a restart is simply done again.
 */
export function openHands(p: {
  boxes: ReadonlyMap<string, Supervised>;
  ingests: ReadonlyMap<string, Ingest>;
  observers: ReadonlyMap<string, readonly FarEndObserver[]>;
  outlets: ReadonlyMap<string, Outlet>;
  ingestProcesses: ReadonlyMap<string, Pick<IngestKeeper, "run">>;
  outputProcesses?: ReadonlyMap<string, Pick<OutputKeeper, "run">>;
  /** By stream. */
  relays?: ReadonlyMap<string, RelayProcess>;
  wallMs: () => number;
  report: (intent: Intent, result: Result) => void;
}) {
  const underWay = new Map<string, AbortController>();
  /** By encoder: what is done with its recording, which waits for the programme. */
  const secondary = new Map<string, AbortController>();
  let closed = false;

  async function carryOut(intent: Intent, signal: AbortSignal): Promise<Result> {
    if (intent.kind === "turnOutlet") {
      const outlet = p.outlets.get(intent.asks.outlet);
      if (!outlet) return failed("unknown_outlet", `there is no outlet ${intent.asks.outlet}`);
      await outlet.turn(intent.asks.to, signal);
      return { type: "effect.done", answer: { atMs: p.wallMs() } };
    }
    if (intent.kind === "runIngest") {
      const process = p.ingestProcesses.get(intent.asks.ingest);
      if (!process) return failed("unknown_ingest", `there is no ingest ${intent.asks.ingest}`);
      await process.run(signal, intent.asks.session);
      return { type: "effect.done", answer: {} };
    }
    if (intent.kind === "runOutput") {
      const process = p.outputProcesses?.get(intent.asks.output);
      if (!process) return failed("unknown_output", `there is no output ${intent.asks.output}`);
      await process.run(signal);
      return { type: "effect.done", answer: {} };
    }
    if (intent.kind === "orderRelay" || intent.kind === "endRelay") {
      return orderRelay(intent, signal);
    }
    const box = p.boxes.get(intent.asks.encoder);
    if (!box) return failed("unknown_encoder", `there is no encoder ${intent.asks.encoder}`);
    switch (intent.kind) {
      case "startOutput": {
        const { encoder: _, output, destination, ...more } = intent.asks;
        const target: PublishTarget = { ...ingestOf(destination), ...more };
        await box.run(signal, (driver, limit) => driver.startOutput(output, target, limit));
        return { type: "effect.done", answer: { startedAtMs: p.wallMs() } };
      }
      case "stopOutput": {
        const { output, forgetKey } = intent.asks;
        const stop: Work<void> = (driver, limit) => driver.stopOutput(output, forgetKey, limit);
        await box.run(signal, stop, { must: true });
        return { type: "effect.done", answer: {} };
      }
      case "fence": {
        const { output, destination } = intent.asks;
        const { address } = ingestOf(destination);
        const patience = AbortSignal.any([signal, AbortSignal.timeout(boxProofWithinMs)]);
        const prove: Work<FenceEvidence[]> = (driver, limit) =>
          driver.proveOff(output, address, limit);
        const evidence = await box
          .run(patience, prove, { must: true, isAnswer: ({ length }) => length > 0 })
          .catch((cause: unknown) => {
            // A box that does not answer proves nothing; the far end may still know.
            if (signal.aborted || !patience.aborted) throw cause;
            return [] as FenceEvidence[];
          });
        if (evidence.length === 0) evidence.push(...(await blockAtFarEnd(destination, signal)));
        return { type: "effect.done", answer: { evidence } };
      }
      case "reboot":
        await box.run(signal, async (driver, limit) => {
          if (!driver.reboot) throw new DriverError("notPossible", "it cannot be told to boot");
          await driver.reboot(limit);
        });
        return { type: "effect.done", answer: {} };
      case "setLoad": {
        const { step } = intent.asks;
        await box.run(signal, async (driver, limit) => {
          if (!driver.setLoad) throw new DriverError("notPossible", "its load cannot be changed");
          await driver.setLoad(step, limit);
        });
        return { type: "effect.done", answer: {} };
      }
      case "startRecording":
        await box.run(signal, (driver, limit) => able(driver.startRecording)(limit));
        return { type: "effect.done", answer: {} };
      case "stopRecording":
        await box.run(signal, (driver, limit) => able(driver.stopRecording)(limit));
        return { type: "effect.done", answer: {} };
      case "recordTo": {
        const { medium } = intent.asks;
        await box.run(signal, (driver, limit) => able(driver.recordTo)(medium, limit));
        return { type: "effect.done", answer: {} };
      }
      case "recordLight": {
        const { light } = intent.asks;
        await box.run(signal, (driver, limit) => able(driver.recordLight)(light, limit));
        return { type: "effect.done", answer: {} };
      }
      case "releaseMedium": {
        const { medium } = intent.asks;
        await box.run(signal, (driver, limit) => able(driver.releaseMedium)(medium, limit));
        return { type: "effect.done", answer: {} };
      }
      case "recallPreset": {
        const { preset } = intent.asks;
        const answer = await box.run(signal, (driver, limit) =>
          able(driver.recallPreset)(preset, limit),
        );
        return { type: "effect.done", answer };
      }
      case "selectProfile": {
        const { encoder: _, ...choice } = intent.asks;
        const answer = await box.run(signal, (driver, limit) =>
          able(driver.selectProfile)(choice, limit),
        );
        return { type: "effect.done", answer };
      }
      case "listClips": {
        const clips = await box.run(signal, (driver, limit) => able(driver.listClips)(limit));
        return { type: "effect.done", answer: { clips } };
      }
      case "applySettings": {
        const { settings } = intent.asks;
        await box.run(signal, (driver, limit) => able(driver.applySettings)(settings, limit));
        return { type: "effect.done", answer: {} };
      }
      case "ownSelfStart":
        await box.run(signal, (driver, limit) => driver.ownSelfStart(limit));
        return { type: "effect.done", answer: {} };
    }
  }

  async function orderRelay(
    { kind, asks }: Intent<"orderRelay" | "endRelay">,
    signal: AbortSignal,
  ): Promise<Result> {
    const relay = p.relays?.get(asks.stream);
    if (!relay) return failed("unknown_relay", `${asks.stream} has no relay`);
    if (kind === "endRelay") {
      await relay.end(signal);
      return { type: "effect.done", answer: {} };
    }
    const refused = await relay.order(asks, signal);
    if (!refused) return { type: "effect.done", answer: {} };
    const message = `the relay goes by orders of generation ${refused.newer}`;
    const error = { code: "staleOrders", message, highestGeneration: refused.newer };
    return { type: "effect.failed", error };
  }

  /** The box is out of reach: the far end may be able to throw it out and keep it out. */
  async function blockAtFarEnd(destination: string, signal: AbortSignal): Promise<FenceEvidence[]> {
    for (const observer of p.observers.get(destination) ?? []) {
      if (await observer.kickAndBlock?.(signal)) {
        return [{ kind: "keyBlocked", observer: observer.name, atMs: p.wallMs() }];
      }
    }
    return [];
  }

  function ingestOf(destination: string): Ingest {
    const ingest = p.ingests.get(destination);
    if (!ingest) throw new DriverError("notPossible", `there is no destination ${destination}`);
    return ingest;
  }

  return {
    begin(intent: Intent): void {
      if (closed) return;
      const encoder = "encoder" in intent.asks ? intent.asks.encoder : "";
      if (isOfProgramme(intent)) secondary.get(encoder)?.abort();
      const giveUp = new AbortController();
      const giveWay = new AbortController();
      underWay.set(intent.id, giveUp);
      if (givesWay.has(intent.kind)) secondary.set(encoder, giveWay);
      const limit = AbortSignal.any([
        giveUp.signal,
        giveWay.signal,
        AbortSignal.timeout(limitsMs[intent.kind]),
      ]);
      void carryOut(intent, limit)
        .catch((cause: unknown) =>
          giveWay.signal.aborted
            ? failed("gaveWay", "its stream had to be started or stopped first")
            : failureOf(cause),
        )
        .then((result) => {
          if (secondary.get(encoder) === giveWay) secondary.delete(encoder);
          underWay.delete(intent.id);
          if (!giveUp.signal.aborted) p.report(intent, result);
        });
    },
    /** Its machine does not wait for it any more. What cannot be stopped half-way is finished. */
    giveUp(id: string): void {
      underWay.get(id)?.abort();
      underWay.delete(id);
    },
    close(): void {
      closed = true;
      for (const id of [...underWay.keys()]) this.giveUp(id);
    },
  };
}
export type Hands = ReturnType<typeof openHands>;

/** Seconds count for these; a recording that is being moved gives way. */
const isOfProgramme = ({ kind }: Intent) =>
  kind === "startOutput" || kind === "stopOutput" || kind === "fence";

const givesWay: ReadonlySet<IntentKind> = new Set(["recordTo", "recordLight", "releaseMedium"]);

/** What not every driver can. */
function able<T>(method: T | undefined): T {
  if (method) return method;
  throw new DriverError("notPossible", "this box cannot be told to do that");
}

function failureOf(cause: unknown): Result {
  if (cause instanceof DriverError) {
    const { code, message, highestGeneration } = cause;
    const error = { code, message, ...(highestGeneration !== undefined && { highestGeneration }) };
    return { type: "effect.failed", error };
  }
  const name = cause instanceof Error ? cause.name : "";
  if (name === "TimeoutError" || name === "AbortError") return failed("timeout", "took too long");
  return failed("failed", cause instanceof Error ? cause.message : String(cause));
}

function failed(code: string, message: string): Result {
  return { type: "effect.failed", error: { code, message } };
}

/** Every address that can be published to, by destination id. Holds secrets: never log it. */
export function ingestsOf(
  destinations: readonly DestinationConfig[],
  backupLegOf: (id: string) => string,
): Map<string, Ingest> {
  return new Map(
    destinations.flatMap(({ id, address, backupAddress, streamKey, srt }) => {
      const access = { streamKey, ...(srt && { srt }) };
      const primary: [string, Ingest] = [id, { destination: id, address, ...access }];
      if (backupAddress === undefined) return [primary];
      const leg = backupLegOf(id);
      return [primary, [leg, { destination: leg, address: backupAddress, ...access }]];
    }),
  );
}
