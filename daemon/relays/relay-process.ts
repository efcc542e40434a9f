/**
 * The relay of one stream: a process under a launcher that outlives the daemon, and the talk with
 * it. It decides nothing: what the relay says is passed on, and what it is told comes from outside.
 */
import { createHash, randomUUID } from "node:crypto";
import { type FSWatcher, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import type { Misfit } from "../../machines/content/misfit.ts";
import type { Intents } from "../../machines/intents.ts";
import type { Scan } from "../../machines/content/scan.ts";
import { delayMs, type MediaClock } from "../../machines/stream/relay/media-clock.ts";
import type { Measures } from "../../machines/stream/relay/measures.ts";
import type { RelayWord } from "../../machines/stream/relay/relay.ts";
import type { SlateFormat } from "../../machines/stream/slate-format.ts";
import {
  FromRelay,
  type RelayEnded,
  type RelayReport,
} from "../../machines/stream/relay-protocol.ts";
import { monotonicMs } from "../clock.ts";
import { freeLock } from "../drivers/shared/engine/ending.ts";
import {
  bootId,
  EngineDirectory,
  type EngineRecord,
} from "../drivers/shared/engine/engine-directory.ts";
import { signalGroupOf, statusOf } from "../drivers/shared/engine/processes.ts";
import { smallShell } from "../drivers/shared/engine/small-shell.ts";
import { type Declared, misfitsFinder } from "./declared.ts";

/** What goes to the destination; no configured output has this id. */
export const pusherOutput = "pusher";
/** It tells each second how it is; one that is silent for longer hangs, and is ended. */
const silentAfterMs = 3_000;
const lookEveryMs = 500;
/** A look that is later than this has seen nothing meanwhile. */
const lateMs = 200;
const dialEveryMs = 25;
const measuredEveryMs = 5_000;

export type RelayProcess = {
  /** From now on what it says is passed on. */
  listen(): void;
  /**
   * Has it run, and go by these orders.
   * @returns the generation of the newer orders that it goes by, if it refuses these
   */
  order(
    orders: Intents["orderRelay"]["asks"],
    signal: AbortSignal,
  ): Promise<{ newer: number } | undefined>;
  /** What this input came from has ended. Where the relay cannot be told, it sees its silence. */
  ended(input: string): void;
  end(signal: AbortSignal): Promise<void>;
  /** Lets go of it. */
  close(): Promise<void>;
};

export async function openRelayProcess(p: {
  stream: string;
  folder: string;
  /** What it is given; the same for as long as the configuration is. */
  settings: object & { controlPath: string; statePath: string };
  /** How its inputs are to be made. */
  declared: Readonly<Record<string, Declared>>;
  /** Its program, and `launcher.sh`. */
  program: string;
  launcher: string;
  heard: (word: RelayWord) => void;
  /** Of the slate that lies there for it. */
  slateFormat: () => SlateFormat | undefined;
  /** What the pictures of its inputs look like, of those that are known. */
  scans: () => Readonly<Record<string, Scan>>;
  /** Of the ingest whose times this encoder keeps. */
  clockOf: (encoder: string) => MediaClock | null | undefined;
  /** Each 5 s. */
  measured: (inputs: Record<string, Measures>) => void;
  lost: (because: string) => void;
}): Promise<RelayProcess> {
  mkdirSync(p.folder, { recursive: true, mode: 0o700 });
  const directory = new EngineDirectory(p.folder, "relay");
  await directory.keepSpareRoom();
  const text = JSON.stringify(p.settings);
  const fingerprint = createHash("sha256").update(text).digest("hex");
  /** The one that runs, as far as is known. */
  let record: EngineRecord | undefined;
  let wire: Socket | undefined;
  let closed = false;
  let ending = false;
  let told: string | undefined;
  const misfitsIn = misfitsFinder(p.declared);
  let heardAtMs = 0;
  let measuredAtMs = -Infinity;
  let listeners: ((message: FromRelay) => void)[] = [];

  function isAlive(): boolean {
    if (!record || directory.exit(record.run)) return false;
    const process = directory.process(record.run);
    return process !== undefined && statusOf(process) !== undefined;
  }

  function heard(line: string): void {
    heardAtMs = performance.now();
    const message = FromRelay.safeParse(parseJson(line)).data;
    if (!message) return;
    for (const listener of listeners) listener(message);
    if (message.type !== "report") return;
    if (heardAtMs - measuredAtMs >= measuredEveryMs) {
      measuredAtMs = heardAtMs;
      const atMs = heardAtMs;
      const misfits = (report: RelayReport, id: string) => misfitsIn(report, id, atMs);
      p.measured(measuresOf(message, misfits, p.clockOf));
    }
    const slateFormat = p.slateFormat();
    const word = { ...wordOf(message, p.scans()), ...(slateFormat && { slateFormat }) };
    const shape = JSON.stringify(word);
    if (shape === told) return;
    told = shape;
    p.heard(word);
  }

  /** Dialled again for as long as its process lives. */
  function dial(): void {
    if (closed || wire || !record) return;
    const mine = connect(p.settings.controlPath);
    wire = mine;
    heardAtMs = performance.now();
    const lines = createInterface({ input: mine }).on("line", heard);
    // readline tells the same error again.
    lines.on("error", () => undefined);
    mine.on("error", () => undefined);
    mine.once("close", () => {
      if (wire === mine) wire = undefined;
      if (closed) return;
      if (isAlive()) setTimeout(dial, dialEveryMs);
      else died();
    });
  }

  function died(): void {
    if (!record || ending) return;
    const exit = directory.exit(record.run);
    const last = directory.words().at(-1);
    record = undefined;
    told = undefined;
    wire?.destroy();
    const how = exit?.signal ?? (exit?.code === undefined ? undefined : `code ${exit.code}`);
    p.lost([`its process ended${how ? ` (${how})` : ""}`, ...(last ? [last] : [])].join(": "));
  }

  let lookedAtMs = 0;
  let looks: NodeJS.Timeout | undefined;
  function look(): void {
    const nowMs = performance.now();
    const isLate = nowMs - lookedAtMs > lookEveryMs + lateMs;
    lookedAtMs = nowMs;
    if (isLate) heardAtMs = nowMs;
    if (!record || ending) return;
    const process = directory.process(record.run);
    if (process && !isAlive()) return died();
    if (process && nowMs - heardAtMs > silentAfterMs) {
      // What is stopped or hangs ends so; that it has ended is seen like any other end.
      heardAtMs = nowMs;
      signalGroupOf(process, "SIGKILL");
    }
  }
  let files: FSWatcher | undefined;

  async function launch(signal: AbortSignal): Promise<void> {
    await freeLock(directory.lock, [], signal);
    signal.throwIfAborted();
    const settings = join(p.folder, "settings.json");
    writeFileSync(settings, text, { mode: 0o600 });
    const next: EngineRecord = {
      ...{ run: randomUUID(), bootId, stream: p.stream, destination: "relay", keyGeneration: 0 },
      ...{ address: p.settings.controlPath, program: "relay", progressPort: 0, endSeen: false },
      ...{ argvFingerprint: fingerprint, highest: {} },
    };
    await directory.write(next);
    signal.throwIfAborted();
    const command = ["/bin/sh", p.launcher, directory.path, next.run, ""];
    const started = smallShell.launch(next.run, [
      ...command,
      process.execPath,
      p.program,
      settings,
    ]);
    record = next;
    try {
      while (!directory.process(next.run)) {
        const why = started.gaveUp();
        if (why !== undefined || directory.exit(next.run)) {
          record = undefined;
          throw new Error(`the relay did not start: ${why ?? "it ended at once"}`);
        }
        await pause(5, undefined, { signal });
      }
    } finally {
      started.forget();
    }
  }

  async function say(orders: object, generation: number, signal: AbortSignal) {
    while (!wire || wire.connecting || wire.destroyed) {
      if (!record) throw new Error("the relay ended");
      dial();
      await pause(5, undefined, { signal });
    }
    const line = `${JSON.stringify({ type: "orders", ...orders })}\n`;
    return new Promise<FromRelay>((resolve, reject) => {
      const listener = (message: FromRelay) => {
        if (message.type === "report" && message.generation < generation) return;
        over();
        resolve(message);
      };
      const gone = () => {
        over();
        reject(new Error("the relay did not answer"));
      };
      const mine = wire!;
      const over = () => {
        listeners = listeners.filter((other) => other !== listener);
        mine.off("close", gone);
        signal.removeEventListener("abort", gone);
      };
      listeners.push(listener);
      mine.once("close", gone);
      signal.addEventListener("abort", gone, { once: true });
      mine.write(line);
    });
  }

  // What runs is gone on with where it was started with the same settings; else it is ended.
  const before = directory.record();
  if (!(await smallShell.lockIsFree(directory.lock, 0))) {
    const living = before && (await directory.livingProcess(before));
    if (living && before.argvFingerprint === fingerprint) record = before;
    else await freeLock(directory.lock, [], new AbortController().signal);
  }

  return {
    listen() {
      lookedAtMs = performance.now();
      looks = setInterval(look, lookEveryMs);
      // Without it the look sees the same, up to half a second later.
      files = directory.watch(() => {
        if (record && directory.exit(record.run)) died();
      });
      dial();
    },
    async order({ generation, eligible, preferred }, signal) {
      ending = false;
      if (!isAlive()) await launch(signal);
      const answer = await say({ generation, eligible, preferred }, generation, signal);
      if (answer.type === "report") return undefined;
      if (answer.because === "older") return { newer: answer.generation };
      throw new Error(`the relay refuses its orders: ${answer.because}`);
    },
    ended(input) {
      const message: RelayEnded = { type: "ended", input };
      if (wire?.writable) wire.write(`${JSON.stringify(message)}\n`);
    },
    async end(signal) {
      ending = true;
      const living = record && directory.process(record.run);
      if (living) signalGroupOf(living, "SIGTERM");
      if (!(await smallShell.lockIsFree(directory.lock, 1_000, signal))) {
        await freeLock(directory.lock, living ? [living] : [], signal);
      }
      record = undefined;
      told = undefined;
      wire?.destroy();
      // The next one begins a programme, and does not go on with this.
      rmSync(p.settings.statePath, { force: true });
    },
    async close() {
      closed = true;
      clearInterval(looks);
      files?.close();
      wire?.destroy();
      await directory.close();
    },
  };
}

function wordOf(report: RelayReport, scans: Readonly<Record<string, Scan>>): RelayWord {
  const { generation, selected, reason, switches, missingMs, slate, slateMs } = report;
  const { inputs, outputs } = report;
  // Whether it is on air depends on nothing else that is sent.
  const pusher = outputs.find(({ id }) => id === pusherOutput);
  return {
    ...{ generation, selected, reason, switches, missingMs },
    ...{ slate: slate ?? "none", slateMs: slateMs ?? 0 },
    live: inputs.filter(({ live }) => live).map(({ id }) => id),
    carried: Object.fromEntries(
      inputs.flatMap(({ id, carried, shape }) => {
        const looks = scans[id];
        const colour = shape?.colour;
        return carried
          ? [[id, { ...carried, ...(looks && { looks }), ...(colour && { colour }) }]]
          : [];
      }),
    ),
    ...(report.splices && { splices: report.splices }),
    isRead: pusher?.connected ?? false,
    droppedPictures: pusher?.droppedPictures ?? 0,
  };
}

const measuresOf = (
  report: RelayReport,
  misfitsIn: (report: RelayReport, id: string) => Misfit[] | null,
  clockOf: (encoder: string) => MediaClock | null | undefined,
): Record<string, Measures> =>
  Object.fromEntries(
    report.inputs.map(({ id, continuityErrors, bitrateBps, spreadRatio, avDriftMs, clock }) => {
      const sent = report.sent?.input === id ? report.sent : null;
      const [latencyMs, sentLatencyMs] = [clock, sent].map((to) =>
        delayMs(clockOf(id), to, monotonicMs()),
      );
      const measures: Measures = {
        continuityErrors,
        misfits: misfitsIn(report, id),
        bitrateBps: bitrateBps ?? null,
        spreadRatio: spreadRatio ?? null,
        avDriftMs: avDriftMs ?? null,
        ...(latencyMs !== undefined && { latencyMs }),
        ...(sentLatencyMs !== undefined && { sentLatencyMs }),
      };
      return [id, measures];
    }),
  );

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
