/**
 * Runs the checks and tests of one effort and ends with the line `N passed, N failed`.
 *
 *   node test/run.mjs check|test|torture [--only <suite>] [-t <part of a test's name>] [<file> …]
 *
 * A selection leaves the checks out: `torture --only e2e -t "kill -9"` tries one fault at its full
 * count. A file is chosen by any part of its path. Suites: unit, sequences (random turns), e2e, waiting (e2e that wait for minutes).
 *
 * `N passed` counts tests. `N failed` counts failed tests, test files that did not load, and
 * checks (format, lint, types, import rules) that are red. Each is named again at the end, in a line
 * `failed: <test>`; a test that passed only when tried again in a line `flaky: <test>`, and one that
 * this machine cannot run (no systemd can be booted), or that is for the full counts only, in a line
 * `skipped: <test>`. Exit code 0 only when nothing failed and at least one test ran.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** @typedef {{ title: string, command: string, args: string[] }} Check */

const cache = "node_modules/.cache";
/**
 * Kept for the quick check only: it knows a file by its content, and a rule that needs types may
 * judge a file differently when another file has changed.
 */
const lintCache =
  process.argv[2] === "check"
    ? ["--cache", "--cache-strategy=content", `--cache-location=${cache}/eslint/`]
    : [];

/** By its content as well: after a change of branch every file is as old as the checkout. */
const formatCache = ["--cache", "--cache-strategy=content"];

/** The two lanes run side by side, for the two cores there are: lint takes as long as the others. */
const lanes = [
  [tool("lint", "eslint", ["--max-warnings=0", ...lintCache, "."])],
  [
    tool("format", "prettier", ["--check", "--log-level=warn", ...formatCache, "."]),
    tool("types", "tsc", ["-p", ".", "--pretty", "false"]),
    { title: "import rules", command: process.execPath, args: ["test/import-rules/check.mjs"] },
  ],
];

const minuteMs = 60_000;
/**
 * Per effort: which suites one after the other, and when to give up on a hung run. What is `beside`
 * runs beside all of them, on what they leave idle; what only waits begins with the checks. In the
 * quick check `unit` has the sequences in it. Counts are in setup/effort.ts.
 *
 * @typedef {{ suites: string[]; beside: string[]; waiting: string[]; giveUpMs: number }} Plan
 * @type {Record<"check" | "test" | "torture", Plan>}
 */
const efforts = {
  check: { suites: ["unit"], beside: [], waiting: [], giveUpMs: 10 * minuteMs },
  test: {
    suites: ["unit", "e2e"],
    beside: ["sequences"],
    waiting: ["waiting"],
    giveUpMs: 55 * minuteMs,
  },
  torture: {
    suites: ["unit", "e2e", "waiting", "sequences"],
    beside: [],
    waiting: [],
    giveUpMs: 48 * 60 * minuteMs,
  },
};

const { name, only, filters } = readArguments();
const chosen = efforts[name];
const { suites, beside, waiting } =
  only === undefined ? chosen : { suites: allOf(only), beside: [], waiting: [] };
/** @type {NodeJS.ProcessEnv} */
const env = { ...process.env, UNDERSTUDY_EFFORT: name };

/**
 * @typedef {{ file: string; test?: string; name: string; why: string }} Failure a test, or a file that did not load
 */

let passed = 0;
/** @type {string[]} failed tests, files that did not load, and red checks */
const failures = [];
/** @type {string[]} tests that passed, but not at once */
const flaky = [];
/** @type {string[]} tests that cannot be run on this machine */
const skipped = [];
/** @type {Map<string, Failure[]>} by suite, what may have failed for want of a core */
const toTryAlone = new Map();
const startedAtMs = performance.now();
const givesUpAtMs = startedAtMs + chosen.giveUpMs;

/** @type {Set<(signal: NodeJS.Signals) => void>} how to end what runs now */
const running = new Set();
let stopped = false;
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, () => {
    stopped = true;
    for (const end of running) end(signal);
  });
}

const checks = only === undefined && filters.length === 0 ? runChecks() : undefined;
const runInBackground = (/** @type {string} */ suite) => runSuite(suite, true);
const runsBeside = waiting.map(runInBackground);
// The quick check is over sooner with everything side by side; the others tell these first.
if (name !== "check") await checks;
runsBeside.push(...beside.map(runInBackground));
for (const suite of suites) if (!stopped) await runSuite(suite);
await checks;
await Promise.all(runsBeside);
for (const [suite, failed] of toTryAlone) {
  if (stopped) failures.push(...failed.map(said));
  else await tryAlone(suite, failed);
}

