import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openAjaHelo } from "../../../../daemon/drivers/aja-helo/aja-helo.ts";
import { AjaHeloOptions } from "../../../../daemon/drivers/aja-helo/options.ts";
import type { KnownTarget, PublishTarget } from "../../../../daemon/drivers/driver.ts";

/** A HELO that has been on for long, is idle and will do nothing by itself. */
export const atRest: Record<string, string> = {
  ...{ SystemState: "4", ReplicatorStreamState: "1", ReplicatorRecordState: "1" },
  ...{ StreamingDuration: "00:00:00:00", DetectInputFormat: "20", HDMIInputFormat: "20" },
  ...{ VideoInSelect: "1", MediaState: "0", LinkStartStop: "0", ShutdownMessageII: "0" },
  ...{ AutoRecoverStreaming: "0", PowerUpState: "0", SchedulerEnabled: "0" },
  ...{ Temperature: "47", StreamingProfileSel: "2", ProductID: "HELO" },
  ...{ FormattedSerialNumber: "0HE00001", CurrentlyRunningImageVersion: "4.3.0.8-12r" },
  ...{ StreamType: "0", RTMPServerURL: "", RTMPStreamName: "", StreamingVideoBitrate: "6000" },
  ...{ StreamType_3: "0", RTMPServerURL_3: "", RTMPStreamName_3: "" },
  ...{ StreamType_1: "0", RTMPServerURL_1: "", RTMPStreamName_1: "" },
  ...{ StreamingVideoBitrate_3: "6000", ReplicatorCommand: "0" },
};

/** @returns true where it has dealt with the request (or means to leave it unanswered) */
type Interposer = (name: string, res: ServerResponse, req: IncomingMessage) => boolean;

/**
 * A scripted HELO for what must be counted or be odder than the simulator is: it answers in the
 * recorded form, follows stream commands within milliseconds and pushes nothing.
 */
export async function aUnit(values: Record<string, string> = {}, password?: string) {
  const parameters = new Map(Object.entries({ ...atRest, ...values }));
  const unit = {
    parameters,
    /** `get Name`, `set Name` (without the value) and `login`, in order of arrival. */
    asked: [] as string[],
    /** The most requests that were ever on the wire at once. */
    mostAtOnce: 0,
    sessions: new Set<string>(),
    interpose: (() => false) as Interposer,
    /** Members and working copies are one, as it is believed of a HELO. */
    copiesFollow: true,
    /** From a stream command to its effect. */
    reactsAfterMs: 20,
    port: 0,
  };
  let atOnce = 0;

  function set(name: string, value: string): void {
    parameters.set(name, value);
    const selected = `_${Number(parameters.get("StreamingProfileSel")) + 1}`;
    if (unit.copiesFollow && name.endsWith(selected)) parameters.set(name.slice(0, -2), value);
    const state = { 3: "2", 4: "1" }[value];
    if (name !== "ReplicatorCommand" || state === undefined) return;
    setTimeout(() => parameters.set("ReplicatorStreamState", state), unit.reactsAfterMs);
  }

  function logIn(req: IncomingMessage, res: ServerResponse): void {
    let form = "";
    req.on("data", (part: Buffer) => (form += part.toString()));
    req.on("end", () => {
      const right = new URLSearchParams(form).get("password_provided") === password;
      const session = `0000000${unit.sessions.size}-${"s".repeat(31)}`;
      if (right) {
        unit.sessions.add(session);
        res.setHeader("Set-Cookie", [`other=1`, `session=${session}; path=/`]);
      }
      const login = right ? "success" : "Login Failed - Passwords did not match";
      res.end(JSON.stringify({ login }));
    });
  }

  const server = createServer((req, res) => {
    atOnce += 1;
    unit.mostAtOnce = Math.max(unit.mostAtOnce, atOnce);
    res.on("close", () => (atOnce -= 1));
    const url = new URL(req.url ?? "/", "http://unit");
    const action = url.searchParams.get("action") ?? "login";
    const name = (url.searchParams.get("paramid") ?? "").replace("eParamID_", "");
    unit.asked.push(`${action} ${name}`.trim());
    res.setHeader("Content-Type", "text/html");
    if (unit.interpose(name, res, req)) return;
    if (req.method === "POST") return logIn(req, res);
    const session = /session=([\w-]+)/.exec(req.headers.cookie ?? "")?.[1] ?? "";
    const locked = password !== undefined && !unit.sessions.has(session);
    if (locked || !parameters.has(name)) {
      res.statusCode = 404;
      return void res.end("<html><body>404 Not Found</body></html>");
    }
    if (action === "set") set(name, url.searchParams.get("value") ?? "");
    res.end(answer(name, parameters.get(name) ?? ""));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  unit.port = (server.address() as AddressInfo).port;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return unit;
}
export type AUnit = Awaited<ReturnType<typeof aUnit>>;

export function answer(name: string, value: string): string {
  const paramid = "2097225226";
  return JSON.stringify({ paramid, name: `eParamID_${name}`, value, value_name: value });
}

export function aStateDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "aja-helo-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A driver for the box on `port`, with a clock that can be moved on. */
export function aDriver(
  port: number,
  options: Partial<AjaHeloOptions> = {},
  {
    knownTargets = [] as KnownTarget[],
    stateDir = aStateDir(),
    isRising = (): boolean => false,
  } = {},
) {
  let skippedMs = 0;
  const context = {
    encoder: "studio-a",
    knownTargets: () => knownTargets,
    now: () => performance.now() + skippedMs,
    isRising,
    stateDir,
  };
  const all = AjaHeloOptions.parse({ host: "127.0.0.1", port, provePauseMs: 100, ...options });
  const driver = openAjaHelo(context, all);
  onTestFinished(() => driver.close());
  const signal = (withinMs = 10_000) => AbortSignal.timeout(withinMs);
  return {
    driver,
    stateDir,
    /** Pretend that so much time has passed. */
    pass: (ms: number) => void (skippedMs += ms),
    poll: (withinMs?: number) => driver.poll(signal(withinMs)),
    /** Polls, 5 s apart by the driver's clock, until all that is read in turn has been read. */
    pollAll: async () => {
      for (let polls = 0; polls < 12; polls += 1) {
        await driver.poll(signal());
        skippedMs += 5_000;
      }
      return driver.poll(signal());
    },
    start: (target: PublishTarget, withinMs?: number) =>
      driver.startOutput("stream-1", target, signal(withinMs)),
    stop: (forgetKey = false, withinMs?: number) =>
      driver.stopOutput("stream-1", forgetKey, signal(withinMs)),
    prove: (withinMs?: number) =>
      driver.proveOff("stream-1", "rtmp://far.example/live", signal(withinMs)),
    own: () => driver.ownSelfStart(signal()),
  };
}

export const aTarget: PublishTarget = {
  stream: "sunday",
  destination: "cdn",
  address: "rtmp://127.0.0.1:1/live",
  streamKey: "s3cret key/ü&=?",
  keyGeneration: 7,
};
