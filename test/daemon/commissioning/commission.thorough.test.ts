import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { loadSite } from "../../../config/site.ts";
import { openBench } from "../../../daemon/commissioning/bench.ts";
import { rehearse } from "../../../daemon/commissioning/rehearsal.ts";
import { outputsOf, siteDrivers } from "../../../daemon/drivers/options.ts";
import { lockState } from "../../../daemon/journal/state-lock.ts";
import { startHelo } from "../../fakes/helo/helo.ts";
import { afterwards, aSite, page } from "./a-site.ts";

const place = "1/5";
const containing = (text: string): unknown => expect.stringContaining(text);
const onlyRead = (asked: readonly string[]) => asked.every((line) => line.startsWith("GET "));

test.concurrent(
  "without --rehearse it only looks, says what it left out, and keeps a report",
  async () => {
    const site = await aSite({ destination: { test: true } });
    const { code, report, start, fence } = await site.steps([]);
    expect(code).toBe(0);
    expect(start).toMatchObject({
      outcome: "skipped",
      because: containing("--rehearse"),
    });
    expect(fence).toMatchObject({ outcome: "skipped" });
    expect(report).toMatchObject({ site: "studio", version: "1.2.3", isWhole: true });
    expect(onlyRead(site.pearl.web.asked)).toBe(true);
    const files = readdirSync(join(site.stateDir, "commissioning"));
    expect(files.map((name) => name.split(".").at(-1)).sort()).toEqual(["json", "md"]);
  },
);

test.concurrent(
  "a box is put on air at a destination for tests, proven off, and left without the key",
  async () => {
    const site = await aSite({ destination: { test: true, deviceRetryPeriod: "100ms" } });
    site.follows();
    const { code, start, fence } = await site.steps(["--rehearse"]);
    expect([start, fence]).toMatchObject([{ outcome: "done" }, { outcome: "done" }]);
    expect(code).toBe(0);
    const { figures } = start!;
    expect(figures.map(({ what }) => what)).toEqual([
      "the order is taken",
      "the far end sees a publisher",
      "picture arrives at the far end",
      "the box has said so",
    ]);
    for (const { source } of figures) expect(source).not.toBe("");
    const { rtmp, common } = site.pearl.publisher(place);
    expect(common.enabled).toBe(false);
    expect(rtmp.stream).not.toContain(site.key);
  },
);

test.concurrent.each<[string, string[], Record<string, unknown>, string]>([
  ["people watch the destination", ["--rehearse"], {}, "no destination is marked test: true"],
  ["nobody looks at the far end", ["--rehearse"], { test: true, observers: [] }, "nobody looks"],
])("nothing is started where %s", async (_, args, destination, because) => {
  const site = await aSite({ destination });
  const { start } = await site.steps(args);
  expect(start).toMatchObject({ outcome: "skipped", because: containing(because) });
  expect(onlyRead(site.pearl.web.asked)).toBe(true);
});

/** What `rehearse` says of this site's box. Refused is only what is not fit after `settleMs`. */
async function rehearsed(
  site: Awaited<ReturnType<typeof aSite>>,
  limits = { pictureMs: 30_000, settleMs: 5_000 },
) {
  const { config } = loadSite(site.config, siteDrivers, {}, outputsOf);
  const bench = await openBench(config, ["a"]);
  afterwards(() => bench.close());
  return rehearse(
    {
      box: bench.boxes.get("a")!,
      farEnd: bench.farEnds.get("far")!,
      ...{ output: "stream-1", isAlone: true, noPublisherProofMs: 30_000 },
      limits,
    },
    new AbortController().signal,
  );
}

test.concurrent("nothing is started while anybody is seen publishing on the key", async () => {
  const site = await aSite({ destination: { test: true } });
  site.farEnd.says(page.occupied());
  const [start] = await rehearsed(site);
  expect(start).toMatchObject({
    outcome: "skipped",
    because: containing("10.9.9.9 publishing to far"),
  });
  expect(onlyRead(site.pearl.web.asked)).toBe(true);
});

