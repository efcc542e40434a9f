import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { DriverError } from "../../../../../daemon/drivers/driver.ts";
import type { SnmpAccess } from "../../../../../daemon/drivers/shared/snmp/access.ts";
import { openSnmp, type Snmp } from "../../../../../daemon/drivers/shared/snmp/session.ts";
import { numberOf, textOf } from "../../../../../daemon/drivers/shared/snmp/value.ts";
import { counter64, integer, startFakeAgent, text } from "../../../../fakes/snmp/agent.ts";
import type { AgentFaults, Cell, FakeAgent } from "../../../../fakes/snmp/agent.ts";
import { slow } from "../../../../setup/slow.ts";

const v2c: SnmpAccess = { version: "v2c", community: "right" };
const v1: SnmpAccess = { version: "v1", community: "right" };
const v3 = {
  version: "v3",
  user: "watcher",
  authProtocol: "sha256",
  authPassword: "right auth password",
  privProtocol: "aes",
  privPassword: "right priv password",
} satisfies SnmpAccess;

const sysName = "1.3.6.1.2.1.1.5.0";
const column = "1.3.6.1.4.1.99999.1.1.2";
const tree: [string, Cell][] = [
  [sysName, text("pdu-rack-3")],
  ["1.3.6.1.2.1.31.1.1.1.10.2", counter64(2n ** 63n + 5n)],
  ...Array.from({ length: 50 }, (_, row): [string, Cell] => [`${column}.${row + 1}`, integer(row)]),
  ["1.3.6.1.4.1.99999.1.1.3.1", integer(7)],
];

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function agentAndSession(
  access: SnmpAccess,
  { with: with_ = access, faults = {} }: { with?: SnmpAccess; faults?: AgentFaults } = {},
): Promise<{ agent: FakeAgent; snmp: Snmp }> {
  const agent = await startFakeAgent({ access: [access], tree });
  Object.assign(agent.faults, faults);
  const snmp = sessionTo(agent.port, with_);
  opened.push(agent);
  return { agent, snmp };
}

function sessionTo(port: number, access: SnmpAccess, requestTimeoutMs = 400): Snmp {
  const snmp = openSnmp({ host: "127.0.0.1", port, access, requestTimeoutMs });
  opened.push(snmp);
  return snmp;
}

const longEnough = () => AbortSignal.timeout(10_000);

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof DriverError)) throw new Error(`not a DriverError: ${String(error)}`);
  return error.code;
}

