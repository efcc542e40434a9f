/** The demo as a newcomer or a script meets it: started by npm's command line, with a browser. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { PublisherRecord } from "../fakes/rtmp-far-end/publications.ts";
import type { Addresses } from "./demo.ts";
import { folderPrefix } from "./folder.ts";
import { holdersOf, kill } from "./leftovers.ts";
import { streams } from "./site-config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Five times the minute that the demo may take, and a stop of some seconds likewise. */
const readyWithinMs = 300_000;
const stoppedWithinMs = 60_000;

function run(program: string, ...args: string[]) {
  const before = new Set(folders());
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => void (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (said.err += chunk.toString()));
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  const ownFolder = () => folders().find((folder) => !before.has(folder));
  return { child, said, exit, ownFolder };
}

function folders(): string[] {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(folderPrefix));
  return names.map((name) => `${tmpdir()}/${name}`);
}

async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  withinMs: number,
): Promise<T> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > untilMs) throw new Error(`not seen within ${withinMs} ms: ${what}`);
    await pause(100);
  }
}

/** The process that tsx runs: it starts everything else. */
function demoPid(tsx: ChildProcess): number {
  const children = readFileSync(`/proc/${tsx.pid}/task/${tsx.pid}/children`, "utf8");
  const pids = children.trim().split(" ").map(Number);
  const main = pids.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("demo/main.ts"),
  );
  if (main === undefined) throw new Error("tsx runs nothing");
  return main;
}

const running: ReturnType<typeof run>[] = [];
/** `npm run demo` without its set-up step, which the test run has already done. */
function start(...args: string[]) {
  return started(run("node_modules/.bin/tsx", "test/demo/main.ts", ...args));
}
function started(demo: ReturnType<typeof run>) {
  running.push(demo);
  return demo;
}
afterEach(async () => {
  for (const { child, exit } of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exit;
  }
}, stoppedWithinMs);

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    // prettier-ignore
    args: [
      "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking",
    ],
  });
}, 60_000);
afterAll(() => browser?.close());

async function untilReady({ said, child }: ReturnType<typeof run>): Promise<Addresses> {
  await until(
    `the line on stdout; on stderr: ${said.err}`,
    () => said.out.includes("\n") || child.exitCode !== null || undefined,
    readyWithinMs,
  );
  expect(said.out.trim().split("\n"), said.err).toHaveLength(1);
  return JSON.parse(said.out) as Addresses;
}

async function onAir(farEndUrl: string, key: string): Promise<string | undefined> {
  const response = await fetch(`${farEndUrl}/publishers.json`);
  const records = (await response.json()) as PublisherRecord[];
  const live = records.filter((r) => r.key === key && r.endedAtMs === null && r.videoFrames > 0);
  return live.at(-1)?.flashVer;
}

/** How far each picture has moved, s. */
async function moved(page: Page, withinMs: number): Promise<number[]> {
  const positions = () => page.$$eval("video", (all) => all.map((video) => video.currentTime));
  await until(
    "pictures that play",
    async () => ((await positions()).filter((at) => at > 0).length === 3 ? true : undefined),
    withinMs,
  );
  const before = await positions();
  await pause(2_000);
  return (await positions()).map((at, i) => at - (before[i] ?? 0));
}

