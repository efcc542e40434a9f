/**
 * Whether the daemon works, for probes on this machine: HTTP on a socket in its state folder, which
 * only its user and root can open. Who is asked is the running daemon itself.
 */
import { rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";

/** By the same clock that feeds systemd's watchdog. */
const stuckAfterMs = 10_000;
const answersWithinMs = 5_000;
/** What Linux takes as the path of a socket. */
const longestPath = 107;

export type Health = {
  /** `degraded`: it works, and `because` says what is not as it should be. */
  status: "ok" | "degraded";
  /** Every part of it moves. */
  live: boolean;
  /** It decides, in time, and what it decides is kept. */
  ready: boolean;
  because: string[];
  /** No fault: the site decides without a hub. */
  hubLink: string;
  /** What it does, for people. */
  summary: string;
};

/** What a running site is asked. */
export type Looked = {
  status(): string;
  silenceMs(): Record<string, number>;
  condition(): { decider: string; journal: string; hubLink: string };
};

/** Parts that have not moved for too long. */
export const stuckParts = ({ silenceMs }: Pick<Looked, "silenceMs">): string[] =>
  Object.entries(silenceMs())
    .filter(([, ms]) => ms > stuckAfterMs)
    .map(([part]) => part);

export function healthOf(site: Looked): Health {
  const stuck = stuckParts(site);
  const { decider, journal, hubLink } = site.condition();
  const because = [
    ...stuck.map((part) => `no sign of life from: ${part}`),
    ...(decider === "ok" ? [] : [`the decider is ${decider}: this host cannot keep up`]),
    ...(journal === "ok" ? [] : [`the journal is ${journal}`]),
  ];
  const ready = because.length === 0;
  return {
    ...{ status: ready ? "ok" : "degraded", live: stuck.length === 0, ready, because },
    ...{ hubLink, summary: site.status() },
  };
}

const socketIn = (stateDir: string) => join(stateDir, "health.sock");

/** `/health` is 503 while a part is stuck, `/health/ready` while it is not ready. */
export function openHealth(p: { stateDir: string; site: Looked; warn: (why: string) => void }) {
  const server = createServer((asked, response) => {
    const health = healthOf(p.site);
    const path = asked.url?.split("?")[0];
    const isKnown = path === "/health" || path === "/health/ready";
    const isWell = path === "/health" ? health.live : health.ready;
    response.writeHead(isKnown ? (isWell ? 200 : 503) : 404, {
      "content-type": "application/json",
    });
    response.end(`${JSON.stringify(health)}\n`);
  });
  server.maxConnections = 8;
  Object.assign(server, { requestTimeout: answersWithinMs, headersTimeout: answersWithinMs });
  // Nobody's probe may keep a site from deciding.
  server.on("error", (error) => p.warn(`probes get no answer: ${error.message}`));
  const path = socketIn(p.stateDir);
  if (Buffer.byteLength(path) > longestPath) {
    p.warn(`probes get no answer: ${path} is too long for a socket`);
  } else {
    try {
      // Left behind by a daemon that was killed; the state folder has one daemon at a time.
      rmSync(path, { force: true });
      server.listen(path);
      server.unref();
    } catch (error) {
      p.warn(`probes get no answer: ${String(error)}`);
    }
  }
  return {
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @throws where nobody answers */
export function askHealth(stateDir: string): Promise<Health> {
  return new Promise((resolve, reject) => {
    const timeout = AbortSignal.timeout(answersWithinMs);
    const asked = request(
      { socketPath: socketIn(stateDir), path: "/health", signal: timeout },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("error", reject);
        response.on("end", () => resolve(JSON.parse(text) as Health));
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}
