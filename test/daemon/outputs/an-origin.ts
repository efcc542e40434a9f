/** A real nginx that takes what is put, as the origin of a CDN does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { freePort } from "../../fakes/nginx-rtmp.ts";
import { until } from "../drivers/shared/engine/until.ts";

export const originToken = "open-sesame";

/** Only who has the token is let in. It is not started yet. One process: killed, it leaves no worker. */
export async function anOrigin() {
  const folder = mkdtempSync(join(tmpdir(), "cdn-"));
  const there = join(folder, "there");
  mkdirSync(there, { mode: 0o777 });
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(" ");
  const user = process.getuid?.() === 0 ? "root" : "nobody";
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; master_process off; user ${user}; pid ${folder}/pid;
    events {} http { ${temporary}
    log_format asked '$request_method $uri $status $http_cache_control $content_type';
    access_log ${folder}/asked asked;
    server { listen 127.0.0.1:${port}; root ${there}; client_max_body_size 64m;
      if ($http_authorization != "Bearer ${originToken}") { return 403; }
      location = /purge { return 204; }
      location / { dav_methods PUT DELETE; create_full_put_path on; } } }`,
  );
  let child: ReturnType<typeof spawn> | undefined;
  onTestFinished(() => {
    child?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const address = `http://127.0.0.1:${port}`;
  return {
    ...{ address: `${address}/live/`, purge: `${address}/purge` },
    async start(): Promise<void> {
      // prettier-ignore
      child = spawn("nginx", ["-p", folder, "-e", join(folder, "error"), "-c", join(folder, "nginx.conf")],
        { stdio: "ignore" });
      await until("nginx answers", () =>
        fetch(address).then(
          () => true,
          () => undefined,
        ),
      );
    },
    async stop(): Promise<void> {
      child!.kill("SIGTERM");
      await once(child!, "exit");
    },
    has: (name: string) => existsSync(join(there, "live", name)),
    text: (name: string) => readFileSync(join(there, "live", name), "utf8"),
    asked: () =>
      existsSync(join(folder, "asked"))
        ? readFileSync(join(folder, "asked"), "utf8")
            .split("\n")
            .filter((line) => /^(PUT|POST|DELETE)/.test(line))
        : [],
  };
}