const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
console.log(`\n${name} took ${seconds} s`);
for (const test of failures) console.log(`failed: ${test}`);
for (const test of flaky) console.log(`flaky: ${test}`);
for (const test of skipped) console.log(`skipped: ${test}`);
if (flaky.length > 0) console.log(`${flaky.length} flaky: passed only when tried again`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 || passed === 0 || stopped ? 1 : 0;

/** @param {string} suite */
function allOf(suite) {
  return suite === "e2e" ? ["e2e", "waiting"] : [suite];
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { only: { type: "string" }, testNamePattern: { type: "string", short: "t" } },
    });
    const [name, ...files] = positionals;
    if (name !== "check" && name !== "test" && name !== "torture") throw new Error("which effort?");
    const { only, testNamePattern } = values;
    if (only !== undefined && !["unit", "sequences", "e2e", "waiting"].includes(only)) {
      throw new Error("which suite?");
    }
    const named = testNamePattern === undefined ? [] : [`--testNamePattern=${testNamePattern}`];
    return { name, only, filters: [...named, ...files] };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(
      "usage: node test/run.mjs check|test|torture [--only <suite>] [-t <name>] [<file>]",
    );
    process.exit(2);
  }
}

/**
 * @param {string} title
 * @param {string} bin
 * @param {string[]} args
 * @returns {Check}
 */
function tool(title, bin, args) {
  return { title, command: join("node_modules/.bin", bin), args };
}

