import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";

const packetBytes = 188;
/** ffmpeg's muxer gives the first stream this one. */
const videoPid = 0x100;

/** Listens for a transport stream over TCP, keeps it in a file and knows when each picture came. */
export async function aFarEnd(file: string) {
  const recording = createWriteStream(file);
  const sockets: Socket[] = [];
  const picturesAtMs: number[] = [];
  let rest: Buffer = Buffer.alloc(0);
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      recording.write(bytes);
      rest = Buffer.concat([rest, bytes]);
      for (; rest.length >= packetBytes; rest = rest.subarray(packetBytes)) {
        const pid = rest.readUInt16BE(1) & 0x1fff;
        if (pid === videoPid && (rest[1]! & 0x40) !== 0) picturesAtMs.push(performance.now());
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    picturesAtMs,
    connections: () => sockets.length,
    /** The longest time without a picture, from the nth on, ms. */
    longestPauseMs(from = 0): number {
      const times = picturesAtMs.slice(from);
      return Math.max(0, ...times.slice(1).map((at, n) => at - times[n]!));
    },
    /** All that came stands in the file afterwards. */
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      server.close();
      recording.end();
      await once(recording, "close");
    },
  };
}
