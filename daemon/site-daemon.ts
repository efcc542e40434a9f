import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as breath } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { configWarnings } from "../config/warnings.ts";
import type { SiteConfig } from "../config/site.schema.ts";
import { uplinkUse, uplinkWarnings } from "../config/uplink.ts";
import { contractMinor } from "../machines/contract.ts";
import { changeFreeze } from "../machines/site/change-freeze.ts";
import type { Ack } from "../machines/site/site.contract.ts";
import { openSite } from "../machines/site/site-core.ts";
import type { SiteResume } from "../machines/site/site.context.ts";
import { verdict } from "../machines/stream/stream.context.ts";
import { seenOnAir } from "../machines/stream/quality.ts";
import { carrierWord, comparedPair } from "../machines/stream/stream.published.ts";
import { attention } from "./attention.ts";
import { isSoftware, openDrivers, openSessions, superviseAll } from "./boxes.ts";
import { type Hands, ingestsOf, openHands } from "./carry-out.ts";
import { openCircuits } from "./circuits.ts";
import { monotonicMs, now } from "./clock.ts";
import { movesTo, questionsTo } from "./command-questions.ts";
import { signatureCheck } from "./command-signature.ts";
import { openCommands } from "./commands.ts";
import { watchOverrides } from "./commissioning/overrides.ts";
import { openConnectionHistory } from "./connection-history.ts";
import { relayViews } from "./content/relay-views.ts";
import { watchContent } from "./content/watch-content.ts";
import { subjectsOf } from "./quality/subjects.ts";
import { watchQuality } from "./quality/watch-quality.ts";
import { type Decider, openDecider, type Turned } from "./decider.ts";
import { lookInTurn } from "./device-session.ts";
import { allVendors, vendors } from "./drivers/index.ts";
import { storageVendors } from "./drivers/storages.ts";
import { watchFarEnds } from "./far-ends.ts";
import { watchHostClock } from "./host-clock/watch-host-clock.ts";
import { watchHostLoad } from "./host-load/watch-host-load.ts";
import { groupOf } from "./ingest/group.ts";
import { openIngests } from "./ingest/keeper.ts";
import { openSessionKeys } from "./ingest/session-keys.ts";
import { openJournal } from "./journal/open-journal.ts";
import { type AckOutcome, eventsAfter } from "./journal/outbox.ts";
import { lockState } from "./journal/state-lock.ts";
import { openLinks } from "./links.ts";
import { olderThanWhatRuns } from "./older-copy.ts";
import { openOutlets } from "./open-outlets.ts";
import { backupLegOf, onAirRulesOf, planOf } from "./plan.ts";
import { openPublisher } from "./publish.ts";
import { rehearseRegularly } from "./rehearsals.ts";
import { openOutputs } from "./outputs/keeper.ts";
import { endOtherRelays, openRelays } from "./relays/open-relays.ts";
import { OwnSlates } from "./relays/own-slates.ts";
import { startedRow } from "./replay/started.ts";
import { fallBackWarnings, latencyWarnings, splicesOf, withRelays } from "./relays/with-relays.ts";
import { type RelayedScans, watchRelayedScans } from "./scan/relayed-scans.ts";
import { openSchedules, type Schedules } from "./schedule/schedule.ts";
import { watchStorage } from "./storages.ts";
import { keepThumbnails } from "./thumbnails/keeper.ts";
import { openTraps, type Traps } from "./traps.ts";

/** Whoever asks for a session is told its key then all the same: the door opens soon. */
const doorOpensWithinMs = 5_000;

export type SiteDaemon = {
  /** One line a person can read. */
  status(): string;
  /** How long ago each part last moved, ms. */
  silenceMs(): { decider: number; journal: number; link: number };
  condition(): { decider: "ok" | "impaired"; journal: string; hubLink: string };
  /** Lets go of the boxes without touching what they do. */
  close(): Promise<void>;
};

/**
 * One site: opens everything, connects it, and is the only one who knows all of it. Media
 * processes are adopted before the first decision and left alone at the end. When it resolves,
 * the site decides; a box that hangs and a centre that is away hold up nothing.
 */
