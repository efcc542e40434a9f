import type { RaritanOptions } from "./options.ts";
import type { OutletTable } from "./outlet-table.ts";

const raritan = "1.3.6.1.4.1.13742.6";
/** outletName; rows are `<unit>.<outlet>`. */
export const raritanNames = `${raritan}.3.5.3.1.3`;

/**
 * PDU2-MIB (PX2, PX3): switchingOperation, outletSwitchingState, outletName, each below the number
 * of the PDU in its chain. Older units count differently, so the numbers are options. A power cycle
 * is done by the PDU; that it is under way is not told.
 */
export function raritanOutlet({ unit, outlet, codes }: RaritanOptions): OutletTable {
  const row = `${unit}.${outlet}`;
  return {
    family: "Raritan",
    state: {
      oid: `${raritan}.4.1.2.1.3.${row}`,
      words: new Map([
        [codes.stateOn, "on"],
        [codes.stateOff, "off"],
      ]),
    },
    name: `${raritanNames}.${row}`,
    pending: undefined,
    command: {
      oid: `${raritan}.4.1.2.1.2.${row}`,
      on: codes.on,
      off: codes.off,
      cycle: codes.cycle,
    },
  };
}
