import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { SiteConfig } from "../config/site.schema.ts";
import type { EncoderReading } from "../machines/encoder/reading.ts";
import { paceUnder } from "../machines/encoder/request-pressure.ts";
import type { SitePlan } from "../machines/site/plan.ts";
import type { Attention } from "./attention.ts";
import { monotonicMs } from "./clock.ts";
import type { Decider } from "./decider.ts";
import { burstOf, type DeviceSession, openDeviceSession } from "./device-session.ts";
import type { EncoderDriver, KnownTarget } from "./drivers/driver.ts";
import { allVendors as vendors } from "./drivers/index.ts";
import { type IngestGroup, withGroup } from "./drivers/shared/engine/ingest-input.ts";
import { supervise, type Supervised } from "./supervisor.ts";

type Parts = {
  config: SiteConfig;
  plan: SitePlan;
  attention: Attention;
  submit: Decider["submit"];
};

/** A port that is closed yet costs a box nothing. */
const risingPollMs = 250;

export const isSoftware = (plan: SitePlan, encoder: string): boolean =>
  vendors[plan.encoders.find(({ id }) => id === encoder)?.vendor ?? ""]?.kind === "software";

/** The network between us and each box that is none of our own processes, by encoder. */
export function openSessions(p: Parts): Map<string, DeviceSession> {
  const { config, plan, attention } = p;
  const overNetwork = config.encoders.filter(({ id }) => !isSoftware(plan, id));
  return new Map(
    overNetwork.map(({ id, options }) => {
      const session = openDeviceSession({
        now: monotonicMs,
        isUrgent: () => attention.isUnderSuspicion(id) || attention.isExpectedBack(id),
        readingMaxAgeMs: plan.encoders.find((encoder) => encoder.id === id)!.readingMaxAgeMs,
        burst: burstOf(options),
        report(connection) {
          void p.submit({ to: `encoder:${id}`, event: { type: "connection", connection } });
        },
      });
      return [id, session];
    }),
  );
}

/** By where they publish to: what the primaries of the streams take in that it is a spare of. */
function ingestsToCover({ encoders, streams }: SitePlan, spare: string): Map<string, string> {
  const found = streams.flatMap((stream) => {
    if (!stream.spares?.includes(spare)) return [];
    const fed = streams.find(({ id }) => id === stream.feedOf);
    const [first] = fed?.relay?.inputs ?? stream.encoders;
    const ingest = encoders.find(({ id }) => id === first!.encoder)?.ingest;
    return ingest === undefined ? [] : [[stream.destination, ingest] as const];
  });
  return new Map(found);
}

/** Adopts what runs already: nothing may be started before it is known. */
export async function openDrivers(
  p: Omit<Parts, "submit"> & {
    knownTargets: () => KnownTarget[];
    /** No change freeze keeps it from being done now. */
    mayProbe: () => boolean;
    /** Where an ingest is heard. */
    groupOf: (ingest: string) => IngestGroup;
    sessions: ReadonlyMap<string, DeviceSession>;
  },
): Promise<Map<string, EncoderDriver>> {
  const { config, plan, knownTargets } = p;
  const opened = config.encoders.map(async ({ id, driver, options }) => {
    const stateDir = join(config.stateDir, "encoders", id);
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const owned = plan.encoders.find((encoder) => encoder.id === id)?.ownSelfStart === true;
    const site = {
      encoder: id,
      knownTargets,
      now: monotonicMs,
      isRising: () => p.attention.isRising(id),
      mayProbe: () => p.mayProbe() && !p.attention.isUnderSuspicion(id),
      exchanged: (exchange: Parameters<DeviceSession["exchanged"]>[0]) =>
        p.sessions.get(id)?.exchanged(exchange),
      pooled: (look: Parameters<DeviceSession["pooled"]>[0]) => p.sessions.get(id)?.pooled(look),
      stateDir,
    };
    const heard = withGroup(options, p.groupOf, ingestsToCover(plan, id));
    const own = { ...(heard as object), ...(owned && { ownSelfStart: true }) };
    return [id, await vendors[driver]!.open(site, own)] as const;
  });
  return new Map(await Promise.all(opened));
}

/** Asks each box for as long as the site runs, and tells the machines what it says. */
export function superviseAll(
  p: Parts & {
    drivers: ReadonlyMap<string, EncoderDriver>;
    sessions: ReadonlyMap<string, DeviceSession>;
    /** What a box or a program says in its own words is decided on, kept and published. */
    redact: (text: string) => string;
  },
): Map<string, Supervised> {
  const { config, plan, attention, submit } = p;
  const withoutSecrets = (reading: EncoderReading) =>
    reading.alarms?.length
      ? { ...reading, alarms: reading.alarms.map((alarm) => p.redact(alarm)) }
      : reading;
  return new Map(
    config.encoders.map(({ id, polling }) => {
      const session = p.sessions.get(id);
      const box = supervise({
        driver: p.drivers.get(id)!,
        ...(session && { session }),
        pollEveryMs() {
          if (attention.isRising(id)) return risingPollMs;
          if (attention.isUnderSuspicion(id)) return polling.suspectMs;
          return polling.normalMs * paceUnder(session?.requestPressure());
        },
        mustPoll: () => attention.isRising(id),
        tell: {
          reading(reading, sinceOursMs) {
            const hands = !isSoftware(plan, id) && { sinceOursMs: Math.round(sinceOursMs) };
            const event = { type: "reading" as const, reading: withoutSecrets(reading), ...hands };
            void submit({ to: `encoder:${id}`, event });
          },
          unreadable(failure, detail) {
            const event = { type: "unreadable" as const, failure, detail: p.redact(detail) };
            void submit({ to: `encoder:${id}`, event });
          },
        },
      });
      return [id, box];
    }),
  );
}
