import { afterEach, describe, expect, test } from "vitest";
import { DriverError, type EncoderDriver, NotAsked } from "../../../../daemon/drivers/driver.ts";
import type { SnmpAccess } from "../../../../daemon/drivers/shared/snmp/access.ts";
import { SnmpEncoderOptions } from "../../../../daemon/drivers/snmp/options.ts";
import { openSnmpEncoder } from "../../../../daemon/drivers/snmp/snmp.ts";
import * as cell from "../../../fakes/snmp/agent.ts";
import type { Cell, FakeAgent } from "../../../fakes/snmp/agent.ts";

const access = { version: "v2c", community: "readers" } satisfies SnmpAccess;
const hr = "1.3.6.1.2.1.25";
const sensors = "1.3.6.1.2.1.99.1.1.1";
const names = "1.3.6.1.2.1.47.1.1.1.1.7";
const lm = "1.3.6.1.4.1.2021.13.16";
const ucd = "1.3.6.1.4.1.2021";

const bare: [string, Cell][] = [
  ["1.3.6.1.2.1.1.1.0", cell.text("Box 3\u0000firmware 1.2")],
  ["1.3.6.1.2.1.1.2.0", cell.oid("1.3.6.1.4.1.8072.3.2.10")],
  ["1.3.6.1.2.1.1.3.0", cell.ticks(500_000)],
];

function sensor(
  index: number,
  name: string,
  [type, scale, precision, value, status]: [number, number, number, number, number],
): [string, Cell][] {
  return [
    [`${names}.${index}`, cell.text(name)],
    [`${sensors}.1.${index}`, cell.integer(type)],
    [`${sensors}.2.${index}`, cell.integer(scale)],
    [`${sensors}.3.${index}`, cell.integer(precision)],
    [`${sensors}.4.${index}`, cell.integer(value)],
    [`${sensors}.5.${index}`, cell.integer(status)],
  ];
}

function storage(
  index: number,
  [type, name, unit, size, used]: [number, string, number, number, number],
): [string, Cell][] {
  const row = `${hr}.2.3.1`;
  return [
    [`${row}.2.${index}`, cell.oid(`${hr}.2.1.${type}`)],
    [`${row}.3.${index}`, cell.text(name)],
    [`${row}.4.${index}`, cell.integer(unit)],
    [`${row}.5.${index}`, cell.integer(size)],
    [`${row}.6.${index}`, cell.integer(used)],
  ];
}

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
const signal = () => AbortSignal.timeout(10_000);

async function box(
  more: [string, Cell][],
  options: object = {},
  wallMs: () => number = Date.now,
): Promise<{
  agent: FakeAgent;
  driver: EncoderDriver;
  clock: { nowMs: number };
  exchanges: unknown[];
}> {
  const agent = await cell.startFakeAgent({ access: [access], tree: [...bare, ...more] });
  const clock = { nowMs: 1_000_000 };
  const exchanges: unknown[] = [];
  const context = {
    encoder: "box-3",
    exchanged: (exchange: unknown) => void exchanges.push(exchange),
    knownTargets: () => [],
    now: () => clock.nowMs,
    stateDir: "/nonexistent",
  };
  const host = "127.0.0.1";
  const parsed = SnmpEncoderOptions.parse({ host, port: agent.port, access, ...options });
  const driver = openSnmpEncoder(context, parsed, { wallMs });
  opened.push(driver, agent);
  return { agent, driver, clock, exchanges };
}

const figuresOf = async (driver: EncoderDriver) => (await driver.poll(signal())).figures;

