/**
 * Stands for what runs in 100 ffmpegs: whoever connects and says `<index> <port>` gets a progress
 * block there ten times a second, and so does the reader beside it. It takes what is published to
 * it and says nothing. Tells its own port, and how many blocks it has sent when asked.
 */
import { createSocket } from "node:dgram";
import { createServer, type AddressInfo } from "node:net";

const everyMs = 100;
const readerPorts = process.argv.slice(2).map(Number);
const udp = createSocket("udp4");
const engines = new Map<number, number>();
let sent = 0;

/** As ffmpeg 5.1 writes it at `-stats_period 0.1`. */
function block(frame: number): string {
  const us = Math.round((frame * 1e6) / 25);
  return [
    `frame=${frame}`,
    "fps=25.02",
    "stream_0_0_q=20.0",
    "bitrate= 631.4kbits/s",
    `total_size=${frame * 3_157}`,
    `out_time_us=${us}`,
    `out_time_ms=${us}`,
    `out_time=${new Date(us / 1_000).toISOString().slice(11, 23)}000`,
    "dup_frames=0",
    "drop_frames=0",
    "speed=   1x",
    "progress=continue\n",
  ].join("\n");
}

const startMs = performance.now();
/** Engines have no common beat. */
let phase = 0;
setInterval(() => {
  phase = (phase + 1) % 10;
  const frame = 1 + Math.floor((performance.now() - startMs) / 40);
  const datagram = block(frame);
  for (const [index, port] of engines) {
    if (index % 10 !== phase) continue;
    sent += 1;
    udp.send(datagram, port, "127.0.0.1");
    udp.send(datagram, readerPorts[index], "127.0.0.1");
  }
}, everyMs / 10);

const server = createServer((socket) => {
  let mine: number | undefined;
  socket.once("data", (chunk) => {
    const [index, port] = chunk.toString().split(" ").map(Number);
    if (!Number.isInteger(index) || !Number.isInteger(port)) return;
    mine = index;
    engines.set(index!, port!);
  });
  socket.on("data", () => undefined);
  socket.on("error", () => undefined);
  socket.on("close", () => void (mine !== undefined && engines.delete(mine)));
});
server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on("message", () => process.send?.({ engines: engines.size, sent }));
process.on("disconnect", () => process.exit());
