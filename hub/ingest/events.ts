/**
 * Events: each taken once and in order, acknowledged when it is stored, asked for again when one is
 * missing.
 */
import type { Logger } from "pino";
import { topicFor, topics } from "../../machines/contract.ts";
import { SiteEvent, type Ack, type SiteInfo } from "../../machines/site/site.contract.ts";
import type { Publish } from "../publish.ts";
import type { Mark } from "../store/store.ts";
import type { Site, View } from "../view.ts";
import type { IngestCounts } from "./counts.ts";
import type { Pending } from "./pending.ts";
import { incidentOf, numberOf, readJson, standsFrom } from "./read.ts";
import { openSequence } from "./sequence.ts";

/** An acknowledgement is repeated, so that a site learns our clock. */
const repeatAckMs = 5_000;

export type Events = {
  take(site: Site, topic: string, payload: Buffer): void;
  /** A state says that events up to `seq` exist. */
  known(site: Site, epoch: string, seq: number): void;
  born(site: Site, info: SiteInfo): void;
  /** Everything up to this mark is in the store. */
  stored(mark: Mark): void;
  /** Acknowledgements and replay requests that are due. */
  tend: () => void;
};

export function openEvents(needs: {
  marks: Mark[];
  view: View;
  pending: Pending;
  counts: IngestCounts;
  publish: Publish;
  quarantine: (site: Site, topic: string, reason: string, payload: Buffer) => void;
  log: Logger;
  hub: string;
  now: () => number;
}): Events {
  const { view, pending, counts, log, now } = needs;
  const sequence = openSequence(needs.marks);
  const committed = new Map(needs.marks.map((m) => [`${m.site}/${m.epoch}`, m.seq]));
  const ackDue = new Map<string, Set<string>>();
  const ackedAtMs = new Map<string, number>();

  function take(site: Site, topic: string, payload: Buffer): void {
    if (pending.isFull()) return;
    const read = readJson(payload, SiteEvent);
    const number = read.ok ? read.value : numberOf(read.json);
    if (!number) {
      if (site.info) sequence.unreadable(site.site, site.info.epoch);
      if (!read.ok) needs.quarantine(site, topic, read.reason, payload);
      return;
    }
    const { epoch, seq } = number;
    const from = read.ok ? standsFrom(read.value) : undefined;
    const verdict = sequence.take(site.site, epoch, seq, now(), from);
    if (verdict.word === "duplicate") {
      counts.duplicates += 1;
      ackSoon(site.site, epoch);
      return;
    }
    if (verdict.word === "gap") {
      counts.gaps += 1;
      askReplay(site.site, epoch);
      return;
    }
    if (verdict.word === "lost") {
      const { fromSeq, toSeq } = verdict;
      site.lostEvents += toSeq - fromSeq + 1;
      pending.lost.push({ site: site.site, epoch, fromSeq, toSeq, atMs: now() });
      log.error({ site: site.site, fromSeq, toSeq, code: "events_lost" }, "cannot be sent again");
      view.siteChanged(site);
    }
    pending.mark({ site: site.site, epoch, seq });
    if (!read.ok) return needs.quarantine(site, topic, read.reason, payload);
    counts.events += 1;
    pending.events.push({ site: site.site, event: read.value, receivedAtMs: now() });
    const incident = incidentOf(read.value.data);
    if (incident?.ok) pending.incidents.push({ site: site.site, incident: incident.value });
    if (incident?.ok === false) needs.quarantine(site, topic, incident.reason, payload);
  }

  function askReplay(site: string, epoch: string): void {
    const seq = sequence.dueReplay(site, epoch, now());
    if (seq === undefined) return;
    counts.replays += 1;
    needs.publish(topicFor(site, "replay"), JSON.stringify({ epoch, seq }), topics.replay);
    log.info({ site, epoch, seq, code: "replay" }, "asked a site to send events again");
  }

  function ackSoon(site: string, epoch: string): void {
    const due = ackDue.get(site) ?? new Set();
    ackDue.set(site, due.add(epoch));
  }

  function tend(): void {
    const nowMs = now();
    for (const site of view.sites.values()) {
      const current = site.info?.epoch;
      const due = ackDue.get(site.site) ?? new Set<string>();
      const repeat = nowMs - (ackedAtMs.get(site.site) ?? 0) >= repeatAckMs;
      if (site.online === true && current !== undefined) {
        askReplay(site.site, current);
        if (repeat) due.add(current);
      }
      // The topic is retained, so the word on the present epoch goes last.
      const epochs = [...due].sort((a, b) => Number(a === current) - Number(b === current));
      for (const epoch of epochs) {
        const seq = committed.get(`${site.site}/${epoch}`) ?? 0;
        const ack: Ack = { epoch, seq, hubTimeMs: now() };
        const topic = topicFor(site.site, "ack", { hub: needs.hub });
        needs.publish(topic, JSON.stringify(ack), topics.ack);
        ackedAtMs.set(site.site, nowMs);
      }
      ackDue.delete(site.site);
    }
  }

  return {
    take,
    tend,
    known: (site, epoch, seq) => sequence.known(site.site, epoch, seq, now()),
    born(site, info) {
      sequence.known(site.site, info.epoch, info.seq, now());
      site.ackedSeq = committed.get(`${site.site}/${info.epoch}`) ?? 0;
      ackSoon(site.site, info.epoch);
    },
    stored({ site, epoch, seq }) {
      committed.set(`${site}/${epoch}`, seq);
      const known = view.site(site);
      if (known.info?.epoch === epoch) known.ackedSeq = seq;
      ackSoon(site, epoch);
    },
  };
}
