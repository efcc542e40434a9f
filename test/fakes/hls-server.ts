/** A server of HLS playlists and segments, and a trap that nobody should ever ask. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

type Answer = string | Buffer | { to: string };

/** @param answer by path, from / on; undefined: 404 */
export async function anHlsServer(
  answer: (path: string) => Answer | undefined,
  tls?: { key: string; cert: string },
): Promise<{ url: string; port: number; asked: string[] }> {
  const asked: string[] = [];
  const serve = ({ url = "" }: IncomingMessage, reply: ServerResponse) => {
    asked.push(url);
    const found = answer(new URL(url, "http://x").pathname);
    if (found === undefined) return void reply.writeHead(404).end();
    if (typeof found === "object" && "to" in found) {
      return void reply.writeHead(302, { location: found.to }).end();
    }
    reply.end(found);
  };
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  // Whoever speaks something else than HTTP has come, too.
  server.on("clientError", (_, socket) => {
    asked.push("?");
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `${tls ? "https" : "http"}://127.0.0.1:${port}`, port, asked };
}

/** What ffmpeg writes into a folder as HLS, for as long as it lives. */
export function anHlsFolder(more: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "hls-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    file(path: string): Buffer | undefined {
      try {
        return readFileSync(join(folder, path));
      } catch {
        return undefined;
      }
    },
    play(): ChildProcess {
      // prettier-ignore
      const child = spawn("setpriv", [
        "--pdeathsig", "KILL", "ffmpeg", "-nostdin", "-v", "error",
        "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15",
        "-re", "-f", "lavfi", "-i", "sine=sample_rate=48000",
        "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15",
        "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "hls", "-hls_time", "1", "-hls_list_size", "5",
        "-hls_flags", "delete_segments+temp_file", ...more, join(folder, "live.m3u8"),
      ], { stdio: ["ignore", "ignore", "inherit"], cwd: folder });
      onTestFinished(() => void child.kill("SIGKILL"));
      return child;
    },
  };
}
