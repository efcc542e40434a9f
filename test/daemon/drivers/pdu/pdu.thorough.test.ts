import { afterEach, describe, expect, test, vi } from "vitest";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import type { OutletDriver } from "../../../../daemon/drivers/outlet.ts";
import { outletVendors } from "../../../../daemon/drivers/outlets.ts";
import { pduCommunity, startFakePdu } from "../../../fakes/snmp/pdu.ts";
import type { FakePdu, FakePduOptions, PduFamily } from "../../../fakes/snmp/pdu.ts";
import { slow } from "../../../setup/slow.ts";

const vendorOf: Record<PduFamily, string> = {
  "apc-1": "pdu-apc",
  "apc-2": "pdu-apc",
  raritan: "pdu-raritan",
  sentry3: "pdu-sentry3",
};
const families = Object.keys(vendorOf) as PduFamily[];
const indexOf = (family: PduFamily, outlet: number) =>
  family === "sentry3" ? `1.1.${outlet}` : String(outlet);

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const signal = () => AbortSignal.timeout(10_000);

async function driverTo(
  family: PduFamily,
  port: number,
  outlet: number,
  more: object = {},
): Promise<OutletDriver> {
  const vendor = outletVendors[vendorOf[family]]!;
  const place = family === "sentry3" ? indexOf(family, outlet) : outlet;
  const driver = await vendor.open(
    vendor.options.parse({
      host: "127.0.0.1",
      port,
      access: pduCommunity,
      requestTimeoutMs: 500,
      outlet: place,
      ...more,
    }),
  );
  opened.push(driver);
  return driver;
}

async function start(
  family: PduFamily,
  more: Partial<FakePduOptions> = {},
  outlet = 3,
): Promise<{ pdu: FakePdu; driver: OutletDriver; power: [string, boolean][] }> {
  const power: [string, boolean][] = [];
  const pdu = await startFakePdu({
    family,
    outlets: [2, 3, 25].map((number) => ({
      index: indexOf(family, number),
      name: `encoder ${number}`,
    })),
    onPower: (index, on) => power.push([index, on]),
    ...more,
  });
  opened.push(pdu);
  return { pdu, driver: await driverTo(family, pdu.port, outlet), power };
}

async function errorOf(work: Promise<unknown>): Promise<DriverError> {
  const error = await work.catch((error: unknown) => error);
  if (!(error instanceof DriverError)) throw new Error(`not a DriverError: ${String(error)}`);
  return error;
}

describe.each(families)("an outlet of %s", (family) => {
  test("tells its state and its name", async () => {
    const { driver } = await start(family);
    expect(await driver.poll(signal())).toEqual({
      state: "on",
      name: "encoder 3",
      commandPending: false,
    });
  });

  test("is off after it was switched off, and on after it was switched on", async () => {
    const { driver, power } = await start(family);
    await driver.turn("off", signal());
    expect((await driver.poll(signal())).state).toBe("off");
    await driver.turn("on", signal());
    expect((await driver.poll(signal())).state).toBe("on");
    const index = indexOf(family, 3);
    expect(power).toEqual([
      [index, false],
      [index, true],
    ]);
  });

  test("comes back by itself after a power cycle, while the network to it is gone", async () => {
    const { driver, pdu, power } = await start(family, { rebootMs: 100 });
    await driver.turn("cycle", signal());
    pdu.faults.silent = true;
    await vi.waitFor(() => expect(power.map(([, on]) => on)).toEqual([false, true]), 5_000);
    expect(pdu.orders.length).toBe(1);
  });

  test("leaves its neighbours alone", async () => {
    const { driver, pdu } = await start(family);
    await driver.turn("off", signal());
    const states = [...pdu.outlets.values()].map(({ index, on }) => [index, on]);
    expect(states).toEqual([
      [indexOf(family, 2), true],
      [indexOf(family, 3), false],
      [indexOf(family, 25), true],
    ]);
  });

  test("cannot be switched on a unit that only meters", async () => {
    const { driver } = await start(family, { isMeteredOnly: true });
    expect((await driver.poll(signal())).state).toBe("on");
    expect((await errorOf(driver.turn("off", signal()))).code).toBe("notPossible");
  });

  test("is an error where the unit has no such outlet, or is another kind of unit", async () => {
    const { driver } = await start(family, {}, 9);
    expect((await errorOf(driver.poll(signal()))).code).toBe("malformed");
    expect((await errorOf(driver.turn("off", signal()))).code).toMatch(/malformed|notPossible/);
  });

  test("says timeout of a silent unit, and never sends an order twice", async () => {
    const { driver, pdu } = await start(family);
    await driver.poll(signal());
    let answers = 0;
    pdu.faults.mangle = () => ((answers += 1), []);
    expect((await errorOf(driver.turn("cycle", signal()))).code).toBe("timeout");
    expect(answers).toBe(1);
    expect(pdu.orders.length).toBe(1);
    pdu.faults.silent = true;
    expect((await errorOf(driver.poll(signal()))).code).toBe("timeout");
  });

  test("still tells the old state while the relay has not moved yet", async () => {
    const { driver, pdu } = await start(family, { relayMs: 300 });
    await driver.turn("off", signal());
    expect((await driver.poll(signal())).state).toBe("on");
    await vi.waitFor(async () => expect((await driver.poll(signal())).state).toBe("off"), 5_000);
    expect(pdu.orders.length).toBe(1);
  });
});

