import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Report } from "../../daemon/commissioning/report.ts";
import { startHelo } from "../fakes/helo/helo.ts";
import { startMagewell } from "../fakes/magewell/magewell.ts";
import { startPearl } from "../fakes/pearl/pearl.ts";
import { pduCommunity } from "../fakes/snmp/pdu.ts";
import { snmpdCommunity, startSnmpd } from "../fakes/snmp/snmpd.ts";
import { closedAfterEach } from "./after-each.ts";

const { facility: aFacility } = closedAfterEach();
const program = new URL("../../dist/understudy.js", import.meta.url).pathname;

/** Runs `understudy` to its end, as an operator would. */
async function understudy(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = { out: "", told: "" };
  child.stdout.on("data", (chunk: Buffer) => void (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (said.told += chunk.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, ...said };
}

function aFile(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, name);
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
  return file;
}

test("discover finds a HELO, a Magewell and a PDU; commission puts the HELO on air where nobody watches, and off with proof", async () => {
  const password = "password"; // The maker's own.
  const facility = await aFacility({
    encoders: { a: { driver: "aja-helo", password, polling: { normal: "2s" } } },
    encoder: { password: `file:${aFile("password", password)}` },
    destination: { test: true, deviceRetryPeriod: "1s" },
    pdu: "apc-2",
  });
  const helo = facility.helos["a"]!;
  const magewell = await startMagewell({ name: "m", host: helo.host, media: "pretend" });
  onTestFinished(() => magewell.close());

  const ports = `http:${helo.port},http:${magewell.port},snmp:${facility.pdu!.port}`;
  const { community } = pduCommunity as { community: string };
  const found = await understudy(
    ...["discover", helo.host, "127.0.0.1", "--ports", ports, "--json"],
    ...["--snmp-community-file", aFile("community", community)],
  );
  expect(found).toMatchObject({ code: 0 });
  const { boxes } = JSON.parse(found.out) as { boxes: { driver: string; certainty: string }[] };
  expect(boxes.map(({ driver, certainty }) => `${driver} ${certainty}`).sort()).toEqual([
    "aja-helo likely",
    "magewell certain",
    "pdu-apc certain",
  ]);

  const run = await understudy(
    ...["commission", "--config", facility.configFile, "--rehearse", "--json"],
  );
  expect(run).toMatchObject({ code: 0 });
  const report = JSON.parse(run.out) as Report;
  const steps = new Map(report.encoders[0]!.steps.map((step) => [step.step, step]));
  expect(steps.get("start")).toMatchObject({ outcome: "done" });
  const picture = steps.get("start")!.figures.find(({ what }) => what.startsWith("picture"))!;
  // It connects 0.7 s after the order.
  expect(picture.value).toBeGreaterThan(0.7);
  expect(picture.source).toContain("nginx-rtmp");
  expect(steps.get("fence")).toMatchObject({ outcome: "done" });
  expect(steps.get("fence")!.because).toContain("level 1");
  expect(steps.get("power")).toMatchObject({ outcome: "skipped" });
  expect(report.exposure).toContainEqual(
    expect.objectContaining({
      severity: "high",
      subject: "encoder a",
      what: "it has its maker's default password",
    }),
  );
  expect(steps.get("capabilities")!.notes.join()).toContain(
    "auto-recover on, after power-up stream",
  );
  expect(report.exposure.find(({ subject }) => subject === "outlet outlet-a")?.what).toContain(
    "SNMP v2c",
  );

  // It was there once, it is gone, and took nothing with it.
  expect(facility.publishers()).toHaveLength(1);
  expect(facility.onAir()).toBeUndefined();
  expect(helo.get("RTMPStreamName_1")).not.toContain(facility.streamKey());
  const kept = readdirSync(join(facility.stateDir, "commissioning")).map((name) =>
    readFileSync(join(facility.stateDir, "commissioning", name), "utf8"),
  );
  expect(kept).toHaveLength(2);
  for (const text of [...kept, run.out, run.told, found.out]) {
    expect(text).not.toContain(facility.streamKey());
    expect(text).not.toContain(community);
  }
});

test("what discover says of a HELO, a Magewell, a Pearl and a real agent passes the check as it is, and is known the next time", async () => {
  const started = [
    await startHelo({ name: "Studio A" }),
    await startMagewell({ name: "m", media: "pretend" }),
    await startPearl({ name: "p", media: "pretend" }),
  ];
  const agent = await startSnmpd();
  for (const box of [...started, agent]) onTestFinished(() => box.close());
  const stranger = createServer((_, response) => response.end("<title>A printer</title>"));
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void stranger.close());
  const strangerPort = (stranger.address() as AddressInfo).port;
  const ports = [...started.map(({ port }) => port), strangerPort].map((port) => `http:${port}`);
  const community = aFile("community", snmpdCommunity.community);
  const discover = [
    ...["discover", "127.0.0.1", "--ports", `${ports.join(",")},snmp:${agent.port}`],
    ...["--snmp-community-file", community],
  ];

  const found = await understudy(...discover);
  expect(found).toMatchObject({ code: 0 });
  const file = aFile("site.yaml", found.out);
  const checked = await understudy("config", "check", file);
  expect(checked).toMatchObject({ code: 0 });
  expect(checked.out).toContain("is fine");
  expect(found.out).toContain(`#   127.0.0.1:${strangerPort}: HTTP 200, "A printer"`);
  expect(found.out).toContain(`#   127.0.0.1:${agent.port}: it says "Linux`);
  expect(found.out).not.toContain(snmpdCommunity.community);

  const again = await understudy(...discover, "--config", file);
  expect(again).toMatchObject({ code: 0 });
  expect(again.out).not.toMatch(/^\s*- id:/m);
  for (const as of ["as studio-a", "as magewell-127-0-0-1", "as epiphan-pearl-127-0-0-1"])
    expect(again.out).toContain(as);
});

