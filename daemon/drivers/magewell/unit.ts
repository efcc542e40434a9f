import { join } from "node:path";
import { z } from "zod";
import { DriverError, type DriverContext } from "../driver.ts";
import { openBitrateLoad } from "../shared/bitrate-load.ts";
import type { KeptLoad } from "../shared/kept-load.ts";
import { type Budget, budgetedHttp, openBudget } from "../shared/budget.ts";
import { openBootMark, type BootMark } from "../shared/boot-mark.ts";
import { datedHttp, openDateClock, type DateClock } from "../shared/http/date-clock.ts";
import { openHttp, type Http } from "../shared/http/http.ts";
import { openKeyMemory, type KeyMemory } from "../shared/key-memory.ts";
import { openPendingStart, type PendingStart } from "../shared/pending-start.ts";
import { openProgress, type Progress } from "../shared/progress.ts";
import { openRebootWatch, type RebootWatch } from "../shared/reboot-watch.ts";
import { openSlowReads, type SlowRead, type SlowReads } from "../shared/slow-reads.ts";
import { talliedHttp } from "../shared/tally.ts";
import {
  infoOf,
  settingsOf,
  statusOf,
  type BoxInfo,
  type BoxSettings,
  type BoxStatus,
} from "./answers.ts";
import type { MagewellOptions } from "./options.ts";
import { openUsapi, type Usapi } from "./usapi.ts";
import { statusBit } from "./words.ts";

/** The one output that carries a programme, and the one that only records. */
export const streamOutput = "stream-1";
export const recordOutput = "record-1";

const second = 1_000;

/** One box, and what is remembered of it between calls. */
export type Unit = {
  /** `host:port`, for messages. */
  where: string;
  context: DriverContext;
  options: MagewellOptions;
  usapi: Usapi;
  /** Requests of polls, by their signal: they leave out what the others may need. */
  questions: WeakSet<AbortSignal>;
  budget: Budget;
  reboots: RebootWatch;
  clock: DateClock;
  boot: BootMark;
  progress: Progress;
  /** The places are ids of server entries. */
  memory: KeyMemory<number>;
  slow: SlowReads;
  settings: SlowRead<BoxSettings>;
  info: SlowRead<BoxInfo>;
  pendingStart: PendingStart;
  /** Whether the run that is under way has been connected: what then connects again is failing. */
  wasConnected: boolean;
  /** How often it was taken off: whoever stopped it for a moment starts it only if nobody has. */
  timesTakenOff: number;
  load: KeptLoad;
};

export function openUnit(
  context: DriverContext,
  options: MagewellOptions,
  http: Http = talliedHttp(openHttp(options.host, options.port, options.requestTimeoutMs), context),
): Unit {
  const { now } = context;
  const where = `${options.host}:${options.port}`;
  const clock = openDateClock(now);
  const { burstLimit: limit, coolingPeriodMs: periodMs } = options;
  const budget = openBudget({ where, limit, periodMs, now });
  const questions = new WeakSet<AbortSignal>();
  const usapi = openUsapi(budgetedHttp(datedHttp(http, clock, now), budget, questions), {
    where,
    ...options,
    password: options.password,
    now,
  });
  const slow = openSlowReads(now);
  return {
    where,
    context,
    options,
    usapi,
    questions,
    budget,
    reboots: openRebootWatch(now, (share) => budget.slowTo(share, "reboots")),
    clock,
    boot: openBootMark(now),
    progress: openProgress(now),
    memory: openKeyMemory(join(context.stateDir, "magewell.json"), z.int().min(0)),
    slow,
    settings: slow.add(10 * second, (signal) => readSettings({ where, usapi }, signal)),
    /** Once per boot: a boot makes the driver forget what it read. */
    info: slow.add(24 * 3_600 * second, async (signal) => {
      return told(infoOf(await usapi.read("get-info", signal)), where, "get-info");
    }),
    pendingStart: openPendingStart(now),
    wasConnected: false,
    timesTakenOff: 0,
    load: openBitrateLoad(where, context.stateDir),
  };
}

type Box = Pick<Unit, "where" | "usapi">;

export async function readSettings({ where, usapi }: Box, signal: AbortSignal) {
  return told(settingsOf(await usapi.read("get-settings", signal)), where, "get-settings");
}

export async function readStatus({ where, usapi }: Box, signal: AbortSignal) {
  return told(statusOf(await usapi.read("get-status", signal)), where, "get-status");
}

function told<T>(parsed: T | undefined, where: string, method: string): T {
  if (parsed !== undefined) return parsed;
  throw new DriverError("malformed", `${where} gave no proper answer to ${method}`);
}

/** Whether the box starts up, updates itself or goes down: it will not obey. */
export const isBusyWithItself = ({ bits }: BoxStatus) => phaseOf(bits) !== "up";

export function phaseOf(bits: number): "booting" | "goingDown" | "up" {
  if (bits & statusBit.loading) return "booting";
  const { rebooting, resetting, upgrading } = statusBit;
  return bits & (rebooting | resetting | upgrading) ? "goingDown" : "up";
}