describe("a box that has hardly any MIB", () => {
  test("says who it is and nothing else: no figure is 0, no list is empty", async () => {
    const { driver } = await box([]);
    const { bootMark, ...rest } = await driver.poll(signal());
    expect(bootMark).toBeDefined();
    expect(rest).toEqual({
      outputs: {},
      figures: {},
      identity: { vendor: "enterprise 8072", model: "Box 3 firmware 1.2" },
    });
  });

  test("whose answer fits one packet counts one exchange for each poll", async () => {
    const { driver, exchanges } = await box([]);
    await driver.poll(signal());
    exchanges.splice(0);
    await driver.poll(signal());
    expect(exchanges).toHaveLength(1);
  });

  test("is only looked at: it starts nothing, stops nothing and proves nothing", async () => {
    const { driver } = await box([]);
    const target = {
      stream: "s",
      destination: "d",
      address: "rtmp://x/live",
      streamKey: "secret-key",
      keyGeneration: 1,
    };
    for (const work of [
      driver.startOutput("stream-1", target, signal()),
      driver.stopOutput("stream-1", true, signal()),
      driver.ownSelfStart(signal()),
    ]) {
      const error = await work.catch((error: unknown) => error);
      expect(error).toBeInstanceOf(DriverError);
      expect((error as DriverError).code).toBe("notPossible");
    }
    expect(await driver.proveOff("stream-1", "rtmp://x/live", signal())).toEqual([]);
  });
});

describe("sensors (ENTITY-SENSOR-MIB)", () => {
  test("are scaled: 412 of precision 1 is 41.2, 47500 milli-degrees are 47.5", async () => {
    const { driver } = await box([
      ...sensor(10, "CPU", [8, 9, 1, 412, 1]),
      ...sensor(11, "Inlet", [8, 8, 0, 47_500, 1]),
      ...sensor(12, "Fan 1", [10, 9, 0, 4_200, 1]),
      ...sensor(13, "Fan 2", [10, 9, 0, 3_900, 1]),
      ...sensor(14, "12 V", [4, 9, 2, 1_201, 1]),
    ]);
    expect(await figuresOf(driver)).toEqual({
      temperatureC: { value: 47.5, source: "ENTITY-SENSOR-MIB Inlet" },
      fanSpeedRpm: { value: 3_900, source: "ENTITY-SENSOR-MIB Fan 2" },
    });
  });

  test("that are not ok or overflow are left out, and broken ones are named", async () => {
    const { driver } = await box([
      ...sensor(10, "CPU", [8, 9, 0, 44, 1]),
      ...sensor(11, "GPU", [8, 9, 0, 120, 2]),
      ...sensor(12, "PSU", [8, 9, 0, 1_000_000_000, 1]),
      ...sensor(13, "Fan 1", [10, 9, 0, 0, 3]),
    ]);
    const { figures, alarms } = await driver.poll(signal());
    expect(figures).toEqual({ temperatureC: { value: 44, source: "ENTITY-SENSOR-MIB CPU" } });
    expect(alarms).toEqual(["Fan 1: nonoperational"]);
  });

  test("are chosen by name where the site names one", async () => {
    const { driver } = await box(
      [...sensor(10, "CPU", [8, 9, 0, 44, 1]), ...sensor(11, "VRM", [8, 9, 0, 80, 1])],
      { temperatureSensor: "CPU" },
    );
    expect((await figuresOf(driver)).temperatureC?.value).toBe(44);
  });

  test("go before those of LM-SENSORS, which count in thousandths of a degree", async () => {
    const lmRows: [string, Cell][] = [
      [`${lm}.2.1.2.1`, cell.text("temp1")],
      [`${lm}.2.1.3.1`, cell.gauge(61_500)],
      [`${lm}.2.1.2.2`, cell.text("below zero")],
      [`${lm}.2.1.3.2`, cell.gauge(4_294_966_296)],
      [`${lm}.3.1.2.1`, cell.text("fan1")],
      [`${lm}.3.1.3.1`, cell.gauge(2_100)],
    ];
    const { driver } = await box(lmRows);
    expect(await figuresOf(driver)).toEqual({
      temperatureC: { value: 61.5, source: "LM-SENSORS-MIB temp1" },
      fanSpeedRpm: { value: 2_100, source: "LM-SENSORS-MIB fan1" },
    });
    const both = await box([...lmRows, ...sensor(1, "CPU", [8, 9, 0, 44, 1])]);
    expect((await figuresOf(both.driver)).temperatureC?.source).toBe("ENTITY-SENSOR-MIB CPU");
  });
});

