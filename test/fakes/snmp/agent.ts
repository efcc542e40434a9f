/**
 * An SNMP agent over a flat tree of OIDs, for v1, v2c and v3, on a free port of the loopback.
 * net-snmp decodes and protects the messages; what is answered is looked up here, so that a test can
 * make the agent wrong in any way.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter, once } from "node:events";
import snmp from "net-snmp";
import type { SnmpAccess } from "../../../daemon/drivers/shared/snmp/access.ts";
import { userOf } from "../../../daemon/drivers/shared/snmp/net-snmp.ts";

export const snmpTypes = snmp.ObjectType;
export const snmpErrors = snmp.ErrorStatus;
const noSuchObject: number = snmpTypes.NoSuchObject;
const endOfMibView: number = snmpTypes.EndOfMibView;

export type Cell = { type: number; value: unknown };
export const integer = (value: number): Cell => ({ type: snmpTypes.Integer, value });
export const gauge = (value: number): Cell => ({ type: snmpTypes.Gauge, value });
export const counter = (value: number): Cell => ({ type: snmpTypes.Counter, value });
export const ticks = (value: number): Cell => ({ type: snmpTypes.TimeTicks, value });
export const oid = (value: string): Cell => ({ type: snmpTypes.OID, value });
export const text = (value: string): Cell => bytes(Buffer.from(value, "utf8"));
export const bytes = (value: Buffer): Cell => ({ type: snmpTypes.OctetString, value });
export function counter64(value: bigint): Cell {
  const hex = value.toString(16);
  const raw = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return { type: snmpTypes.Counter64, value: raw };
}

export type AgentFaults = {
  /** Hears and says nothing. */
  silent?: boolean;
  /** Before each answer. */
  delayMs?: number;
  /** What is really sent in place of an answer: none, one or several datagrams. */
  mangle?: (answer: Buffer) => Buffer[];
  /** The next value of a walk; a wrong one makes the walk endless. */
  next?: (asked: string) => { oid: string; cell: Cell } | undefined;
  /** Takes orders and answers, and does not carry them out. */
  ignoresSets?: boolean;
};

export type FakeAgent = {
  port: number;
  tree: Map<string, Cell>;
  faults: AgentFaults;
  /** Every request as it came. */
  asked: { kind: "get" | "next" | "bulk" | "set"; oids: string[] }[];
  close(): Promise<void>;
};

/** Says what became of an order: the status to answer with, 0 for done. */
export type OnSet = (oid: string, value: unknown) => number;

type Varbind = { oid: string; type: number; value: unknown };
type Pdu = { varbinds: Varbind[]; nonRepeaters: number; maxRepetitions: number };
type Answer = { varbinds: Varbind[]; errorStatus?: number; errorIndex?: number };
type Message = {
  version: number;
  pdu: Pdu & { getResponsePduForRequest(): Answer };
  createResponseForRequest(answer: Answer): unknown;
};
type Handler = (socket: unknown, message: Message, from: RemoteInfo) => void;
type Agent = Record<"getRequest" | "getNextRequest" | "getBulkRequest" | "setRequest", Handler> & {
  listener: { send(message: unknown, from: RemoteInfo, socket: unknown): void };
  getAuthorizer(): {
    addCommunity(community: string): void;
    addUser(user: snmp.User): void;
  };
};

