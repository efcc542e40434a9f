/** 10,000 mutated answers to each driver: a reading or a DriverError, at once, and never a crash. */
import fc from "fast-check";
import { startFakeAgent, ticks } from "../../../fakes/snmp/agent.ts";
import { describe, expect, test } from "vitest";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import { openApcOutlet, openRaritanOutlet } from "../../../../daemon/drivers/pdu/pdu.ts";
import { openSentry3Outlet } from "../../../../daemon/drivers/pdu/pdu.ts";
import * as pduOptions from "../../../../daemon/drivers/pdu/options.ts";
import { openSnmp, type Snmp } from "../../../../daemon/drivers/shared/snmp/session.ts";
import { isBelow } from "../../../../daemon/drivers/shared/snmp/oid.ts";
import { valueOf, type SnmpValue } from "../../../../daemon/drivers/shared/snmp/value.ts";
import { SnmpEncoderOptions } from "../../../../daemon/drivers/snmp/options.ts";
import { openSnmpEncoder } from "../../../../daemon/drivers/snmp/snmp.ts";
import { SynologyOptions } from "../../../../daemon/drivers/synology/options.ts";
import { openSynology } from "../../../../daemon/drivers/synology/synology.ts";

const runs = 10_000;
const access = { version: "v2c", community: "x" } as const;
const place = { host: "127.0.0.1", access };
const aSecond = 1_000;

/** Any value of any type, with the numbers that agents and attackers like. */
const anyNumber = fc.oneof(
  fc.constantFrom(-1, 0, 1, 2, 8, 2 ** 31, 2 ** 32 - 1, -(2 ** 31), 1e9, 1e308, NaN, Infinity),
  fc.integer(),
);
const anyRaw = fc.oneof(
  fc.tuple(fc.constantFrom(0x02, 0x41, 0x42, 0x43), anyNumber),
  fc.tuple(
    fc.constantFrom(0x04, 0x44, 0x46),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  ),
  fc.tuple(fc.constantFrom(0x06, 0x40), fc.constantFrom("1.3.6.1.2.1.25.2.1.4", "", "__proto__")),
  fc.tuple(fc.integer({ min: 0, max: 255 }), fc.anything()),
);
const anyValue = anyRaw.map(([type, raw]) => valueOf(type, raw));
const anyIndex = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map(String),
  fc.constantFrom("__proto__", "constructor", "1.1.4", "4294967295"),
);

/** An agent that has a value for everything, each time another one. */
function liar(random: () => SnmpValue | undefined, indexes: () => string[]): Snmp {
  const answer = (oids: readonly string[]) =>
    new Map(
      oids.flatMap((oid) => {
        const value = random();
        return value ? [[oid, value] as const] : [];
      }),
    );
  return {
    where: "liar",
    get: async (oids) => answer(oids),
    walk: async (root) => answer(indexes().map((index) => `${root}.${index}`)),
    set: async () => undefined,
    close: () => undefined,
  };
}

type Poll = (snmp: Snmp) => Promise<unknown>;
const context = {
  encoder: "x",
  knownTargets: () => [],
  now: () => performance.now(),
  stateDir: "/nonexistent",
};
const { ApcOptions, RaritanOptions, Sentry3Options } = pduOptions;
const never = new AbortController().signal;
const own = "1.3.6.1.4.1.99999.1.0";
const encoder = SnmpEncoderOptions.parse({
  ...place,
  interface: "eth0",
  map: [
    { reading: "temperatureC", oid: own },
    { reading: "input", oid: own, enum: { 1: "good" } },
    { reading: "output", output: "stream-1", oid: own, enum: { 1: "idle" } },
  ],
});
const drivers: [string, Poll][] = [
  [
    "snmp",
    async (snmp) => {
      const driver = openSnmpEncoder(context, encoder, { snmp });
      await driver.poll(never);
      return driver.poll(never);
    },
  ],
  ["pdu-apc", (snmp) => openApcOutlet(ApcOptions.parse({ ...place, outlet: 3 }), snmp).poll(never)],
  [
    "pdu-raritan",
    (snmp) => openRaritanOutlet(RaritanOptions.parse({ ...place, outlet: 3 }), snmp).poll(never),
  ],
  [
    "pdu-sentry3",
    (snmp) =>
      openSentry3Outlet(Sentry3Options.parse({ ...place, outlet: "1.1.4" }), snmp).poll(never),
  ],
  ["synology", (snmp) => openSynology(SynologyOptions.parse(place), snmp).poll(never)],
];

function allNumbersIn(reading: unknown): number[] {
  if (typeof reading === "number") return [reading];
  if (typeof reading !== "object" || reading === null) return [];
  return Object.values(reading).flatMap(allNumbersIn);
}