export async function startSite(p: {
  config: SiteConfig;
  log: Logger;
  /** A secret that is made here stands in no log either. */
  hide: (secret: string) => void;
  /** Takes every secret out of a text of somebody else, by value. */
  redact: (text: string) => string;
  version: string;
  /** A journal's writer that was started ahead; without one it is started here. */
  writer: Worker | undefined;
  /** The bundled journal writer beside this program. */
  writerUrl: URL;
  /** The bundled broker program beside this one. */
  brokerUrl: URL;
  /** The bundled ingest program. */
  ingestUrl: URL;
  /** The bundled relay program beside it. */
  relayUrl: URL;
  /** The bundled program of one output of a relayed stream. */
  outputUrl: URL;
  /** The bundled program that takes thumbnails. */
  thumbnailsUrl: URL;
}): Promise<SiteDaemon> {
  const { config: written } = p;
  const log = p.log.child({ site: written.site });
  mkdirSync(written.stateDir, { recursive: true, mode: 0o750 });
  const lock = lockState(written.stateDir);
  const keyOf = openSessionKeys(written.stateDir);
  const { config, relays: relayed } = withRelays(written, vendors, keyOf);
  const relayInputs = relayed.flatMap(({ inputs }) => inputs);
  const onlyRelayed = fallBackWarnings(relayed);
  for (const warning of onlyRelayed) log.warn({ code: "config_warning" }, warning);
  for (const { door } of relayInputs) if (door?.kind === "rtmp") p.hide(door.streamKey);
  const openingJournal = openJournal({
    file: join(config.stateDir, "site.db"),
    writer: p.writer,
    writerUrl: p.writerUrl,
    now,
    site: config.site,
    warn: (message) => log.warn({ code: "journal" }, message),
  });
  const startedAtMs = now().wallMs;
  const circuits = openCircuits({
    now: monotonicMs,
    changed: (actor) => publisher.changed([actor]),
  });
  const outlets = await openOutlets({ config, circuits, log });
  const spoofable = [...outlets.values()].filter(({ isSpoofable }) => isSpoofable);
  const plan = planOf(config, allVendors, new Set(spoofable.map(({ id }) => id)), relayed);
  const ingests = ingestsOf(config.destinations, backupLegOf);

  // Adoption comes first: what runs already is known before anything may be started.
  const watch = attention(plan, () => core);
  const submit: Decider["submit"] = (input) => decider.submit(input);
  const sessions = openSessions({ config, plan, attention: watch, submit });
  await endOtherRelays(config.stateDir, relayed);
  const openingRelays = openRelays({
    ...{ stateDir: config.stateDir, relays: relayed, program: fileURLToPath(p.relayUrl) },
    slateFormat: (stream) => parts.slates?.formatOf(stream),
    scans: (stream) => parts.scans?.of(stream) ?? {},
    clockOf: (ingest) => parts.ingestProcesses?.get(ingest)?.clock,
    tell(stream, event) {
      if (event.type === "relay.report") {
        const { selected, carried = {} } = event.report;
        const brought = selected === null ? undefined : carried[selected];
        if (brought) parts.slates?.brings(stream, brought);
      }
      void submit({ to: `stream:${stream}`, event });
    },
  });
  openingRelays.catch(() => undefined);
  const openingDrivers = openDrivers({
    ...{ config, plan, sessions, attention: watch },
    knownTargets: () => [...ingests.values()],
    // Asked later, when the events are known.
    mayProbe: () =>
      parts.hands !== undefined && changeFreeze(core.site().freeze, "probe", now()) === undefined,
    groupOf: (ingest) => groupOf(config, ingest),
  });
  openingDrivers.catch(() => undefined);
  const openingIngests = openIngests({
    config,
    program: p.ingestUrl,
    keyOf,
    spoolOf: (ingest) => relayInputs.find(({ leg }) => leg === ingest)?.spool,
    splicesOf: (ingest) => splicesOf(relayed, ingest),
    tell: (ingest, event) => void submit({ to: `ingest:${ingest}`, event }),
  });
  openingIngests.catch(() => undefined);
  const openingOutputs = openOutputs({
    ...{ config, relays: relayed, program: p.outputUrl },
    tell: (output, event) => void submit({ to: `output:${output}`, event }),
  });
  openingOutputs.catch(() => undefined);
  const journal = await openingJournal;
  const drivers = await openingDrivers;
  const relays = await openingRelays;

  // An old copy of the journal would tell of holders that are not so any more.
  const engines = new Map([...drivers].filter(([id]) => isSoftware(plan, id)));
  const { keys } = (journal.resume.get("site") ?? {}) as Partial<SiteResume>;
  const outdated = journal.fresh ? undefined : await olderThanWhatRuns(engines, keys);
  if (outdated !== undefined) journal.newEpoch(outdated);
  const believed = !journal.fresh && outdated === undefined;
  const start = { plan, at: now(), resume: believed ? journal.resume : new Map<string, unknown>() };
  journal.input(startedRow(start, { session: journal.session, version: p.version }));
  const core = openSite(start);
  // Opened last, spoken to by everything before.
  const parts: {
    hands?: Hands;
    traps?: Traps;
    schedules?: Schedules;
    farEnds?: ReturnType<typeof watchFarEnds>;
    slates?: OwnSlates;
    scans?: RelayedScans;
    ingestProcesses?: Awaited<typeof openingIngests>;
    outputs?: Awaited<ReturnType<typeof openOutputs>>;
  } = {};
  let journalAliveMs = monotonicMs();

  const decider = openDecider({
    core,
    journal,
    now,
    begin: (intent) => parts.hands?.begin(intent),
    giveUp: (id) => parts.hands?.giveUp(id),
    onTurn: (turned) => report(turned),
  });
  const links = openLinks({
    config,
    journal,
    log: p.log,
    brokerUrl: p.brokerUrl,
    info: () => ({
      site: config.site,
      ...(config.name !== undefined && { name: config.name }),
      epoch: journal.epoch,
      session: journal.session,
      contractMinor,
      version: p.version,
      bootId: now().bootId,
      startedAtMs,
      ...(config.publicHost !== undefined && { publicHost: config.publicHost }),
      seq: decider.seq(),
      inventory: publisher.inventory(),
    }),
    states: () => publisher.all(),
    now: () => now().wallMs,
    onRequest: (topic, payload) => commands.request(topic, payload),
    onAck: (_hub, ack, outcome) => rolledBack(ack, outcome),
    onOnline: () => commands.linkUp(),
    onWarnings: () => publisher.changed(["site"]),
  });
  const signatures = signatureCheck({
    pinned: config.mqtt.commandKeys,
    monoMs: monotonicMs,
    tell: (refused) => void submit({ to: "site", event: { type: "notSigned", ...refused } }),
    changed: () => publisher.changed(["site"]),
  });
  const ofConfig = [...uplinkWarnings(written), ...configWarnings(written), ...onlyRelayed];
  const publisher = openPublisher({
    core,
    journal,
    seq: () => decider.seq(),
    wallMs: () => now().wallMs,
    warnings: () => [
      ...ofConfig,
      ...(parts.schedules?.warnings() ?? []),
      ...links.warnings(),
      ...signatures.warnings(),
      ...(parts.traps?.warnings ?? []),
      ...circuits.warnings(),
      ...latencyWarnings(relayed),
    ],
    uplink: uplinkUse(written),
    latencyMs: (destination) => parts.farEnds?.latencyMsOf(destination),
    breaker: (destination) => circuits.lookingAt(destination),
    pool(encoder) {
      const pool = sessions.get(encoder)?.pool();
      if (!pool) return undefined;
      const requestsWaiting = pool.requestsWaiting + (boxes.get(encoder)?.waiting() ?? 0);
      return { ...pool, requestsWaiting };
    },
    send({ kind, id, state, availability }) {
      links.publishState(kind, id, state, availability);
    },
  });
  const history = openConnectionHistory({
    ...{ journal, sessions, wallMs: () => now().wallMs },
    temperatureC: (id) => core.encoderReading(id).reading?.figures.temperatureC?.value ?? null,
  });
  const commands = openCommands({
    decider,
    site: config.site,
    streams: plan.streams.filter(({ feedOf }) => feedOf === undefined),
    ...questionsTo(core),
    question({ kind, id }, args, by) {
      if (kind === "output") return parts.outputs!.get(id)!.purge();
      return kind === "stream" ? parts.slates!.answer(id, args, by) : history.answer(id, args);
    },
    beforeMove({ to, event }) {
      if (event.type !== "failover" && event.type !== "return") return;
      const stream = to.slice("stream:".length);
      content.compareNow(stream, movesTo(core.stream(stream).context, event));
    },
    async sealedKey({ stream, session }, to) {
      const fedBy = core.session(stream)?.context.session?.ingest;
      const door =
        fedBy === undefined
          ? ingests.get(plan.streams.find(({ id }) => id === stream)!.destination)!
          : await ingestProcesses.get(fedBy)!.door(session, AbortSignal.timeout(doorOpensWithinMs));
      const { sealed } = await import("./sealed-key.ts");
      return sealed({ stream, session, ingest: door, publicHost: config.publicHost, to });
    },
    respond: ({ kind, id, verb }, response) =>
      links.toHubs()?.publishResponse(kind, id, verb, response) ?? Promise.resolve(false),
    wallMs: () => now().wallMs,
    clockOffsetMs: () => links.toHubs()?.clockOffsetMs(),
    ...(config.mqtt.commandKeys.length > 0 && {
      unsigned: (topic: string, payload: unknown) => signatures.refuse(topic, payload),
    }),
    kept: journal.resume.get("commands"),
    keep: (commands) =>
      journal.commit({ events: [], resume: { commands }, intents: [], settledIntents: [] }),
    eventsAfter: (seq) => eventsAfter(journal, seq),
  });

  // First of all inputs: nothing may be started that is not expected on air.
  parts.schedules = openSchedules({
    streams: plan.streams.map((leg) => ({
      id: leg.id,
      config: onAirRulesOf(config, leg),
      plan: leg.events,
    })),
    scheduleOf: (stream) => core.stream(stream).context.memory.schedule,
    wallMs: () => now().wallMs,
    tell: (stream, windows) =>
      void submit({ to: `stream:${stream}`, event: { type: "schedule", windows } }),
    onWarnings(warnings) {
      for (const warning of warnings) log.warn({ code: "schedule" }, warning);
      publisher.changed(["site"]);
    },
  });

  function report(turned: Turned): void {
    for (const event of turned.events) {
      const { seq, type, subject, severity, message } = event;
      const level = severity === "critical" ? "error" : severity === "warning" ? "warn" : "info";
      log[level](
        { code: type, ...(subject.kind !== "site" && { [subject.kind]: subject.id }), seq },
        message,
      );
      commands.heard(event);
      if (type === "stream.suspect") lookFromTheOtherSide(subject.id);
    }
    commands.turned();
    publisher.changed(turned.changed);
    eventsCommitted();
  }
  /** What speaks against a carrier is asked of the other side now, not at its next turn. */
  function lookFromTheOtherSide(stream: string): void {
    const { context } = core.stream(stream);
    parts.farEnds?.lookSoon(context.plan.destination);
    const seenThere = verdict(context).cause.startsWith("farEnd");
    if (seenThere && context.carrier) boxes.get(context.carrier.encoder)?.pollSoon();
  }
  function eventsCommitted(): void {
    links.eventsCommitted(journal.counts().durableSeq);
  }

  const boxes = superviseAll({
    ...{ config, plan, drivers, sessions, attention: watch, submit, redact: p.redact },
  });
  for (const relay of relays.values()) relay.listen();
  const spools = relayed.flatMap(({ stream, inputs }) =>
    inputs.map(({ encoder, spool }) => ({ stream, encoder, folder: spool })),
  );
  parts.scans = watchRelayedScans(spools, () => now().monoMs);
  parts.slates = new OwnSlates({
    ...{ relays: relayed, folder: join(config.stateDir, "slates"), log },
    wallMs: () => now().wallMs,
  });
  const lookAtSessions = lookInTurn([...sessions.values()]);

  const ingestProcesses = (parts.ingestProcesses = await openingIngests);
  const farEnds = watchFarEnds({
    ...{ destinations: config.destinations, circuits, attention: watch, submit },
    takenInBy: (destination) =>
      relayInputs.some(({ leg }) => leg === destination)
        ? ingestProcesses.get(destination)
        : undefined,
  });
  parts.farEnds = farEnds;

  const outputProcesses = await openingOutputs;
  parts.outputs = outputProcesses;
  parts.hands = openHands({
    boxes,
    ingests,
    observers: farEnds.observers,
    ...{ outlets, relays },
    ...{ ingestProcesses, outputProcesses },
    wallMs: () => now().wallMs,
    report(intent, event) {
      if (event.type === "effect.failed") event.error.message = p.redact(event.error.message);
      void submit({ to: `intent:${intent.id}`, event });
    },
  });

  const opening = config.storages.map(async ({ id, driver, polling, options }) => {
    const storage = watchStorage({
      driver: circuits.storage(id, await storageVendors[driver]!.open(options)),
      everyMs: polling.normalMs,
      tell: (event) => void submit({ to: `storage:${id}`, event }),
    });
    return [id, storage] as const;
  });
  const storages = new Map(await Promise.all(opening));

  parts.traps = await openTraps({
    config,
    log,
    pollSoon: (encoder) => boxes.get(encoder)?.pollSoon(),
    lookSoon: (storage) => storages.get(storage)?.lookSoon(),
  });

  const views = relayViews(written, relayed);
  const content = watchContent({
    config,
    streams: plan.streams,
    relayViews: views,
    nowMs: monotonicMs,
    pairOf: (stream) => comparedPair(core.stream(stream)),
    tell: (stream, event) => void submit({ to: `stream:${stream}`, event }),
  });

  const quality = watchQuality({
    subjects: subjectsOf(written, relayed),
    nowMs: monotonicMs,
    onAir: (stream) => seenOnAir(core.stream(stream).context),
    tell: (stream, look) =>
      void submit({ to: `stream:${stream}`, event: { type: "quality", look } }),
  });

  const overrides = watchOverrides(config.stateDir, (override) =>
    submit({ to: "site", event: { type: "freezeWasOverridden", ...override } }),
  );

  const hostClock = watchHostClock({
    ...config.clock,
    now,
    tell: (look) => void submit({ to: "site", event: { type: "hostClock", look } }),
    jumped: (byMs) => void submit({ to: "site", event: { type: "clockJump", byMs } }),
  });

  const hostLoad = watchHostLoad({
    nowMs: monotonicMs,
    tell: (load) => void submit({ to: "site", event: { type: "hostLoad", load } }),
  });

  journal.onHealth((health) => {
    void submit({ to: "site", event: { type: "journal", health } });
    eventsCommitted();
  });

  journal.forgetHubsExcept(config.mqtt.hubs);

  /** A hub has more of our events than we do: this database is an old copy. */
  function rolledBack(ack: Ack, outcome: AckOutcome): void {
    if (outcome !== "rolledBack") return;
    const because = `the hub has our events up to ${ack.seq}, this journal ends before: it is an old copy`;
    journal.newEpoch(because);
    decider.epochBegan();
    links.publishInfo();
    void submit({ to: "site", event: { type: "rolledBack", because } });
  }

  const telemetry = setInterval(() => {
    links.publishTelemetry(publisher.telemetry());
    void journal.commit({ events: [], resume: links.moved(), intents: [], settledIntents: [] });
    // By the writer's own thread: a commit is given up here when that does not move.
    void journal.answers().then((answered) => {
      if (answered) journalAliveMs = monotonicMs();
    });
  }, 1_000);
  const opened = submit({
    to: "site",
    event: { type: "opened", version: p.version, fresh: journal.fresh },
  });
  if (outdated !== undefined) {
    void submit({ to: "site", event: { type: "rolledBack", because: outdated } });
  }

  await opened;
  for (const process of ingestProcesses.values()) process.begin();
  for (const process of outputProcesses.values()) process.begin();
  void commands.takeUp();
  // Whoever waits for the site is told first that it decides.
  const connected = breath().then(() => links.connect());
  const rehearsals = rehearseRegularly({ config, plan, drivers, log });
  void connected.then(() => rehearsals.once());
  // As it was written: what takes a box in for a relay is heard on no group.
  const thumbnails = keepThumbnails({
    ...{ config: written, relayViews: views, program: p.thumbnailsUrl, log },
  });

  return {
    status() {
      const own = plan.streams.filter(({ feedOf }) => feedOf === undefined);
      const streams = own.map((s) => `${s.id} ${carrierWord(core.stream(s.id))}`);
      return `${streams.join(", ") || "no streams"}; hub link ${links.state()}`;
    },
    silenceMs: () => ({
      decider: monotonicMs() - decider.aliveMs(),
      journal: monotonicMs() - journalAliveMs,
      link: monotonicMs() - links.aliveMs(),
    }),
    condition: () => ({
      decider: core.siteWord(),
      journal: core.site().journal,
      hubLink: links.state(),
    }),
    async close() {
      clearInterval(lookAtSessions);
      clearInterval(telemetry);
      history.close();
      rehearsals.close();
      parts.schedules?.close();
      signatures.close();
      // Nothing new is begun; what the machines know is on disk already.
      parts.hands?.close();
      await parts.traps?.close();
      await Promise.all([...boxes.values()].map((box) => box.close()));
      await parts.slates?.close();
      await parts.scans?.close();
      await Promise.all([...relays.values()].map((relay) => relay.close()));
      await farEnds.close();
      await content.close();
      await quality.close();
      await thumbnails.close();
      overrides.close();
      await hostClock.close();
      await hostLoad.close();
      await Promise.all([...outlets.values()].map((outlet) => outlet.close()));
      await Promise.all([...storages.values()].map((storage) => storage.close()));
      await Promise.all([...ingestProcesses.values()].map((process) => process.close()));
      await Promise.all([...outputProcesses.values()].map((process) => process.close()));
      await decider.close();
      await connected;
      await links.close();
      await journal.close();
      lock.release();
    },
  };
}
