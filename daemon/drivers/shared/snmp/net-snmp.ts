/**
 * The little that is used of npm `net-snmp` 3.29 as a manager, typed as it is: its own types lack
 * what is set between requests and say `any` where it matters.
 */
import { EventEmitter } from "node:events";
import snmp from "net-snmp";
import { type SnmpAccess } from "./access.ts";

export type RawVarbind = { oid: string; type: number; value: unknown };
export type Answered<T> = (error: Error | null, answer?: T) => void;

export type Manager = EventEmitter & {
  /** Of the next request, ms, and how often it is sent again. */
  timeout: number;
  retries: number;
  get(oids: string[], done: Answered<RawVarbind[]>): void;
  getNext(oids: string[], done: Answered<RawVarbind[]>): void;
  getBulk(oids: string[], first: number, rows: number, done: Answered<RawVarbind[][]>): void;
  set(varbinds: RawVarbind[], done: Answered<RawVarbind[]>): void;
  cancelRequests(error: Error): void;
  close(): void;
};

/** What net-snmp takes for a socket: here it ends in `send` and is fed by `hear`. */
export class SocketForManager extends EventEmitter {
  readonly #send: (datagram: Buffer) => void;

  constructor(send: (datagram: Buffer) => void) {
    super();
    this.#send = send;
  }

  send(
    datagram: Buffer,
    _offset: number,
    _length: number,
    _port: number,
    _host: string,
    sent: (error: Error | null) => void,
  ): void {
    // First "sent", which is when it takes note of the request, so that no answer can be earlier.
    sent(null);
    this.#send(datagram);
  }

  hear(datagram: Buffer): void {
    this.emit("message", datagram);
  }

  ref(): void {}
  unref(): void {}

  close(): void {
    this.emit("close");
  }
}

/** @throws never: what net-snmp meets later is told to each request */
export function createManager(access: SnmpAccess, socket: SocketForManager): Manager {
  const options = {
    retries: 0,
    idBitsSize: 32,
    backwardsGetNexts: false,
    reportOidMismatchErrors: true,
    dgramModule: { createSocket: () => socket },
  } as const;
  if (access.version === "v3") {
    forgetOldKeys();
    const user = userOf(access);
    return snmp.createV3Session("agent", user, options) as unknown as Manager;
  }
  const version = access.version === "v1" ? snmp.Version1 : snmp.Version2c;
  const community = snmp.createSession("agent", access.community, { ...options, version });
  return community as unknown as Manager;
}

/** net-snmp keeps the keys of each engine for ever, and an agent may claim to be another each time. */
function forgetOldKeys(): void {
  const kept = snmp.Authentication.authToKeyCache;
  const engines = Object.keys(kept);
  if (engines.length > 1_000) for (const engine of engines) delete kept[engine];
}

/** The user of an agent or of a sender of traps, as net-snmp wants it. */
export function userOf(access: Extract<SnmpAccess, { version: "v3" }>): snmp.User {
  const signed = {
    name: access.user,
    authProtocol: snmp.AuthProtocols[access.authProtocol],
    authKey: access.authPassword,
  };
  if (access.privPassword === undefined) return { ...signed, level: snmp.SecurityLevel.authNoPriv };
  return {
    ...signed,
    level: snmp.SecurityLevel.authPriv,
    privProtocol: snmp.PrivProtocols[access.privProtocol],
    privKey: access.privPassword,
  };
}

/** The agent answered with an error of its own (RFC 3416 §3); `genErr` where it made one up. */
export function answeredStatusOf(error: Error): number | undefined {
  if (!(error instanceof snmp.RequestFailedError)) return undefined;
  const { status } = error as { status: unknown };
  return typeof status === "number" ? status : snmp.ErrorStatus.GeneralError;
}

export const deniedStatuses: ReadonlySet<number> = new Set([
  snmp.ErrorStatus.NoAccess,
  snmp.ErrorStatus.AuthorizationError,
]);

export function whyInvalid(error: Error): "unauthorized" | "malformed" | undefined {
  if (!(error instanceof snmp.ResponseInvalidError)) return undefined;
  const { code } = error;
  const { EAuthFailure, ECouldNotDecrypt } = snmp.ResponseInvalidCode;
  return code === EAuthFailure || code === ECouldNotDecrypt ? "unauthorized" : "malformed";
}

export const isTimedOut = ({ name }: Error): boolean => name === "RequestTimedOutError";
export const integerType: number = snmp.ObjectType.Integer;
