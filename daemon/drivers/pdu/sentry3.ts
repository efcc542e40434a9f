import type { OutletTable } from "./outlet-table.ts";

const outlets = "1.3.6.1.4.1.1718.3.2.3.1";
/** outletName; rows are `<tower>.<infeed>.<outlet>`. */
export const sentry3Names = `${outlets}.3`;
const offWait = 2;
const onWait = 3;

/**
 * Sentry3-MIB (Server Technology). An outlet has three numbers: tower, infeed, outlet. Of the ten
 * states only 0 (off) and 1 (on) were both ordered and sensed; offError says that there is power
 * on an outlet that was switched off, so it is not called off.
 */
export const sentry3Outlet = (outlet: string): OutletTable => ({
  family: "Sentry3",
  state: {
    oid: `${outlets}.5.${outlet}`,
    words: new Map([
      [0, "off"],
      [1, "on"],
    ]),
  },
  name: `${sentry3Names}.${outlet}`,
  pending: { oid: `${outlets}.5.${outlet}`, values: new Set([offWait, onWait]) },
  command: { oid: `${outlets}.11.${outlet}`, on: 1, off: 2, cycle: 3 },
});
