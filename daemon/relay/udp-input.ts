import { createSocket, type Socket } from "node:dgram";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Whole GOPs come in bursts; the kernel gives at most net.core.rmem_max. */
const receiveBufferBytes = 4 * 2 ** 20;

export type UdpInput = {
  /** Datagrams that the kernel dropped, because they were not read in time; null: not readable. */
  drops(): number | null;
  close(): void;
};

/** @param onFailed it cannot listen there */
export function openUdpInput(p: {
  address: string;
  port: number;
  onBytes: (bytes: Buffer) => void;
  onFailed: (error: Error) => void;
}): UdpInput {
  const { address, port } = p;
  const first = Number(address.split(".")[0]);
  const isMulticast = first >= 224 && first <= 239;
  const socket: Socket = createSocket({
    type: "udp4",
    reuseAddr: isMulticast,
    recvBufferSize: receiveBufferBytes,
  });
  socket.on("message", p.onBytes);
  socket.once("error", p.onFailed);
  socket.bind(port, address, () => {
    if (isMulticast) socket.addMembership(address, "127.0.0.1");
  });
  return { drops: () => socketDrops(port), close: () => void socket.close() };
}

/** Of our own sockets on this port: others may read the same group. */
function socketDrops(port: number): number | null {
  try {
    const own = new Set(readdirSync("/proc/self/fd").map(socketInode));
    const rows = readFileSync("/proc/net/udp", "latin1").trim().split("\n").slice(1);
    const wanted = port.toString(16).toUpperCase().padStart(4, "0");
    const ours = rows
      .map((row) => row.trim().split(/\s+/))
      .filter((row) => row[1]?.endsWith(`:${wanted}`) && own.has(row[9]));
    if (ours.length === 0) return null;
    return ours.reduce((sum, row) => sum + Number(row[12]), 0);
  } catch {
    // Without /proc nothing is known, and nothing must fail.
    return null;
  }
}

function socketInode(descriptor: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
  } catch {
    // It was closed in between.
    return undefined;
  }
}
