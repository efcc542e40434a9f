import { join } from "node:path";
import { z } from "zod";
import type { DriverContext } from "../driver.ts";
import { datedHttp, openDateClock, type DateClock } from "../shared/http/date-clock.ts";
import { openHttp, type Http } from "../shared/http/http.ts";
import { openKeyMemory, type KeyMemory } from "../shared/key-memory.ts";
import { openProgress, type Progress } from "../shared/progress.ts";
import { talliedHttp } from "../shared/tally.ts";
import { bitrateShares, paceAt } from "./cooling-steps.ts";
import { type KeptLoad, openKeptLoad } from "../shared/kept-load.ts";
import { openBackOff, type BackOff } from "./back-off.ts";
import { openBootMark, type BootMark } from "./boot-mark.ts";
import { openBudget, type Budget } from "../shared/budget.ts";
import { openDevice, type Device } from "./device.ts";
import { openHeldValues, type HeldValues } from "./held-values.ts";
import type { AjaHeloOptions } from "./options.ts";
import { integerOf, memberOf, type ProfileFamily } from "./parameters.ts";
import { openRebootWatch, type RebootWatch } from "../shared/reboot-watch.ts";
import { openSession, type Session } from "./session.ts";

/** The one output of a HELO that carries a programme, and those that are only looked at. */
export const streamOutput = "stream-1";
/** Of a HELO Plus. */
export const secondStreamOutput = "stream-2";
export const recordOutput = "record-1";

/** AJA's own example waits 50 s for an event; a connection silent for longer may be half open. */
const waitTimeoutMs = 50_000;

/** One HELO, and what is remembered of it between calls. */
export type Unit = {
  /** `host:port`, for messages. */
  where: string;
  context: DriverContext;
  options: AjaHeloOptions;
  session: Session;
  /** For commands and what belongs to them: never held up. */
  device: Device;
  /** For polls: within the budget of requests. */
  asked: Device;
  budget: Budget;
  backOff: BackOff;
  clock: DateClock;
  reboots: RebootWatch;
  held: HeldValues;
  boot: BootMark;
  progress: Progress;
  /** The places are profiles, 0..9: `RTMPStreamName_3` and the like belong to profile 2. */
  memory: KeyMemory<number>;
  /** When the last start command was sent, by `context.now`. */
  startSentAtMs?: number;
  /** How often it was taken off: whoever stopped it for a moment starts it only if nobody has. */
  timesTakenOff: number;
  load: KeptLoad;
};

const Profile = z.int().min(0).max(9);

export function openUnit(
  context: DriverContext,
  options: AjaHeloOptions,
  http: Http = talliedHttp(openHttp(options.host, options.port, options.requestTimeoutMs), context),
): Unit {
  const where = `${options.host}:${options.port}`;
  const { now } = context;
  const { password, host, port, burstLimit: limit, coolingPeriodMs: periodMs } = options;
  const budget = openBudget({ where, limit, periodMs, now });
  const load = openKeptLoad(where, context.stateDir, bitrateShares.length - 1);
  budget.slowTo(paceAt(load.step()), "heat");
  const clock = openDateClock(now);
  const longHttp = openHttp(host, port, waitTimeoutMs);
  if (longHttp.pool) context.pooled?.(() => longHttp.pool!());
  const dated = datedHttp(http, clock, now);
  const session = openSession(dated, { where, password, now, budget, longHttp });
  const asked = openDevice(where, session, "question");
  return {
    where,
    context,
    options,
    timesTakenOff: 0,
    load,
    session,
    device: openDevice(where, session, "command"),
    asked,
    budget,
    backOff: openBackOff(now),
    clock,
    reboots: openRebootWatch(now, (share) => budget.slowTo(share, "reboots")),
    held: openHeldValues(asked, now),
    boot: openBootMark(now),
    progress: openProgress(now),
    memory: openKeyMemory(join(context.stateDir, "aja-helo.json"), Profile),
  };
}

/** 0..9, or undefined for a unit that does not say (then only the unnumbered form is known). */
export function profileOf(value: string | undefined): number | undefined {
  const profile = integerOf(value);
  return profile !== undefined && profile <= 9 ? profile : undefined;
}

/** The parameter that holds `family`, by the configured form. */
export function nameOf(
  family: ProfileFamily,
  profile: number | undefined,
  unit: Pick<Unit, "options">,
): string {
  const numbered = unit.options.profileForm === "member" && profile !== undefined;
  return numbered ? memberOf(family, profile) : family;
}