describe("load", () => {
  test("is the mean over the processors that say a percentage", async () => {
    const { driver } = await box([
      [`${hr}.3.3.1.2.1`, cell.integer(20)],
      [`${hr}.3.3.1.2.2`, cell.integer(60)],
      [`${hr}.3.3.1.2.3`, cell.integer(-1)],
    ]);
    expect(await figuresOf(driver)).toEqual({
      cpuUsageRatio: { value: 0.4, source: "HOST-RESOURCES-MIB" },
    });
  });

  test("is taken from processor ticks of UCD where there is no other, from the second poll on", async () => {
    const ticks = (...[user, nice, system, idle]: [number, number, number, number]) =>
      [user, nice, system, idle].map((value, at): [string, Cell] => [
        `${ucd}.11.${50 + at}.0`,
        cell.counter(value),
      ]);
    const { driver, agent } = await box(ticks(2 ** 32 - 10, 0, 100, 1_000));
    expect(await figuresOf(driver)).toEqual({});
    for (const [oid, value] of ticks(20, 0, 120, 1_150)) agent.tree.set(oid, value);
    expect(await figuresOf(driver)).toEqual({
      cpuUsageRatio: { value: 0.25, source: "UCD-SNMP-MIB" },
    });
  });

  test("of memory does not count what Linux uses as disk cache", async () => {
    const { driver } = await box([
      ...storage(1, [2, "Physical memory", 1_024, 1_000_000, 900_000]),
      ...storage(6, [1, "Memory buffers", 1_024, 1_000_000, 100_000]),
      ...storage(7, [1, "Cached memory", 1_024, 300_000, 300_000]),
    ]);
    expect((await figuresOf(driver)).memoryUsageRatio).toEqual({
      value: 0.5,
      source: "HOST-RESOURCES-MIB",
    });
  });
});

describe("disks (hrStorage)", () => {
  test("are media with bytes, also beyond 2 TB where agents let sizes go negative", async () => {
    const fs = `${hr}.3.8.1`;
    const { driver } = await box([
      ...storage(1, [2, "Physical memory", 1_024, 100, 50]),
      ...storage(31, [4, "/srv/recordings", 4_096, -(2 ** 31), 2 ** 20]),
      ...storage(32, [9, "SD card", 512, 1_000, 1_000]),
      ...storage(33, [10, "/mnt/nas", 1_024, 2_000, 500]),
      ...storage(34, [4, "/run", 1_024, 2_000, 500]),
      ...storage(35, [5, "empty slot", 512, 0, 0]),
      [`${fs}.4.2`, cell.oid(`${hr}.3.9.14`)],
      [`${fs}.5.2`, cell.integer(1)],
      [`${fs}.7.2`, cell.integer(33)],
      [`${fs}.4.3`, cell.oid(`${hr}.3.9.22`)],
      [`${fs}.5.3`, cell.integer(2)],
      [`${fs}.7.3`, cell.integer(32)],
    ]);
    const source = "HOST-RESOURCES-MIB";
    const condition = "ok";
    expect((await driver.poll(signal())).media).toEqual([
      {
        id: "/srv/recordings",
        kind: "disk",
        isNetwork: false,
        condition,
        totalBytes: 2 ** 31 * 4_096,
        freeBytes: (2 ** 31 - 2 ** 20) * 4_096,
        source,
      },
      {
        id: "SD card",
        kind: "card",
        isNetwork: false,
        condition,
        totalBytes: 512_000,
        freeBytes: 0,
        isWriteProtected: true,
        fileSystem: "FAT32",
        source,
      },
      {
        id: "/mnt/nas",
        kind: "nfs",
        isNetwork: true,
        condition,
        totalBytes: 2_048_000,
        freeBytes: 1_536_000,
        isWriteProtected: false,
        fileSystem: "NFS",
        source,
      },
    ]);
  });
});

