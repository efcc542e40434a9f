import { DriverError } from "../driver.ts";
import type { OutletDriver } from "../outlet.ts";
import { isSpoofable, type SnmpOptions } from "../shared/snmp/access.ts";
import { openSnmp, type Snmp } from "../shared/snmp/session.ts";
import { integerOf, textOf } from "../shared/snmp/value.ts";
import { apcFirstGeneration, apcSecondGeneration } from "./apc.ts";
import type { ApcOptions, RaritanOptions, Sentry3Options } from "./options.ts";
import type { OutletTable } from "./outlet-table.ts";
import { raritanOutlet } from "./raritan.ts";
import { sentry3Outlet } from "./sentry3.ts";

/**
 * One outlet of one switched PDU over SNMP. A state that is not in the MIB is `unknown`. An order
 * is sent once; what became of it is for the caller to read back.
 */
function openOutlet(
  options: SnmpOptions,
  snmp: Snmp,
  tableOf: (signal: AbortSignal) => Promise<OutletTable>,
): OutletDriver {
  return {
    isSpoofable: isSpoofable(options.access),
    async poll(signal) {
      const { state, name, pending } = await tableOf(signal);
      const oids = new Set([state.oid, name, ...(pending ? [pending.oid] : [])]);
      const values = await snmp.get([...oids], signal);
      const code = integerOf(values.get(state.oid));
      if (code === undefined) throw noOutlet(snmp.where);
      const waiting = pending && integerOf(values.get(pending.oid));
      const text = textOf(values.get(name));
      return {
        state: state.words.get(code) ?? "unknown",
        ...(text !== undefined && { name: text }),
        commandPending: waiting !== undefined && pending!.values.has(waiting),
      };
    },
    async turn(to, signal) {
      const { command } = await tableOf(signal);
      await snmp.set(command.oid, command[to], signal);
    },
    async close() {
      snmp.close();
    },
  };
}

const noOutlet = (where: string) =>
  new DriverError("malformed", `${where} has no such outlet, or is another kind of PDU`);

export function openApcOutlet(options: ApcOptions, snmp = openSnmp(options)): OutletDriver {
  const first = apcFirstGeneration(options.outlet);
  const second = apcSecondGeneration(options.outlet);
  const configured = { probe: undefined, first, second }[options.generation];
  let known = configured;

  /**
   * The generations count opposite, so they are told apart by what the unit answers under, never by
   * a number that it gives. Newer units answer under both; then the newer is taken.
   */
  async function tableOf(signal: AbortSignal): Promise<OutletTable> {
    if (known) return known;
    const values = await snmp.get([first.state.oid, second.state.oid], signal);
    const found = [second, first].find(({ state }) => values.has(state.oid));
    if (!found) throw noOutlet(snmp.where);
    return (known = found);
  }

  const outlet = openOutlet(options, snmp, tableOf);
  return {
    ...outlet,
    async poll(signal) {
      try {
        return await outlet.poll(signal);
      } catch (error) {
        known = configured; // Another unit may have been put in its place.
        throw error;
      }
    },
  };
}

export function openRaritanOutlet(options: RaritanOptions, snmp = openSnmp(options)): OutletDriver {
  const table = raritanOutlet(options);
  return openOutlet(options, snmp, async () => table);
}

export function openSentry3Outlet(options: Sentry3Options, snmp = openSnmp(options)): OutletDriver {
  const table = sentry3Outlet(options.outlet);
  return openOutlet(options, snmp, async () => table);
}
