import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import type { SiteConfig } from "../../config/site.schema.ts";
import type { RelayView } from "../content/relay-views.ts";
import { placesOf } from "./places.ts";
import type { ThumbnailSettings } from "./settings.ts";

const backOffMs = { least: 1_000, most: 60_000 };
/** After so long without an end the back-off begins anew. */
const calmMs = 60_000;

/**
 * Keeps the process running that takes thumbnails. It dies with the daemon, and its death is never
 * the daemon's: without it there are no pictures on the page, and the page says so.
 */
export function keepThumbnails(p: {
  config: SiteConfig;
  relayViews: readonly RelayView[];
  program: URL;
  log: Pick<Logger, "warn">;
}): { close(): Promise<void> } {
  const { everyMs, width: widthPx, mostBandwidthBps } = p.config.thumbnails;
  const places = placesOf(p.config, p.relayViews);
  if (everyMs === null || places.length === 0) return { close: () => Promise.resolve() };
  const { site, mqtt } = p.config;
  const settings: ThumbnailSettings = {
    ...{ site, everyMs, widthPx, mostBandwidthBps, places },
    broker: brokerOf(mqtt),
  };
  const text = `${JSON.stringify(settings)}\n`;
  const closing = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  let waitMs = backOffMs.least;

  function start(): void {
    const startedAtMs = performance.now();
    // An empty environment: what the service manager gave to the daemon is the daemon's alone.
    const command = ["--pdeathsig", "KILL", "--", process.execPath, fileURLToPath(p.program)];
    const child = spawn("/usr/bin/setpriv", command, {
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
      stdio: ["pipe", "ignore", "inherit"],
      signal: closing.signal,
      killSignal: "SIGKILL",
    });
    // It may end before it has read them.
    child.stdin.on("error", () => undefined);
    child.stdin.write(text);
    ended = new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("close", () => resolve());
    });
    void ended.then(() => {
      if (closing.signal.aborted) return;
      if (performance.now() - startedAtMs > calmMs) waitMs = backOffMs.least;
      p.log.warn({ code: "thumbnails", retryMs: waitMs }, "the process of the thumbnails ended");
      setTimeout(() => !closing.signal.aborted && start(), waitMs).unref();
      waitMs = Math.min(2 * waitMs, backOffMs.most);
    });
  }
  start();

  return {
    close() {
      closing.abort();
      return ended;
    },
  };
}

function brokerOf(mqtt: SiteConfig["mqtt"]): ThumbnailSettings["broker"] {
  const { url, username, password, ca, certificate, key } = mqtt;
  const pem = (path: string) => readFileSync(path, "utf8");
  return {
    url,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca: pem(ca) }),
    ...(certificate !== undefined && { cert: pem(certificate) }),
    ...(key !== undefined && { key: pem(key) }),
  };
}
