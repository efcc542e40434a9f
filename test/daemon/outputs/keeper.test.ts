import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openOutputs } from "../../../daemon/outputs/keeper.ts";
import { OutputSettings } from "../../../daemon/outputs/settings.ts";
import { until } from "../drivers/shared/engine/until.ts";

type Opened = Parameters<typeof openOutputs>[0];

test("an output knows its relay's watchdog; the key of a bucket is in no process list and below no folder of the state", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-outputs-"));
  const [stateDir, memory] = ["state", "memory"].map((name) => join(folder, name));
  mkdirSync(join(folder, "relay"));
  const program = join(folder, "output.mjs");
  const heard = join(folder, "heard");
  writeFileSync(
    program,
    `import { writeFileSync } from "node:fs";
     writeFileSync(${JSON.stringify(heard)}, process.argv[2]);
     setInterval(() => undefined, 1000);`,
  );
  const canary = "canary-of-the-bucket-4711";
  const output = {
    ...{ id: "web", kind: "hls", container: "ts", segmentMs: 4_000, windowMs: 60_000 },
    push: {
      address: "http://127.0.0.1:9/live",
      s3: { region: "us-east-1", accessKeyId: "AKIAEXAMPLE", secretAccessKey: canary },
    },
  };
  const relay = {
    folder: join(folder, "relay"),
    memory,
    outputs: [output],
    gopS: 1,
    watchdogMs: 1_500,
    stream: "main",
  };
  const outputs = await openOutputs({
    config: { stateDir, storages: [] } as unknown as Opened["config"],
    relays: [relay] as unknown as Opened["relays"],
    program: pathToFileURL(program),
    tell: () => undefined,
  });
  const keeper = outputs.get("web")!;
  await keeper.run(AbortSignal.timeout(10_000));
  const text = await until("its settings", () => {
    const said = readFileSync(heard, { encoding: "utf8", flag: "a+" });
    return said === "" ? undefined : said;
  });
  const [, pid] = readFileSync(join(stateDir!, "outputs/web/engines/process/pid"), "utf8").split(
    " ",
  );
  onTestFinished(async () => {
    process.kill(Number(pid), "SIGKILL");
    await keeper.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { target, watchdogMs } = OutputSettings.parse(JSON.parse(text));
  expect(watchdogMs).toBe(1_500);
  const { secretFile } = (target.kind === "hls" && target.push?.s3) || { secretFile: "" };
  expect(readFileSync(secretFile, "utf8")).toBe(canary);
  expect(statSync(secretFile).mode & 0o077).toBe(0);
  expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(canary);
  expect(() => execFileSync("grep", ["-rq", canary, stateDir!])).toThrow();
});
