/** How a box is repaired, what it waits for, and what may be said to that. */
import { row } from "./box.ts";
import { h } from "./dom.ts";
import type { EncoderItem } from "./items.ts";
import type { Offer } from "./talk.ts";
import { lengthOf, plain, state, word } from "./words.ts";

type Repair = NonNullable<EncoderItem["repair"]>;

const consents: Readonly<Record<string, string>> = {
  observe: "only observed",
  propose: "asks first",
  act: "done by itself",
};
const actions: Readonly<Record<string, string>> = {
  restart: "a restart of its output",
  reboot: "a reboot",
  powerCycle: "a power cycle",
};
const actionOf = ({ next, nextLoad }: Repair) =>
  (next && actions[next]) ?? nextLoad ?? "what its playbook says";
/** What its viewers notice. */
const costOf = ({ next, nextCostsPicture, trouble }: Repair) => {
  if (next !== "lowerLoad") return "No picture is on air from it.";
  if (nextCostsPicture !== true) return "Its picture stays.";
  return trouble === "network"
    ? "Its picture is lost for a moment."
    : "Its understudy takes over first, where it can; else its picture is lost for a moment.";
};

export function repairRows({ repair }: EncoderItem, nowMs: number): HTMLElement[] {
  if (!repair) return [];
  const { wouldHaveActed: dry, state: now, consent } = repair;
  const age = (iso: string | null | undefined) =>
    iso == null ? "not known" : lengthOf(nowMs - Date.parse(iso));
  const counts = Object.entries(dry?.byAction ?? {}).map(([a, n]) => `${plain(a)} ${n}`);
  return [
    ...row(
      "Repair",
      repairWord(repair, nowMs) ??
        (now === "well" ? word("good", "nothing to repair") : state(now)),
      h("span", { class: "muted" }, ` (${consents[consent] ?? "not known"})`),
    ),
    ...(dry
      ? row(
          "Dry run",
          dry.times === 0
            ? `would not have acted in ${age(dry.since)}`
            : `would have acted ${dry.times} times in ${age(dry.since)} (${counts.join(", ")}), last ${age(dry.lastAt)} ago`,
        )
      : []),
  ];
}

/** `a reboot is proposed, say yes or no within 8 min 20 s` */
export function proposalText(repair: Repair, nowMs: number): string {
  const { proposalEndsAt: ends } = repair;
  const left =
    ends == null ? "; until when is not known" : ` within ${lengthOf(Date.parse(ends) - nowMs)}`;
  return `${actionOf(repair)} is proposed, say yes or no${left}`;
}

function repairWord(repair: Repair, nowMs: number): HTMLElement | undefined {
  if (repair.state === "proposing") return word("warning", proposalText(repair, nowMs));
  if (repair.state === "heldBack")
    return word("warning", `${actionOf(repair)} could cost the picture, and waits for your yes`);
  if (repair.state !== "rejected") return undefined;
  return word("warning", `you said no to ${actionOf(repair)}: left as it is`);
}

export function repairOffers({ repair, name, id }: EncoderItem): Offer[] {
  if (!repair) return [];
  const box = name ?? id;
  const yes = (label: string, will: string): Offer => ({ verb: "repair", label, will });
  const now = `${box} gets ${actionOf(repair)} now. ${costOf(repair)}`;
  switch (repair.state) {
    case "proposing":
      return [
        yes("Approve the repair", now),
        {
          verb: "reject-repair",
          label: "Reject the repair",
          will: `${box} stays as it is, and is not proposed again until a person asks for a repair or it is well.`,
        },
      ];
    case "heldBack":
      return [
        yes(
          "Do it all the same",
          repair.next === "lowerLoad"
            ? `${box} gets ${actionOf(repair)} now, on air. Its picture is lost for a moment.`
            : `${box} gets ${actionOf(repair)} now. A picture that is on air from it is lost until it has booted.`,
        ),
      ];
    case "observing":
    case "rejected":
      return [yes("Repair", now)];
    case "resting":
    case "givenUp":
      return [
        yes(
          "Try the repair again",
          `What was tried on ${box} is forgotten, and its playbook begins anew, as far as it may act by itself.`,
        ),
      ];
    default:
      return [];
  }
}
