/** What is no encoder is left alone, too, when it fails again and again; a fence always goes out. */
import { expect, test } from "vitest";
import { openCircuits } from "../../daemon/circuits.ts";
import { DriverError } from "../../daemon/drivers/driver.ts";
import type { OutletReading } from "../../daemon/drivers/outlet.ts";
import type { FarEndObserver } from "../../daemon/observers/observer.ts";
import { openOutlet } from "../../daemon/outlets.ts";
import type { FarEndSight } from "../../machines/destination/sight.ts";

const { signal } = new AbortController();
const noAnswer = () => Promise.reject(new DriverError("timeout", "did not answer"));

function aSite() {
  const at = { nowMs: 0, changes: 0, told: [] as string[] };
  const circuits = openCircuits({
    now: () => at.nowMs,
    changed(actor) {
      at.changes += 1;
      at.told.push(actor);
    },
  });
  return { at, circuits };
}
const fails = async (times: number, work: () => Promise<unknown>) => {
  for (let i = 0; i < times; i++) await work().catch(() => undefined);
};

test("a storage that fails five times in a row is not asked for 30 s, and three answers restore it", async () => {
  const { at, circuits } = aSite();
  const nas = { polls: 0, answers: false };
  const guarded = circuits.storage("nas", {
    async poll() {
      nas.polls += 1;
      return nas.answers ? [] : noAnswer();
    },
    close: async () => undefined,
  });
  await fails(5, () => guarded.poll(signal));
  expect(circuits.warnings()).toEqual(["storage nas is left alone: timeout: did not answer"]);
  await expect(guarded.poll(signal)).rejects.toThrow("did not answer; left alone for 30 s");
  expect([nas.polls, at.changes]).toEqual([5, 1]);
  at.nowMs += 30_000;
  nas.answers = true;
  for (let polls = 0; polls < 3; polls++) await guarded.poll(signal);
  await fails(1, () => guarded.poll(signal));
  expect([nas.polls, circuits.warnings()]).toEqual([9, []]);
});

test("a PDU that does not answer is left alone with repairs; a fence and a person's wish go out", async () => {
  const { circuits } = aSite();
  const pdu = { asked: 0, answers: false, state: "on" as OutletReading["state"] };
  const outlet = openOutlet({
    id: "rack-1",
    expectedName: "a",
    circuit: circuits.outlet("rack-1"),
    driver: {
      isSpoofable: false,
      async poll() {
        pdu.asked += 1;
        return pdu.answers ? { name: "a", state: pdu.state, commandPending: false } : noAnswer();
      },
      async turn(to) {
        if (to !== "cycle") pdu.state = to;
      },
      close: async () => undefined,
    },
  });
  await fails(5, () => outlet.turn("cycle", signal));
  await expect(outlet.turn("cycle", signal)).rejects.toThrow("left alone for 30 s");
  expect(pdu.asked).toBe(5);
  pdu.answers = true;
  await outlet.turn("off", signal);
  expect(pdu.state).toBe("off");
  await outlet.turn("on", signal);
  expect(pdu.state).toBe("on");
});

function anObserver(provesAbsence: boolean) {
  const farEnd = {
    looks: 0,
    kicks: 0,
    sight: { word: "unseen", detail: "HTTP 502" } as FarEndSight,
  };
  const observer: FarEndObserver = {
    name: "statistics",
    provesAbsence,
    lookLimitMs: 2_000,
    async observe() {
      farEnd.looks += 1;
      return farEnd.sight;
    },
    async kickAndBlock() {
      farEnd.kicks += 1;
      return true;
    },
    close: async () => undefined,
  };
  return { farEnd, observer };
}

test("statistics that fail are left alone for 5 s while a programme depends on them, else for 30 s", async () => {
  const { at, circuits } = aSite();
  const { farEnd, observer } = anObserver(true);
  let isWanted = true;
  const guarded = circuits.observer("far", observer, () => isWanted);
  for (let looks = 0; looks < 7; looks++) {
    expect((await guarded.observe(signal)).word).toBe("unseen");
  }
  expect(farEnd.looks).toBe(5);
  expect(circuits.lookingAt("far")).toBe("open");
  expect(at.told).toEqual(["site", "destination:far"]);
  await guarded.kickAndBlock?.(signal);
  expect(farEnd.kicks).toBe(1);
  at.nowMs += 5_000;
  isWanted = false;
  await guarded.observe(signal);
  expect(farEnd.looks).toBe(5);
  isWanted = true;
  farEnd.sight = { word: "quiet" };
  expect(await guarded.observe(signal)).toEqual({ word: "quiet" });
  expect(circuits.lookingAt("far")).toBe("halfOpen");
  for (let looks = 0; looks < 2; looks++) await guarded.observe(signal);
  expect(circuits.lookingAt("far")).toBe("closed");
});

test("who can only prove presence is asked as ever: no picture is no failure of theirs", () => {
  const { observer } = anObserver(false);
  const { circuits } = aSite();
  expect(circuits.observer("far", observer, () => true)).toBe(observer);
  expect(circuits.lookingAt("far")).toBeUndefined();
});
