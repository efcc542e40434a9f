import { readFileSync } from "node:fs";
import type { Group } from "./group.ts";

export type Readers = { readers: number; readerDrops: number };

/** Who hears a group on this host, and what their sockets had no room for. */
export function readersOf(group: Group): Readers {
  try {
    return readersIn(readFileSync("/proc/net/udp", "latin1"), group);
  } catch {
    return { readers: 0, readerDrops: 0 };
  }
}

/** @param table `/proc/net/udp` */
export function readersIn(table: string, { address, port }: Group): Readers {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  // The address in the byte order of the host, the port in that of the network.
  const place = `${[d, c, b, a].map((byte) => hex(byte, 2)).join("")}:${hex(port, 4)}`;
  const sockets = table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local]) => local?.toLowerCase() === place);
  const readerDrops = sockets.reduce((sum, fields) => sum + Number(fields.at(-1) ?? 0), 0);
  return { readers: sockets.length, readerDrops };
}
