/** A programme that several encoders read at once: pictures with bar codes and a tone, by UDP. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { cleanAac, steadyAndBeeps } from "../fakes/beeps.ts";
import { barCodeFilter } from "../fakes/picture.ts";

export const sourceFps = 15;

export type SharedSource = {
  /** One of the copies, as an encoder's input. */
  url(reader: number): string;
  close(): Promise<void>;
};

/**
 * @param readers how many read it; each gets the same bytes
 * @param sound codec of the sound
 * @param tone what is heard
 */
export async function startSharedSource(
  readers: number,
  fps = sourceFps,
  sound = "aac",
  tone = steadyAndBeeps,
): Promise<SharedSource> {
  const ports = await freePorts(readers);
  const url = (reader: number) => `udp://127.0.0.1:${ports[reader]}`;
  // Each sound by itself: boxes hear it at once, and not in lumps of 360 ms.
  const form = "[f=mpegts:pes_payload_size=0]";
  const copies = ports.map((_, reader) => `${form}${url(reader)}?pkt_size=1316`);
  // prettier-ignore
  const child: ChildProcess = spawn("setpriv", ["--pdeathsig", "KILL", "nice", "-n", "-10", "ffmpeg",
    "-hide_banner", "-loglevel", "error", "-nostdin",
    "-re", "-f", "lavfi", "-i", `testsrc2=size=320x180:rate=${fps}`,
    "-f", "lavfi", "-i", tone,
    "-vf", `${barCodeFilter({ fps, source: 7 })},format=yuv420p`, "-map", "0:v", "-map", "1:a",
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", String(fps),
    "-b:v", "600k", "-threads", "1", ...(sound === "aac" ? cleanAac : ["-c:a", sound, "-ac", "2", "-b:a", "64k"]),
    "-f", "tee", copies.join("|")], { stdio: ["ignore", "ignore", "inherit"] });
  return {
    url,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

async function freePorts(count: number): Promise<number[]> {
  const sockets = Array.from({ length: count }, () => createSocket("udp4"));
  for (const socket of sockets) {
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
  }
  const ports = sockets.map((socket) => socket.address().port);
  for (const socket of sockets) await new Promise<void>((done) => socket.close(() => done()));
  return ports;
}
