/** When each picture with a bar code was heard by UDP: at two places of one host, how long it took. */
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { FrameReader } from "../../daemon/relay/frame-reader.ts";
import { decodeBarCodes } from "../fakes/picture.ts";

type Packet = { bytes: Buffer; atMs: number };

/** All that comes from now on. @param address of this host, or a group on its loopback */
export function hear(port: number, address = "127.0.0.1"): Packet[] {
  const socket = createSocket({ type: "udp4", reuseAddr: true, recvBufferSize: 2 ** 22 });
  onTestFinished(() => void socket.close());
  const packets: Packet[] = [];
  socket.on("message", (bytes) => packets.push({ bytes, atMs: performance.now() }));
  socket.bind(port, address, () => {
    if (!address.startsWith("127.")) socket.addMembership(address, "127.0.0.1");
  });
  return packets;
}

/** By the numbers that are seen in the pictures. @param file for what was heard */
export async function heardAtMs(packets: readonly Packet[], file: string) {
  writeFileSync(file, Buffer.concat(packets.map(({ bytes }) => bytes)));
  const times: number[] = [];
  const reader = new FrameReader(({ track }, atMs) => track === 0 && times.push(atMs));
  for (const { bytes, atMs } of packets) reader.feed(Buffer.from(bytes), atMs);
  // A decoder begins with a keyframe, and gives the last one out that nothing ends.
  const codes = (await decodeBarCodes(file)).slice(0, -1);
  return new Map(codes.map(({ frame }, n) => [frame, times.at(n - codes.length)!] as const));
}

/** @returns median, ms */
export function betweenMs(from: Map<number, number>, to: Map<number, number>): number {
  const each = [...to].flatMap(([frame, atMs]) => {
    const before = from.get(frame);
    return before === undefined ? [] : [atMs - before];
  });
  return each.sort((a, b) => a - b)[each.length >> 1]!;
}
