import { expect, test } from "vitest";
import { readTracking } from "../../../daemon/host-clock/chrony.ts";
import { askKeeper, type Run, runProgram } from "../../../daemon/host-clock/keeper.ts";

/** Recorded from chrony 4.3: a host 3.2 s behind its server, and two without one. */
const follows =
  "7F000001,127.0.0.1,4,1795260459.468915738,3.200014353,-0.000002155,0.000013194,-0.069,-0.066,7.043,0.000031767,0.000026742,1.0,Normal\n";
const alone =
  "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised\n";
const ownClock =
  "7F7F0101,,3,1795260452.736037032,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000000,0.000000000,0.0,Normal\n";
const recordedMs = 1_795_260_458_268;

/** Programs that print this; one that is not named is not there. */
const prints =
  (said: Record<string, string>): Run =>
  (program, args) =>
    Promise.resolve(said[[program, args[0]].join(" ")] ?? said[program]);

test("chrony that follows a server tells whom, by how much we are behind, and how old that is", () => {
  const keeper = readTracking(follows, recordedMs + 60_000)!;
  expect(keeper).toMatchObject({ isSynchronised: true, by: "chrony, 127.0.0.1" });
  expect(keeper.offset?.aheadMs).toBeCloseTo(-3_200.014, 3);
  expect(keeper.offset?.exactToMs).toBeCloseTo(0.0426, 3);
  expect(keeper.ageMs).toBeGreaterThan(61_990);
  expect(keeper.ageMs).toBeLessThan(62_010);
});

test.each([
  ["nobody", alone, "it follows no time server"],
  ["only the clock of this host", ownClock, "it follows this host's own clock only"],
])("chrony that follows %s is not synchronised", (_, text, why) => {
  expect(readTracking(text, recordedMs)).toEqual({ isSynchronised: false, by: "chrony", why });
});

test.each(["", "506 Cannot talk to daemon\n", "a,b,c", follows.replace("3.2000", "x")])(
  "what is no tracking list of chrony tells nothing (%j)",
  (text) => expect(readTracking(text, recordedMs)).toBeUndefined(),
);

test("without chrony, systemd-timesyncd is asked: whom it follows and since when", async () => {
  const run = prints({
    "timedatectl show": "NTP=yes\nNTPSynchronized=yes\n",
    "timedatectl show-timesync": "ntp.example.org\n",
  });
  const touched = () => Promise.resolve(1_000_000);
  expect(await askKeeper(run, () => 1_090_000, touched)).toEqual({
    isSynchronised: true,
    by: "systemd-timesyncd, ntp.example.org",
    ageMs: 90_000,
  });
});

test("a kernel flag that nobody owns is told as such, without an age", async () => {
  const run = prints({ "timedatectl show": "NTP=no\nNTPSynchronized=yes\n" });
  expect(await askKeeper(run, Date.now)).toEqual({
    isSynchronised: true,
    by: "the kernel (told by systemd)",
  });
});

test.each([
  ["NTP=yes\nNTPSynchronized=no\n", "it follows no time server"],
  ["NTP=no\nNTPSynchronized=no\n", "time synchronisation is switched off"],
])("systemd says why it is not synchronised: %j", async (flags, why) => {
  expect(await askKeeper(prints({ "timedatectl show": flags }), Date.now)).toEqual({
    isSynchronised: false,
    by: "systemd",
    why,
  });
});

test("with neither of them there (a container) nothing is known, not even that it is fine", async () => {
  expect(await askKeeper(prints({}), Date.now)).toBeNull();
  expect(await askKeeper(prints({ timedatectl: "" }), Date.now)).toBeNull();
});

test("a program that is not there, fails or prints without end tells nothing", async () => {
  expect(await runProgram("no-such-program", [])).toBeUndefined();
  expect(await runProgram("false", [])).toBeUndefined();
  expect(await runProgram("yes", [])).toBeUndefined();
  expect(await runProgram("echo", ["here"])).toBe("here\n");
});
