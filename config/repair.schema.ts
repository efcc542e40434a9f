/** What may be done about a box in trouble without a person: by site, by box, by kind of trouble. */
import { z } from "zod";
import { section } from "./units.ts";

const words = z.enum(["observe", "propose", "act"]);
const consent = (what: string) => words.exactOptional().describe(what);

const repairOfAll = "A box in trouble: only count what would be done, ask a person, or do it";

export const repairOfSite = words.prefault("propose").describe(repairOfAll);
export const repairOfBox = words.exactOptional().describe("The same for this box");

/** Where one kind of trouble is treated otherwise. */
export const playbooks = section({
  unreachable: consent(
    "It does not answer, and carries nothing or is off air with nobody else: power cycle",
  ),
  failing: consent(
    "Its output fails, likewise: what fails is ended, then reboot, then power cycle",
  ),
  overload: consent("It carries and does not keep up: less load, step by step"),
  network: consent("It carries and its network takes less than it makes: lower bit rate"),
});

type Consent = z.output<typeof words>;
type Own = { repair?: Consent; playbooks?: z.output<typeof playbooks> };

/** A box's own word wins over the site's, and a kind of trouble's over that for all. */
export function consentsOf(
  { repair: ofSite, playbooks: bySite = {} }: Own & { repair: Consent },
  { repair: ofBox, playbooks: byBox = {} }: Own,
): { repair: Consent; playbooks?: z.output<typeof playbooks> } {
  const own = { ...(ofBox === undefined && bySite), ...byBox };
  return {
    repair: ofBox ?? ofSite,
    ...(Object.keys(own).length > 0 && { playbooks: own }),
  };
}