describe("a medium that the site names", () => {
  const conditions = async (driver: EncoderDriver) =>
    (await driver.poll(signal())).media?.map(({ id, condition }) => [id, condition]);

  test("is missing until it is mounted, and again when it is pulled", async () => {
    const card = storage(32, [9, "/media/card", 512, 1_000, 100]);
    const { driver, agent } = await box(storage(31, [4, "/", 4_096, 1_000, 100]), {
      media: ["/", "/media/card"],
    });
    const [there, gone] = [
      [
        ["/", "ok"],
        ["/media/card", "ok"],
      ],
      [
        ["/", "ok"],
        ["/media/card", "missing"],
      ],
    ];
    expect(await conditions(driver)).toEqual(gone);
    for (const [oid, value] of card) agent.tree.set(oid, value);
    expect(await conditions(driver)).toEqual(there);
    for (const [oid] of card) agent.tree.delete(oid);
    expect(await conditions(driver)).toEqual(gone);
  });

  test("is not known to be missing where the agent tells of no disk at all", async () => {
    const { driver } = await box([], { media: ["/media/card"] });
    expect(await driver.poll(signal())).not.toHaveProperty("media");
  });
});

describe("the uplink (IF-MIB)", () => {
  const row = (index: number, octets: bigint, status: number, discards: number) =>
    [
      [`1.3.6.1.2.1.31.1.1.1.1.${index}`, cell.text("eth0")],
      [`1.3.6.1.2.1.2.2.1.8.${index}`, cell.integer(status)],
      [`1.3.6.1.2.1.2.2.1.19.${index}`, cell.counter(discards)],
      [`1.3.6.1.2.1.31.1.1.1.10.${index}`, cell.counter64(octets)],
    ] as [string, Cell][];

  test("tells bytes beyond 32 bits, a rate, and that it drops what it should send", async () => {
    const { driver, agent, clock } = await box(row(2, 2n ** 40n, 1, 5), { interface: "eth0" });
    const source = "IF-MIB eth0, all that it sends";
    const received = "1.3.6.1.2.1.31.1.1.1.6.2";
    agent.tree.set(received, cell.counter64(7n));
    agent.tree.set("1.3.6.1.2.1.31.1.1.1.15.2", cell.gauge(1_000));
    expect(await figuresOf(driver)).toEqual({
      outputBytes: { value: 2 ** 40, source },
      networkLinkBps: { value: 1e9, source: "IF-MIB eth0" },
    });
    agent.tree.set(received, cell.counter64(250_007n));
    for (const [oid, value] of row(2, 2n ** 40n + 1_250_000n, 1, 9)) agent.tree.set(oid, value);
    clock.nowMs += 2_000;
    agent.tree.set("1.3.6.1.2.1.1.3.0", cell.ticks(500_200));
    const { figures, alarms } = await driver.poll(signal());
    expect(figures.bitrateBps).toEqual({ value: 5_000_000, source });
    expect(figures.networkSentBps).toEqual({ value: 5_000_000, source: "IF-MIB eth0" });
    expect(figures.networkReceivedBps).toEqual({ value: 1_000_000, source: "IF-MIB eth0" });
    expect(alarms).toEqual(["eth0 drops what it should send"]);
  });

  test("that is not there is an alarm, until it is there", async () => {
    const { driver, agent } = await box(row(2, 1_000n, 1, 0), { interface: "eth1" });
    expect((await driver.poll(signal())).alarms).toEqual(["eth1 is not there"]);
    agent.tree.set("1.3.6.1.2.1.31.1.1.1.1.2", cell.text("eth1"));
    expect(await driver.poll(signal())).not.toHaveProperty("alarms");
  });

  test("is found by its name again when a boot has moved its index", async () => {
    const { driver, agent, clock } = await box(row(2, 1_000n, 1, 0), { interface: "eth0" });
    expect((await figuresOf(driver)).outputBytes?.value).toBe(1_000);
    for (const [oid] of row(2, 0n, 1, 0)) agent.tree.delete(oid);
    for (const [oid, value] of row(4, 77n, 7, 0)) agent.tree.set(oid, value);
    agent.tree.set("1.3.6.1.2.1.1.3.0", cell.ticks(3_000));
    clock.nowMs += 60_000;
    const { figures, alarms } = await driver.poll(signal());
    expect(figures.outputBytes?.value).toBe(77);
    expect(alarms).toEqual(["eth0 is lower layer down"]);
  });
});

