/** `understudy` as a person or a script runs it, against a real hub and a real site. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();
const root = new URL("../../", import.meta.url).pathname;
const program = join(root, "dist/understudy.js");

type Ended = { code: number | null; out: string; err: string };
function run(args: readonly string[], env: Record<string, string>, stdin = "") {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env } });
  const seen = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (seen.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (seen.err += chunk.toString()));
  child.stdin.end(stdin);
  return { child, seen, ended: endOf(child).then((code): Ended => ({ code, ...seen })) };
}
const endOf = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once("close", resolve));

/** A dozen programs one after the other: seconds, on a machine that has them. */
const patient = { timeout: 120_000 };

test("a programme is seen, moved and watched from a shell", patient, async () => {
  const hub = keep(await Hub.start(undefined, { isClosed: true }));
  const facility = await aFacility({
    farEnd: { behaviour: "acceptBoth" },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  facility.startDaemon();
  const keyFile = join(facility.folder, "hub-key");
  writeFileSync(keyFile, hub.adminKey, { mode: 0o600 });
  const env = { UNDERSTUDY_HUB: hub.url, UNDERSTUDY_API_KEY_FILE: keyFile };
  const asked = (...args: string[]) => run(args, env).ended;
  await facility.untilOnAir("a");
  await until("the site would move it", async () => {
    const { code } = await asked("stream", "failover", "main", "--dry-run");
    return code === 0;
  });

  const watching = run(["stream", "watch"], env);
  await until("it is watched", () => watching.seen.out.includes("studio~main"));
  const moved = await asked("stream", "failover", "main", "--yes", "--json");
  expect(moved).toMatchObject({ code: 0 });
  expect(JSON.parse(moved.out)).toMatchObject({ verb: "failover", status: "done" });
  await facility.untilOnAir("b");
  await until("the move was told", () => /\tcarried\tb\t/.test(watching.seen.out));
  watching.child.kill("SIGINT");
  expect((await watching.ended).code).toBe(130);

  const list = await run(["stream", "list", "--json", "--key-file", "-"], env, hub.adminKey).ended;
  expect(JSON.parse(list.out)).toMatchObject({ ref: "studio~main", encoder: "b" });
  const incident = await asked("incident", "list", "-v");
  expect(incident.out).toMatch(/\ttookOver\tcommand\ta → b\t/);
  expect(incident.out + incident.err + watching.seen.out).not.toContain(hub.adminKey);

  // The rest of the programs: what is the site's own, and what a shell asks at Tab.
  expect(await asked("config", "check", facility.configFile)).toMatchObject({ code: 0 });
  const bash = `
    understudy() { ${process.execPath} ${program} "$@"; }
    source <(understudy completion bash)
    COMP_WORDS=(understudy encoder maintenance ""); COMP_CWORD=3
    _understudy; echo "\${COMPREPLY[@]}"`;
  const shell = spawn("bash", ["-c", bash], { env: { ...process.env, ...env } });
  let offered = "";
  shell.stdout.on("data", (chunk: Buffer) => (offered += chunk.toString()));
  await endOf(shell);
  expect(offered.trim()).toBe("a b");
});

test(
  "another program installs the client, with types that a strict compiler takes",
  patient,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "understudy-consumer-"));
    try {
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(root, join(folder, "node_modules/understudy"));
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      writeFileSync(
        join(folder, "use.ts"),
        `import { HubError, openHubClient, type Schemas } from "understudy/client";
const hub = openHubClient({ hub: "http://127.0.0.1:9" });
for await (const stream of hub.list("streams", { site: "studio" })) {
  const known: Schemas["StreamItem"] = stream;
  const word: "onAir" | "offAir" | "notKnown" | "notExpected" | "unknown" | undefined = known.carriage;
  console.log(word);
}
// @ts-expect-error there is no such path
void hub.api.GET("/api/nothing");
export const isAway = (error: unknown) => error instanceof HubError && error.status === 0;
`,
      );
      const compilerOptions = {
        ...{ strict: true, noEmit: true, exactOptionalPropertyTypes: true, types: [] },
        // The seconds are for ours.
        skipDefaultLibCheck: true,
        ...{ module: "nodenext", target: "es2022", lib: ["es2023", "dom", "dom.iterable"] },
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
      const compiler = join(root, "node_modules/typescript/bin/tsc");
      const tsc = spawn(process.execPath, [compiler], { cwd: folder });
      let said = "";
      tsc.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      expect([await endOf(tsc), said]).toEqual([0, ""]);

      writeFileSync(
        join(folder, "use.mjs"),
        `import { HubError, openHubClient } from "understudy/client";
const hub = openHubClient({ hub: "http://127.0.0.1:9" });
await hub.api.GET("/api/streams").catch((error) => {
  console.log(error instanceof HubError, error.code);
});`,
      );
      const node = spawn(process.execPath, ["use.mjs"], { cwd: folder });
      let told = "";
      node.stdout.on("data", (chunk: Buffer) => (told += chunk.toString()));
      expect(await endOf(node)).toBe(0);
      expect(told.trim()).toBe("true unreachable");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