async function runChecks() {
  const results = await Promise.all(lanes.map(runLane));
  for (const { title, code, output, tookMs } of results.flat()) {
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${title} (${(tookMs / 1000).toFixed(1)} s)`);
    if (code === 0) continue;
    failures.push(title);
    process.stdout.write(output);
  }
}

/** @param {Check[]} lane */
async function runLane(lane) {
  const results = [];
  for (const check of lane) if (!stopped) results.push(await runCheck(check));
  return results;
}

/** @param {Check} check */
async function runCheck(check) {
  const { title } = check;
  const fromMs = performance.now();
  /** @type {Buffer[]} */
  const parts = [];
  const code = await runProcess(check.command, check.args, (part) => parts.push(part));
  return {
    title,
    code,
    output: Buffer.concat(parts).toString(),
    tookMs: performance.now() - fromMs,
  };
}

/**
 * @param {string} suite a project of vitest.config.ts
 * @param {boolean} [inBackground] its output kept together
 */
async function runSuite(suite, inBackground = false) {
  /** @type {Buffer[]} */
  const parts = [];
  if (!inBackground) console.log(`\n${suite} tests`);
  const run = await runVitest(suite, filters, inBackground ? parts : undefined);
  if (inBackground) process.stdout.write(`\n${suite} tests\n${Buffer.concat(parts).toString()}`);
  passed += run.passed;
  skipped.push(...run.skipped);
  if (isWorthAnotherTry(run.failed)) toTryAlone.set(suite, run.failed);
  else failures.push(...run.failed.map(said));
  // Red without a red test: an unhandled error, a crash, or a run that was given up.
  if (run.failed.length === 0 && run.code !== 0) {
    failures.push(`${suite} tests, exit code ${run.code}`);
  }
}

/**
 * Sockets, simulators and processes are real: on a busy machine a stolen second may fail a test
 * that passes alone. A random sequence fails again, the full counts look for what happens once in a
 * hundred, and of many failures the busy machine is not the cause.
 *
 * @param {Failure[]} failed
 */
function isWorthAnotherTry(failed) {
  const isFew = failed.length > 0 && failed.length <= 10;
  const mayBeBusy = failed.every(({ file }) => file !== "" && !file.includes(".sequences."));
  return isFew && mayBeBusy && name !== "torture";
}

/**
 * Twice at most: a host may stand still for seconds, and of one such moment a test must not fail.
 * First by itself; then with the others of its file, should it need what they leave behind.
 *
 * @param {string} suite
 * @param {Failure[]} failed
 */
async function tryAlone(suite, failed, triesLeft = 2) {
  console.log(`\n${suite} tests that failed, tried again with nothing beside them`);
  const files = [...new Set(failed.map(({ file }) => file))];
  env.UNDERSTUDY_TESTS = "alone";
  const names = failed.map(({ test }) => test && `^\\s*${escaped(test)}$`);
  const byName = triesLeft > 1 && names.every(Boolean) ? ["-t", names.join("|")] : [];
  const again = await runVitest(suite, [...files, ...byName]);
  const ran = again.passed + again.failed.length;
  // Not one red test, and yet not green: it was given up. Fewer than asked for: not found by name.
  const isVoid = (again.failed.length === 0 && again.code !== 0) || ran < failed.length;
  const rest = isVoid ? failed : again.failed;
  // It has passed before, and was counted so.
  passed -= rest.filter((test) => !failed.some((one) => one.name === test.name)).length;
  const stillFail = new Set(rest.map((test) => test.name));
  const passNow = failed.filter((test) => !stillFail.has(test.name));
  passed += passNow.length;
  flaky.push(...passNow.map(said));
  if (rest.length > 0 && triesLeft > 1 && !stopped) await tryAlone(suite, rest, triesLeft - 1);
  else failures.push(...rest.map(said));
}

/**
 * @param {string} suite
 * @param {string[]} args
 * @param {Buffer[]} [output] where it is kept, of a run beside others
 */
async function runVitest(suite, args, output) {
  const folder = mkdtempSync(join(tmpdir(), "understudy-test-run-"));
  const report = join(folder, "report.json");
  const vitest = [
    ...["node_modules/.bin/vitest", "run", `--project=${suite}`, "--passWithNoTests"],
    ...["--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
  ];
  const keep = output && ((/** @type {Buffer} */ part) => output.push(part));
  // Random turns wait for nothing and nobody; real deadlines do.
  const niceness = output !== undefined && suite === "sequences" ? 19 : 0;
  const code = await runProcess(process.execPath, vitest, keep, niceness);
  const counted = countTests(suite, report);
  rmSync(folder, { recursive: true });
  return { code, ...counted };
}

/**
 * @param {string} suite
 * @param {string} path where vitest's JSON report is, if it came that far
 * @returns {{ passed: number; failed: Failure[]; skipped: string[] }}
 */
function countTests(suite, path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      passed: 0,
      failed: [{ file: "", name: `${suite} tests: no report`, why }],
      skipped: [],
    };
  }
  return {
    passed: report.numPassedTests,
    failed: report.testResults.flatMap(failedTests),
    skipped: report.testResults.flatMap(skippedTests),
  };
}

/**
 * @param {any} result of one file
 * @returns {Failure[]}
 */
function failedTests(result) {
  const file = relative(".", result.name);
  const failed = result.assertionResults.filter((/** @type {any} */ t) => t.status === "failed");
  // Not loaded, or what all its tests need could not be set up: then they are only skipped.
  if (result.status === "failed" && failed.length === 0) {
    return [{ file, name: file, why: "could not be run" }];
  }
  return failed.map((/** @type {any} */ t) => ({
    file,
    test: t.fullName,
    name: `${t.fullName} (${file})`,
    why: t.failureMessages[0]?.split("\n", 1)[0] ?? "no message",
  }));
}

/**
 * What the quick check leaves out by intent, and what a selection does, is not worth a line.
 *
 * @param {any} result of one file
 * @returns {string[]}
 */
function skippedTests(result) {
  if (name === "check" || filters.length > 0 || result.status === "failed") return [];
  return result.assertionResults
    .filter((/** @type {any} */ t) => t.status === "skipped" || t.status === "pending")
    .map((/** @type {any} */ t) => `${t.fullName} (${relative(".", result.name)})`);
}

/** @param {string} text taken literally in a regular expression */
function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** @param {Failure} failure */
function said({ name, why }) {
  return `${name}: ${why}`;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {(part: Buffer) => void} [onOutput] without it, the output goes where ours goes
 * @param {number} [niceness]
 * @returns {Promise<number>} exit code; 1 when it was ended by a signal or did not start
 */
function runProcess(command, args, onOutput, niceness = 0) {
  return new Promise((resolve) => {
    const stdio = onOutput ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"];
    // A group of its own: a test that hangs in a loop outlives a vitest that is ended alone.
    const child = spawn(command, args, { env, stdio: /** @type {any} */ (stdio), detached: true });
    if (child.pid !== undefined && niceness > 0) beNice(child.pid, niceness);
    /** @param {NodeJS.Signals} signal */
    const end = (signal) => {
      signalGroup(child.pid, signal);
      setTimeout(() => signalGroup(child.pid, "SIGKILL"), 10_000).unref();
    };
    running.add(end);
    const timer = setTimeout(() => {
      console.error(`given up after ${chosen.giveUpMs / minuteMs} minutes: ${command}`);
      end("SIGTERM");
    }, givesUpAtMs - performance.now());
    if (onOutput) {
      child.stdout?.on("data", onOutput);
      child.stderr?.on("data", onOutput);
    }
    child.on("error", (error) => {
      console.error(`${command} did not start: ${error.message}`);
      clearTimeout(timer);
      running.delete(end);
      resolve(1);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      running.delete(end);
      // What it left running in its group would disturb the next suite.
      signalGroup(child.pid, "SIGKILL");
      resolve(code ?? 1);
    });
  });
}

/**
 * Where the kernel gives each session a share of its own, a process is nice only to those of its session.
 *
 * @param {number} pid of a session's first process, which has started no other one yet
 * @param {number} niceness
 */
function beNice(pid, niceness) {
  setPriority(pid, niceness);
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // This kernel has no such shares.
  }
}

/**
 * @param {number | undefined} pid the group's first process; undefined when it did not start
 * @param {NodeJS.Signals} signal
 */
function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody is left in it.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}
