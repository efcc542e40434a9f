/** A site: whether it is heard, how its daemon, journal and clock are, and its change freeze. */
import { warnings } from "./box.ts";
import { siteClockLine } from "./clocks.ts";
import { h } from "./dom.ts";
import type { SiteItem } from "./items.ts";
import { ageOf, type Now } from "./now.ts";
import { commandButtons, type Offer } from "./talk.ts";
import { clock, lengthOf, plain, type Tone, word } from "./words.ts";

export function siteCard(site: SiteItem, now: Now): HTMLElement {
  const [tone, text]: [Tone, string] =
    site.online === null
      ? ["unknown", "not known"]
      : site.online
        ? ["good", "online"]
        : ["offline", "offline"];
  const old = now.stale || site.stale;
  return h(
    "article",
    {
      class: `${tone === "offline" ? "critical" : tone}${old ? " old" : ""}`,
      "data-key": site.id,
    },
    h("h3", {}, site.name ?? site.id),
    h("p", {}, word(tone, text)),
    h(
      "p",
      { class: "muted" },
      site.lastSeen === null ? "Never heard" : `Last heard ${ageOf(site.lastSeen, now.nowMs)}`,
    ),
    h(
      "p",
      {},
      `Decider ${plain(site.decider ?? "not known")}, journal ${plain(site.journal ?? "not known")}`,
    ),
    siteClockLine(site, now.nowMs),
    ...networkLines(site, now.nowMs),
    site.quarantined > 0 && h("p", {}, word("warning", `${site.quarantined} messages unreadable`)),
    site.lostEvents > 0 && h("p", {}, word("critical", `${site.lostEvents} events lost`)),
    ...freezePart(site, now),
    warnings(site.warnings),
  );
}

/** What goes through its host's way out, and whether the programmes fit through its line. */
function networkLines({ host, uplink }: SiteItem, nowMs: number): (HTMLElement | false)[] {
  const { networkSentBps: sent, networkReceivedBps: received, networkLinkBps: link } = host ?? {};
  const of = link === undefined ? "" : ` of ${megabits(link.value)} each way`;
  return [
    h(
      "p",
      {},
      "Network ",
      sent === undefined || received === undefined
        ? h("span", { class: "muted" }, "not available")
        : `sends ${megabits(sent.value)}, receives ${megabits(received.value)}${of}`,
      sent !== undefined &&
        h("span", { class: "muted" }, ` (${ageOf(sent.at, nowMs)}, ${sent.source})`),
    ),
    uplink !== undefined && h("p", {}, "Uplink ", ...uplinkWords(uplink)),
  ];
}

function uplinkWords({
  publishedBps,
  unknown,
  capacityBps,
  headroomBps,
}: NonNullable<SiteItem["uplink"]>): (HTMLElement | string)[] {
  const least = unknown.length > 0 ? "at least " : "";
  const planned = `${least}${megabits(publishedBps)} planned`;
  if (capacityBps === undefined || headroomBps === undefined)
    return [
      planned,
      h("span", { class: "muted" }, ", headroom not available: uplink.capacity is not set"),
    ];
  const line = `${planned} of ${megabits(capacityBps)}, `;
  // As when the file is checked: the rest is for bursts and whoever else uses the line.
  const tone = headroomBps < 0 ? "critical" : headroomBps < capacityBps / 4 ? "warning" : "good";
  return [line, word(tone, `${megabits(headroomBps)} left`)];
}

const megabits = (bps: number) => `${(bps / 1e6).toFixed(1)} Mb/s`;

function freezePart(site: SiteItem, now: Now): (HTMLElement | false)[] {
  const { freeze } = site;
  if (!freeze) return [];
  const { events, override } = freeze;
  const left = (iso: string | null) =>
    iso === null
      ? "until when is not known"
      : `until ${clock(iso)}, ${lengthOf(Date.parse(iso) - now.nowMs)} more`;
  return [
    h("p", {}, word("warning", "Change freeze")),
    h(
      "ul",
      {},
      ...events.map(({ stream, name, endsAt }) =>
        h("li", {}, `${name} on ${stream}: ${left(endsAt)}`),
      ),
    ),
    h("p", { class: "muted" }, "What can wait is not changed: no settings, probes or upgrades."),
    override !== null &&
      h(
        "p",
        {},
        word("warning", `Changes are let through ${left(override.endsAt)}`),
        ` by ${override.by}: ${override.why}`,
      ),
    commandButtons({
      ...{ list: "sites", ref: site.id, name: site.name ?? site.id, talk: now.talk },
      disabled: now.stale || site.stale,
      offers: override === null ? [letThrough] : [],
    }),
  ];
}

const letThrough: Offer = {
  verb: "override-freeze",
  label: "Let changes through",
  will: "For half an hour, or until the event is over, changes are made as if there were no freeze. Your name and your reason stand in the journal.",
  why: "Why can it not wait?",
};