test(
  "one JSON line, pictures that play, a killed encoder is replaced, Ctrl-C leaves nothing",
  async () => {
    const demo = start("--port", "0", "--json");
    const addresses = await untilReady(demo);
    expect(Object.keys(addresses)).toEqual(["url", "apiKey", "mqttUrl", "farEndUrl", "hlsUrl"]);
    const folder = demo.ownFolder() ?? "";
    expect(holdersOf(folder).length).toBeGreaterThan(5);

    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (line) => line.type() === "error" && complaints.push(line.text()));
    await page.goto(addresses.url);
    for (const seconds of await moved(page, 60_000)) expect(seconds).toBeGreaterThan(0.5);
    const carriages = await page.locator(".carriage").allInnerTexts();
    // The mark and its word are kept on one line.
    expect(carriages.map((text) => text.replaceAll("\u00a0", " "))).toEqual([
      "● ON AIR",
      "● ON AIR",
      "● ON AIR",
    ]);

    const { key } = streams.second;
    const first = await onAir(addresses.farEndUrl, key);
    expect(first).toContain("understudy/soft-a/");
    await page.locator('[data-fault="kill"][data-target="soft-a"]').click();
    const next = await until(
      "another publisher at the far end",
      async () => {
        const who = await onAir(addresses.farEndUrl, key);
        return who === first ? undefined : who;
      },
      60_000,
    );
    expect(next).toContain("understudy/soft-b/");

    const incident = await until(
      "the incident in the API",
      async () => {
        const response = await fetch(`${addresses.url}api/incidents`, {
          headers: { authorization: `Bearer ${addresses.apiKey}` },
        });
        const { items } = (await response.json()) as {
          items: { stream: string; outcome: string; from: string; to: string; offAirMs: number }[];
        };
        return items.find(({ stream, outcome }) => stream === "second" && outcome === "tookOver");
      },
      60_000,
    );
    expect(incident).toMatchObject({ from: "soft-a", to: "soft-b" });
    expect(incident.offAirMs).toBeGreaterThan(0);
    await page.getByText("s off air").first().waitFor();
    for (const seconds of await moved(page, 60_000)) expect(seconds).toBeGreaterThan(0.5);
    const shots = process.env["SCREENSHOTS"];
    if (shots !== undefined) await page.screenshot({ path: `${shots}/demo.png` });
    expect(complaints).toEqual([]);
    await page.close();

    // As a terminal does it: the whole foreground group hears it.
    kill(demoPid(demo.child), "SIGINT");
    expect(await demo.exit).toBe(0);
    expect(demo.said.out.trim().split("\n")).toHaveLength(1);
    expect(holdersOf(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  },
  2 * readyWithinMs,
);

type Faults = { faults: { name: string; active: unknown[] }[] };

test(
  "everything that the page offers to break is broken, and healed; killed with -9 the demo does not leave its encoders on air for ever",
  async () => {
    const demo = start("--port", "0", "--json");
    const { url } = await untilReady(demo);
    const folder = demo.ownFolder() ?? "";
    expect(holdersOf(folder).length).toBeGreaterThan(5);
    const faults = async () => (await (await fetch(`${url}demo/faults`)).json()) as Faults;
    const post = (name: string, body = "{}") =>
      fetch(`${url}demo/faults/${name}`, { method: "POST", body });
    const names = (await faults()).faults.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(10);
    const lasting: string[] = [];
    // A ghost is of somebody who is on air.
    for (const name of ["ghost", ...names.filter((each) => each !== "ghost")]) {
      const answer = await post(name);
      const said = (await answer.json()) as { lasts: boolean };
      expect([name, answer.status, said]).toMatchObject([name, 200, { fault: name }]);
      if (said.lasts) lasting.push(name);
    }
    const active = async () =>
      (await faults()).faults.filter(({ active }) => active.length > 0).map(({ name }) => name);
    expect((await active()).sort()).toEqual(lasting.sort());
    expect((await post("heal")).status).toBe(200);
    expect(await active()).toEqual([]);
    // One that stands still does not even notice that its far end has gone with the demo.
    await until(
      "soft-a or soft-b can be frozen",
      async () => {
        for (const encoder of ["soft-a", "soft-b"])
          if ((await post("freeze", JSON.stringify({ encoder }))).status === 200) return true;
        return undefined;
      },
      stoppedWithinMs,
    );
    kill(demoPid(demo.child), "SIGKILL");
    await until(
      "nothing left",
      () => (holdersOf(folder).length === 0 && !existsSync(folder)) || undefined,
      stoppedWithinMs,
    );
  },
  2 * readyWithinMs,
);

test(
  "a demo whose npm was killed with -9 stops by itself, also while it starts",
  async () => {
    const demo = started(run("npm", "run", "demo", "--", "--port", "0"));
    const folder = await until("its folder", demo.ownFolder, readyWithinMs);
    await until("its children", () => holdersOf(folder).length > 2 || undefined, readyWithinMs);
    demo.child.kill("SIGKILL");
    await until(
      "nothing left",
      () => (holdersOf(folder).length === 0 && !existsSync(folder)) || undefined,
      stoppedWithinMs,
    );
  },
  2 * readyWithinMs,
);

test("a taken port is said, and how to move, with exit code 1", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const demo = start("--port", String(port), "--json");
  expect(await demo.exit).toBe(1);
  expect(demo.said.err).toContain(`port ${port} is taken`);
  expect(demo.said.err).toContain("--port");
  expect(demo.said.out).toBe("");
  other.close();
}, 60_000);
