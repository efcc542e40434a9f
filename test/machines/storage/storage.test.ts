import fc from "fast-check";
import { expect, test } from "vitest";
import { StorageState } from "../../../machines/storage/storage.contract.ts";
import { levels } from "../../../machines/storage/space.ts";
import { aStorage } from "./a-storage.ts";
import { slow } from "../../setup/slow.ts";

const words = (s: ReturnType<typeof aStorage>) =>
  s.told.filter((d) => d.type === "storage.changed").map((d) => d.data?.["state"]);

test("a card that fills is told level by level, with its severity, and back", () => {
  const s = aStorage();
  for (const freeRatio of [0.5, 0.3, 0.15, 0.005, 0.5]) s.reads({ freeRatio });
  expect(words(s)).toEqual(["filling", "nearlyFull", "full", "healthy"]);
  expect(s.told.map((d) => d.severity)).toEqual(["info", "warning", "critical", "info"]);
  expect(s.told[1]?.message).toBe(
    "helo-1: sd is nearly full, 15.0 % free: delete 2.0 GB to have 17 % free, or record elsewhere",
  );
  expect(s.told[2]?.message).toBe(
    "helo-1: sd is full, 0.5 % free: nothing can be recorded on it; delete 16.5 GB to have 17 % free",
  );
});

test("what has to go is on its page while it is short of room, and is enough", () => {
  const s = aStorage();
  s.reads({ freeRatio: 0.12 });
  expect(s.medium().warnings).toContain("delete 5.0 GB to have 17 % free");
  s.reads({ freeRatio: 0.1699 });
  expect(s.medium().warnings).toContain("delete 10 MB to have 17 % free");
  s.reads({ freeRatio: 0.17 });
  expect(s.word()).toBe("filling");
  expect(s.medium().warnings).toEqual([]);
  const share = aStorage();
  share.reads({ freeBytes: 5e9, isNetwork: true, kind: "smb" });
  expect(share.medium().warnings).toEqual(["delete 4.0 GB to have 9 % free"]);
});

test("of a medium that tells no sizes only is said that it wants room", () => {
  const s = aStorage();
  s.send({
    type: "reading",
    reading: {
      media: [
        {
          ...{ id: "sd", kind: "card", isNetwork: false, condition: "ok", source: "device" },
          freeRatio: 0.1,
        },
      ],
    },
  });
  expect(s.told.at(-1)?.message).toBe(
    "helo-1: sd is nearly full, 10.0 % free: make room, or record elsewhere",
  );
});

test("a card read 60 s ago is unknown, not healthy, and the outside is told", () => {
  const s = aStorage();
  s.reads({ freeRatio: 0.5 });
  s.looksNew();
  s.pass(59.999);
  expect(s.word()).toBe("healthy");
  expect(s.looksNew()).toBe(false);
  s.pass(0.001);
  expect(s.word()).toBe("unknown");
  expect(s.looksNew()).toBe(true);
  expect(words(s)).toEqual(["unknown"]);
  s.reads({ freeRatio: 0.5 });
  expect(words(s)).toEqual(["unknown", "healthy"]);
});

test("what was read a while before it was told is believed for so much less", () => {
  const s = aStorage();
  s.reads({ freeRatio: 0.5, ageMs: 50_000 });
  s.pass(9.999);
  expect(s.word()).toBe("healthy");
  s.pass(0.001);
  expect(s.word()).toBe("unknown");
});

test("hysteresis outlives a time without readings", () => {
  const s = aStorage();
  s.reads({ freeRatio: 0.15 });
  s.pass(60);
  s.reads({ freeRatio: 0.16 });
  expect(s.word()).toBe("nearlyFull");
});

test("a pulled card is critical where there was one, and only noted where there never was", () => {
  const s = aStorage();
  s.reads({ freeRatio: 0.5 });
  s.reads({ condition: "missing" });
  expect(s.told.at(-1)).toMatchObject({ severity: "critical", message: "helo-1: sd is missing" });
  const never = aStorage();
  never.reads({ condition: "missing" });
  expect(never.told.at(-1)).toMatchObject({ severity: "info" });
});

test("a write-protected card and a damaged one are named so", () => {
  const s = aStorage();
  s.reads({ freeRatio: 0.5, isWriteProtected: true });
  expect(s.word()).toBe("readOnly");
  s.reads({ freeRatio: 0.5, condition: "damaged" });
  expect(s.word()).toBe("failing");
  expect(words(s)).toEqual(["readOnly", "failing"]);
});

/** 100 GB, written with so many bytes a second from half full on, read every 10 s. */
function writing(bytesPerS: number, seconds: number) {
  const s = aStorage();
  for (let t = 0; t <= seconds; t += 10) {
    s.reads({ freeBytes: 50e9 - bytesPerS * t });
    if (t < seconds) s.pass(10);
  }
  return s;
}