test.concurrent(
  "nothing is started while the far end cannot be read: unseen is not quiet",
  async () => {
    const site = await aSite({ destination: { test: true } });
    site.farEnd.says("<html>log in</html>");
    const [start] = await rehearsed(site);
    expect(start).toMatchObject({ outcome: "skipped" });
    expect(start!.because).toContain("cannot say who publishes");
    expect(onlyRead(site.pearl.web.asked)).toBe(true);
  },
);

test.concurrent("a box that streams already is left alone", async () => {
  const site = await aSite({ destination: { test: true } });
  site.pearl.add(place, "rtmp://elsewhere/live", "theirs");
  site.pearl.press(place, true);
  const [start] = await rehearsed(site);
  expect(start).toMatchObject({ outcome: "skipped" });
  expect(start!.because).toContain("it is left alone");
  expect(site.pearl.publisher(place).rtmp.stream).toBe("theirs");
});

test.concurrent("a box that records is left alone, and keeps its power", async () => {
  const site = await aSite({ destination: { test: true } });
  const { host, port } = site.pearl;
  const begin = `http://${host}:${port}/api/v2.0/recorders/1/control/start`;
  expect((await fetch(begin, { method: "POST" })).status).toBe(200);
  const { start, fence } = await site.steps(["--rehearse"]);
  for (const step of [start, fence])
    expect(step).toMatchObject({
      outcome: "skipped",
      because: "record-1 is streaming, not idle: it is left alone",
    });
});

test.concurrent("a HELO with Link Start/Stop on is left alone: it would record, too", async () => {
  const selfStart = { autoRecover: false, powerUpStream: false, scheduler: false };
  const helo = await startHelo({ name: "a", selfStart, parameters: { LinkStartStop: "1" } });
  afterwards(() => helo.close());
  const polling = { normal: "3s", suspect: "1s" };
  const encoder = { driver: "aja-helo", port: helo.port, publisher: undefined, polling };
  const site = await aSite({ destination: { test: true }, encoder });
  const { start } = await site.steps(["--rehearse"]);
  expect(start).toMatchObject({ outcome: "skipped", because: containing("Link Start/Stop is on") });
  expect(helo.get("ReplicatorRecordState")).toBe("1");
});

test.concurrent("a box that comes on air nowhere has failed, and is stopped", async () => {
  const site = await aSite({ destination: { test: true } });
  const [start, fence] = await rehearsed(site, { pictureMs: 3_000, settleMs: 30_000 });
  expect([start, fence]).toMatchObject([{ outcome: "failed" }, { outcome: "skipped" }]);
  expect(start!.because).toContain("no picture arrived within 3 s");
  expect(site.pearl.publisher(place).common.enabled).toBe(false);
});

test.concurrent("a proof that the far end contradicts has failed", async () => {
  const site = await aSite({ destination: { test: true } });
  const began = performance.now();
  let wasOn = false;
  site.farEnd.says((_, response) => {
    wasOn ||= site.pearl.publisher(place).live.word === "connected";
    const bytes = Math.round(performance.now() - began);
    response.end(wasOn ? page.occupied(bytes) : page.quiet());
  });
  const [start, fence] = await rehearsed(site);
  expect([start, fence]).toMatchObject([{ outcome: "done" }, { outcome: "failed" }]);
  expect(fence!.because).toContain("it says it is off");
});

test.concurrent("people's destination is rehearsed at when its name was typed", async () => {
  const site = await aSite({ destination: { deviceRetryPeriod: "100ms" } });
  site.follows();
  const { start } = await site.steps(["--rehearse", "--confirm", "far"]);
  expect(start).toMatchObject({ outcome: "done" });
});

/** As the calendar of the site's zone says it. */
const inMinutes = (minutes: number) =>
  new Date(Date.now() + minutes * 60_000).toISOString().slice(0, 19);

test.concurrent.each([
  ["20 minutes before an event", 20, "no probe during a change freeze: Service"],
  ["during an event", -20, "no probe during a change freeze: Service"],
])("nothing is started %s, also where nobody watches", async (_, minutes, because) => {
  const window = { name: "Service", start: inMinutes(minutes), duration: "1h" };
  const stream = { events: { zone: "UTC", windows: [window] } };
  const site = await aSite({ destination: { test: true }, stream });
  const { start } = await site.steps(["--rehearse", "--confirm", "far"]);
  expect(start).toMatchObject({ outcome: "skipped", because: containing(because) });
  expect(onlyRead(site.pearl.web.asked)).toBe(true);
});

