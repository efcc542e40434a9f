import { afterEach, expect, test, vi } from "vitest";
import { now } from "../../../daemon/clock.ts";
import { watchHostClock } from "../../../daemon/host-clock/watch-host-clock.ts";
import type { HostClockLook } from "../../../machines/site/host-clock.ts";
import { aTimeServer, type TimeServerTraits } from "../../fakes/time-server.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const one of open.splice(0).reverse()) await one.close();
});

/** Looks every 20 ms at one server; this host has neither chrony nor systemd. */
async function aWatch(traits: Partial<TimeServerTraits> = {}) {
  const server = await aTimeServer(traits);
  open.push(server);
  const looks: HostClockLook[] = [];
  const watch = watchHostClock({
    servers: [{ host: "127.0.0.1", port: server.port }],
    everyMs: 20,
    now,
    run: () => Promise.resolve(undefined),
    tell: (look) => looks.push(look),
    jumped: () => undefined,
  });
  open.push(watch);
  const looked = (times: number) =>
    vi.waitFor(() => expect(looks.length).toBeGreaterThanOrEqual(times), 20_000);
  return { server, looks, looked };
}

test("each look tells what the server says, and that nobody keeps the clock", async () => {
  const { looks, looked } = await aWatch({ aheadMs: 5_000 });
  await looked(2);
  const [{ keeper, answers, problems }] = looks as [HostClockLook];
  expect([keeper, problems]).toEqual([null, []]);
  expect(answers[0]?.server).toBe("127.0.0.1");
  expect(Math.abs(answers[0]!.aheadMs + 5_000)).toBeLessThanOrEqual(answers[0]!.exactToMs);
});

test("a server that says DENY is not asked again", async () => {
  const { server, looks, looked } = await aWatch({ stratum: 0, code: "DENY" });
  await looked(5);
  expect(server.asked).toHaveLength(1);
  expect(looks.at(-1)).toEqual({
    keeper: null,
    answers: [],
    problems: ["127.0.0.1: wants to be left alone (DENY)"],
  });
});

test("a server that says RATE is asked more seldom each time", async () => {
  const { server, looked } = await aWatch({ stratum: 0, code: "RATE" });
  await looked(9);
  // 9 looks in 160 ms or more: at 0, 40, 120, 280 …
  const { length } = server.asked;
  expect(length).toBeGreaterThanOrEqual(2);
  expect(length).toBeLessThan(9);
});

test("a clock that is set is noticed, and looked at again", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
  let setByMs = 0;
  let monoMs = 0;
  const jumps: number[] = [];
  const looks: HostClockLook[] = [];
  const watch = watchHostClock({
    servers: [],
    everyMs: 240_000,
    now: () => ({ bootId: "b", monoMs, wallMs: 1e12 + monoMs + setByMs }),
    run: () => Promise.resolve(undefined),
    tell: (look) => looks.push(look),
    jumped: (byMs) => jumps.push(byMs),
  });
  const pass = async (ms: number) => {
    monoMs += ms;
    await vi.advanceTimersByTimeAsync(ms);
  };
  await pass(5_000);
  setByMs -= 3_600_000;
  await pass(5_000);
  await pass(5_000);
  expect(jumps).toEqual([-3_600_000]);
  expect(looks).toHaveLength(2);
  await watch.close();
});
