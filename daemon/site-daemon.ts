import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as breath } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import type { SiteConfig } from "../config/site.schema.ts";
import { fencePathWarnings } from "../config/fence-path.ts";
import { uplinkWarnings } from "../config/uplink.ts";
import { contractMinor } from "../machines/contract.ts";
import { releaseRefusal, syncRefusal } from "../machines/encoder/drift.ts";
import { exerciseRefusal } from "../machines/site/exercises.ts";
import { controlRefusal } from "../machines/encoder/control.ts";
import { encoderFacts } from "../machines/encoder/encoder.published.ts";
import { isExpectedBack, isRising } from "../machines/encoder/power.ts";
import { paceUnder } from "../machines/encoder/request-pressure.ts";
import { foreseen } from "../machines/session/site-sessions.ts";
import type { Ack, SiteEvent } from "../machines/site/site.contract.ts";
import type { SiteResume } from "../machines/site/site.machine.ts";
import { openSite } from "../machines/site/site-core.ts";
import { carrierStateOf, carrierWord, comparedPair } from "../machines/stream/stream.published.ts";
import type { LocalBroker } from "./broker/local-broker.ts";
import { watchContent } from "./content/watch-content.ts";
import { type Hands, ingestsOf, openHands } from "./carry-out.ts";
import { monotonicMs, now } from "./clock.ts";
import { openCircuits } from "./circuits.ts";
import { openCommands } from "./commands.ts";
import { openDecider, type Turned } from "./decider.ts";
import { burstOf, lookInTurn, openDeviceSession } from "./device-session.ts";
import type { KnownTarget } from "./drivers/driver.ts";
import { vendors } from "./drivers/index.ts";
import { watchFarEnd } from "./far-end.ts";
import { watchHostClock } from "./host-clock/watch-host-clock.ts";
import { openJournal } from "./journal/open-journal.ts";
import type { AckOutcome, Outbox } from "./journal/outbox.ts";
import { lockState } from "./journal/state-lock.ts";
import type { Link } from "./link/link.ts";
import { outletVendors } from "./drivers/outlets.ts";
import { openOutlet } from "./outlets.ts";
import { openObserver } from "./observers/index.ts";
import type { FarEndObserver } from "./observers/observer.ts";
import { olderThanWhatRuns } from "./older-copy.ts";
import { backupLegOf, onAirRulesOf, planOf } from "./plan.ts";
import { openPublisher } from "./publish.ts";
import { openSchedules, type Schedules } from "./schedule/schedule.ts";
import { rehearse } from "./rehearsal.ts";
import { storageVendors } from "./drivers/storages.ts";
import { watchStorage } from "./storages.ts";
import { supervise, type Supervised } from "./supervisor.ts";
import { openTraps, type Traps } from "./traps.ts";

/** What does not run for some collections of garbage is compiled code no longer. */
const rehearseEveryMs = 10 * 60_000;