describe("APC", () => {
  test("is told apart by generation, because 1 is on in the first and off in the second", async () => {
    const first = await start("apc-1");
    const second = await start("apc-2");
    await first.driver.turn("off", signal());
    await second.driver.turn("off", signal());
    expect((await first.driver.poll(signal())).state).toBe("off");
    expect((await second.driver.poll(signal())).state).toBe("off");
    expect([...first.pdu.outlets.values()].filter(({ on }) => !on)).toHaveLength(1);
    expect([...second.pdu.outlets.values()].filter(({ on }) => !on)).toHaveLength(1);
  });

  test("is told apart anew when a unit of the other generation takes its place", async () => {
    const { pdu, driver } = await start("apc-1");
    expect((await driver.poll(signal())).state).toBe("on");
    const { port } = pdu;
    await opened.splice(opened.indexOf(pdu), 1)[0]!.close();
    opened.push(
      await startFakePdu({
        family: "apc-2",
        port,
        outlets: [{ index: "3", name: "encoder 3", on: false }],
      }),
    );
    expect((await errorOf(driver.poll(signal()))).code).toBe("malformed");
    expect((await driver.poll(signal())).state).toBe("off");
  });

  test("of a configured generation is not asked for the other one", async () => {
    const { pdu } = await start("apc-2");
    const driver = await driverTo("apc-2", pdu.port, 3, { generation: "first" });
    expect((await errorOf(driver.poll(signal()))).code).toBe("malformed");
  });

  test("counts on over a daisy chain", async () => {
    const { driver, pdu } = await start("apc-2", {}, 25);
    expect((await driver.poll(signal())).name).toBe("encoder 25");
    await driver.turn("off", signal());
    expect(pdu.outlets.get("25")?.on).toBe(false);
  });

  test.each<[PduFamily, number]>([
    ["apc-1", 5],
    ["apc-2", 6],
  ])("%s tells that somebody's delayed command waits", async (family, delayedOff) => {
    const { driver, pdu } = await start(family, { delayedMs: 5_000 });
    await driver.poll(signal());
    const other = await sessionTo(pdu);
    const oid = { "apc-1": "12.3.3.1.1.4.3", "apc-2": "26.9.2.4.1.5.3" }[family as "apc-1"];
    await other.set(`1.3.6.1.4.1.318.1.1.${oid}`, delayedOff, signal());
    expect(await driver.poll(signal())).toMatchObject({ state: "on", commandPending: true });
  });
});

async function sessionTo({ port }: FakePdu) {
  const { openSnmp } = await import("../../../../daemon/drivers/shared/snmp/session.ts");
  const host = "127.0.0.1";
  const snmp = openSnmp({ host, port, access: pduCommunity, requestTimeoutMs: 500 });
  opened.push({ close: async () => snmp.close() });
  return snmp;
}

describe("Raritan", () => {
  test("of another age counts as the site says", async () => {
    const { pdu } = await start("raritan");
    const codes = { stateOn: 8, stateOff: 7 };
    const driver = await driverTo("raritan", pdu.port, 3, { codes });
    expect((await driver.poll(signal())).state).toBe("off");
  });
});

describe("who could forge an outlet", () => {
  test("anyone on the network with v1 and v2c, nobody with v3", async () => {
    const { pdu, driver } = await start("apc-2");
    expect(driver.isSpoofable).toBe(true);
    const access = { version: "v3", user: "u", authPassword: "12345678" };
    expect((await driverTo("apc-2", pdu.port, 3, { access })).isSpoofable).toBe(false);
  });
});

slow("a wrong community never switches anything", async () => {
  const { pdu } = await start("apc-1");
  const access = { version: "v2c", community: "wrong" };
  const driver = await driverTo("apc-1", pdu.port, 3, { access, generation: "first" });
  expect((await errorOf(driver.turn("off", signal()))).code).toBe("timeout");
  expect(pdu.orders).toEqual([]);
});

slow("an answer that is on its way too long counts as none", async () => {
  const { pdu, driver } = await start("sentry3");
  pdu.faults.delayMs = 1_500;
  expect((await errorOf(driver.poll(signal()))).code).toBe("timeout");
});
