/**
 * From the wire into view, store and feed. Events go to the store first and are acknowledged only
 * when they are there; states are shown at once and written by and by.
 */
import type { Logger } from "pino";
import { z } from "zod";
import { Availability } from "../machines/contract.ts";
import { CommandResponse } from "../machines/command/command.contract.ts";
import { SiteInfo, Telemetry } from "../machines/site/site.contract.ts";
import type { Feed } from "./feed.ts";
import { HeldState, readState } from "./held-state.ts";
import { openPending } from "./ingest/pending.ts";
import { noneYet, type IngestCounts } from "./ingest/counts.ts";
import { openEvents } from "./ingest/events.ts";
import type { Publish } from "./publish.ts";
import { readJson, readText } from "./ingest/read.ts";
import { statesOf } from "./ingest/states.ts";
import { openTopics, type Spoken } from "./ingest/topics.ts";
import type { Thumbnails } from "./thumbnails.ts";
import { StoreLeftAlone } from "./store/guard.ts";
import type { Batch, Store } from "./store/store.ts";
import type { Actor, Site, View } from "./view.ts";

export type Ingest = {
  counts: IngestCounts;
  message: (topic: string, payload: Buffer) => void;
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
  thumbnails: Pick<Thumbnails, "take">;
  onResponse: (site: string, response: CommandResponse) => void;
  log: Logger;
  /** Our name in `ack/<hub>`. */
  hub: string;
  now: () => number;
  /** How long arriving events are gathered for one transaction, ms. */
  tickMs?: number;
};

/** Acknowledgements go out at most twice a second. */
const tendEveryMs = 500;
/** `lastSeen` is written no finer than this. */
const seenGrainMs = 10_000;
/** What is kept of a payload that failed its schema. The broker's limit is the same. */
const mostQuarantineBytes = 256 * 1024;

