import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";

/** Moving bars with a tone, as MPEG-TS to some UDP ports of this host, by a real ffmpeg. */
export interface Camera {
  /** One for each reader. */
  readonly urls: readonly string[];
  /** Put the lens cap on, or take it off: 0.1 s at most. The tone goes on. */
  cover(covered: boolean): void;
  /** What the lens cap looks like; black at first. */
  cap(colour: "black" | "gray"): void;
  close(): Promise<void>;
}

/** @param p.programme what is filmed, in the words of ffmpeg's lavfi */
export async function startCamera(p: { readers: number; programme?: string }): Promise<Camera> {
  const ports = await Promise.all(Array.from({ length: p.readers }, freePort));
  const urls = ports.map((port) => `udp://127.0.0.1:${port}`);
  const programme = p.programme ?? "testsrc2=size=320x180:rate=15";
  // Each sound by itself: who waits for it to go with a picture hears it at once, not in lumps of 360 ms.
  // prettier-ignore
  const child = spawn("ffmpeg", [
    "-hide_banner", "-loglevel", "error", "-re",
    "-f", "lavfi", "-i", programme, "-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=48000",
    "-vf", "drawbox=t=fill:color=black:enable=0", "-map", "0:v", "-map", "1:a",
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15",
    "-b:v", "400k", "-maxrate", "400k", "-bufsize", "400k", "-pix_fmt", "yuv420p",
    "-c:a", "aac", "-ac", "2", "-b:a", "64k",
    "-f", "tee", urls.map((url) => `[f=mpegts:pes_payload_size=0]${url}?pkt_size=1316`).join("|"),
  ], { stdio: ["pipe", "ignore", "ignore"] });
  const exited = once(child, "exit");
  return {
    urls,
    cover: (covered) => void child.stdin.write(`cdrawbox -1 enable ${covered ? 1 : 0}\n`),
    cap: (colour) => void child.stdin.write(`cdrawbox -1 color ${colour}\n`),
    close: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

export async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
