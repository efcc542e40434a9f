/** Somebody sets the clock of the host: nothing that is measured in elapsed time may notice. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at } from "../setup/effort.ts";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, type FacilityOptions, kill, until } from "./facility.ts";
import { carriers } from "./off-air.ts";
import { long } from "../setup/slow.ts";

const { facility: aFacility, keep } = closedAfterEach();
const library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
const jumps = [
  { name: "an hour forward", offset: "+3600" },
  { name: "an hour back", offset: "-3600" },
  { name: "ten years forward", offset: "+315360000" },
  { name: "ten years back", offset: "-315360000" },
];
/** The others are in the torture, and in the property of the machines: a jump changes no decision. */
const chosen = at({ check: jumps.slice(0, 1), test: jumps.slice(1, 2), torture: jumps });

/** The wall clock of the daemon; its monotonic clock stays what it is. */
function aWallClock() {
  const folder = mkdtempSync(join(tmpdir(), "understudy-clock-"));
  const file = join(folder, "offset");
  const set = (offset: string) => writeFileSync(file, `${offset}\n`);
  set("+0");
  keep({ close: () => Promise.resolve(rmSync(folder, { recursive: true })) });
  return {
    set,
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  };
}

/** a dies, then b: what was decided, and what is left of the budget shows in what was allowed. */
async function decisions(
  facility: Facility,
  between: () => Promise<void> | void,
): Promise<string[]> {
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  for (const [dies, next] of [
    ["a", "b"],
    ["b", "a"],
    ["a", "b"],
  ] as const) {
    const before = facility.told("stream.onAir").length;
    await between();
    kill(facility.enginePid(dies));
    await facility.untilOnAir(next);
    await until(`${next} is told`, () => facility.told("stream.onAir").length > before);
  }
  expect(facility.overlapMs()).toBe(0);
  return facility
    .told()
    .filter((t) => /^(stream|key)\./.test(t.type))
    .filter((t) => t.type !== "stream.carriage" && t.type !== "stream.suspect")
    .map((t) => `${t.type} ${JSON.stringify(t.data["encoder"] ?? null)}`);
}

let control: string[] | undefined;

test.each(chosen)(
  "the wall clock is set $name between two failovers: the same is decided",
  { timeout: 180_000 },
  async ({ offset }) => {
    control ??= await decisions(await aFacility(), () => undefined);
    const clock = aWallClock();
    const facility = await aFacility({ farEnd: { behaviour: "acceptBoth" }, env: clock.env });
    let jumped = false;
    const seen = await decisions(facility, () => {
      clock.set(jumped ? "+0" : offset);
      jumped = true;
    });
    expect(seen).toEqual(control);
    // The jump was really seen by the daemon: its log carries the wrong time.
    const years = new Set(
      [...facility.log.matchAll(/"time":"(\d{4}-\d\d-\d\dT\d\d)/g)].map((m) => m[1]),
    );
    expect(years.size).toBeGreaterThan(1);
    expect(facility.told("site.deciderImpaired")).toEqual([]);
  },
);

long(
  "the wall clock is set ten years back while the daemon is down: the same is decided",
  async () => {
    const withRestart = async (options: FacilityOptions, jump: () => void) => {
      const facility = await aFacility({ farEnd: { behaviour: "acceptBoth" }, ...options });
      let restarts = 0;
      const seen = await decisions(facility, async () => {
        if (restarts++ !== 1) return;
        await facility.endDaemon("SIGKILL");
        jump();
        facility.startDaemon();
        await until("it is back", () => facility.log.split('"code":"ready"').length === 3);
      });
      return { facility, seen };
    };
    const { seen: expected } = await withRestart({}, () => undefined);
    const clock = aWallClock();
    const { facility, seen } = await withRestart({ env: clock.env }, () => clock.set("-315360000"));
    expect(seen).toEqual(expected);
    expect(facility.log).toContain(`"time":"${new Date().getUTCFullYear() - 10}-`);
    expect(facility.told("site.deciderImpaired")).toEqual([]);
  },
  240_000,
);

test("a budget that is used up stays so when the wall clock is set ten years forward", async () => {
  const clock = aWallClock();
  const helo = { driver: "aja-helo" } as const;
  const facility = await aFacility({
    encoders: { a: helo, b: helo },
    farEnd: { behaviour: "acceptBoth" },
    stream: { takeoverBudget: { per10Min: 1, perHour: 1 } },
    env: clock.env,
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const loses = (id: string) => facility.helos[id]!.faults.dropInput();
  const inputIs = (word: string) => facility.untilTold("encoder.input", (t) => t.message === word);

  const comesBack = loses("a");
  await facility.untilOnAir("b");
  await facility.untilTold("stream.onAir", ({ data }) => data["encoder"] === "b");
  comesBack();
  await inputIs("input of a: good");
  clock.set("+315360000");
  loses("b");
  await inputIs("input of b: lost");
  const { videoFrames } = carriers(facility).at(-1)!;
  const sent = () => carriers(facility).at(-1)!.videoFrames - videoFrames;
  // 15 pictures a second: well past the 5 s after which the first switch was made.
  await until("more pictures", () => sent() > 400);
  const moves = facility.told("stream.takingOver").map(({ data }) => data["to"]);
  expect(moves).toEqual(["a", "b"]);
  expect(facility.log).toContain(`"time":"${new Date().getUTCFullYear() + 10}-`);
}, 240_000);
