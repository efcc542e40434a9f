import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answers, freePort } from "./nginx-rtmp.ts";

/** A real node-media-server in a process of its own (it is one context per process). */
export interface NodeMediaServer {
  readonly rtmpUrl: string;
  readonly apiUrl: string;
  readonly username: string;
  readonly password: string;
  close(): Promise<void>;
}

export async function startNodeMediaServer(): Promise<NodeMediaServer> {
  const directory = mkdtempSync(join(tmpdir(), "node-media-server-"));
  const [rtmpPort, httpPort] = await Promise.all([freePort(), freePort()]);
  const username = "observer";
  const password = "correct horse";
  const users = [{ username, password, role: "admin" }];
  const configuration = {
    bind: "127.0.0.1",
    rtmp: { port: rtmpPort },
    http: { port: httpPort },
    store: { path: join(directory, "data") },
    record: { auto: false },
    auth: { jwt: { secret: "for this test", expiresIn: "1h", algorithm: "HS256", users } },
  };
  const module = createRequire(import.meta.url).resolve("node-media-server");
  const program = join(directory, "server.cjs");
  writeFileSync(
    program,
    `const Server = require(${JSON.stringify(module)});
     new Server(${JSON.stringify(configuration)}).run();
     process.stdin.resume().on("end", () => process.exit(0));`,
  );
  // It ends with its stdin, so also when the test process is killed.
  const child = spawn(process.execPath, [program], {
    cwd: directory,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const exited = once(child, "exit");
  const apiUrl = `http://127.0.0.1:${httpPort}/api/v1`;
  await answers(`${apiUrl}/health`);
  return {
    rtmpUrl: `rtmp://127.0.0.1:${rtmpPort}/live`,
    apiUrl,
    username,
    password,
    close: async () => {
      child.kill("SIGKILL");
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
