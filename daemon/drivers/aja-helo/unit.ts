import { join } from "node:path";
import { z } from "zod";
import type { DriverContext } from "../driver.ts";
import { openHttp, type Http } from "../shared/http/http.ts";
import { openKeyMemory, type KeyMemory } from "../shared/key-memory.ts";
import { openProgress, type Progress } from "../shared/progress.ts";
import { openBootMark, type BootMark } from "./boot-mark.ts";
import { openDevice, type Device } from "./device.ts";
import { openHeldValues, type HeldValues } from "./held-values.ts";
import type { AjaHeloOptions } from "./options.ts";
import { integerOf, memberOf, type ProfileFamily } from "./parameters.ts";
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
  /** The places are profiles, 0..9: `RTMPStreamName_3` and the like belong to profile 2. */
  memory: KeyMemory<number>;
  /** When the last start command was sent, by `context.now`. */
  startSentAtMs?: number;
};

export function openUnit(
  context: DriverContext,
  options: AjaHeloOptions,
  http: Http = openHttp(options.host, options.port, options.requestTimeoutMs),
): Unit {
  const where = `${options.host}:${options.port}`;
  const { now } = context;
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
    memory: openKeyMemory(join(context.stateDir, "aja-helo.json"), z.int().min(0).max(9)),
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
