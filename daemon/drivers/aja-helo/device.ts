import { DriverError } from "../driver.ts";
import { parseAnswer } from "./parameters.ts";
import type { Purpose, Session } from "./session.ts";

const prefix = "eParamID_";

/** The parameters of one unit. Names are without the prefix `eParamID_`. */
export type Device = {
  where: string;
  /** @returns undefined where this model or firmware has no such parameter */
  read(name: string, signal: AbortSignal): Promise<string | undefined>;
  /** As `read`, for what no HELO can be without. */
  readNeeded(name: string, signal: AbortSignal): Promise<string>;
  /**
   * Set one parameter (over HTTP a GET, with the value in the URL: never put that into a text).
   * @returns the name under which the unit answered, which is the one to read back
   */
  write(name: string, value: string, signal: AbortSignal): Promise<string>;
  /** Set and read back; rejects `failed` where the unit did not take the value. */
  writeChecked(name: string, value: string, signal: AbortSignal): Promise<void>;
};

export function openDevice(where: string, session: Session, purpose: Purpose): Device {
  const device: Device = {
    where,
    async read(name, signal) {
      const body = await session.get(
        `/config?action=get&paramid=${prefix}${name}`,
        signal,
        purpose,
      );
      if (body === undefined) return undefined;
      const answer = parseAnswer(where, name, body);
      if (answer.name === prefix + name) return answer.value;
      throw new DriverError("malformed", `${where} answered for another parameter than ${name}`);
    },
    async readNeeded(name, signal) {
      const value = await device.read(name, signal);
      if (value !== undefined) return value;
      throw new DriverError("malformed", `${where} has no ${name}`);
    },
    async write(name, value, signal) {
      const ask = `action=set&paramid=${prefix}${name}&value=${encodeURIComponent(value)}`;
      const body = await session.get(`/config?${ask}`, signal, purpose);
      if (body === undefined) throw new DriverError("failed", `${where} cannot set ${name}`);
      return parseAnswer(where, name, body).name.slice(prefix.length);
    },
    async writeChecked(name, value, signal) {
      const answeredAs = await device.write(name, value, signal);
      if ((await device.read(answeredAs, signal)) === value) return;
      throw new DriverError("failed", `${where} did not take the new ${name}`);
    },
  };
  return device;
}