describe("an SNMP session", () => {
  test.each([v1, v2c, v3])(
    "reads what is there, leaves out what is not ($version)",
    async (access) => {
      const { snmp } = await agentAndSession(access);
      const wanted = [sysName, "1.3.6.1.2.1.99.1.0", `${column}.3`];
      const values = await snmp.get(wanted, longEnough());
      expect(textOf(values.get(sysName))).toBe("pdu-rack-3");
      expect(numberOf(values.get(`${column}.3`))).toBe(2);
      expect(values.size).toBe(2);
    },
  );

  test.each([v1, v2c, v3])("reads one column of a table to its end ($version)", async (access) => {
    const { snmp } = await agentAndSession(access);
    const values = await snmp.walk(column, longEnough());
    expect([...values.values()].map(numberOf)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect((await snmp.walk("1.3.6.1.4.1.99999.2", longEnough())).size).toBe(0);
  });

  test("tells a 64-bit counter exactly", async () => {
    const { snmp } = await agentAndSession(v2c);
    const oid = "1.3.6.1.2.1.31.1.1.1.10.2";
    const values = await snmp.get([oid], longEnough());
    expect(values.get(oid)).toEqual({ type: "counter64", value: 2n ** 63n + 5n });
  });

  test("has one request in flight, however many are asked for", async () => {
    const { snmp, agent } = await agentAndSession(v2c, { faults: { delayMs: 30 } });
    let inFlight = 0;
    let most = 0;
    agent.faults.mangle = (answer) => ((inFlight -= 1), [answer]);
    const push = agent.asked.push.bind(agent.asked);
    agent.asked.push = (...items) => ((most = Math.max(most, (inFlight += 1))), push(...items));
    await Promise.all(Array.from({ length: 5 }, () => snmp.get([sysName], longEnough())));
    expect(agent.asked.length).toBe(5);
    expect(most).toBe(1);
  });

  test("says timeout of a silent agent, within its own time limit", async () => {
    const { snmp } = await agentAndSession(v2c, { faults: { silent: true } });
    const startedAtMs = performance.now();
    expect(await codeOf(snmp.get([sysName], longEnough()))).toBe("timeout");
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });

  test("says timeout for a wrong community, because agents do not answer to one", async () => {
    const { snmp } = await agentAndSession(v2c, { with: { version: "v2c", community: "wrong" } });
    expect(await codeOf(snmp.get([sysName], longEnough()))).toBe("timeout");
  });

  slow("asks once more when an answer was lost, but never repeats an order", async () => {
    const { snmp, agent } = await agentAndSession(v2c);
    let answers = 0;
    agent.faults.mangle = (answer) => ((answers += 1) === 1 ? [] : [answer]);
    expect((await snmp.get([sysName], longEnough())).size).toBe(1);
    agent.faults.mangle = () => [];
    agent.asked.length = 0;
    expect(await codeOf(snmp.set(`${column}.1`, 3, longEnough()))).toBe("timeout");
    expect(agent.asked.length).toBe(1);
  });

  test("says refused when nothing listens at the port", async () => {
    const udp = createSocket("udp4").bind(0, "127.0.0.1");
    await once(udp, "listening");
    const { port } = udp.address();
    udp.close();
    const snmp = sessionTo(port, v2c, 3_000);
    expect(await codeOf(snmp.get([sysName], longEnough()))).toBe("refused");
  });

  test("says unauthorized for a user of v3 that the agent does not know", async () => {
    const { snmp } = await agentAndSession(v3, { with: { ...v3, user: "stranger" } });
    expect(await codeOf(snmp.get([sysName], longEnough()))).toBe("unauthorized");
  });

  test("does not name the community or a password in an error", async () => {
    const { snmp } = await agentAndSession(v3, { with: { ...v3, user: "stranger" } });
    const error = await snmp.get([sysName], longEnough()).catch((error: unknown) => error);
    const all = JSON.stringify(error, Object.getOwnPropertyNames(error));
    expect(all).toContain("refused the user or the passwords");
    for (const secret of [v3.authPassword, v3.privPassword]) expect(all).not.toContain(secret);
  });

  test("finds the agent again after it fell silent and came back", async () => {
    const { snmp, agent } = await agentAndSession(v3);
    expect((await snmp.get([sysName], longEnough())).size).toBe(1);
    agent.faults.silent = true;
    expect(await codeOf(snmp.get([sysName], longEnough()))).toBe("timeout");
    agent.faults.silent = false;
    expect((await snmp.get([sysName], longEnough())).size).toBe(1);
  });

  test("closes every socket that it opens", async () => {
    let open = 0;
    let everOpened = 0;
    const snmp = openSnmp(
      { host: "127.0.0.1", port: 161, access: v2c, requestTimeoutMs: 30 },
      async () => {
        everOpened += 1;
        open += 1;
        return { send: () => undefined, close: () => void (open -= 1) };
      },
    );
    for (let poll = 0; poll < 3; poll += 1)
      expect(await codeOf(snmp.get([sysName], longEnough()))).toBe("timeout");
    const last = codeOf(snmp.get([sysName], longEnough()));
    snmp.close();
    expect(await last).toBe("timeout");
    expect({ open, everOpened }).toMatchObject({ open: 0 });
    expect(everOpened).toBeGreaterThanOrEqual(3);
  });

  test("lets go at once when it is told to stop", async () => {
    const { snmp } = await agentAndSession(v2c, { faults: { silent: true } });
    const stop = new AbortController();
    const asked = snmp.get([sysName], stop.signal);
    stop.abort();
    expect(await codeOf(asked)).toBe("timeout");
    const second = snmp.get([sysName], longEnough());
    snmp.close();
    expect(await codeOf(second)).toBe("timeout");
  });
});

describe("a hostile agent", () => {
  test.each<[string, NonNullable<AgentFaults["next"]>]>([
    ["always the same row", () => ({ oid: `${column}.1`, cell: integer(1) })],
    [
      "rows that go back",
      (asked) => ({ oid: `${column}.${asked.endsWith(".9") ? 8 : 9}`, cell: integer(1) }),
    ],
    ["rows without end", endless],
  ])("cannot keep a walk going with %s", async (_what, next) => {
    const { snmp } = await agentAndSession(v2c, { faults: { next } });
    expect(await codeOf(snmp.walk(column, longEnough()))).toBe("malformed");
  });

  slow("cannot keep a walk going by answering each row late", async () => {
    const { snmp } = await agentAndSession(v1, { faults: { next: endless, delayMs: 100 } });
    const startedAtMs = performance.now();
    expect(await codeOf(snmp.walk(column, longEnough()))).toBe("timeout");
    expect(performance.now() - startedAtMs).toBeLessThan(9_000);
  });

  slow(
    "gets nowhere with answers to other requests, and is named malformed for noise",
    async () => {
      const other: AgentFaults = { mangle: (answer) => [withOtherRequestId(answer)] };
      const { snmp } = await agentAndSession(v2c, { faults: other });
      expect(await codeOf(snmp.get([sysName], longEnough()))).toBe("timeout");
      const noise = await agentAndSession(v2c, {
        faults: { mangle: () => [Buffer.from("<html>")] },
      });
      expect(await codeOf(noise.snmp.get([sysName], longEnough()))).toBe("malformed");
    },
  );

  test("is cut off when it does not stop answering, long before its time is up", async () => {
    const flood: AgentFaults = {
      mangle: (answer) => Array.from({ length: 50 }, () => withOtherRequestId(answer)),
    };
    const agent = await startFakeAgent({ access: [v2c], tree });
    Object.assign(agent.faults, flood);
    opened.push(agent);
    const snmp = sessionTo(agent.port, v2c, 20_000);
    const startedAtMs = performance.now();
    expect(await codeOf(snmp.get([sysName], longEnough()))).toBe("malformed");
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    agent.faults.mangle = (answer) => [answer];
    expect((await snmp.get([sysName], longEnough())).size).toBe(1);
  });

  test("is refused when it answers with other values than were asked for", async () => {
    const agent = await startFakeAgent({ access: [v2c], tree });
    opened.push(agent);
    const other = agent.tree.get(sysName)!;
    agent.tree.get = (oid: string) => (oid === sysName ? other : undefined);
    agent.faults.mangle = (answer) => [replaced(answer, "2b06010201010500", "2b06010201010600")];
    const snmp = sessionTo(agent.port, v2c);
    expect(await codeOf(snmp.get([sysName], longEnough()))).toBe("malformed");
  });

  test("cannot slip an unsigned answer into a signed session", async () => {
    const { snmp, agent } = await agentAndSession(v3);
    await snmp.get([sysName], longEnough());
    let forged = 0;
    agent.faults.mangle = (answer) => ((forged += 1), [unprotected(answer)]);
    expect(await codeOf(snmp.get([sysName], longEnough()))).toBe("malformed");
    expect(forged).toBeGreaterThan(0);
  });
});

function endless(asked: string): { oid: string; cell: Cell } {
  const row = asked === column ? 1 : Number(asked.split(".").at(-1)) + 1;
  return { oid: `${column}.${row}`, cell: integer(row) };
}

function replaced(datagram: Buffer, from: string, to: string): Buffer {
  const hex = datagram.toString("hex");
  if (!hex.includes(from)) throw new Error("nothing to replace");
  return Buffer.from(hex.replace(from, to), "hex");
}

/** The request id of a v2c answer is the first integer in the PDU (tag a2). */
function withOtherRequestId(datagram: Buffer): Buffer {
  const pdu = datagram.indexOf(Buffer.from([0xa2]), 2);
  const id = datagram.indexOf(Buffer.from([0x02]), pdu + 2);
  const copy = Buffer.from(datagram);
  const last = id + 1 + copy[id + 1]!;
  copy[last] = copy[last]! ^ 0x15;
  return copy;
}

/**
 * The same message id, no flags, no security, and a plain PDU: what somebody who only saw the
 * question go by can send.
 */
function unprotected(datagram: Buffer): Buffer {
  const header = datagram.indexOf(Buffer.from([0x02, 0x01, 0x03])) + 3;
  const idAt = header + 2;
  const id = datagram.subarray(idAt, idAt + 2 + datagram[idAt + 1]!);
  const tlv = (tag: number, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([tag, body.length]), body]);
  };
  const int = (value: number) => tlv(0x02, Buffer.from([value]));
  const none = tlv(0x04);
  const sys = Buffer.from("06082b06010201010500", "hex");
  const varbinds = tlv(0x30, tlv(0x30, sys, tlv(0x04, Buffer.from("forged"))));
  return tlv(
    0x30,
    int(3),
    tlv(0x30, id, tlv(0x02, Buffer.from([0x7f, 0xff])), tlv(0x04, Buffer.from([0])), int(3)),
    tlv(0x04, tlv(0x30, none, int(0), int(0), none, none, none)),
    tlv(0x30, none, none, tlv(0xa2, int(1), int(0), int(0), varbinds)),
  );
}