describe("what the site maps", () => {
  const own = "1.3.6.1.4.1.99999.1";
  const map = [
    { reading: "temperatureC", oid: `${own}.1.0`, scale: 0.1, offset: -40 },
    { reading: "fanSpeedRpm", oid: `${own}.2.0` },
    {
      reading: "output",
      output: "stream-1",
      oid: `${own}.3.0`,
      enum: { 0: "idle", 2: "streaming" },
    },
    { reading: "input", oid: `${own}.4.0`, enum: { locked: "good", none: "lost" } },
    { reading: "alarm", oid: `${own}.5.0`, enum: { 1: "power supply 2 has failed" } },
  ];
  const cells: [string, Cell][] = [
    [`${own}.1.0`, cell.integer(855)],
    [`${own}.2.0`, cell.text("3600 rpm")],
    [`${own}.3.0`, cell.integer(2)],
    [`${own}.4.0`, cell.text("none")],
    [`${own}.5.0`, cell.integer(1)],
  ];

  test("becomes figures, states of outputs and input, and alarms", async () => {
    const { driver } = await box(cells, { map });
    expect(await driver.poll(signal())).toMatchObject({
      figures: {
        temperatureC: { value: 45.5, source: `${own}.1.0` },
        fanSpeedRpm: { value: 3_600, source: `${own}.2.0` },
      },
      outputs: { "stream-1": { state: "streaming" } },
      input: "lost",
      alarms: ["power supply 2 has failed"],
    });
  });

  test("goes before what is found by itself, and says nothing of values it does not name", async () => {
    const { driver, agent } = await box([...cells, ...sensor(1, "CPU", [8, 9, 0, 90, 1])], { map });
    expect((await figuresOf(driver)).temperatureC?.value).toBe(45.5);
    agent.tree.set(`${own}.3.0`, cell.integer(1));
    agent.tree.set(`${own}.4.0`, cell.text("constructor"));
    agent.tree.delete(`${own}.5.0`);
    const reading = await driver.poll(signal());
    expect(reading.outputs).toEqual({});
    expect(reading).not.toHaveProperty("input");
    expect(reading).not.toHaveProperty("alarms");
  });
});

