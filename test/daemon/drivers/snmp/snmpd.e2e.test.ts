/** The generic driver beside net-snmp's own agent and its own tools. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { DriverError, type EncoderDriver } from "../../../../daemon/drivers/driver.ts";
import { vendors } from "../../../../daemon/drivers/index.ts";
import type { SnmpAccess } from "../../../../daemon/drivers/shared/snmp/access.ts";
import { openSnmp } from "../../../../daemon/drivers/shared/snmp/session.ts";
import { TrapOptions } from "../../../../daemon/drivers/shared/snmp/trap-options.ts";
import { openTrapReceiver } from "../../../../daemon/drivers/shared/snmp/traps.ts";
import { numberOf } from "../../../../daemon/drivers/shared/snmp/value.ts";
import { snmpdCommunity, snmpdUser, startSnmpd } from "../../../fakes/snmp/snmpd.ts";
import type { PassRow, Snmpd } from "../../../fakes/snmp/snmpd.ts";

const sensors = "1.3.6.1.2.1.99.1.1.1";
const names = "1.3.6.1.2.1.47.1.1.1.1.7";
/** A CPU of 51.3 °C, a GPU whose sensor is unavailable, a fan; in the order of their OIDs. */
const rows: PassRow[] = [
  [`${names}.10`, "string", "CPU"],
  [`${names}.11`, "string", "GPU"],
  [`${names}.12`, "string", "Fan front"],
  ...(
    [
      [1, ["8", "8", "10"]],
      [2, ["9", "9", "9"]],
      [3, ["1", "0", "0"]],
      [4, ["513", "99", "2700"]],
      [5, ["1", "2", "1"]],
    ] as const
  ).flatMap(([column, values]) =>
    values.map((value, at): PassRow => [`${sensors}.${column}.${at + 10}`, "integer", value]),
  ),
];

let snmpd: Snmpd;
beforeAll(async () => {
  snmpd = await startSnmpd(["1.3.6.1.2.1.47", "1.3.6.1.2.1.99"], rows);
}, 60_000);
afterAll(() => snmpd.close());

const signal = () => AbortSignal.timeout(30_000);
const longEnough = 60_000;

async function driverWith(access: SnmpAccess, more: object = {}): Promise<EncoderDriver> {
  const vendor = vendors["snmp"]!;
  const context = {
    encoder: "real",
    knownTargets: () => [],
    now: () => performance.now(),
    stateDir: "/nonexistent",
  };
  const place = { host: "127.0.0.1", port: snmpd.port, requestTimeoutMs: 5_000 };
  return vendor.open(context, vendor.options.parse({ ...place, access, ...more }));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((error: unknown) => error);
  if (!(error instanceof DriverError)) throw new Error(`not a DriverError: ${String(error)}`);
  return error.code;
}

describe.each([snmpdCommunity, snmpdUser])("snmpd over $version", (access) => {
  test(
    "tells sensors, memory, disk, uplink and clock of its host",
    async () => {
      const driver = await driverWith(access, { interface: "lo", media: ["/"] });
      try {
        const { figures, media, clock, identity, bootMark } = await driver.poll(signal());
        expect(figures.temperatureC).toEqual({ value: 51.3, source: "ENTITY-SENSOR-MIB CPU" });
        expect(figures.fanSpeedRpm?.value).toBe(2_700);
        expect(figures.memoryUsageRatio?.value).toBeGreaterThan(0.01);
        expect(figures.memoryUsageRatio?.value).toBeLessThan(1);
        expect(figures.outputBytes?.value).toBeGreaterThan(0);
        expect(media?.map(({ id, kind, condition }) => [id, kind, condition])).toEqual([
          ["/", "disk", "ok"],
        ]);
        expect(media?.[0]?.totalBytes).toBeGreaterThan(1e9);
        expect(media?.[0]?.freeBytes).toBeLessThan(media![0]!.totalBytes!);
        expect(Math.abs(clock!.aheadMs)).toBeLessThanOrEqual(clock!.exactToMs + 2_000);
        expect(identity?.vendor).toBe("enterprise 8072");
        expect(bootMark).toBeDefined();
      } finally {
        await driver.close();
      }
    },
    longEnough,
  );

  test(
    "was not booted when only the agent was restarted",
    async () => {
      const driver = await driverWith(access);
      try {
        const before = await driver.poll(signal());
        await snmpd.restart();
        const after = await driver.poll(signal());
        expect(after.bootMark).toBe(before.bootMark);
        expect(after.figures.temperatureC?.value).toBe(51.3);
      } finally {
        await driver.close();
      }
    },
    longEnough,
  );
});