describe.each(drivers)("%s", (_name, poll) => {
  test("makes a reading or an error of any values, and no number that is none", async () => {
    let readings = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyValue, { minLength: 1, maxLength: 30 }),
        fc.array(anyIndex, { minLength: 1, maxLength: 6 }),
        async (values, indexes) => {
          let at = 0;
          const snmp = liar(
            () => values[(at += 1) % values.length],
            () => [...new Set(indexes)],
          );
          const startedAtMs = performance.now();
          const seen = await poll(snmp).catch((error: unknown) => error);
          expect(performance.now() - startedAtMs).toBeLessThan(aSecond);
          if (seen instanceof Error) expect(seen).toBeInstanceOf(DriverError);
          if (seen instanceof Error) return;
          readings += 1;
          for (const number of allNumbersIn(seen)) expect(Number.isFinite(number)).toBe(true);
        },
      ),
      { numRuns: runs },
    );
    expect(readings).toBeGreaterThan(100);
  }, 120_000);
});

describe("the session", () => {
  test("survives any datagram, and still takes the right answer after it", async () => {
    const oid = "1.3.6.1.2.1.1.3.0";
    let settled = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
        fc.option(fc.nat({ max: 60 })),
        async (changes, cut) => {
          const snmp = openSnmp(
            { ...place, port: 161, requestTimeoutMs: 900 },
            async (_host, _port, { heard }) => ({
              send(question) {
                const right = answerTo(question);
                const wrong = Buffer.from(right);
                for (const [position, octet] of changes) wrong[position % wrong.length] = octet;
                setImmediate(() => {
                  heard(cut === null ? wrong : wrong.subarray(0, cut));
                  heard(right);
                });
              },
              close: () => undefined,
            }),
          );
          const startedAtMs = performance.now();
          const seen = await snmp.get([oid], never).catch((error: unknown) => error);
          expect(performance.now() - startedAtMs).toBeLessThan(aSecond);
          snmp.close();
          if (seen instanceof Error) expect(seen).toBeInstanceOf(DriverError);
          if (seen instanceof Error) return;
          settled += 1;
          for (const [name] of seen as Map<string, SnmpValue>)
            expect(isBelow(name, "1")).toBe(true);
        },
      ),
      { numRuns: runs },
    );
    expect(settled).toBeGreaterThan(100);
  }, 120_000);
});

describe("a session of v3", () => {
  test("survives mutated messages of its agent, and takes no value from one", async () => {
    const user = {
      version: "v3",
      user: "watcher",
      authProtocol: "sha256",
      authPassword: "right auth password",
      privProtocol: "aes",
      privPassword: "right priv password",
    } as const;
    const oid = "1.3.6.1.2.1.1.3.0";
    const agent = await startFakeAgent({ access: [user], tree: [[oid, ticks(500)]] });
    const port = agent.port;
    const snmp = openSnmp({ host: "127.0.0.1", port, access: user, requestTimeoutMs: 900 });
    const codes = new Set<string>();
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
            minLength: 1,
            maxLength: 4,
          }),
          async (changes) => {
            agent.faults.mangle = (right) => {
              const wrong = Buffer.from(right);
              for (const [position, change] of changes) {
                const at = position % wrong.length;
                wrong[at] = wrong[at]! ^ change;
              }
              return [wrong, right];
            };
            const seen = await snmp.get([oid], never).catch((error: unknown) => error);
            if (seen instanceof DriverError) return void codes.add(seen.code);
            const value = (seen as Map<string, SnmpValue>).get(oid);
            expect(value).toEqual({ type: "ticks", value: 500 });
            codes.add("answered");
          },
        ),
        { numRuns: 2_000 },
      );
    } finally {
      snmp.close();
      await agent.close();
    }
    expect(codes).toContain("answered");
    expect(codes).toContain("unauthorized");
  }, 120_000);
});

/** The question back as its answer: tag a2 and TimeTicks 500 in place of null. */
function answerTo(question: Buffer): Buffer {
  const pdu = question.subarray(question.indexOf(0xa0));
  const id = pdu.subarray(2, 4 + pdu[3]!);
  const tlv = (tag: number, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([tag, body.length]), body]);
  };
  const zero = tlv(0x02, Buffer.from([0]));
  const oid = Buffer.from("06082b06010201010300", "hex");
  const value = tlv(0x43, Buffer.from([0x01, 0xf4]));
  const community = tlv(0x04, Buffer.from("x"));
  const answer = tlv(0xa2, id, zero, zero, tlv(0x30, tlv(0x30, oid, value)));
  return tlv(0x30, tlv(0x02, Buffer.from([1])), community, answer);
}