test("the time to full is told with its age as soon as it can be known, to 1 % free", () => {
  expect(writing(1e6, 50).medium().figures.secondsToFull).toBeUndefined();
  const { figures } = writing(1e6, 60).medium();
  expect(figures.writeBytesPerSecond).toMatchObject({ value: 1e6, source: "last 10 min" });
  expect(figures.secondsToFull?.value).toBeCloseTo((50e9 - 60e6 - 1e9) / 1e6, 3);
  expect(figures.freeBytes?.atMs).toBe(1.7e12 + 60_000);
});

test("an hour to full is warned of once, and taken back beyond an hour and a half", () => {
  const soon = (s: ReturnType<typeof aStorage>) =>
    s.told.filter((d) => d.type === "storage.soonFull").length;
  expect(soon(writing(13e6, 120))).toBe(0); // 62 min
  const s = writing(14e6, 120); // 58 min
  expect(soon(s)).toBe(1);
  expect(s.medium().warnings[0]).toMatch(/^full in 5\d min$/);
  s.pass(10);
  s.reads({ freeBytes: 90e9 });
  expect(s.medium().warnings).toEqual([]);
});

test("a medium that is no longer named is unknown, and out of use after a day of not being", () => {
  const s = aStorage();
  const usb = { id: "usb", freeRatio: 0.5 };
  s.reads({ freeRatio: 0.5 }, usb);
  for (let hour = 0; hour < 24; hour++) {
    s.reads({ freeRatio: 0.5 });
    s.pass(3_600);
  }
  expect(s.word("usb")).toBe("unknown");
  s.reads({ freeRatio: 0.5 });
  expect(s.word("usb")).toBe("retired");
  expect(s.state().state).toBe("healthy");
  s.reads({ freeRatio: 0.5 }, usb);
  expect(s.word("usb")).toBe("healthy");
});

test("a person takes a medium out of use", () => {
  const s = aStorage();
  s.reads({ freeRatio: 0.5 });
  s.send({ type: "retire", medium: "sd", by: "kim" });
  expect(s.word()).toBe("retired");
  s.send({ type: "retire", medium: "nothing", by: "kim" });
});

test("a medium that a person retired stays so, without alarms, until it is brought back", () => {
  const s = aStorage();
  s.reads({ freeRatio: 0.5 });
  s.send({ type: "retire", medium: "sd", by: "kim" });
  s.reads({ condition: "damaged", isTooSlow: true });
  expect(s.word()).toBe("retired");
  expect(words(s)).toEqual(["retired"]);
  const again = aStorage({ resume: s.resume(), startMs: 5_000 });
  again.reads({ condition: "damaged" });
  expect(again.word()).toBe("retired");
  expect(again.medium().retiredBy).toBe("kim");
  again.send({ type: "bringBack", medium: "sd", by: "kim" });
  again.reads({ condition: "damaged" });
  expect(again.word()).toBe("failing");
});

test("a restart tells nothing twice and forgets no level", () => {
  const s = aStorage();
  s.reads({ freeRatio: 0.15 });
  const again = aStorage({ resume: s.resume(), startMs: 5_000 });
  expect(again.word()).toBe("unknown");
  again.reads({ freeRatio: 0.16 });
  expect(again.word()).toBe("nearlyFull");
  expect(again.told).toEqual([]);
});

test("what is remembered does not change with each reading", () => {
  const s = aStorage();
  s.reads({ freeBytes: 50e9 });
  const before = s.resume();
  s.pass(10);
  s.reads({ freeBytes: 49.9e9 });
  expect(s.resume()).toEqual(before);
});

test("three reboots in 10 min with a bad card: one alarm, and calm after 10 min without", () => {
  const s = aStorage();
  const cycles = () => s.told.filter((d) => d.type === "storage.rebootCycle");
  const usb = { id: "usb", freeRatio: 0.5 };
  s.boots("0", { freeRatio: 0.5 }, usb);
  for (const mark of ["1", "2"]) {
    s.pass(60);
    s.boots(mark, { condition: "damaged" }, usb);
  }
  expect(cycles()).toEqual([]);
  s.pass(60);
  s.send({ type: "reading", reading: { bootMark: "3" } }); // it tells nothing of its card yet
  expect(cycles()).toHaveLength(1);
  expect(cycles()[0]).toMatchObject({
    severity: "critical",
    message:
      "helo-1 rebooted 3 times in 10 min and sd is damaged: release sd, go on recording to usb",
    data: { slot: "sd", otherPath: "usb", reboots: 3 },
  });
  s.pass(60);
  s.boots("4", { condition: "damaged" }, usb);
  expect(cycles()).toHaveLength(1);
  expect(s.state().warnings[0]).toContain("release sd");
  s.pass(1_300);
  expect(cycles().map((d) => d.severity)).toEqual(["critical", "info"]);
  expect(s.state().warnings).toEqual([]);
});

