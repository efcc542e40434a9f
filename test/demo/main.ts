/** `npm run demo`: flags, signals, and what a person or a script is told. */
import { parseArgs } from "node:util";
import { startDemo, type Addresses, type Demo } from "./demo.ts";
import { whenAbandoned } from "./parents.ts";

const usage = `npm run demo -- [--port N] [--json]

  --port N   where the page is (default 8080, 0 = any free port)
  --json     when everything is ready, exactly one line on stdout:
             {"url","apiKey","mqttUrl","farEndUrl","hlsUrl"}
`;
const readyWithinMs = 60_000;
const sameAskMs = 1_000;

function say(line: string): void {
  process.stderr.write(`demo: ${line}\n`);
}

function forPeople({ url, apiKey }: Addresses): string {
  return `
  Open ${url}

  Two programmes are on air, each with an encoder and an understudy; the pictures are what the
  far end gets. Click "Kill" or "Pull network" under a picture and watch: the picture stands,
  the understudy takes over, and the incident says why and for how long. "Heal all" undoes it.

  API ${url}docs    key ${apiKey}    faults ${url}demo/faults
  Ctrl-C stops everything.

`;
}

function explain(error: unknown, port: number): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") {
    const other = `npm run demo -- --port ${port + 1}`;
    return `port ${port} is taken by another program; choose another: ${other}`;
  }
  if (code === "EACCES") return `port ${port} may not be used by this user; choose another: --port`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Exit codes: 0 stopped when asked, 1 failed, 2 wrong flags. */
async function main(): Promise<number> {
  let flags;
  try {
    flags = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
    if (!/^\d{1,5}$/.test(flags.port) || Number(flags.port) > 65_535) {
      throw new Error(`--port must be a port from 0 to 65535, not ${flags.port}`);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : "bad flags"}\n\n${usage}`);
    return 2;
  }
  if (flags.help) {
    process.stdout.write(usage);
    return 0;
  }

  const stop = new AbortController();
  let askedAtMs = Number.POSITIVE_INFINITY;
  const ask = (why: string) => {
    // Ctrl-C reaches us from the terminal and once more from the program that started us. Asked
    // again later, somebody is in a hurry; then the sweeper clears up behind us.
    if (performance.now() - askedAtMs > sameAskMs) process.exit(1);
    if (stop.signal.aborted) return;
    askedAtMs = performance.now();
    say(`${why}: taking the programmes off air and stopping`);
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => ask(signal));
  }
  whenAbandoned(() => ask("the program that started the demo has ended"));

  const startedAtMs = performance.now();
  let demo: Demo;
  try {
    demo = await startDemo(Number(flags.port), say);
  } catch (error) {
    say(explain(error, Number(flags.port)));
    return 1;
  }
  let failed = false;
  if (!stop.signal.aborted) failed = !(await announce(demo, stop.signal, flags.json, startedAtMs));
  if (!failed && !stop.signal.aborted) {
    await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
  }
  const left = await demo.close();
  if (left.length > 0) say(`would not end: ${left.join(", ")}`);
  else say("stopped; nothing is left running");
  return failed || left.length > 0 ? 1 : 0;
}

/** @returns false when it did not become ready in time */
async function announce(
  demo: Demo,
  stop: AbortSignal,
  json: boolean,
  startedAtMs: number,
): Promise<boolean> {
  const late = AbortSignal.timeout(readyWithinMs);
  try {
    const addresses = await demo.ready(AbortSignal.any([stop, late]));
    say(`ready after ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`);
    process.stdout.write(json ? `${JSON.stringify(addresses)}\n` : forPeople(addresses));
    return true;
  } catch (error) {
    if (stop.aborted) return true;
    if (!late.aborted) throw error;
    say(`not on air after ${readyWithinMs / 1_000} s; what the programs said is in ${demo.folder}`);
    return false;
  }
}

process.exit(await main());