export async function openIngest(needs: IngestNeeds): Promise<Ingest> {
  const { store, view, feed, log, now } = needs;
  const stored = await store.load();
  const pending = openPending(view);
  const states = statesOf(view, pending);
  const counts = noneYet();
  const spokenOn = openTopics(view);
  let flushing: Promise<void> | undefined;
  let unwritten: Batch | undefined;
  let healthy = true;

  const events = openEvents({ ...needs, marks: stored.marks, pending, counts, quarantine });
  for (const row of stored.sites) Object.assign(view.site(row.site), row);
  for (const { state, receivedAtMs, goneAtMs, ...key } of stored.actors) {
    const read = state === null ? undefined : readState(key.kind, state);
    const held =
      state !== null && read?.ok ? new HeldState(key.kind, state, read.value, null) : null;
    Object.assign(view.actor(key), { held, receivedAtMs, goneAtMs });
  }
  for (const { site, ...count } of await store.counts()) Object.assign(view.site(site), count);

  function quarantine(site: Site, topic: string, reason: string, payload: Buffer): void {
    counts.quarantined += 1;
    site.quarantined += 1;
    const kept = payload.slice(0, mostQuarantineBytes);
    const receivedAtMs = now();
    pending.quarantined.push({ site: site.site, topic, reason, payload: kept, receivedAtMs });
    log.warn({ site: site.site, topic, reason, code: "quarantined" }, "kept aside, unreadable");
    view.siteChanged(site);
  }

  /** undefined: the topic is about none, or its site has too many. */
  function actorOf(spoken: Spoken): Actor | undefined {
    const { site, kind, id } = spoken;
    if (kind === undefined || id === undefined) return undefined;
    spoken.actor ??= states.actor({ site: site.site, kind, id }, now());
    return spoken.actor;
  }

  function takeState(spoken: Spoken, topic: string, payload: Buffer): void {
    const { site, kind = "", id = "" } = spoken;
    if (payload.length === 0) return states.cleared({ site: site.site, kind, id }, now());
    const text = readText(payload);
    const read = text.ok ? readState(kind, text.value) : text;
    const actor = actorOf(spoken);
    if (text.ok && read.ok && read.value.id === id) {
      events.known(site, read.value.epoch, read.value.seq);
      if (actor) states.state(actor, text.value, read.value, now());
      else counts.strange += 1;
      return;
    }
    if (actor) states.unreadable(actor);
    quarantine(site, topic, read.ok ? `id: says ${read.value.id}` : read.reason, payload);
  }

  function takeInfo(site: Site, topic: string, payload: Buffer): void {
    const read = readJson(payload, SiteInfo);
    if (!read.ok) return quarantine(site, topic, read.reason, payload);
    const info = read.value;
    if (info.site !== site.site) return quarantine(site, topic, `site: ${info.site}`, payload);
    if (site.info && site.info.epoch !== info.epoch) {
      log.warn({ site: site.site, code: "new_epoch" }, "the site has a new database");
    }
    states.birth(site, info, now());
    events.born(site, info);
  }

  function takeAvailability(spoken: Spoken, topic: string, payload: Buffer): void {
    const { site, id } = spoken;
    if (payload.length === 0) return;
    const text = readText(payload);
    const word = Availability.safeParse(text.ok ? text.value : undefined);
    if (!word.success) return quarantine(site, topic, "neither online nor offline", payload);
    const online = word.data === "online";
    if (id === undefined) return states.availability(site, online);
    const actor = actorOf(spoken);
    if (actor) states.actorAvailability(actor, online);
  }

  function takeThumbnail({ site, kind = "", id = "" }: Spoken, payload: Buffer): void {
    const why = needs.thumbnails.take({ site: site.site, kind, id }, payload);
    if (why !== undefined) counts.strange += 1;
  }

  function takeTelemetry(site: Site, telemetry: Telemetry): void {
    // Never retained, so somebody is connected: the `offline` before it was an older session's will.
    if (site.online === false) states.availability(site, true);
    states.telemetry(site, telemetry, now());
  }

  function message(topic: string, payload: Buffer): void {
    const spoken = spokenOn(topic);
    if (!spoken) {
      counts.strange += 1;
      return;
    }
    const { name, site } = spoken;
    // Another process sends them: they say nothing of the one that decides.
    if (name === "thumbnail") return takeThumbnail(spoken, payload);
    seen(site);
    switch (name) {
      case "event":
        return events.take(site, topic, payload);
      case "state":
        return takeState(spoken, topic, payload);
      case "info":
        return payload.length === 0 ? undefined : takeInfo(site, topic, payload);
      case "availability":
      case "actorAvailability":
        return takeAvailability(spoken, topic, payload);
      case "telemetry": {
        const read = readJson(payload, Telemetry.extend({ historical: z.boolean().optional() }));
        if (!read.ok) counts.strange += 1;
        else if (read.value.historical !== true) takeTelemetry(site, read.value);
        return;
      }
      case "response": {
        const read = readJson(payload, CommandResponse);
        if (read.ok) needs.onResponse(site.site, read.value);
        else quarantine(site, topic, read.reason, payload);
      }
    }
  }

  function seen(site: Site): void {
    const before = site.lastSeenMs ?? 0;
    site.lastSeenMs = now();
    if (site.lastSeenMs - before > seenGrainMs) pending.site(site);
  }

  async function write(dueAtMs: number): Promise<void> {
    const batch = unwritten ?? pending.take(dueAtMs);
    unwritten = batch;
    try {
      await store.commit(batch);
    } catch (error) {
      if (!(error instanceof StoreLeftAlone)) counts.failedCommits += 1;
      if (healthy) log.error({ err: error, code: "store_failed" }, "the store takes nothing");
      healthy = false;
      return;
    }
    if (!healthy) log.info({ code: "store_ok" }, "the store takes data again");
    healthy = true;
    unwritten = undefined;
    for (const mark of batch.marks) events.stored(mark);
    for (const { site, event } of batch.events) feed.event(site, event);
    for (const { site, incident } of batch.incidents) feed.incident(site, incident);
  }

  async function flush(dueAtMs = now()): Promise<void> {
    if (flushing) return flushing;
    if (!unwritten && pending.isEmpty(dueAtMs)) return;
    flushing = write(dueAtMs).finally(() => {
      flushing = undefined;
    });
    return flushing;
  }

  const ticking = setInterval(() => void flush(), needs.tickMs ?? 50);
  const tending = setInterval(events.tend, tendEveryMs);
  return {
    counts,
    message,
    linkDown: states.linkDown,
    flush,
    tend: events.tend,
    healthy: () => healthy,
    close: async () => {
      clearInterval(ticking);
      clearInterval(tending);
      await flush();
      // A flush that was under way has left the newest behind, and what still waits is due now.
      while (healthy && !pending.isEmpty(Infinity)) await flush(Infinity);
    },
  };
}
