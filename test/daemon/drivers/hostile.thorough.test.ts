import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { DriverError } from "../../../daemon/drivers/driver.ts";
import type { Http } from "../../../daemon/drivers/shared/http/http.ts";
import type { EncoderReading } from "../../../machines/encoder/reading.ts";
import { at } from "../../setup/effort.ts";
import { inHand } from "./a-driver.ts";
import { aHostileBox, insults } from "./hostile-box.ts";
import { httpDrivers, type HttpDriver } from "./http-drivers.ts";
import { mutated, randomFrom } from "./mutate.ts";

const requestTimeoutMs = 400;
/** The box is asked once; ten times what that may take, for a busy machine. */
const atMostMs = 10 * requestTimeoutMs;
const known = [
  { destination: "cdn", address: "rtmp://far.example/live", streamKey: "recorded-key" },
];

/** A well-behaved box of the same kind, that really listens. */
async function aGoodBox({ recorded }: HttpDriver): Promise<number> {
  const server = createServer((request, response) => {
    const body = recorded(request.url ?? "");
    response.writeHead(body === undefined ? 404 : 200).end(body ?? "<html></html>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function aDriver(driver: HttpDriver, port: number, http?: Http, withinMs = requestTimeoutMs) {
  return inHand((context) => driver.open(context, port, withinMs, http), {
    knownTargets: known,
  });
}

const meetings = httpDrivers.flatMap((driver) =>
  Object.entries(insults).map(([words, insult]) => ({ name: driver.name, words, driver, insult })),
);

test.each(meetings)(
  "$name, given $words, refuses it in time, and another box is read meanwhile",
  async ({ driver, insult }) => {
    const hostile = await aHostileBox(insult);
    const bad = aDriver(driver, hostile.port);
    const good = aDriver(driver, await aGoodBox(driver), undefined, 5_000);

    const startedAt = performance.now();
    let isOver = false;
    const refusal = bad
      .poll()
      .then(
        () => "was read",
        (error: unknown) => error,
      )
      .finally(() => (isOver = true));
    const waitsMs: number[] = [];
    do {
      const askedAt = performance.now();
      expect((await good.poll()).outputs["stream-1"]?.state).toBe("streaming");
      waitsMs.push(performance.now() - askedAt);
    } while (!isOver);

    const error = await refusal;
    expect(performance.now() - startedAt).toBeLessThan(atMostMs);
    expect(error).toBeInstanceOf(DriverError);
    expect(["malformed", "timeout"]).toContain((error as DriverError).code);
    // A second is promised; five, for a busy machine.
    expect(Math.max(...waitsMs)).toBeLessThan(5_000);
    expect(hostile.requests()).toBe(1);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  },
);

test.each(httpDrivers)(
  "$name goes on when a hostile box has come to its senses",
  async (driver) => {
    let isHostile = true;
    const server = createServer((request, response) => {
      if (isHostile) return void response.end('{"__proto__":');
      const body = driver.recorded(request.url ?? "");
      response.writeHead(body === undefined ? 404 : 200).end(body ?? "<html></html>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { poll, stream } = aDriver(driver, (server.address() as AddressInfo).port);
    await expect(poll()).rejects.toMatchObject({ code: "malformed" });
    isHostile = false;
    expect(await stream()).toMatchObject({ state: "streaming" });
  },
);

/** A reading that may go to a machine: only our words, only sane figures, of bounded size. */
function expectHonest(reading: EncoderReading): void {
  const states = ["unknown", "idle", "starting", "streaming", "failing", "stopping"];
  for (const { state, target } of Object.values(reading.outputs)) {
    expect(states).toContain(state);
    if (typeof target === "object") expect(target).toEqual({ destination: "cdn" });
  }
  for (const [name, figure] of Object.entries(reading.figures)) {
    expect(Number.isFinite(figure.value), name).toBe(true);
    expect(figure.value, name).toBeGreaterThanOrEqual(0);
    expect(figure.value, name).toBeLessThan(name === "temperatureC" ? 151 : 2 ** 60);
  }
  for (const medium of reading.media ?? []) expect(medium.freeBytes ?? 0).toBeGreaterThanOrEqual(0);
  expect(JSON.stringify(reading).length).toBeLessThan(100_000);
  expect(JSON.stringify(reading)).not.toContain("recorded-key");
}

/** `UNDERSTUDY_SEED` repeats a run. */
const seed = Number(process.env["UNDERSTUDY_SEED"] ?? "20260517");
const answersMutated = at({ check: 1_500, test: 10_000, torture: 1_000_000 });

test.each(httpDrivers)(
  "$name takes mutated answers: each is refused or read honestly, none in more than a second",
  async (driver) => {
    const random = randomFrom(seed);
    let given = 0;
    let isHostile = true;
    const http: Http = {
      async send({ path }) {
        const honest = driver.recorded(path);
        const reply = { setCookies: [], status: honest === undefined ? 404 : 200 };
        if (!isHostile || honest === undefined || random.chance(0.3))
          return { ...reply, body: honest ?? "<html></html>" };
        given += 1;
        return { ...reply, body: mutated(honest, random) };
      },
      close: () => undefined,
    };
    const { poll, pass } = aDriver(driver, 1, http);
    // Nothing waits here, so processor time is what it takes, on a busy machine too.
    let slowestMs = 0;
    let read = 0;
    let refused = 0;
    while (given < answersMutated) {
      pass(61_000); // so that all is due again, and no refused password is still resting
      const before = process.cpuUsage();
      try {
        expectHonest(await poll());
        read += 1;
      } catch (error) {
        if (!(error instanceof DriverError)) throw error;
        expect(["malformed", "refused", "unauthorized"]).toContain(error.code);
        expect(error.message).not.toContain("recorded-key");
        refused += 1;
      }
      const { user, system } = process.cpuUsage(before);
      slowestMs = Math.max(slowestMs, (user + system) / 1_000);
    }
    expect(slowestMs).toBeLessThan(1_000);
    // Both happen often, or the mutations would be too mild or too wild to tell anything.
    expect(read).toBeGreaterThan(answersMutated / 50);
    expect(refused).toBeGreaterThan(answersMutated / 50);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    isHostile = false;
    pass(601_000);
    await poll();
    expect((await poll()).outputs["stream-1"]?.state).toBe("streaming");
    if (process.env["UNDERSTUDY_FIGURES"])
      console.log(
        `${driver.name}: ${given} answers, ${read} read, ${refused} refused, slowest ${slowestMs.toFixed(1)} ms`,
      );
  },
);
