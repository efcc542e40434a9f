import fc from "fast-check";
import { expect, test } from "vitest";
import { openSite, type SiteCore } from "../../../machines/site/site-core.ts";
import type { SitePlan } from "../../../machines/site/plan.ts";
import { byXState } from "../../../machines/stepping/stepped.ts";
import { act, effortOf, facility, onAirWith, stepsOf } from "../facility.ts";
import type { Journaled } from "../world.ts";

/** Fails, for one, when `stepOf` enters states before it leaves others, or `eventless` is asked once. */
test("each turn ends in the same states with the same memory as by XState's own steps", () => {
  fc.assert(
    fc.property(facility, stepsOf(), (f, steps) => {
      const world = onAirWith(f);
      for (const step of steps) act(world, step);
      expect(turnByTurn(world.plan, world.journal)).toEqual(
        byXState(() => turnByTurn(world.plan, world.journal)),
      );
    }),
    effortOf("stepping"),
  );
}, 36_000_000);

/** What came of each turn, and what every actor was then. */
function turnByTurn(plan: SitePlan, journal: readonly Journaled[]): string[] {
  let core: SiteCore | undefined;
  return journal.map((entry) => {
    if ("started" in entry) core = openSite({ plan, at: entry.at, resume: entry.started });
    const outcome = "started" in entry ? core!.opening : core!.turn(entry.input, entry.at);
    return JSON.stringify([outcome, core!.nextDueMs(), actorsOf(core!, plan)]);
  });
}

function actorsOf(core: SiteCore, plan: SitePlan): unknown[] {
  const { encoders, destinations, streams, storages = [] } = plan;
  const { keys, freeze, facts, stalls, hostClock } = core.site();
  return [
    { word: core.siteWord(), keys, freeze, facts, stalls, hostClock },
    ...encoders.map(({ id }) => core.encoder(id)),
    ...destinations.map(({ id }) => core.destination(id)),
    ...storages.map(({ id }) => core.storage(id)),
    ...streams.map(({ id }) => core.stream(id)),
  ].map((actor) => ("status" in actor ? partsOf(actor) : actor));
}

type Part = { status: string; value: unknown; context: object; children: object };
const partsOf = ({ status, value, context, children }: Part) => ({
  ...{ status, value, context },
  children: Object.keys(children),
});