export async function startFakeAgent({
  access,
  tree,
  onSet = () => snmpErrors.NotWritable,
  port = 0,
}: {
  access: SnmpAccess[];
  tree: Iterable<[string, Cell]>;
  onSet?: OnSet;
  port?: number;
}): Promise<FakeAgent> {
  const udp = createSocket("udp4");
  udp.bind(port, "127.0.0.1");
  await once(udp, "listening");
  const faults: AgentFaults = {};
  const timers = new Set<NodeJS.Timeout>();
  const socket = new AgentSocket(udp, faults, timers);
  // A wrong community or user is for the agent to be silent about.
  const agent = snmp.createAgent(
    { dgramModule: { createSocket: () => socket }, accessControlModelType: 0 },
    () => undefined,
  ) as Agent;
  for (const way of access) {
    if (way.version === "v3") agent.getAuthorizer().addUser(userOf(way));
    else agent.getAuthorizer().addCommunity(way.community);
  }
  const cells = new Map(tree);
  const asked: FakeAgent["asked"] = [];

  function after(oid: string): Varbind {
    const strange = faults.next?.(oid);
    if (strange) return { oid: strange.oid, ...strange.cell };
    const later = [...cells.keys()].filter((other) => byOid(other, oid) > 0);
    const next = later.sort(byOid)[0];
    if (next === undefined) return { oid, type: endOfMibView, value: null };
    return { oid: next, ...cells.get(next)! };
  }

  function at(oid: string): Varbind {
    const cell = cells.get(oid);
    return { oid, ...(cell ?? { type: noSuchObject, value: null }) };
  }

  function reply(kind: "get" | "next" | "bulk" | "set", answerTo: (pdu: Pdu) => Answer): Handler {
    return (socket, message, from) => {
      asked.push({ kind, oids: message.pdu.varbinds.map(({ oid }) => oid) });
      const answer = message.pdu.getResponsePduForRequest();
      Object.assign(answer, answerTo(message.pdu));
      if (message.version === snmp.Version1) asRfc1157(answer, message.pdu.varbinds);
      agent.listener.send(message.createResponseForRequest(answer), from, socket);
    };
  }

  agent.getRequest = reply("get", ({ varbinds }) => ({
    varbinds: varbinds.map(({ oid }) => at(oid)),
  }));
  agent.getNextRequest = reply("next", ({ varbinds }) => ({
    varbinds: varbinds.map(({ oid }) => after(oid)),
  }));
  agent.getBulkRequest = reply("bulk", ({ varbinds, maxRepetitions }) => {
    const rows: Varbind[] = [];
    let last = varbinds;
    for (let row = 0; row < maxRepetitions; row += 1) {
      last = last.map(({ oid, type }) =>
        type === endOfMibView ? { oid, type, value: null } : after(oid),
      );
      rows.push(...last);
    }
    return { varbinds: rows };
  });
  agent.setRequest = reply("set", ({ varbinds }) => {
    for (const [index, { oid, value }] of varbinds.entries()) {
      if (!cells.has(oid))
        return { varbinds: [at(oid)], errorStatus: snmpErrors.NoCreation, errorIndex: index + 1 };
      const status = faults.ignoresSets ? 0 : onSet(oid, value);
      if (status !== 0) return { varbinds, errorStatus: status, errorIndex: index + 1 };
    }
    return { varbinds };
  });

  return {
    port: udp.address().port,
    tree: cells,
    faults,
    asked,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      const closed = once(udp, "close");
      udp.close();
      await closed;
    },
  };
}

/** A v1 agent knows no "noSuchObject": one OID it has not fails the whole request. */
function asRfc1157(answer: Answer, asked: Varbind[]): void {
  const missing = answer.varbinds.findIndex(({ type }) => type >= noSuchObject);
  if (missing < 0) return;
  answer.varbinds = asked.map(({ oid }) => ({ oid, type: snmpTypes.Null, value: null }));
  answer.errorStatus = snmpErrors.NoSuchName;
  answer.errorIndex = missing + 1;
}

export function byOid(left: string, right: string): number {
  const [a, b] = [left.split(".").map(Number), right.split(".").map(Number)];
  for (let at = 0; at < Math.min(a.length, b.length); at += 1)
    if (a[at] !== b[at]) return a[at]! - b[at]!;
  return a.length - b.length;
}

/** A socket as net-snmp uses one, already bound, with the faults on its way out. */
class AgentSocket extends EventEmitter {
  readonly #udp: Socket;
  readonly #faults: AgentFaults;
  readonly #timers: Set<NodeJS.Timeout>;

  constructor(udp: Socket, faults: AgentFaults, timers: Set<NodeJS.Timeout>) {
    super();
    this.#udp = udp;
    this.#faults = faults;
    this.#timers = timers;
    udp.on("message", (datagram, from) => {
      if (!faults.silent) this.emit("message", datagram, from);
    });
  }

  bind(): void {}

  send(
    datagram: Buffer,
    _offset: number,
    _length: number,
    port: number,
    address: string,
    sent: (error: Error | null) => void,
  ): void {
    const { mangle, delayMs = 0 } = this.#faults;
    const out = mangle ? mangle(datagram) : [datagram];
    const send = () => out.forEach((one) => this.#udp.send(one, port, address, () => undefined));
    sent(null);
    if (delayMs === 0) return send();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      send();
    }, delayMs);
    this.#timers.add(timer);
  }
}
