/**
 * From the wire into view, store and feed. Events go to the store first and are acknowledged only
 * when they are there; states are shown at once and written once per tick.
 */
import type { Logger } from "pino";
import { z } from "zod";
import {
  Availability,
  parseTopic,
  topicFor,
  topics,
  type ParsedTopic,
} from "../machines/contract.ts";
import { CommandResponse } from "../machines/command/command.contract.ts";
import { SiteEvent, SiteInfo, Telemetry, type Ack } from "../machines/site/site.contract.ts";
import type { Feed } from "./feed.ts";
import { openPending } from "./ingest/pending.ts";
import { incidentOf, numberOf, readJson, readState, readText, standsFrom } from "./ingest/read.ts";
import { openSequence } from "./ingest/sequence.ts";
import { statesOf } from "./ingest/states.ts";
import type { Batch, Store } from "./store/store.ts";
import type { Site, View } from "./view.ts";

export type Publish = (topic: string, payload: string, options: PublishOptions) => void;
export type PublishOptions = { qos: 0 | 1; retain: boolean };

export type IngestCounts = {
  events: number;
  duplicates: number;
  gaps: number;
  replays: number;
  quarantined: number;
  /** Messages on topics that are not in the contract. */
  strange: number;
  failedCommits: number;
};

export type Ingest = {
  counts: IngestCounts;
  message: (topic: string, payload: Uint8Array) => void;
  linkDown: () => void;
  /** Write what is pending, then tell and acknowledge it. Called by the tick; tests call it. */
  flush: () => Promise<void>;
  /** Acknowledgements and replay requests that are due. */
  tend(): void;
  /** False while the store refuses to take what arrives. */
  healthy: () => boolean;
  close(): Promise<void>;
};

export type IngestNeeds = {
  store: Store;
  view: View;
  feed: Feed;
  publish: Publish;
  onResponse: (site: string, response: CommandResponse) => void;
  log: Logger;
  /** Our name in `ack/<hub>`. */
  hub: string;
  now: () => number;
  /** How long arriving events are gathered for one transaction, ms. */
  tickMs?: number;
};

/** Acknowledgements go out at most twice a second… */
const tendEveryMs = 500;
/** …and are repeated, so that a site learns our clock. */
const repeatAckMs = 5_000;
/** `lastSeen` is written no finer than this. */
const seenGrainMs = 10_000;
/** What is kept of a payload that failed its schema. The broker's limit is the same. */
const mostQuarantineBytes = 256 * 1024;

