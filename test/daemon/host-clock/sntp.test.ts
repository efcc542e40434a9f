import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { openSntp } from "../../../daemon/host-clock/sntp.ts";
import { readAnswer } from "../../../daemon/host-clock/sntp-packet.ts";
import { monotonicMs } from "../../../daemon/clock.ts";
import { aTimeServer, type TimeServerTraits, writeTime } from "../../fakes/time-server.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});
async function server(traits: Partial<TimeServerTraits> = {}) {
  const made = await aTimeServer(traits);
  open.push(made);
  return made;
}
const clocks = { wallMs: Date.now, monoMs: monotonicMs };
const limit = () => AbortSignal.timeout(20_000);
const ask = (port: number, timeoutMs = 10_000) =>
  openSntp(clocks, { timeoutMs }).ask({ host: "127.0.0.1", port }, limit());

test.each([-3_600_000, -250, 0, 2_500])(
  "a server %i ms ahead of us is measured within what is claimed",
  async (aheadMs) => {
    const { port } = await server({ aheadMs });
    const outcome = await ask(port);
    if (outcome.kind !== "answer") throw new Error(outcome.kind);
    expect(Math.abs(outcome.aheadMs + aheadMs)).toBeLessThanOrEqual(outcome.exactToMs);
    // 3 ms are the server's own, the rest is the trip.
    expect(outcome.exactToMs).toBeGreaterThanOrEqual(3);
    expect(outcome.exactToMs).toBeLessThan(500);
  },
);

test("a question is 48 bytes of version 4 and holds nothing of our own time", async () => {
  const { port, asked } = await server();
  await ask(port);
  await ask(port);
  expect(asked.map((packet) => [packet.length, packet[0]])).toEqual([
    [48, 0x23],
    [48, 0x23],
  ]);
  expect(asked[0]!.subarray(1, 40).every((byte) => byte === 0)).toBe(true);
  expect(asked[0]!.subarray(40)).not.toEqual(asked[1]!.subarray(40));
});

test("an answer that does not repeat our question is forged, and the right one is still heard", async () => {
  const { port } = await server({ forgedFirst: true });
  const outcome = await ask(port);
  expect(outcome.kind === "answer" && Math.abs(outcome.aheadMs)).toBeLessThan(1_000);
});

test("a server that is not synchronised tells no time", async () => {
  expect(await ask((await server({ leap: 3 })).port)).toEqual({ kind: "unsynchronised" });
  expect(await ask((await server({ stratum: 16 })).port)).toEqual({ kind: "unsynchronised" });
});

test("a kiss of death is told with its code", async () => {
  const { port } = await server({ stratum: 0, code: "DENY" });
  expect(await ask(port)).toEqual({ kind: "kiss", code: "DENY" });
});

test("a server that is away, and a name that is not found, fail within their time", async () => {
  const gone = await server();
  const silent = await server({ isSilent: true });
  expect(await ask(silent.port, 50)).toEqual({ kind: "failed", why: "no answer" });
  await open.splice(0, 1)[0]!.close();
  expect((await ask(gone.port)).kind).toBe("failed");
  const nowhere = openSntp(clocks, { lookup: () => Promise.reject(new Error("ENOTFOUND")) });
  const outcome = await nowhere.ask({ host: "ntp.invalid", port: 123 }, limit());
  expect(outcome).toEqual({ kind: "failed", why: "its name is not found" });
});

test("while a look-up of a name hangs, no second one is begun", async () => {
  let begun = 0;
  const lookup = () => {
    begun += 1;
    return new Promise<never>(() => undefined);
  };
  const hanging = openSntp(clocks, { lookup, timeoutMs: 50 });
  await hanging.ask({ host: "a.invalid", port: 123 }, limit());
  await hanging.ask({ host: "b.invalid", port: 123 }, limit());
  expect(begun).toBe(1);
});

function packet(cameMs: number, leftMs: number) {
  const cookie = randomBytes(8);
  const made = Buffer.alloc(48);
  made[0] = 0x24;
  made[1] = 1;
  cookie.copy(made, 24);
  writeTime(made, 32, cameMs);
  writeTime(made, 40, leftMs);
  return { made, cookie };
}

test("the offset is the middle of both ways, and half the trip is how exactly it is known", () => {
  const { made, cookie } = packet(1_000_040, 1_000_060);
  const answer = readAnswer(made, cookie, { sentMs: 1_000_000, receivedMs: 1_000_120 });
  expect(answer).toMatchObject({ kind: "answer" });
  expect((answer as { aheadMs: number }).aheadMs).toBeCloseTo(10, 3);
  expect((answer as { exactToMs: number }).exactToMs).toBeCloseTo(51, 3);
});

test("time goes on past the year 2036, when the count of NTP begins anew", () => {
  const in2040 = Date.UTC(2040, 0, 1);
  const { made, cookie } = packet(in2040, in2040);
  const answer = readAnswer(made, cookie, { sentMs: in2040, receivedMs: in2040 });
  expect(Math.abs((answer as { aheadMs: number }).aheadMs)).toBeLessThan(1);
});

test("packets that are short, no answer, or left before they came are nobody's", () => {
  const ours = { sentMs: 1_000_000, receivedMs: 1_000_100 };
  const { made, cookie } = packet(1_000_050, 1_000_040);
  expect(readAnswer(made, cookie, ours).kind).toBe("malformed");
  expect(readAnswer(made.subarray(0, 47), cookie, ours).kind).toBe("malformed");
  made[0] = 0x23;
  expect(readAnswer(made, cookie, ours).kind).toBe("malformed");
});