test("with its id typed, a destination that people watch is asked what it does with a second publisher", async () => {
  const box = { driver: "aja-helo", polling: { normal: "2s" } } as const;
  const facility = await aFacility({
    encoders: { a: box, b: box },
    encoder: { requestTimeout: "10s" },
    destination: { deviceRetryPeriod: "1s" },
  });
  const commission = ["commission", "--config", facility.configFile, "--json"];
  const probe = ["--rehearse", "--probe-takeover"];
  const takeoverIn = (out: string) =>
    (JSON.parse(out) as Report).destinations.map(({ destination, steps }) => [
      ...[destination, steps[0]?.outcome, steps[0]?.because],
    ]);
  const untyped = await understudy(...commission, ...probe);
  expect(takeoverIn(untyped.out)).toEqual([]);
  expect(facility.publishers()).toEqual([]);
  const typed = await understudy(...commission, ...probe, "--confirm-takeover", "far");
  expect(takeoverIn(typed.out)).toEqual([
    ["far", "done", "the second is refused, the first goes on"],
  ]);
  expect(facility.publishers().filter((record) => record.firstMediaAtMs !== null)).toHaveLength(1);
  expect(facility.onAir()).toBeUndefined();
  for (const helo of Object.values(facility.helos))
    expect(helo.get("RTMPStreamName_1")).not.toContain(facility.streamKey());
});

test("near an event nothing is discovered but with a reason, which the running daemon takes into its journal", async () => {
  const start = new Date(Date.now() + 20 * 60_000).toISOString().slice(0, 19);
  const windows = [{ name: "Fair", start, duration: "1h" }];
  const facility = await aFacility({
    encoders: { a: { driver: "aja-helo" } },
    stream: { autoStart: false, events: { zone: "UTC", windows } },
  });
  facility.startDaemon();
  await facility.untilTold("site.changeFreeze");
  const { host, port } = facility.helos["a"]!;
  const discover = ["discover", host, "--ports", `http:${port}`, "--config", facility.configFile];
  const refused = await understudy(...discover);
  expect(refused).toMatchObject({ code: 5, out: "" });
  expect(refused.told).toContain("no discovery during a change freeze: Fair");
  const found = await understudy(...discover, "--override", "a box came without a label");
  expect(found).toMatchObject({ code: 0 });
  const told = await facility.untilTold("site.freezeOverridden");
  expect(told.message).toMatch(
    /\(understudy discover\) did not wait for .* a change freeze with discover: a box came/,
  );
});
