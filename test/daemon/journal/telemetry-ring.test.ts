import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, expect, test } from "vitest";
import { openTelemetryRing } from "../../../daemon/journal/telemetry-ring.ts";
import {
  type ConnectionPoint,
  historyKeptMs,
  historyPointMs,
} from "../../../machines/encoder/connection-history.ts";
import { journals } from "./a-journal.ts";

const { open, folder: journalFolder } = journals();
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
const minuteMs = 60_000;
const noonMs = 1_790_000_010_000 - (1_790_000_010_000 % (60 * minuteMs));
type Sample = Omit<ConnectionPoint, "atMs">;
const good: Sample = {
  ...{ healthScore: 100, latencyMs: 20, requests: 30, failed: 0, resets: 0, temperatureC: 47.5 },
};

function aRing() {
  const folder = mkdtempSync(join(tmpdir(), "understudy-ring-"));
  folders.push(folder);
  const warnings: string[] = [];
  const file = join(folder, "telemetry.db");
  const ring = openTelemetryRing(file, (message) => void warnings.push(message));
  const keep = (atMs: number, sample: Partial<Sample> = {}, encoder = "a") =>
    ring.keep({ wallMs: atMs, ageMs: atMs, encoders: [[encoder, { ...good, ...sample }]] });
  const read = (fromMs: number, toMs: number, stepMs = historyPointMs, encoder = "a") =>
    ring.read(encoder, { fromMs, toMs, stepMs });
  const close = () => {
    ring.close();
    return openTelemetryRing(file, (message) => void warnings.push(message));
  };
  return { folder, file, warnings, ring, keep, read, close };
}

test("a box has a point for each half minute it was watched, of its own, also after a restart", () => {
  const { keep, close, warnings } = aRing();
  keep(noonMs + 15_000);
  keep(noonMs + 14_000, { healthScore: 7 }, "b");
  keep(noonMs + 105_500, { healthScore: null, latencyMs: null, requests: 0 });
  const again = close();
  const range = { fromMs: noonMs, toMs: noonMs + 10 * minuteMs, stepMs: historyPointMs };
  expect(again.read("a", range)).toEqual([
    { atMs: noonMs, ...good },
    { ...good, atMs: noonMs + 90_000, healthScore: null, latencyMs: null, requests: 0 },
  ]);
  expect(again.read("nobody", range)).toEqual([]);
  again.close();
  expect(warnings).toEqual([]);
});

test("a longer step tells the worst of its time, and counts all of it", () => {
  const { keep, read, ring } = aRing();
  keep(noonMs, { healthScore: 90, latencyMs: 30, temperatureC: 81 });
  keep(noonMs + 4.5 * minuteMs, { healthScore: 40, latencyMs: 20, failed: 3, resets: 1 });
  keep(noonMs + 5 * minuteMs);
  expect(read(noonMs + minuteMs, noonMs + 60 * minuteMs, 5 * minuteMs)).toEqual([
    {
      ...{ atMs: noonMs, healthScore: 40, latencyMs: 30, requests: 60, failed: 3, resets: 1 },
      temperatureC: 81,
    },
    { atMs: noonMs + 5 * minuteMs, ...good },
  ]);
  // A step ends where what was asked for ends.
  expect(read(noonMs, noonMs + 4 * minuteMs, 5 * minuteMs)).toEqual([
    { atMs: noonMs, ...good, healthScore: 90, latencyMs: 30, temperatureC: 81 },
  ]);
  ring.close();
});

test("a file of before heat was kept goes on: those points have none", () => {
  const { file, keep, read, ring, warnings } = aRing();
  const old = new Database(file);
  old.exec(
    "create table connection (at_ms integer, encoder text, score integer, latency_ms integer, " +
      "requests integer, failed integer, resets integer, primary key (at_ms, encoder)) without rowid",
  );
  old.prepare("insert into connection values (?, 'a', 100, 20, 30, 0, 0)").run(noonMs);
  old.close();
  keep(noonMs + 30_000);
  expect(read(noonMs, noonMs + minuteMs)).toEqual([
    { atMs: noonMs, ...good, temperatureC: null },
    { atMs: noonMs + 30_000, ...good },
  ]);
  ring.close();
  expect(warnings).toEqual([]);
});

test("what is older than a week is forgotten, a few points at a time, and a wrong clock's points at once", () => {
  const { keep, read, ring } = aRing();
  const wholeMs = { fromMs: noonMs, toMs: noonMs + 30 * historyKeptMs };
  const all = () => read(wholeMs.fromMs, wholeMs.toMs)!.map(({ atMs }) => atMs);
  for (let n = 0; n < 30; n++) keep(noonMs + n * historyPointMs);
  const weekLaterMs = noonMs + historyKeptMs + 25 * historyPointMs;
  keep(weekLaterMs);
  expect(all()).toHaveLength(11);
  expect(all()[0]).toBe(noonMs + 20 * historyPointMs);
  keep(weekLaterMs);
  expect(all()[0]).toBe(noonMs + 25 * historyPointMs);
  // The clock was an hour ahead: judged by that, nothing gets old, and the points go with it.
  const aheadMs = weekLaterMs + 60 * minuteMs;
  ring.keep({ wallMs: aheadMs, ageMs: weekLaterMs, encoders: [["a", good]] });
  expect(all().at(-1)).toBe(aheadMs);
  keep(weekLaterMs + historyPointMs);
  expect(all().at(-1)).toBe(weekLaterMs + historyPointMs);
  ring.close();
});

test("a damaged file is put aside and told of once, and the next point is kept in a new one", () => {
  const { file, folder, keep, read, warnings, ring } = aRing();
  writeFileSync(file, "no database at all, though it has a page of text ".repeat(200));
  keep(noonMs);
  expect(warnings).toMatchObject([expect.stringContaining("moved to")]);
  expect(readdirSync(folder).some((name) => name.includes(".damaged-"))).toBe(true);
  keep(noonMs + minuteMs);
  expect(read(noonMs, noonMs + 2 * minuteMs)).toHaveLength(1);
  expect(warnings).toHaveLength(1);
  ring.close();
});

test("the journal's own thread keeps and reads it, and a restarted daemon finds it", async () => {
  const at = journalFolder();
  const first = await open(at);
  const range = { fromMs: 1_699_999_000_000, toMs: 1_700_000_100_000, stepMs: historyPointMs };
  // Not before the room is made that is kept for the journal.
  await expect
    .poll(async () => {
      first.journal.keepSamples([["a", good]]);
      return first.journal.connectionHistory("a", range);
    })
    .toHaveLength(1);
  await first.journal.close();
  const second = await open(at);
  expect(await second.journal.connectionHistory("a", range)).toMatchObject([good]);
  expect(second.warnings).toEqual([]);
});
