import type { OutletTable } from "./outlet-table.ts";

const apc = "1.3.6.1.4.1.318.1.1";
/** The names of the outlets, by number, in either generation. */
export const apcNames = {
  first: `${apc}.12.3.5.1.1.2`,
  second: `${apc}.26.9.2.3.1.3`,
} as const;

/**
 * PowerNet-MIB, rPDU (AP79xx): 1 is on and 2 is off, in orders and in answers. The object that
 * switches all outlets at once (.12.3.1.1.0) counts differently and is never used.
 */
export const apcFirstGeneration = (outlet: number): OutletTable => ({
  family: "APC, first generation",
  state: {
    oid: `${apc}.12.3.5.1.1.4.${outlet}`,
    words: new Map([
      [1, "on"],
      [2, "off"],
    ]),
  },
  name: `${apcNames.first}.${outlet}`,
  pending: { oid: `${apc}.12.3.5.1.1.5.${outlet}`, values: new Set([1]) },
  command: { oid: `${apc}.12.3.3.1.1.4.${outlet}`, on: 1, off: 2, cycle: 3 },
});

/**
 * PowerNet-MIB, rPDU2 (AP84xx, AP86xx, AP89xx): in answers **1 is off and 2 is on**, in orders 1 is
 * on and 2 is off. Units in a daisy chain go on counting: 25 is the first of the second 24-outlet
 * unit.
 */
export const apcSecondGeneration = (outlet: number): OutletTable => ({
  family: "APC, second generation",
  state: {
    oid: `${apc}.26.9.2.3.1.5.${outlet}`,
    words: new Map([
      [1, "off"],
      [2, "on"],
    ]),
  },
  name: `${apcNames.second}.${outlet}`,
  pending: { oid: `${apc}.26.9.2.3.1.6.${outlet}`, values: new Set([1]) },
  command: { oid: `${apc}.26.9.2.4.1.5.${outlet}`, on: 1, off: 2, cycle: 3 },
});
