import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { endianness } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { type Endpoint, endpointOf } from "../../../../machines/endpoint.ts";

/** One line of `/proc/net/tcp` or `tcp6`. */
export type TcpSocket = {
  /** `address:port`, a mapped IPv4 address as plain IPv4. */
  local: string;
  remote: string;
  remoteAddress: string;
  remotePort: number;
  /** As in the kernel's `tcp_states.h`. */
  state: number;
  /** Written by the process, not yet acknowledged by the far end. */
  unsentBytes: number;
  /** 0 once no process owns it any more. */
  inode: number;
};

const timeWait = 0x06;
const listening = 0x0a;
const newSynReceived = 0x0c;

export function parseTcpTable(text: string): TcpSocket[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => parseTcpLine(line) ?? []);
}

export function parseTcpLine(line: string): TcpSocket | undefined {
  const [, local, remote, state, queues, , , , , inode] = line.trim().split(/\s+/);
  const [here, there] = [parseEnd(local), parseEnd(remote)];
  const unsent = /^([0-9A-F]{8}):/i.exec(queues ?? "")?.[1];
  if (!here || !there || !state || unsent === undefined || !/^\d+$/.test(inode ?? "")) {
    return undefined;
  }
  return {
    local: `${here.address}:${here.port}`,
    remote: `${there.address}:${there.port}`,
    remoteAddress: there.address,
    remotePort: there.port,
    state: parseInt(state, 16),
    // A listener's queue is its backlog, not bytes.
    unsentBytes: parseInt(state, 16) === listening ? 0 : parseInt(unsent, 16),
    inode: Number(inode),
  };
}

/** The kernel prints addresses as 32-bit words in its own byte order. */
function parseEnd(text: string | undefined): { address: string; port: number } | undefined {
  const found = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(text ?? "");
  if (!found) return undefined;
  const bytes = Buffer.from(found[1] ?? "", "hex");
  if (endianness() === "LE") bytes.swap32();
  return { address: formatAddress(bytes), port: parseInt(found[2] ?? "", 16) };
}

const mappedPrefix = "00000000000000000000ffff";

function formatAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.toString("hex", 0, 12) === mappedPrefix) return bytes.subarray(12).join(".");
  const words = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16));
  return new URL(`http://[${words.join(":")}]`).hostname.slice(1, -1);
}

export type TcpTable = "tcp" | "tcp6";

/** The sockets in the network this process lives in. Takes some 10 ms on a big host. */
export function readTcpTable(table: TcpTable): Promise<string> {
  return readFile(`/proc/self/net/${table}`, "latin1").catch((error: unknown) => {
    // No tcp6 on a host without IPv6.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  });
}

async function tcpSockets(): Promise<TcpSocket[]> {
  return (await Promise.all([readTcpTable("tcp"), readTcpTable("tcp6")])).flatMap(parseTcpTable);
}

/** `orphan` of `/proc/net/sockstat`: sockets of this host that no process owns any more. */
export function parseOrphanCount(text: string): number | undefined {
  const found = /^TCP:.* orphan (\d+)/m.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * Whether the kernel sends nothing for any dead process at all, which takes no look at the tables.
 * It adds up counters of each core while they move, so it has to say so twice.
 */
function noOrphans(): boolean {
  const count = () => parseOrphanCount(readFileSync("/proc/self/net/sockstat", "latin1"));
  return count() === 0 && count() === 0;
}

/** What the kernel goes on sending for processes that are gone, as a look over it. */
export type Orphans = {
  /** Both ends of connections that the process was seen to have, as `local remote`. */
  known: ReadonlySet<string>;
  /** Where it published, or could have. */
  addresses: readonly string[];
};

/** A name server that does not answer must not hold up a takeover, ms. */
const resolveWithinMs = 100;

/**
 * Bytes of dead processes that may still reach these destinations. After `kill -9` the kernel went
 * on sending for 4.1 s to a slow receiver. When a name does not resolve, everything that goes to
 * the destination's port counts: better too much than a second publisher.
 */
export async function orphanedBytes({ known, addresses }: Orphans): Promise<number> {
  if (noOrphans()) return 0;
  const endpoints = addresses
    .map(endpointOf)
    .filter((endpoint) => endpoint !== undefined && endpoint.scheme !== "spool") as Endpoint[];
  const [sockets, ...resolved] = await Promise.all([
    tcpSockets(),
    ...endpoints.map(({ host }) => resolve(host)),
  ]);
  const toDestination = (socket: TcpSocket) =>
    known.has(`${socket.local} ${socket.remote}`) ||
    endpoints.some(
      ({ port }, at) =>
        socket.remotePort === port && (resolved[at]?.has(socket.remoteAddress) ?? true),
    );
  return sockets
    .filter(({ inode, state }) => inode === 0 && state !== timeWait && state !== newSynReceived)
    .filter(toDestination)
    .reduce((sum, { unsentBytes }) => sum + unsentBytes, 0);
}

async function resolve(host: string): Promise<Set<string> | undefined> {
  const lookingUp = lookup(host.replace(/^\[|\]$/g, ""), { all: true }).catch(() => undefined);
  const found = await Promise.race([lookingUp, pause(resolveWithinMs, undefined, { ref: false })]);
  return found && new Set(found.map(({ address }) => address));
}

/** This much programme waiting in the kernel is a backlog; less may be on its way on a far link. */
const backlogS = { silent: 0.5, moving: 1 };
/** An RTMP handshake (3,073 bytes) and commands that a busy far end is slow to take: no backlog. */
const beforeMediaBytes = 4_096;

/**
 * Tells a network that takes nothing from an encoder that makes nothing, by two looks at an
 * engine's queue. A frozen encoder's queue runs empty; a throttled one stays full, because the
 * process fills it again whenever a little was taken. While output still moves only a backlog
 * counts: a queue that is never empty is then the normal case.
 * @param before bytes at the look before; without it nothing is said but that it is empty
 */
export function judgeQueue(
  before: number | undefined,
  nowBytes: number,
  bitrateBps: number | undefined,
  silent: boolean,
): "draining" | "stuck" | undefined {
  if (nowBytes === 0) return "draining";
  if (before === undefined) return undefined;
  const limit = (bitrateBps ?? Infinity) * (backlogS[silent ? "silent" : "moving"] / 8);
  const full = before > limit && nowBytes > limit;
  const still = silent && before > beforeMediaBytes && nowBytes >= before;
  return still || full ? "stuck" : "draining";
}
