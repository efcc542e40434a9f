import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const modulePath = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

/** A real nginx with the rtmp module on ports of its own. */
export interface NginxRtmp {
  /** Without the key. */
  readonly rtmpUrl: string;
  readonly statisticsUrl: string;
  readonly dropUrl: string;
  close(): Promise<void>;
}

/**
 * One worker: nginx-rtmp keeps its streams per worker, so with more of them the statistics page
 * shows whichever one answered.
 */
export async function startNginxRtmp(
  p: {
    /** Asked before anybody may publish; anything but a 2xx keeps them out. */
    onPublish?: string;
    /** Told when somebody has published. */
    onPublishDone?: string;
    /** HTTP Basic authentication for statistics and control. */
    login?: { username: string; password: string };
  } = {},
): Promise<NginxRtmp> {
  const prefix = mkdtempSync(join(tmpdir(), "nginx-rtmp-"));
  const [rtmpPort, httpPort] = await Promise.all([freePort(), freePort()]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${prefix}/${kind};`)
    .join(" ");
  const onPublish =
    (p.onPublish === undefined ? "" : `on_publish ${p.onPublish};`) +
    (p.onPublishDone === undefined ? "" : ` on_publish_done ${p.onPublishDone};`);
  const { username, password } = p.login ?? { username: "", password: "" };
  writeFileSync(join(prefix, "logins"), `${username}:{PLAIN}${password}\n`);
  const login = p.login ? `auth_basic ingest; auth_basic_user_file ${prefix}/logins;` : "";
  const configuration = `
    load_module ${modulePath};
    daemon off; master_process on; worker_processes 1; user ${userName()};
    pid ${prefix}/nginx.pid; error_log ${prefix}/error.log warn;
    events { worker_connections 64; }
    rtmp { server { listen 127.0.0.1:${rtmpPort}; application live { live on; ${onPublish} } } }
    http { access_log off; ${temporary} server { listen 127.0.0.1:${httpPort}; ${login}
      location /stat { rtmp_stat all; } location /control { rtmp_control all; } } }`;
  writeFileSync(join(prefix, "nginx.conf"), configuration);
  // prettier-ignore
  const child = spawn("nginx", ["-p", prefix, "-e", join(prefix, "error.log"),
    "-c", join(prefix, "nginx.conf")], { stdio: "ignore" });
  const exited = once(child, "exit");
  const statisticsUrl = `http://127.0.0.1:${httpPort}/stat`;
  await answers(statisticsUrl);
  return {
    rtmpUrl: `rtmp://127.0.0.1:${rtmpPort}/live`,
    statisticsUrl,
    dropUrl: `http://127.0.0.1:${httpPort}/control/drop/publisher`,
    close: async () => {
      child.kill("SIGTERM");
      await exited;
      rmSync(prefix, { recursive: true, force: true });
    },
  };
}

/** The worker runs as whoever runs the test; a bare user directive is ignored without root. */
function userName(): string {
  return process.getuid?.() === 0 ? "root" : "nobody";
}

/** A port nobody listens on now. nginx cannot be asked which port it got for 0. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when the address answers anything. */
export async function answers(url: string, limitMs = 20_000): Promise<void> {
  const untilMs = Date.now() + limitMs;
  for (;;) {
    const reply = await fetch(url).catch((cause: unknown) => cause);
    if (reply instanceof Response) return void (await reply.body?.cancel());
    if (Date.now() > untilMs) throw new Error(`no answer from ${url}`, { cause: reply });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
