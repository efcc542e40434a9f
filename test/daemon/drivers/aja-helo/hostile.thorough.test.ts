/** Mutated answers to what is not polled: a HELO's event connection, its login, its list of clips. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { listClips } from "../../../../daemon/drivers/aja-helo/clips.ts";
import { openEvents } from "../../../../daemon/drivers/aja-helo/events.ts";
import { AjaHeloOptions } from "../../../../daemon/drivers/aja-helo/options.ts";
import { openUnit } from "../../../../daemon/drivers/aja-helo/unit.ts";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import { at } from "../../../setup/effort.ts";
import { mutated, randomFrom } from "../mutate.ts";
import { aStateDir } from "./a-unit.ts";

/** `UNDERSTUDY_SEED` repeats a run. */
const random = randomFrom(Number(process.env["UNDERSTUDY_SEED"] ?? "20260517"));
const answersMutated = at({ check: 1_500, test: 10_000, torture: 1_000_000 });

type Answer = { status?: number; body: string; cookie?: string };

/** A box that answers as it is told to, and a unit that asks it: both over a real connection. */
async function aBox(answer: (path: string, req: IncomingMessage) => Answer) {
  const server = createServer((req, res) => {
    const { status = 200, body, cookie } = answer(req.url ?? "/", req);
    if (cookie !== undefined) res.setHeader("Set-Cookie", cookie);
    res.statusCode = status;
    res.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  let skippedMs = 0;
  const port = (server.address() as AddressInfo).port;
  const unit = openUnit(
    {
      encoder: "studio-a",
      knownTargets: () => [],
      now: () => performance.now() + skippedMs,
      stateDir: aStateDir(),
    },
    AjaHeloOptions.parse({ host: "127.0.0.1", port, password: "right", burstLimit: 10_000 }),
  );
  onTestFinished(() => {
    unit.session.close();
    server.closeAllConnections();
    server.close();
  });
  return { unit, pass: (ms: number) => void (skippedMs += ms) };
}

/** Processor time is what an answer takes, on a busy machine too. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  try {
    return await work();
  } finally {
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
  }
}

const alarm = Buffer.from("080110011a0a0a084e6f20766964656f", "hex").toString("base64");
const connected = JSON.stringify({
  connectionid: "7",
  configevents: [
    {
      ...{ eParamID_ReplicatorStreamState: 1, eParamID_Temperature: "47" },
      ...{ eParamID_RTMPStreamName_3: "recorded-key", eParamID_No_Video_Input_Alarm: alarm },
    },
  ],
});
const events = JSON.stringify([
  { param_id: "eParamID_ReplicatorStreamState", param_type: 3, int_value: 2, str_value: "on" },
  { param_id: "eParamID_StreamingDuration", str_value: "00:00:03:12" },
  { param_id: "eParamID_RTMPServerURL_3", str_value: "rtmp://far.example/live" },
  { param_id: "eParamID_No_Video_Input_Alarm", str_value: alarm },
]);

test("the event connection takes any answer, and tells what is true as soon as one is", async () => {
  let given = 0;
  let isHostile = true;
  const mutatedOften = (honest: string) => {
    if (!isHostile || random.chance(0.3)) return honest;
    given += 1;
    return mutated(honest, random);
  };
  const { unit, pass } = await aBox((path) => ({
    body: mutatedOften(path.includes("connect&") || path.endsWith("connect") ? connected : events),
  }));
  let asking = false;
  const { session } = unit;
  unit.session = {
    ...session,
    async get(...asked) {
      asking = true;
      return session.get(...asked).finally(() => (asking = false));
    },
  };
  let changes = 0;
  const channel = openEvents(unit, async () => void (changes += 1));
  onTestFinished(() => channel.close());

  /** Connects, and gets one answer to a wait, where the first was good enough. */
  async function round(): Promise<"heard" | "dropped"> {
    pass(601_000); // a unit without events is left alone for ten minutes
    const beganAtMs = unit.context.now();
    // Throws what no answer of a box may bring about.
    channel.reachable();
    let connectedAtMs: number | undefined;
    const limitMs = beganAtMs + 60_000;
    for (let turns = 0; unit.context.now() < limitMs; turns += 1) {
      await turn();
      if (channel.heardAtMs() >= beganAtMs) connectedAtMs ??= channel.heardAtMs();
      if (connectedAtMs !== undefined && channel.heardAtMs() > connectedAtMs) {
        channel.pollFailed(false);
        await turn();
        return "heard";
      }
      if (turns > 10 && !channel.isLive() && !asking) return "dropped";
    }
    throw new Error("the event connection hangs");
  }

  let [heard, dropped] = [0, 0];
  while (given < answersMutated) {
    const word = await inTime(round);
    if (word === "heard") heard += 1;
    else dropped += 1;
  }
  // Both happen often, or the mutations would be too mild or too wild to tell anything.
  expect(heard).toBeGreaterThan(answersMutated / 50);
  expect(dropped).toBeGreaterThan(answersMutated / 50);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  isHostile = false;
  changes = 0;
  expect(await round()).toBe("heard");
  expect(changes).toBeGreaterThan(0);
  expect(unit.held.fresh("ReplicatorStreamState", 60_000)).toBe("2");
});

test("a login that answers anything lets in or is refused, and tells no password", async () => {
  let given = 0;
  let isHostile = true;
  const cookies = ["session=a1-b2; path=/", "session=", "session=;;=", "=", "x".repeat(4_000)];
  const { unit, pass } = await aBox((path, { headers }) => {
    if (path === "/authenticator/login") {
      const honest = { body: '{"login":"success"}', cookie: cookies[0]! };
      if (!isHostile || random.chance(0.2)) return honest;
      given += 1;
      return { body: mutated(honest.body, random), cookie: random.of(cookies) };
    }
    const isIn = headers.cookie === "session=a1-b2" && (!isHostile || random.chance(0.5));
    return isIn ? { body: "in" } : { status: 404, body: "<html>404</html>" };
  });
  let [letIn, refused] = [0, 0];
  const ask = () => {
    unit.session.beginCall();
    return unit.session.get("/config?x=1", AbortSignal.timeout(30_000), "command");
  };
  while (given < answersMutated) {
    pass(61_000); // a refused password rests
    try {
      const body = await inTime(ask);
      expect([undefined, "in"]).toContain(body);
      if (body === "in") letIn += 1;
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      expect(error.code).toBe("unauthorized");
      expect(error.message).not.toContain("right");
      refused += 1;
    }
  }
  expect(letIn).toBeGreaterThan(answersMutated / 50);
  expect(refused).toBeGreaterThan(answersMutated / 50);
  isHostile = false;
  pass(61_000);
  expect(await ask()).toBe("in");
});

test("a list of clips is names, or refused", async () => {
  const honest = JSON.stringify({
    clips: Array.from({ length: 20 }, (_, clip) => ({ clipname: `clip_${clip}.mov`, size: 9 })),
  });
  let given = 0;
  const { unit } = await aBox(() => {
    given += 1;
    return { body: given > answersMutated ? honest : mutated(honest, random) };
  });
  let [listed, refused] = [0, 0];
  const list = () => listClips(unit, AbortSignal.timeout(30_000));
  while (given < answersMutated) {
    try {
      const clips = await inTime(list);
      for (const { name } of clips) expect(typeof name).toBe("string");
      listed += 1;
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      expect(error.code).toBe("malformed");
      refused += 1;
    }
  }
  expect(listed).toBeGreaterThan(answersMutated / 50);
  expect(refused).toBeGreaterThan(answersMutated / 50);
  expect(await list()).toHaveLength(20);
});
