import { afterEach, expect } from "vitest";
import { Facility, type FacilityOptions } from "./facility.ts";

type Closable = { close(): Promise<unknown> };

/** What a test opens is closed after it, the last first, and a facility leaves no process. */
export function closedAfterEach() {
  const open: Closable[] = [];
  afterEach(async () => {
    for (const it of open.splice(0).reverse()) {
      const otherwise = it instanceof Facility ? it.decidedOtherwise() : [];
      await it.close();
      if (it instanceof Facility) expect(it.leftovers()).toEqual([]);
      expect(otherwise, "a replay of the journal decides the same").toEqual([]);
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
