/**
 * A switched PDU of one of four families. Its outlets really switch: `onPower` is called with each
 * change, so that a test can cut the power of a fake device.
 */
import type { SnmpAccess } from "../../../daemon/drivers/shared/snmp/access.ts";
import { integer, snmpErrors, startFakeAgent, text } from "./agent.ts";
import type { AgentFaults, Cell } from "./agent.ts";

export type PduFamily = "apc-1" | "apc-2" | "raritan" | "sentry3";

export type FakeOutlet = {
  /** As in the tables: `3`, `25` on the second unit of a chain, `1.1.4` on a Sentry3. */
  index: string;
  name: string;
  on: boolean;
  /** Of a delayed command. */
  isPending: boolean;
};

export type FakePduOptions = {
  family: PduFamily;
  outlets: { index: string; name: string; on?: boolean }[];
  access?: SnmpAccess[];
  /** How long an outlet stays off in a reboot, ms. Real ones take 5 to 60 s. */
  rebootMs?: number;
  /** How long a delayed command waits, ms. */
  delayedMs?: number;
  /** From the order to the relay, ms. */
  relayMs?: number;
  /** Shows outlets, and has nothing to switch them with. */
  isMeteredOnly?: boolean;
  onPower?: (index: string, on: boolean) => void;
  port?: number;
};

export type FakePdu = {
  port: number;
  faults: AgentFaults;
  outlets: ReadonlyMap<string, FakeOutlet>;
  /** Orders as they arrived, by outlet. */
  orders: { index: string; code: number }[];
  close(): Promise<void>;
};

type Order = "on" | "off" | "reboot" | "delayedOn" | "delayedOff" | "delayedReboot" | "cancel";
type Family = {
  cells: (outlet: FakeOutlet) => [oid: string, cell: Cell][];
  command: string;
  commandCell: (outlet: FakeOutlet) => Cell;
  orders: Record<number, Order>;
};

const apc = "1.3.6.1.4.1.318.1.1";
const raritan = "1.3.6.1.4.1.13742.6";
const sentry = "1.3.6.1.4.1.1718.3.2.3.1";

const families: Record<PduFamily, Family> = {
  "apc-1": {
    command: `${apc}.12.3.3.1.1.4`,
    commandCell: ({ on }) => integer(on ? 1 : 2),
    orders: {
      1: "on",
      2: "off",
      3: "reboot",
      4: "delayedOn",
      5: "delayedOff",
      6: "delayedReboot",
      7: "cancel",
    },
    cells: ({ index, name, on, isPending }) => [
      [`${apc}.12.3.5.1.1.2.${index}`, text(name)],
      [`${apc}.12.3.5.1.1.4.${index}`, integer(on ? 1 : 2)],
      [`${apc}.12.3.5.1.1.5.${index}`, integer(isPending ? 1 : 2)],
    ],
  },
  "apc-2": {
    command: `${apc}.26.9.2.4.1.5`,
    commandCell: ({ on }) => integer(on ? 1 : 2),
    orders: {
      1: "on",
      2: "off",
      3: "reboot",
      5: "delayedOn",
      6: "delayedOff",
      7: "delayedReboot",
      8: "cancel",
    },
    cells: ({ index, name, on, isPending }) => [
      [`${apc}.26.9.2.3.1.3.${index}`, text(name)],
      [`${apc}.26.9.2.3.1.5.${index}`, integer(on ? 2 : 1)],
      [`${apc}.26.9.2.3.1.6.${index}`, integer(isPending ? 1 : 2)],
    ],
  },
  raritan: {
    command: `${raritan}.4.1.2.1.2.1`,
    commandCell: ({ on }) => integer(on ? 1 : 0),
    orders: { 0: "off", 1: "on", 2: "reboot" },
    cells: ({ index, name, on }) => [
      [`${raritan}.3.5.3.1.3.1.${index}`, text(name)],
      [`${raritan}.4.1.2.1.3.1.${index}`, integer(on ? 7 : 8)],
    ],
  },
  sentry3: {
    command: `${sentry}.11`,
    commandCell: () => integer(0),
    orders: { 1: "on", 2: "off", 3: "reboot" },
    cells: ({ index, name, on, isPending }) => [
      [`${sentry}.3.${index}`, text(name)],
      [`${sentry}.5.${index}`, integer(isPending ? (on ? 3 : 2) : on ? 1 : 0)],
    ],
  },
};

