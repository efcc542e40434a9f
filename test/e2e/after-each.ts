import { afterEach, expect } from "vitest";
import { Facility, type FacilityOptions } from "./facility.ts";

type Closable = { close(): Promise<unknown> };

/**
 * What a test opens is closed after it, the last first, and a facility leaves no process. Where the
 * test failed, the end of the daemon's log is printed: a new machine's failure is seldom seen twice.
 */
export function closedAfterEach() {
  const open: Closable[] = [];
  afterEach(async ({ task }) => {
    for (const it of open.splice(0).reverse()) {
      if (task.result?.state === "fail" && it instanceof Facility)
        console.error(it.log.slice(-6000));
      await it.close();
      if (it instanceof Facility) expect(it.leftovers()).toEqual([]);
    }
  });
  const keep = <T extends Closable>(it: T): T => {
    open.push(it);
    return it;
  };
  return {
    keep,
    facility: async (options: FacilityOptions = {}) => keep(await Facility.build(options)),
  };
}
