/** The built hub as a process, open on loopback, and what the demo asks of it. */
import { join } from "node:path";
import { z } from "zod";
import type { DemoFolder } from "./folder.ts";
import { openProgram, type Program } from "./program.ts";

/** It prints these two things when it starts for the first time. */
const Ready = z.object({ code: z.literal("ready"), url: z.string(), mqttUrl: z.string() });
const adminKey = /^Admin key, shown only this once: (\S+)/;
const startWithinMs = 30_000;

export type HubProcess = {
  program: Program;
  port: number;
  mqttUrl: string;
  apiKey: string;
  /** Asks the API with the admin key. @throws when the hub is away or refuses */
  ask(path: string, init?: RequestInit): Promise<unknown>;
};

export async function startHub(p: {
  root: string;
  folder: DemoFolder;
  say: (line: string) => void;
}): Promise<HubProcess> {
  const { folder, root, say } = p;
  const known: { port?: string; mqttPort?: string; apiKey?: string; mqttUrl?: string } = {};
  let tell: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (tell = resolve));
  const program = openProgram({
    name: "hub",
    logFile: join(folder.path, "hub.log"),
    say,
    args: () => [
      join(root, "dist/hub.js"),
      ...["--host", "127.0.0.1", "--port", known.port ?? "0"],
      ...["--mqtt-port", known.mqttPort ?? "0", "--mqtt-anonymous"],
      ...["--state-dir", folder.hubState, "--demo-open"],
    ],
    onLine: (line) => {
      const key = adminKey.exec(line)?.[1];
      if (key !== undefined) known.apiKey = key;
      const ready = Ready.safeParse(parseJson(line)).data;
      if (ready) {
        // It comes back on the same ports: the site and the page know it there.
        known.port = new URL(ready.url).port;
        known.mqttPort = new URL(ready.mqttUrl).port;
        known.mqttUrl = ready.mqttUrl;
      }
      if (known.apiKey !== undefined && known.port !== undefined) tell();
      return key === undefined;
    },
  });
  program.start();
  const late = setTimeout(() => tell(), startWithinMs);
  await started;
  clearTimeout(late);
  const { apiKey, port, mqttUrl } = known;
  if (apiKey === undefined || port === undefined || mqttUrl === undefined) {
    await program.end(1_000);
    throw new Error(`the hub did not start; see ${join(folder.path, "hub.log")}`);
  }
  return {
    ...{ program, apiKey, mqttUrl, port: Number(port) },
    ask: async (path, init = {}) => {
      const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
      const url = `http://127.0.0.1:${port}${path}`;
      const response = await fetch(url, { ...init, headers: { ...headers, ...init.headers } });
      if (!response.ok) throw new Error(`the hub answered ${response.status} to ${path}`);
      return (await response.json()) as unknown;
    },
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