export const pduCommunity: SnmpAccess = { version: "v2c", community: "outlets may be switched" };

export async function startFakePdu({
  family: familyName,
  outlets: planned,
  access = [pduCommunity],
  rebootMs = 200,
  delayedMs = 200,
  relayMs = 0,
  isMeteredOnly = false,
  onPower = () => undefined,
  port = 0,
}: FakePduOptions): Promise<FakePdu> {
  const family = families[familyName];
  const outlets = new Map(
    planned.map(({ index, name, on = true }): [string, FakeOutlet] => [
      index,
      { index, name, on, isPending: false },
    ]),
  );
  const timers = new Map<string, NodeJS.Timeout>();
  const orders: FakePdu["orders"] = [];
  const cellsOf = (outlet: FakeOutlet): [string, Cell][] => [
    ...family.cells(outlet),
    ...(isMeteredOnly
      ? []
      : [[`${family.command}.${outlet.index}`, family.commandCell(outlet)] as [string, Cell]]),
  ];
  const show = (outlet: FakeOutlet) =>
    cellsOf(outlet).forEach(([oid, cell]) => agent.tree.set(oid, cell));

  function later(outlet: FakeOutlet, afterMs: number, act: () => void): void {
    clearTimeout(timers.get(outlet.index));
    timers.set(outlet.index, setTimeout(act, afterMs));
  }

  function power(outlet: FakeOutlet, on: boolean): void {
    outlet.isPending = false;
    const changed = outlet.on !== on;
    outlet.on = on;
    show(outlet);
    if (changed) onPower(outlet.index, on);
  }

  function cycle(outlet: FakeOutlet): void {
    power(outlet, false);
    later(outlet, rebootMs, () => power(outlet, true));
  }

  function wait(outlet: FakeOutlet, act: () => void): void {
    outlet.isPending = true;
    show(outlet);
    later(outlet, delayedMs, act);
  }

  const soon = (outlet: FakeOutlet, act: () => void) =>
    relayMs === 0 ? act() : later(outlet, relayMs, act);

  const carryOut: Record<Order, (outlet: FakeOutlet) => void> = {
    on: (outlet) => soon(outlet, () => power(outlet, true)),
    off: (outlet) => soon(outlet, () => power(outlet, false)),
    reboot: (outlet) => soon(outlet, () => cycle(outlet)),
    delayedOn: (outlet) => wait(outlet, () => power(outlet, true)),
    delayedOff: (outlet) => wait(outlet, () => power(outlet, false)),
    delayedReboot: (outlet) => wait(outlet, () => cycle(outlet)),
    cancel: (outlet) => {
      clearTimeout(timers.get(outlet.index));
      outlet.isPending = false;
      show(outlet);
    },
  };

  const agent = await startFakeAgent({
    access,
    port,
    tree: [...outlets.values()].flatMap(cellsOf),
    onSet(oid, value) {
      const outlet = outlets.get(oid.slice(family.command.length + 1));
      if (!oid.startsWith(`${family.command}.`) || !outlet) return snmpErrors.NotWritable;
      const code = Number(value);
      const order = family.orders[code];
      if (order === undefined) return snmpErrors.WrongValue;
      orders.push({ index: outlet.index, code });
      carryOut[order](outlet);
      return 0;
    },
  });

  return {
    port: agent.port,
    faults: agent.faults,
    outlets,
    orders,
    async close() {
      for (const timer of timers.values()) clearTimeout(timer);
      await agent.close();
    },
  };
}