describe("snmpd", () => {
  test.each<[string, SnmpAccess]>([
    ["auth password", { ...snmpdUser, authPassword: "wrong auth password" }],
    ["user", { ...snmpdUser, user: "stranger" }],
    ["security level", { version: "v3", ...authOnly() }],
  ])("lets nobody in with a wrong %s, and we say so", async (_what, access) => {
    const driver = await driverWith(access, { requestTimeoutMs: 2_000 });
    expect(await codeOf(driver.poll(signal()))).toBe("unauthorized");
    await driver.close();
  });

  test("is silent to a wrong community and to a wrong priv password", async () => {
    const wrong: SnmpAccess[] = [
      { version: "v2c", community: "wrong" },
      { ...snmpdUser, privPassword: "wrong priv password" },
    ];
    for (const access of wrong) {
      const driver = await driverWith(access, { requestTimeoutMs: 600 });
      expect(await codeOf(driver.poll(signal()))).toMatch(/timeout|unauthorized/);
      await driver.close();
    }
  });

  test("does not let us write, and we say so", async () => {
    const snmp = openSnmp({
      host: "127.0.0.1",
      port: snmpd.port,
      access: snmpdCommunity,
      requestTimeoutMs: 5_000,
    });
    const order = snmp.set("1.3.6.1.4.1.318.1.1.26.9.2.4.1.5.1", 2, signal());
    expect(await codeOf(order)).toMatch(/unauthorized|notPossible/);
    snmp.close();
  });

  test("tells the same as net-snmp's own tool does", async () => {
    const oid = "1.3.6.1.4.1.2021.4.5.0";
    const { stdout } = await promisify(execFile)("snmpget", [
      ...["-v2c", "-c", snmpdCommunity.community, "-m", "", "-Oqv"],
      ...[`127.0.0.1:${snmpd.port}`, `.${oid}`],
    ]);
    const snmp = openSnmp({
      host: "127.0.0.1",
      port: snmpd.port,
      access: snmpdUser,
      requestTimeoutMs: 5_000,
    });
    expect(numberOf((await snmp.get([oid], signal())).get(oid))).toBe(Number(stdout));
    snmp.close();
  });
});

function authOnly() {
  const { user, authProtocol, authPassword } = snmpdUser;
  return { user, authProtocol, authPassword, privProtocol: "aes" as const };
}

describe("a trap of net-snmp's own tool", () => {
  test.each([
    ["v1", ["-v1", "-c", "traps"], ["", "127.0.0.1", "0", "0", ""]],
    ["v2c", ["-v2c", "-c", "traps"], ["", ".1.3.6.1.6.3.1.1.5.1"]],
    ["inform", ["-Ci", "-v2c", "-c", "traps"], ["", ".1.3.6.1.6.3.1.1.5.1"]],
    ["v3", v3Arguments(), ["", ".1.3.6.1.6.3.1.1.5.1"]],
  ])("of %s is a hint", async (_kind, how, what) => {
    const hints: string[][] = [];
    const access = [{ version: "v2c", community: "traps" }, snmpdUser];
    const options = TrapOptions.parse({ host: "127.0.0.1", port: 0, access });
    const traps = await openTrapReceiver(options, ["127.0.0.1"], (...hint) => hints.push(hint));
    try {
      const target = `127.0.0.1:${traps.port}`;
      await promisify(execFile)("snmptrap", ["-m", "", ...how, target, ...what]);
      const expected = [["127.0.0.1", "1.3.6.1.6.3.1.1.5.1"]];
      await vi.waitFor(() => expect(hints).toEqual(expected), 10_000);
    } finally {
      await traps.close();
    }
  });
});

function v3Arguments(): string[] {
  const { user, authPassword, privPassword } = snmpdUser;
  const keys = ["-a", "SHA-256", "-A", authPassword, "-x", "AES", "-X", privPassword];
  return ["-v3", "-e", "0x8000000001020304", "-u", user, "-l", "authPriv", ...keys];
}
