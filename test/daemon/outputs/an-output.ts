import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import type { OutputTarget } from "../../../daemon/outputs/settings.ts";
import type { OutputStatus } from "../../../daemon/outputs/status.ts";

const program = new URL("../../../dist/output.cjs", import.meta.url).pathname;

/**
 * The process of one output, fed with 2 Mbit/s, each second a keyframe of some 50 kB, as the relay
 * would hand it on.
 * @param node runs it
 * @returns what it told last
 */
export async function anOutput(
  target: OutputTarget,
  node = process.execPath,
): Promise<() => OutputStatus | undefined> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  let last: OutputStatus | undefined;
  socket.on("message", (text) => (last = JSON.parse(text.toString()) as OutputStatus));
  const { port: statusPort } = socket.address();
  const settings = JSON.stringify({ output: "house", run: "r", statusPort, target });
  const child = spawn(node, [program, settings], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  // prettier-ignore
  const source = spawn("ffmpeg", [
    "-nostdin", "-v", "error",
    "-re", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25",
    "-re", "-f", "lavfi", "-i", "sine=sample_rate=48000",
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1",
    "-g", "25", "-b:v", "2M", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mpegts", "pipe:1",
  ], { stdio: ["ignore", "pipe", "inherit"] });
  child.stdin.on("error", () => undefined);
  source.stdout.pipe(child.stdin);
  onTestFinished(() => {
    source.kill("SIGKILL");
    child.kill("SIGKILL");
    socket.close();
  });
  return () => last;
}
