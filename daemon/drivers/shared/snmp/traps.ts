import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter, once } from "node:events";
import { isIPv6 } from "node:net";
import snmp from "net-snmp";
import { z } from "zod";
import { userOf } from "./net-snmp.ts";
import type { TrapOptions } from "./trap-options.ts";

export type TrapReceiver = { port: number; close(): Promise<void> };

const traps = "1.3.6.1.6.3.1.1.5";
const snmpTrapOid = "1.3.6.1.6.3.1.1.4.1.0";
const enterpriseSpecific = 6;

/** The notifications that every agent shares. The first two say that it has just started. */
export const trapNames: ReadonlyMap<string, string> = new Map([
  [`${traps}.1`, "coldStart"],
  [`${traps}.2`, "warmStart"],
  [`${traps}.3`, "linkDown"],
  [`${traps}.4`, "linkUp"],
  [`${traps}.5`, "authenticationFailure"],
  [`${traps}.6`, "egpNeighborLoss"],
]);

/** Worth counting: three within ten minutes are a reboot loop. */
export const isRestart = (trapOid: string): boolean =>
  trapOid === `${traps}.1` || trapOid === `${traps}.2`;

/** A device does not send more; a flood shall not cost more than this much decoding. */
const mostPerSecond = 20;
/** Kinds of traps of one device that are told apart within `debounceMs`. */
const mostKinds = 16;

/**
 * Listens for traps and informs of v1, v2c and v3. They may be forged (v1, v2c) and get lost, so one
 * is only a hint that a device is worth a look now.
 * @param sources addresses that are heard; all others are dropped unread
 * @param onHint called at once for the first of a kind, and once more when a burst has ended
 * @throws Error with the code of the socket, such as EADDRINUSE or EACCES
 */
export async function openTrapReceiver(
  options: TrapOptions,
  sources: readonly string[],
  onHint: (address: string, trapOid: string) => void,
): Promise<TrapReceiver> {
  const udp = createSocket(isIPv6(options.host) ? "udp6" : "udp4");
  udp.bind(options.port, options.host);
  await once(udp, "listening");
  const hints = debounced(options.debounceMs, onHint);
  const known = new Set(sources);
  const floods = new Map<string, { second: number; count: number }>();

  function isHeard(address: string): boolean {
    if (!known.has(address)) return false;
    const second = Math.floor(performance.now() / 1_000);
    const flood = floods.get(address);
    if (flood?.second !== second) floods.set(address, { second, count: 1 });
    else if ((flood.count += 1) > mostPerSecond) return false;
    return true;
  }

  const socket = new TrapSocket(udp, isHeard);
  const receiver = snmp.createReceiver(
    { dgramModule: { createSocket: () => socket } },
    (error: Error | null, notification?: Notification) => {
      // An error is a trap that does not let itself be read: it hints at nothing.
      const trapOid = error ? undefined : trapOidOf(notification?.pdu);
      if (notification && trapOid) hints.add(plain(notification.rinfo.address), trapOid);
    },
  ) as Receiver;
  for (const access of options.access) {
    if (access.version === "v3") receiver.getAuthorizer().addUser(userOf(access));
    else receiver.getAuthorizer().addCommunity(access.community);
  }

  return {
    port: udp.address().port,
    async close() {
      hints.close();
      const closed = once(udp, "close");
      udp.close();
      await closed;
    },
  };
}

type Receiver = {
  getAuthorizer(): { addCommunity(community: string): void; addUser(user: snmp.User): void };
};
type Notification = { pdu: unknown; rinfo: RemoteInfo };

const V1Trap = z.object({
  enterprise: z.string(),
  generic: z.int().min(0).max(enterpriseSpecific),
  specific: z.int(),
});
const V2Trap = z.object({ varbinds: z.array(z.object({ oid: z.string(), value: z.unknown() })) });

/** Traps of v1 are renamed as RFC 3584 §3.1 says. */
function trapOidOf(pdu: unknown): string | undefined {
  const old = V1Trap.safeParse(pdu);
  if (old.success) {
    const { enterprise, generic, specific } = old.data;
    return generic === enterpriseSpecific
      ? `${enterprise}.0.${specific}`
      : `${traps}.${generic + 1}`;
  }
  const varbinds = V2Trap.safeParse(pdu).data?.varbinds ?? [];
  const value = varbinds.find(({ oid }) => oid === snmpTrapOid)?.value;
  return typeof value === "string" ? value : undefined;
}

/** An IPv6 socket sees IPv4 senders as ::ffff:192.0.2.1. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");

function debounced(debounceMs: number, onHint: (address: string, trapOid: string) => void) {
  const waiting = new Map<string, Map<string, { timer: NodeJS.Timeout; again: boolean }>>();

  function hint(address: string, trapOid: string): void {
    const kinds = waiting.get(address) ?? new Map<string, never>();
    const timer = setTimeout(() => ended(address, trapOid), debounceMs);
    timer.unref();
    waiting.set(address, kinds.set(trapOid, { timer, again: false }));
    onHint(address, trapOid);
  }

  function ended(address: string, trapOid: string): void {
    const kinds = waiting.get(address);
    const kind = kinds?.get(trapOid);
    kinds?.delete(trapOid);
    if (kind?.again) hint(address, trapOid);
    else if (kinds?.size === 0) waiting.delete(address);
  }

  return {
    add(address: string, trapOid: string): void {
      const kinds = waiting.get(address);
      const kind = kinds?.get(trapOid);
      if (kind) kind.again = true;
      else if ((kinds?.size ?? 0) < mostKinds) hint(address, trapOid);
    },
    close(): void {
      for (const kinds of waiting.values())
        for (const { timer } of kinds.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}

/** What net-snmp takes for its socket: bound by us, and only hearing whom we hear. */
class TrapSocket extends EventEmitter {
  readonly #udp: Socket;

  constructor(udp: Socket, isHeard: (address: string) => boolean) {
    super();
    this.#udp = udp;
    udp.on("error", () => undefined);
    udp.on("message", (datagram, from) => {
      if (!isHeard(plain(from.address))) return;
      try {
        this.emit("message", datagram, from);
      } catch {
        // net-snmp choked on it. A datagram that cannot be read hints at nothing.
      }
    });
  }

  bind(): void {}

  /** Answers to informs. One that does not go out is asked for again by the sender. */
  send(
    datagram: Buffer,
    _offset: number,
    _length: number,
    port: number,
    address: string,
    sent: (error: Error | null) => void,
  ): void {
    this.#udp.send(datagram, port, address, () => sent(null));
  }
}