export type SiteDaemon = {
  /** One line a person can read. */
  status(): string;
  /** How long ago each part last moved, ms. */
  silenceMs(): { decider: number; journal: number; link: number };
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
  version: string;
  /** A journal's writer that was started ahead; without one it is started here. */
  writer: Worker | undefined;
  /** The bundled journal writer beside this program. */
  writerUrl: URL;
  /** The bundled broker program beside this one. */
  brokerUrl: URL;
}): Promise<SiteDaemon> {
  const { config } = p;
  const log = p.log.child({ site: config.site });
  mkdirSync(config.stateDir, { recursive: true, mode: 0o750 });
  const lock = lockState(config.stateDir);
  const openingJournal = openJournal({
    file: join(config.stateDir, "site.db"),
    writer: p.writer,
    writerUrl: p.writerUrl,
    now,
    site: config.site,
    warn: (message) => log.warn({ code: "journal" }, message),
  });
  const startedAtMs = now().wallMs;
  const circuits = openCircuits({ now: monotonicMs, changed: () => publisher.changed(["site"]) });
  const outlets = new Map(
    await Promise.all(
      config.outlets.map(async ({ id, driver, expectedName, options }) => {
        const opened = await outletVendors[driver]!.open(options);
        return [
          id,
          openOutlet({ id, expectedName, driver: opened, circuit: circuits.outlet(id) }),
        ] as const;
      }),
    ),
  );
  const spoofable = [...outlets.values()].filter(({ isSpoofable }) => isSpoofable);
  for (const { id } of spoofable) {
    const why = "others on the network could forge its answers; SNMP v3 signs them";
    log.warn({ code: "outlet_spoofable", outlet: id }, `outlet ${id}: ${why}`);
  }
  const plan = planOf(config, vendors, new Set(spoofable.map(({ id }) => id)));
  const ingests = ingestsOf(config.destinations, backupLegOf);
  const isSoftware = (id: string) =>
    vendors[plan.encoders.find((e) => e.id === id)?.vendor ?? ""]?.kind === "software";
  const knownTargets = (): KnownTarget[] => [...ingests.values()];

  // Adoption comes first: what runs already is known before anything may be started.
  const sessions = new Map(
    config.encoders.filter(({ id }) => !isSoftware(id)).map((box) => [box.id, sessionOf(box)]),
  );
  const openingDrivers = Promise.all(
    config.encoders.map(async (encoder) => {
      const stateDir = join(config.stateDir, "encoders", encoder.id);
      mkdirSync(stateDir, { recursive: true, mode: 0o700 });
      const owned = plan.encoders.find((e) => e.id === encoder.id)?.ownSelfStart === true;
      const options = { ...(encoder.options as object), ...(owned && { ownSelfStart: true }) };
      const driver = await vendors[encoder.driver]!.open(
        {
          encoder: encoder.id,
          knownTargets,
          now: monotonicMs,
          isRising: () => rises(encoder.id),
          exchanged: (exchange) => sessions.get(encoder.id)?.exchanged(exchange),
          stateDir,
        },
        options,
      );
      return [encoder.id, driver] as const;
    }),
  );
  openingDrivers.catch(() => undefined);
  const journal = await openingJournal;
  const drivers = new Map(await openingDrivers);

  // An old copy of the journal would tell of holders that are not so any more.
  const engines = new Map([...drivers].filter(([id]) => isSoftware(id)));
  const { keys } = (journal.resume.get("site") ?? {}) as Partial<SiteResume>;
  const outdated = journal.fresh ? undefined : await olderThanWhatRuns(engines, keys);
  if (outdated !== undefined) journal.newEpoch(outdated);
  const believed = !journal.fresh && outdated === undefined;
  const core = openSite({ plan, at: now(), resume: believed ? journal.resume : new Map() });
  // Opened last, spoken to by everything before.
  const parts: {
    hands?: Hands;
    link?: Link;
    local?: LocalBroker;
    traps?: Traps;
    schedules?: Schedules;
  } = {};
  const links = () => [parts.link, parts.local].filter((link) => link !== undefined);
  const moved = { journal: monotonicMs(), link: monotonicMs() };

  const decider = openDecider({
    core,
    journal,
    now,
    begin: (intent) => parts.hands?.begin(intent),
    giveUp: (id) => parts.hands?.giveUp(id),
    onTurn: (turned) => report(turned),
  });
  const ofConfig = [...uplinkWarnings(config), ...fencePathWarnings(config)];
  const publisher = openPublisher({
    core,
    journal,
    seq: () => decider.seq(),
    wallMs: () => now().wallMs,
    warnings: () => [
      ...ofConfig,
      ...(parts.schedules?.warnings() ?? []),
      ...(parts.local?.warnings() ?? []),
      ...(parts.traps?.warnings ?? []),
      ...circuits.warnings(),
    ],
    send({ kind, id, state, availability }) {
      for (const link of links()) link.publishState(kind, id, state, availability);
    },
  });
  const commands = openCommands({
    decider,
    site: config.site,
    streams: plan.streams,
    exists: (actor) => core.exists(actor),
    situation: (actor) =>
      actor.startsWith("stream:")
        ? core.stream(actor.slice("stream:".length)).context.because
        : "it is not in a state for that",
    can: (input) => core.can(input),
    whyNot(input) {
      const frozen = core.frozen(input);
      if (frozen !== undefined) return frozen;
      const { to, event } = input;
      if (event.type === "practise") return exerciseRefusal(core.site(), event.encoder);
      if (event.type === "changeSession") return `${event.stream} has no session`;
      if (!to.startsWith("encoder:")) return undefined;
      const box = core.encoder(to.slice("encoder:".length));
      if (event.type === "sync") return syncRefusal(box.context);
      if (event.type === "release") return releaseRefusal(box.context);
      if (event.type !== "control") return undefined;
      return controlRefusal(box.context, encoderFacts(box), event.control);
    },
    foresee({ event }) {
      if (event.type !== "openSession") return undefined;
      const seen = foreseen(core.site(), event.ask);
      return "code" in seen
        ? { status: "refused", ...seen }
        : { status: "done", message: seen.because, data: seen };
    },
    async sealedKey({ stream, session }, to) {
      const ingest = ingests.get(plan.streams.find(({ id }) => id === stream)!.destination)!;
      const { sealed } = await import("./sealed-key.ts");
      return sealed({ stream, session, ingest, publicHost: config.publicHost, to });
    },
    underWay(actor) {
      if (actor.startsWith("encoder:")) {
        return core.encoder(actor.slice("encoder:".length)).context.control?.command.id;
      }
      if (!actor.startsWith("stream:")) return undefined;
      const stream = core.stream(actor.slice("stream:".length));
      const isAtRest = ["carried", "stopped"].includes(carrierStateOf(stream));
      return isAtRest ? undefined : stream.context.memory.command?.id;
    },
    respond: ({ kind, id, verb }, response) =>
      parts.link?.publishResponse(kind, id, verb, response) ?? Promise.resolve(false),
    wallMs: () => now().wallMs,
    clockOffsetMs: () => parts.link?.clockOffsetMs(),
    kept: journal.resume.get("commands"),
    keep: (commands) =>
      journal.commit({ events: [], resume: { commands }, intents: [], settledIntents: [] }),
    eventsAfter: (seq) => eventsOf(journal, seq),
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
      void decider.submit({ to: `stream:${stream}`, event: { type: "schedule", windows } }),
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
    }
    commands.turned();
    publisher.changed(turned.changed);
    eventsCommitted();
  }
  function eventsCommitted(): void {
    const { durableSeq } = journal.counts();
    for (const link of links()) link.eventsCommitted(durableSeq);
  }

  const boxes = new Map<string, Supervised>(
    config.encoders.map(({ id, polling }) => {
      const session = sessions.get(id);
      const pace = () => paceUnder(session?.requestPressure());
      const box = supervise({
        driver: drivers.get(id)!,
        ...(session && { session }),
        pollEveryMs() {
          if (rises(id)) return risingPollMs;
          return isUnderSuspicion(id) ? polling.suspectMs : polling.normalMs * pace();
        },
        mustPoll: () => rises(id),
        tell: {
          reading(reading, sinceOursMs) {
            const hands = !isSoftware(id) && { sinceOursMs: Math.round(sinceOursMs) };
            const event = { type: "reading" as const, reading, ...hands };
            void decider.submit({ to: `encoder:${id}`, event });
          },
          unreadable(failure, detail) {
            void decider.submit({
              to: `encoder:${id}`,
              event: { type: "unreadable", failure, detail },
            });
          },
        },
      });
      return [id, box];
    }),
  );
  const lookAtSessions = lookInTurn([...sessions.values()]);

  function sessionOf({ id, options }: SiteConfig["encoders"][number]) {
    return openDeviceSession({
      now: monotonicMs,
      isUrgent: () => isUnderSuspicion(id) || isExpectedBack(core.encoder(id).context, now()),
      readingMaxAgeMs: plan.encoders.find((encoder) => encoder.id === id)!.readingMaxAgeMs,
      burst: burstOf(options),
      report(connection) {
        void decider.submit({ to: `encoder:${id}`, event: { type: "connection", connection } });
      },
    });
  }

  const rises = (id: string) => isRising(core.encoder(id));

  /** Some stream that may use this box is neither well nor stopped: look closely. */
  function isUnderSuspicion(id: string): boolean {
    return plan.streams.some((stream) => {
      if (!stream.encoders.some((ref) => ref.encoder === id)) return false;
      const word = carrierWord(core.stream(stream.id));
      return word !== "carried" && word !== "stopped";
    });
  }
  const isWanted = (stream: string) => carrierWord(core.stream(stream)) !== "stopped";

  parts.traps = await openTraps({
    config,
    log,
    pollSoon: (encoder) => boxes.get(encoder)?.pollSoon(),
  });

  const observers = new Map<string, readonly FarEndObserver[]>();
  const farEnds = config.destinations.map((d) => {
    const list = d.observers.map((observer) =>
      circuits.observer(
        openObserver(observer, { streamKey: () => d.streamKey, now: monotonicMs }),
        () => plan.streams.some((s) => s.destination === d.id && isWanted(s.id)),
      ),
    );
    observers.set(d.id, list);
    return watchFarEnd({
      observers: list,
      everyMs: d.observeEveryMs,
      tell: (sight, source, provesAbsence) =>
        void decider.submit({
          to: `destination:${d.id}`,
          event: { type: "sight", sight, source, provesAbsence },
        }),
    });
  });

  parts.hands = openHands({
    boxes,
    ingests,
    observers,
    outlets,
    wallMs: () => now().wallMs,
    report: (intent, event) => void decider.submit({ to: `intent:${intent.id}`, event }),
  });

  const storages = await Promise.all(
    config.storages.map(async ({ id, driver, polling, options }) =>
      watchStorage({
        driver: circuits.storage(id, await storageVendors[driver]!.open(options)),
        everyMs: polling.normalMs,
        tell: (event) => void decider.submit({ to: `storage:${id}`, event }),
      }),
    ),
  );

  const content = watchContent({
    config,
    streams: plan.streams,
    nowMs: monotonicMs,
    pairOf: (stream) => comparedPair(core.stream(stream)),
    tell: (stream, event) => void decider.submit({ to: `stream:${stream}`, event }),
  });

  const hostClock = watchHostClock({
    ...config.clock,
    now,
    tell: (look) => void decider.submit({ to: "site", event: { type: "hostClock", look } }),
    jumped: (byMs) => void decider.submit({ to: "site", event: { type: "clockJump", byMs } }),
  });

  journal.onHealth((health) => {
    void decider.submit({ to: "site", event: { type: "journal", health } });
    eventsCommitted();
  });

  const told = {
    site: config.site,
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
  };
  /** Loaded when the site decides already: MQTT is a fifth of the start. */
  async function openLinks(): Promise<void> {
    const { openLink } = await import("./link/link.ts");
    parts.link = openLink({
      ...told,
      ...mqttOptions(config),
      hubs: config.mqtt.hubs,
      outbox: journal,
      onRequest: (topic, payload) => commands.request(topic, payload),
      onAck: (_hub, ack, outcome) => rolledBack(ack, outcome),
      // It names the site itself.
      log: p.log,
    });
    parts.link.onState((state) => {
      if (state === "online") commands.linkUp();
    });
    if (config.mqtt.broker) {
      const { openLocalBroker } = await import("./broker/local-broker.ts");
      parts.local = openLocalBroker({
        ...told,
        broker: config.mqtt.broker,
        programUrl: p.brokerUrl,
        journal,
        log: p.log,
        onWarnings: () => publisher.changed(["site"]),
      });
    }
  }
  journal.forgetHubsExcept(config.mqtt.hubs);

  /** A hub has more of our events than we do: this database is an old copy. */
  function rolledBack(ack: Ack, outcome: AckOutcome): void {
    if (outcome !== "rolledBack") return;
    const because = `the hub has our events up to ${ack.seq}, this journal ends before: it is an old copy`;
    journal.newEpoch(because);
    decider.epochBegan();
    for (const link of links()) link.publishInfo();
    void decider.submit({ to: "site", event: { type: "rolledBack", because } });
  }

  const telemetry = setInterval(() => {
    for (const link of links()) link.publishTelemetry(publisher.telemetry());
    moved.link = monotonicMs();
    // Answered also when the disk does not: only a journal that is stuck itself stays silent.
    void journal
      .commit({ events: [], resume: parts.local?.moved() ?? {}, intents: [], settledIntents: [] })
      .then(() => (moved.journal = monotonicMs()));
  }, 1_000);
  const opened = decider.submit({
    to: "site",
    event: { type: "opened", version: p.version, fresh: journal.fresh },
  });
  if (outdated !== undefined) {
    void decider.submit({ to: "site", event: { type: "rolledBack", because: outdated } });
  }

  await opened;
  void commands.takeUp();
  // Whoever waits for the site is told first that it decides.
  const linksAreOpen = breath().then(openLinks);
  const oneOfEachVendor = new Map(config.encoders.map(({ id, driver }) => [driver, id]));
  const rehearseTakeover = async () => {
    try {
      for (const id of oneOfEachVendor.values()) drivers.get(id)?.rehearseStart?.();
      await rehearse(plan, now());
    } catch (err) {
      const why = "the takeover could not be rehearsed; it may take longer";
      log.warn({ code: "rehearsal", err }, why);
    }
  };
  void linksAreOpen.then(rehearseTakeover);
  const rehearsals = setInterval(() => void rehearseTakeover(), rehearseEveryMs);

  return {
    status() {
      const streams = plan.streams.map((s) => `${s.id} ${carrierWord(core.stream(s.id))}`);
      return `${streams.join(", ") || "no streams"}; hub link ${parts.link?.state ?? "offline"}`;
    },
    silenceMs: () => ({
      decider: monotonicMs() - decider.aliveMs(),
      journal: monotonicMs() - moved.journal,
      link: monotonicMs() - moved.link,
    }),
    async close() {
      clearInterval(lookAtSessions);
      clearInterval(telemetry);
      clearInterval(rehearsals);
      parts.schedules?.close();
      // Nothing new is begun; what the machines know is on disk already.
      parts.hands?.close();
      await parts.traps?.close();
      await Promise.all([...boxes.values()].map((box) => box.close()));
      await Promise.all(farEnds.map((farEnd) => farEnd.close()));
      await content.close();
      await hostClock.close();
      await Promise.all([...outlets.values()].map((outlet) => outlet.close()));
      await Promise.all(storages.map((storage) => storage.close()));
      await decider.close();
      await linksAreOpen;
      await Promise.all(links().map((link) => link.close()));
      await journal.close();
      lock.release();
    },
  };
}

/** A port that is closed yet costs a box nothing. */
const risingPollMs = 250;

/** Events on disk after `seq`, oldest first. */
async function* eventsOf(journal: Outbox, seq: number): AsyncIterable<SiteEvent> {
  for (;;) {
    const page = await journal.readEvents(seq, 500);
    yield* page;
    const last = page.at(-1);
    if (!last) return;
    ({ seq } = last);
  }
}

function mqttOptions({ mqtt }: SiteConfig) {
  const { ca, certificate, key } = mqtt;
  const tls = {
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(certificate !== undefined && { cert: readFileSync(certificate) }),
    ...(key !== undefined && { key: readFileSync(key) }),
  };
  return {
    url: mqtt.url,
    ...(mqtt.username !== undefined && { username: mqtt.username }),
    ...(mqtt.password !== undefined && { password: mqtt.password }),
    ...(Object.keys(tls).length > 0 && { tls }),
  };
}
