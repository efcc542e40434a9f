import type { DriverContext } from "../driver.ts";
import { openBootMark, type BootMark } from "./boot-mark.ts";
import { openDevice, type Device } from "./device.ts";
import { openHeldValues, type HeldValues } from "./held-values.ts";
import { openHttp } from "./http.ts";
import { openKeyMemory, type KeyMemory } from "./key-memory.ts";
import type { AjaHeloOptions } from "./options.ts";
import { integerOf, memberOf, type ProfileFamily } from "./parameters.ts";
import { openProgress, type Progress } from "./progress.ts";
import { openSession, type Session } from "./session.ts";

/** The one output of a HELO that carries a programme, and the one that is only looked at. */
export const streamOutput = "stream-1";
export const recordOutput = "record-1";

/** One HELO, and what is remembered of it between calls. */
export type Unit = {
  /** `host:port`, for messages. */
  where: string;
  context: DriverContext;
  options: AjaHeloOptions;
  session: Session;
  device: Device;
  held: HeldValues;
  boot: BootMark;
  progress: Progress;
  memory: KeyMemory;
  /** When the last start command was sent, by `context.now`. */
  startSentAtMs?: number;
};

export function openUnit(context: DriverContext, options: AjaHeloOptions): Unit {
  const where = `${options.host}:${options.port}`;
  const { now } = context;
  const http = openHttp(options.host, options.port, options.requestTimeoutMs);
  const session = openSession(http, { where, password: options.password, now });
  const device = openDevice(where, session);
  return {
    where,
    context,
    options,
    session,
    device,
    held: openHeldValues(device, now),
    boot: openBootMark(now),
    progress: openProgress(now),
    memory: openKeyMemory(context.stateDir),
  };
}

/** 0..9, or undefined for a unit that does not say (then only the unnumbered form is known). */
export function profileOf(value: string | undefined): number | undefined {
  const profile = integerOf(value);
  return profile !== undefined && profile <= 9 ? profile : undefined;
}

/** The parameter that holds `family`, by the configured form. */
export function nameOf(family: ProfileFamily, profile: number | undefined, unit: Unit): string {
  const numbered = unit.options.profileForm === "member" && profile !== undefined;
  return numbered ? memberOf(family, profile) : family;
}