describe("a poll", () => {
  test("is one packet for known rows only, once it knows them", async () => {
    const { driver, agent, clock } = await box([
      ...sensor(10, "CPU", [8, 9, 1, 412, 1]),
      [`${hr}.3.3.1.2.1`, cell.integer(20)],
    ]);
    await driver.poll(signal());
    agent.asked.length = 0;
    clock.nowMs += 1_000;
    await driver.poll(signal());
    expect(agent.asked.map(({ kind }) => kind)).toEqual(["get"]);
  });

  test("of a v1 agent does not fail over what it has not, and soon stops asking for it", async () => {
    const v1: SnmpAccess = { version: "v1", community: access.community };
    const { driver, agent, clock } = await box(sensor(10, "CPU", [8, 9, 1, 412, 1]), {
      access: v1,
    });
    for (let poll = 0; poll < 3; poll += 1) {
      agent.asked.length = 0;
      clock.nowMs += 1_000;
      expect((await figuresOf(driver)).temperatureC?.value).toBe(41.2);
    }
    expect(agent.asked.map(({ kind }) => kind)).toEqual(["get"]);
  });

  test("finds a sensor that was plugged in, within the time after which it looks again", async () => {
    const { driver, agent, clock } = await box([], { lookAgainEveryMs: 10_000 });
    expect(await figuresOf(driver)).toEqual({});
    for (const [oid, value] of sensor(10, "CPU", [8, 9, 0, 41, 1])) agent.tree.set(oid, value);
    for (let poll = 0; poll < 10; poll += 1) {
      clock.nowMs += 2_000;
      agent.tree.set("1.3.6.1.2.1.1.3.0", cell.ticks(500_000 + (poll + 1) * 200));
      await driver.poll(signal());
    }
    expect((await figuresOf(driver)).temperatureC?.value).toBe(41);
  });

  test("keeps the reading of the other tables when one of them never ends", async () => {
    const { driver, agent } = await box([[`${hr}.3.3.1.2.1`, cell.integer(20)]]);
    agent.faults.next = (asked) =>
      asked.startsWith(sensors) ? { oid: `${sensors}.1.1`, cell: cell.integer(8) } : undefined;
    expect((await figuresOf(driver)).cpuUsageRatio?.value).toBe(0.2);
  });

  test("says how far the clock of the device is off, and how exactly that is known", async () => {
    const date = Buffer.from([0x07, 0xea, 11, 21, 9, 30, 10, 5, 0x2b, 2, 0]);
    const oursMs = Date.UTC(2026, 10, 21, 7, 30, 0);
    const { driver } = await box([[`${hr}.1.2.0`, cell.bytes(date)]], {}, () => oursMs);
    expect((await driver.poll(signal())).clock).toEqual({
      ...{ aheadMs: 10_550, exactToMs: 50, ageMs: 0, source: "hrSystemDate" },
    });
    const local = await box([[`${hr}.1.2.0`, cell.bytes(date.subarray(0, 8))]], {}, () => oursMs);
    expect(await local.driver.poll(signal())).not.toHaveProperty("clock");
  });
});

describe("a box that is asked often", () => {
  /** Polls four times a second for a minute, and says how often and by how many packets. */
  async function busyMinute({ driver, agent, clock }: Awaited<ReturnType<typeof box>>) {
    agent.asked.length = 0;
    let leftOut = 0;
    for (let polls = 0; polls < 240; polls += 1) {
      await driver.poll(signal()).catch((error: unknown) => {
        expect(error).toBeInstanceOf(NotAsked);
        leftOut += 1;
      });
      clock.nowMs += 250;
    }
    return { leftOut, packets: agent.asked.length };
  }

  test("gets at most 100 packets a minute, and polls are left out beyond that", async () => {
    const asked = await box([
      ...Array.from({ length: 12 }, (_, at) => sensor(at + 1, `S${at}`, [8, 9, 0, 40, 1])).flat(),
    ]);
    await busyMinute(asked);
    const { leftOut, packets } = await busyMinute(asked);
    expect(leftOut).toBeGreaterThan(120);
    expect(packets).toBeGreaterThan(70);
    expect(packets).toBeLessThanOrEqual(100);
  });

  test("and boots three times while it is asked is asked four times less, and we say why", async () => {
    const asked = await box([]);
    for (let boots = 0; boots < 3; boots += 1) {
      expect((await asked.driver.poll(signal())).alarms).toBeUndefined();
      asked.clock.nowMs += 60_000;
      asked.agent.tree.set("1.3.6.1.2.1.1.3.0", cell.ticks(100));
      await asked.driver.poll(signal());
    }
    const { alarms } = await asked.driver.poll(signal());
    expect(alarms?.join()).toContain("it has booted 3 times within 20 min of being asked");
    await busyMinute(asked);
    expect((await busyMinute(asked)).packets).toBeLessThanOrEqual(25);
  });

  test("and has large tables is looked at over several polls, all of it in the end", async () => {
    const many = Array.from({ length: 60 }, (_, at) => storage(at + 1, [4, `/d${at}`, 1, 9, 1]));
    const asked = await box(many.flat(), { burstLimit: 20 });
    const { packets } = await busyMinute(asked);
    expect(packets).toBeLessThan(60);
    let media: unknown[] | undefined;
    for (let minutes = 0; minutes < 20 && !media; minutes += 1) {
      asked.clock.nowMs += 60_000;
      media = (await asked.driver.poll(signal())).media;
    }
    expect(media?.length).toBeGreaterThan(1);
  });
});