test.concurrent(
  "a window planned by command counts, and so does a reason not to wait for its end",
  async () => {
    const site = await aSite({ destination: { test: true } });
    site.follows();
    mkdirSync(site.stateDir);
    const db = new Database(join(site.stateDir, "site.db"));
    db.exec("create table resume (actor text primary key, body text, crc integer)");
    const rule = { id: "fair", name: "Fair", start: inMinutes(20), zone: "UTC", durationMs: 3.6e6 };
    const kept = { carrier: "stopped", memory: { schedule: { rules: [rule] } } };
    db.prepare("insert into resume values ('stream:main', ?, 0)").run(JSON.stringify(kept));
    db.close();
    const { start } = await site.steps(["--rehearse"]);
    expect(start).toMatchObject({ outcome: "skipped", because: containing("change freeze: Fair") });
    const overridden = await site.steps(["--rehearse", "--override", "its fan is new"]);
    expect(overridden.start).toMatchObject({ outcome: "done" });
    const kepts = readFileSync(join(site.stateDir, "freeze-overrides.jsonl"), "utf8");
    expect(kepts.trim().split("\n")).toHaveLength(1);
    expect(kepts).toContain("its fan is new");
  },
);

test.concurrent(
  "near an event no second publisher is tried where people watch, whatever the reason",
  async () => {
    const windows = [{ name: "Fair", start: inMinutes(20), duration: "1h" }];
    const site = await aSite({ stream: { events: { zone: "UTC", windows } } });
    const probe = ["--rehearse", "--probe-takeover", "--confirm-takeover", "far"];
    const { takeover } = await site.steps([...probe, "--override", "we must know"]);
    expect(takeover).toMatchObject({
      outcome: "skipped",
      because: containing("change freeze: Fair"),
    });
    expect(onlyRead(site.pearl.web.asked)).toBe(true);
  },
);

test.concurrent("a calendar that cannot be read is no permission", async () => {
  const stream = { events: { zone: "UTC", calendar: "/nowhere.ics" } };
  const site = await aSite({ destination: { test: true }, stream });
  const { start } = await site.steps(["--rehearse"]);
  expect(start).toMatchObject({ outcome: "skipped", because: containing("/nowhere.ics") });
});

test.concurrent(
  "while a daemon holds the state directory the boxes are not asked a thing",
  async () => {
    const site = await aSite();
    await site.run([]);
    const asked = site.pearl.web.asked.length;
    const lock = lockState(site.stateDir);
    afterwards(() => lock.release());
    const { code, told } = await site.run([]);
    expect(code).toBe(5);
    expect(told).toContain("stop it first");
    expect(site.pearl.web.asked).toHaveLength(asked);
  },
);

test.concurrent.each<[string, string[], number, string]>([
  ["an unknown encoder", ["--encoder", "b"], 3, "there is no encoder b, there are: a"],
  ["an unknown destination", ["--rehearse", "--confirm", "b"], 3, "there is no destination b"],
  [
    "a yes to a probe that is not asked for",
    ["--confirm-takeover", "far"],
    2,
    "--probe-takeover too",
  ],
  ["an unknown flag", ["--hurry"], 2, "--hurry"],
  ["--power alone", ["--power"], 2, "say --rehearse too"],
  ["a folder for a report in a file", ["--report", "/dev/null/x"], 1, "cannot be kept"],
])("%s ends it with a code and a reason", async (_, args, code, reason) => {
  const site = await aSite();
  expect(await site.run(args)).toMatchObject({ code, told: containing(reason) });
});

test.concurrent("a mistake in the file is named with file, line and key", async () => {
  const site = await aSite({ destination: { takeover: "firstwins" } });
  const { code, told } = await site.run([]);
  expect(code).toBe(2);
  expect(told).toMatch(/site\.yaml:\d+:\d+ destinations\[0\]\.takeover: /);
});

test.concurrent("a box that does not answer is a failure, and said so", async () => {
  const site = await aSite();
  await site.pearl.web.close();
  const { code, capabilities } = await site.steps([]);
  expect(code).toBe(1);
  expect(capabilities).toMatchObject({ outcome: "failed" });
});