test("a box without a card that is out of reach again and again has no bad card", () => {
  const s = aStorage();
  for (const mark of ["0", "1", "2", "3", "4"]) {
    s.boots(mark, { condition: "missing" });
    s.pass(30);
  }
  expect(s.told.filter((d) => d.type === "storage.rebootCycle")).toEqual([]);
});

test("the reboots before a restart of the daemon count, the daemon's own start does not", () => {
  const s = aStorage();
  s.boots("0", { condition: "damaged" });
  s.pass(60);
  s.boots("1", { condition: "damaged" });
  s.pass(60);
  s.boots("2", { condition: "damaged" });
  const again = aStorage({ resume: s.resume(), startMs: 180_000 });
  again.boots("a", { condition: "damaged" });
  expect(again.told.filter((d) => d.type === "storage.rebootCycle")).toEqual([]);
  again.pass(60);
  again.boots("b", { condition: "damaged" });
  expect(again.told.filter((d) => d.type === "storage.rebootCycle")).toHaveLength(1);
});

test("a device that names thousands of media fills no memory", () => {
  const s = aStorage();
  s.reads(...Array.from({ length: 1_000 }, (_, n) => ({ id: `m${n}` })));
  expect(s.state().media).toHaveLength(128);
});

const reading = fc.record(
  {
    freeRatio: fc.double({ min: 0, max: 1, noNaN: true }),
    isNetwork: fc.boolean(),
    isWriteProtected: fc.boolean(),
    isTooSlow: fc.boolean(),
    ageMs: fc.constantFrom(0, 30_000, 70_000),
    condition: fc.constantFrom("ok", "ok", "ok", "degraded", "loading", "missing", "damaged"),
  },
  { requiredKeys: ["condition"] },
);
const steps = fc.array(fc.tuple(reading, fc.constantFrom(1, 5, 59, 60, 3_600)), { maxLength: 60 });

slow("whatever is read: never full without a figure, always a state that fits the contract", () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const s = aStorage();
      for (const [medium, seconds] of sequence) {
        s.reads(medium);
        const isFull = s.word() === "full";
        if (isFull) expect(medium.freeRatio).toBeLessThan(0.03);
        expect(StorageState.safeParse(s.state()).error?.issues ?? []).toEqual([]);
        s.pass(seconds);
        if (seconds >= 60) expect(s.word()).toBe("unknown");
      }
    }),
    { numRuns: 100 },
  );
});

test("noise of 1 % around any level changes it at most once", () => {
  const noise = fc.array(fc.double({ min: -0.0099, max: 0.0099, noNaN: true }), { maxLength: 60 });
  const middle = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  fc.assert(
    fc.property(middle, noise, fc.boolean(), (around, offsets, isNetwork) => {
      const s = aStorage();
      for (const offset of offsets) {
        s.reads({ freeRatio: around + offset, isNetwork });
        s.pass(1);
      }
      const seen = [...new Set(words(s))];
      expect(words(s)).toEqual(seen); // no word comes back
      const levelsSeen = seen.filter((word) => levels.some((level) => level === word));
      expect(levelsSeen.length).toBeLessThanOrEqual(2); // the first one, and one more
    }),
    { numRuns: 200 },
  );
});

test("a storage with levels of its own is nearly full, full and soon full by these", () => {
  const own = { low: 0.4, full: 0.2 };
  const levels = { local: own, network: own, warnBeforeMs: 4 * 3_600_000 };
  const s = aStorage({ plan: { levels } });
  s.reads({ freeRatio: 0.41 });
  expect(s.word()).toBe("filling");
  s.reads({ freeRatio: 0.4 });
  expect(s.word()).toBe("nearlyFull");
  s.reads({ freeRatio: 0.2 });
  expect(s.word()).toBe("full");

  // 1 MB/s from 33 GB free down to the 20 GB at which it is full: 3.6 h.
  const filling = aStorage({ plan: { levels } });
  for (let t = 0; t <= 60; t += 10) {
    filling.reads({ freeBytes: 33e9 - t * 1e6 });
    filling.pass(10);
  }
  const advice = "delete 9.1 GB to have 42 % free";
  expect(filling.medium().warnings).toEqual(["full in 216 min", advice]);
  expect(filling.told.find(({ type }) => type === "storage.soonFull")?.message).toBe(
    "helo-1: sd is full in 216 min at the present rate: delete 3.6 GB for each further hour, or record with less",
  );
});

test("a reading without media is nothing new, until the box was rebooted or had not answered", () => {
  const s = aStorage();
  const reads = (bootMark: string) => s.send({ type: "reading", reading: { bootMark } });
  reads("1");
  s.looksNew();
  reads("1");
  expect(s.looksNew()).toBe(false);
  reads("2");
  expect(s.looksNew()).toBe(true);
  expect(s.resume().reboots).toHaveLength(1);
  s.send({ type: "unreadable", failure: "timeout", detail: "silence" });
  expect(s.state().warnings).toEqual(["does not tell of its media: timeout: silence"]);
  reads("2");
  expect(s.state().warnings).toEqual([]);
});
