/** What was decided is decided again upon the journal of a site; with another freeze time it is not. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, kill } from "./facility.ts";
import { untilIncident } from "./off-air.ts";

const { facility: aFacility } = closedAfterEach();

/** With a stream's settings changed as a person would. */
function withFreezeTime(facility: Facility, directFreeze: string): string {
  const config = parse(readFileSync(facility.configFile, "utf8")) as { streams: object[] };
  const file = join(facility.folder, "changed.yaml");
  const streams = config.streams.map((stream) => ({ ...stream, directFreeze }));
  writeFileSync(file, stringify({ ...config, streams }), { mode: 0o600 });
  return file;
}

function replay(facility: Facility, ...args: string[]) {
  const program = ["dist/understudy.js", "replay", "--state", facility.stateDir, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: "utf8" });
  return { status, lines: stdout.split("\n").slice(0, -1), said: stderr.trim() };
}

test("a failover is replayed from the journal of a daemon that runs: why, and what would have been", async () => {
  const facility = await aFacility({ farEnd: { behaviour: "acceptBoth" } });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  kill(facility.enginePid("a"), "SIGSTOP");
  await facility.untilOnAir("b");
  await untilIncident(facility, "tookOver");

  const again = replay(facility);
  expect(again).toMatchObject({ status: 0 });
  expect(again.said).toMatch(/: \d+ decisions are the same, and there was no other$/);
  expect(again.lines.every((line) => line.startsWith("  "))).toBe(true);
  expect(again.lines.join("\n")).toMatch(/stream main {2}stream\.suspect[^]*b carries it/);

  const slower = replay(facility, "--config", withFreezeTime(facility, "30s"));
  expect(slower).toMatchObject({ status: 1 });
  expect(slower.said).toMatch(/from there on it would have gone otherwise$/);
  const [was] = slower.lines.filter((line) => line.startsWith("- "));
  // After 2 s it was left.
  expect(was).toMatch(/stream main {2}stream\.incident {2}main: it makes no more pictures, open$/);
  const unread = replay(facility, "--at", "1999-12-31T23:59");
  expect(unread).toMatchObject({ status: 3, lines: [] });

  // A week later the inputs are gone, and what was decided is still there.
  await facility.endDaemon("SIGKILL");
  const db = new Database(join(facility.stateDir, "site.db"));
  db.exec("delete from input where id < (select max(id) from input)");
  db.close();
  const old = replay(facility);
  expect(old.status).toBe(3);
  // Until it ended, the daemon went on.
  expect(old.lines.slice(0, again.lines.length)).toEqual(again.lines);
  expect(old.said).toMatch(/this is what was decided, it cannot be decided once more$/);
});