export async function openIngest(needs: IngestNeeds): Promise<Ingest> {
  const { store, view, feed, log, now } = needs;
  const stored = await store.load();
  const sequence = openSequence(stored.marks);
  const committed = new Map(stored.marks.map((m) => [`${m.site}/${m.epoch}`, m.seq]));
  const pending = openPending(view);
  const states = statesOf(view, pending, feed);
  const ackDue = new Map<string, Set<string>>();
  const ackedAtMs = new Map<string, number>();
  const counts: IngestCounts = {
    events: 0,
    duplicates: 0,
    gaps: 0,
    replays: 0,
    quarantined: 0,
    strange: 0,
    failedCommits: 0,
  };
  let flushing: Promise<void> | undefined;
  let unwritten: Batch | undefined;
  let healthy = true;

  for (const row of stored.sites) Object.assign(view.site(row.site), row);
  for (const row of stored.actors) Object.assign(view.actor(row), row);
  for (const { site, ...count } of await store.counts()) Object.assign(view.site(site), count);

  function quarantine(site: Site, topic: string, reason: string, payload: Uint8Array): void {
    counts.quarantined += 1;
    site.quarantined += 1;
    const kept = payload.slice(0, mostQuarantineBytes);
    const receivedAtMs = now();
    pending.quarantined.push({ site: site.site, topic, reason, payload: kept, receivedAtMs });
    log.warn({ site: site.site, topic, reason, code: "quarantined" }, "kept aside, unreadable");
    view.siteChanged(site);
  }

  function takeEvent(site: Site, topic: string, payload: Uint8Array): void {
    if (pending.isFull()) return;
    const read = readJson(payload, SiteEvent);
    const number = read.ok ? read.value : numberOf(read.json);
    if (!number) {
      if (site.info) sequence.unreadable(site.site, site.info.epoch);
      if (!read.ok) quarantine(site, topic, read.reason, payload);
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
    if (!read.ok) return quarantine(site, topic, read.reason, payload);
    counts.events += 1;
    pending.events.push({ site: site.site, event: read.value, receivedAtMs: now() });
    const incident = incidentOf(read.value.data);
    if (incident?.ok) pending.incidents.push({ site: site.site, incident: incident.value });
    if (incident?.ok === false) quarantine(site, topic, incident.reason, payload);
  }

  function askReplay(site: string, epoch: string): void {
    const seq = sequence.dueReplay(site, epoch, now());
    if (seq === undefined) return;
    counts.replays += 1;
    needs.publish(topicFor(site, "replay"), JSON.stringify({ epoch, seq }), topics.replay);
    log.info({ site, epoch, seq, code: "replay" }, "asked a site to send events again");
  }

  function takeState(site: Site, topic: ParsedTopic, raw: string, payload: Uint8Array): void {
    const { kind, id } = topic;
    if (kind === undefined || id === undefined) return;
    const key = { site: site.site, kind, id };
    if (payload.length === 0) return states.cleared(key, now());
    const read = readState(kind, payload);
    const known = read.ok && read.value.id === id;
    if (known) {
      sequence.known(site.site, read.value.epoch, read.value.seq, now());
      if (!states.state(key, read.value, now())) counts.strange += 1;
      return;
    }
    states.unreadable(key);
    quarantine(site, raw, read.ok ? `id: says ${read.value.id}` : read.reason, payload);
  }

  function takeInfo(site: Site, topic: string, payload: Uint8Array): void {
    const read = readJson(payload, SiteInfo);
    if (!read.ok) return quarantine(site, topic, read.reason, payload);
    const info = read.value;
    if (info.site !== site.site) return quarantine(site, topic, `site: ${info.site}`, payload);
    if (site.info && site.info.epoch !== info.epoch) {
      log.warn({ site: site.site, code: "new_epoch" }, "the site has a new database");
    }
    states.birth(site, info, now());
    sequence.known(site.site, info.epoch, info.seq, now());
    site.ackedSeq = committed.get(`${site.site}/${info.epoch}`) ?? 0;
    ackSoon(site.site, info.epoch);
  }

  function takeAvailability(site: Site, topic: ParsedTopic, raw: string, payload: Uint8Array) {
    const text = readText(payload);
    const word = Availability.safeParse(text.ok ? text.value : undefined);
    const { kind, id } = topic;
    if (payload.length === 0) return;
    if (!word.success) return quarantine(site, raw, "neither online nor offline", payload);
    const online = word.data === "online";
    if (kind === undefined || id === undefined) states.availability(site, online);
    else states.actorAvailability({ site: site.site, kind, id }, online);
  }

  function takeTelemetry(site: Site, telemetry: Telemetry): void {
    // Never retained, so somebody is connected: the `offline` before it was an older session's will.
    if (site.online === false) states.availability(site, true);
    states.telemetry(site, telemetry, now());
  }

  function message(raw: string, payload: Uint8Array): void {
    const topic = parseTopic(raw);
    if (!topic || topics[topic.name].direction === "down") {
      counts.strange += 1;
      return;
    }
    const site = view.site(topic.site);
    seen(site);
    switch (topic.name) {
      case "event":
        return takeEvent(site, raw, payload);
      case "state":
        return takeState(site, topic, raw, payload);
      case "info":
        return payload.length === 0 ? undefined : takeInfo(site, raw, payload);
      case "availability":
      case "actorAvailability":
        return takeAvailability(site, topic, raw, payload);
      case "telemetry": {
        const read = readJson(payload, Telemetry.extend({ historical: z.boolean().optional() }));
        if (!read.ok) counts.strange += 1;
        else if (read.value.historical !== true) takeTelemetry(site, read.value);
        return;
      }
      case "response": {
        const read = readJson(payload, CommandResponse);
        if (read.ok) needs.onResponse(site.site, read.value);
        else quarantine(site, raw, read.reason, payload);
      }
    }
  }

  function seen(site: Site): void {
    const before = site.lastSeenMs ?? 0;
    site.lastSeenMs = now();
    if (site.lastSeenMs - before > seenGrainMs) pending.site(site);
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

  async function write(): Promise<void> {
    const batch = unwritten ?? pending.take();
    unwritten = batch;
    try {
      await store.commit(batch);
    } catch (error) {
      counts.failedCommits += 1;
      if (healthy) log.error({ err: error, code: "store_failed" }, "the store takes nothing");
      healthy = false;
      return;
    }
    if (!healthy) log.info({ code: "store_ok" }, "the store takes data again");
    healthy = true;
    unwritten = undefined;
    for (const { site, epoch, seq } of batch.marks) {
      committed.set(`${site}/${epoch}`, seq);
      const known = view.site(site);
      if (known.info?.epoch === epoch) known.ackedSeq = seq;
      ackSoon(site, epoch);
    }
    for (const { site, event } of batch.events) feed.event(site, event);
    for (const { site, incident } of batch.incidents) feed.incident(site, incident);
  }

  async function flush(): Promise<void> {
    if (flushing) return flushing;
    if (!unwritten && pending.isEmpty()) return;
    flushing = write().finally(() => {
      flushing = undefined;
    });
    return flushing;
  }

  const ticking = setInterval(() => void flush(), needs.tickMs ?? 50);
  const tending = setInterval(tend, tendEveryMs);
  return {
    counts,
    message,
    linkDown: states.linkDown,
    flush,
    tend,
    healthy: () => healthy,
    close: async () => {
      clearInterval(ticking);
      clearInterval(tending);
      await flush();
      // A flush that was under way may have left the newest behind.
      await flush();
    },
  };
}
