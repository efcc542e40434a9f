import { join } from "node:path";
import { z } from "zod";
import type { OutputReading } from "../../../machines/encoder/reading.ts";
import type { EncoderSettings } from "../../../machines/encoder/settings.ts";
import type { MediumReading } from "../../../machines/storage/medium.ts";
import { DriverError, type DriverContext } from "../driver.ts";
import { openBitrateLoad } from "../shared/bitrate-load.ts";
import type { KeptLoad } from "../shared/kept-load.ts";
import { type Budget, budgetedHttp, openBudget } from "../shared/budget.ts";
import { openBootMark, type BootMark } from "../shared/boot-mark.ts";
import { datedHttp, openDateClock, type DateClock } from "../shared/http/date-clock.ts";
import { openHttp, type Http } from "../shared/http/http.ts";
import { openKeyMemory, type KeyMemory } from "../shared/key-memory.ts";
import { openPendingStart, type PendingStart } from "../shared/pending-start.ts";
import { openProgress, type Progress } from "../shared/progress.ts";
import { openRebootWatch, type RebootWatch } from "../shared/reboot-watch.ts";
import { openSlowReads, type SlowRead, type SlowReads } from "../shared/slow-reads.ts";
import { talliedHttp } from "../shared/tally.ts";
import {
  identityOf,
  layoutOf,
  mediumOf,
  publishersOf,
  recorderOf,
  settingsOf,
  stateOf,
  storageIdsOf,
  systemOf,
  type PublisherSettings,
  type PublisherStatus,
  type SystemStatus,
} from "./answers.ts";
import { openApi, type Api } from "./api.ts";
import type { PearlOptions } from "./options.ts";
import { readEncoding } from "./encoding.ts";

/** The one output that carries a programme, and the one that only records. */
export const streamOutput = "stream-1";
export const recordOutput = "record-1";

/** `<channel>/<publisher>`: where a key may be. */
export type Place = string;

/** One channel of a Pearl, and what is remembered of it between calls. */
export type Unit = {
  /** `host:port`, for messages. */
  where: string;
  context: DriverContext;
  options: PearlOptions;
  api: Api;
  /** Requests of polls, by their signal: they leave out what the others may need. */
  questions: WeakSet<AbortSignal>;
  budget: Budget;
  reboots: RebootWatch;
  clock: DateClock;
  boot: BootMark;
  progress: Progress;
  memory: KeyMemory<Place>;
  slow: SlowReads;
  settings: SlowRead<PublisherSettings>;
  encoding: SlowRead<EncoderSettings>;
  identity: SlowRead<{ model?: string; firmware?: string }>;
  recorder: SlowRead<OutputReading["state"] | undefined>;
  media: SlowRead<MediumReading[]>;
  /** The one that its channel shows, where it matters which. */
  layout: SlowRead<string> | undefined;
  pendingStart: PendingStart;
  /** Whether the run that is under way has been connected: what then connects again is failing. */
  wasConnected: boolean;
  /** How often it was taken off: whoever stopped it for a moment starts it only if nobody has. */
  timesTakenOff: number;
  load: KeptLoad;
};

const second = 1_000;

export function openUnit(
  context: DriverContext,
  options: PearlOptions,
  http: Http = talliedHttp(openHttp(options.host, options.port, options.requestTimeoutMs), context),
): Unit {
  const { now } = context;
  const where = `${options.host}:${options.port}`;
  const clock = openDateClock(now);
  const { burstLimit: limit, coolingPeriodMs: periodMs } = options;
  const budget = openBudget({ where, limit, periodMs, now });
  const questions = new WeakSet<AbortSignal>();
  const api = openApi(budgetedHttp(datedHttp(http, clock, now), budget, questions), {
    where,
    options,
    now,
  });
  const slow = openSlowReads(now);
  const place = placeOf(options, options.publisher);
  return {
    where,
    context,
    options,
    api,
    questions,
    budget,
    reboots: openRebootWatch(now, (share) => budget.slowTo(share, "reboots")),
    clock,
    boot: openBootMark(now),
    progress: openProgress(now),
    memory: openKeyMemory(join(context.stateDir, "epiphan-pearl.json"), z.string().max(64)),
    slow,
    settings: slow.add(10 * second, (signal) => readSettings({ where, api }, place, signal)),
    recorder: slow.add(10 * second, async (signal) =>
      recorderOf(await api.read("/recorders/status", signal), options.channel),
    ),
    encoding: slow.add(60 * second, (signal) => readEncoding(api, options, signal)),
    /** Once per boot: a boot makes the driver forget what it read. */
    identity: slow.add(24 * 3_600 * second, async (signal) =>
      told(identityOf(await api.read("/system/firmware", signal)), where, "its firmware"),
    ),
    media: slow.add(60 * second, (signal) => readMedia(api, where, signal)),
    layout:
      options.inputs &&
      slow.add(5 * second, (signal) => readLayout({ where, api }, options, signal)),
    pendingStart: openPendingStart(now),
    wasConnected: false,
    timesTakenOff: 0,
    load: openBitrateLoad(where, context.stateDir),
  };
}

export const placeOf = ({ channel }: PearlOptions, publisher: string): Place =>
  `${channel}/${publisher}`;
export function pathOf(place: Place): string {
  const [channel = "", publisher = ""] = place.split("/");
  return `/channels/${encodeURIComponent(channel)}/publishers/${encodeURIComponent(publisher)}`;
}

/** Ids of the publishers that stand for `stream-1`. */
export function ownPublishers({ publisher, publishers }: PearlOptions): string[] {
  return publishers ? [...new Set(Object.values(publishers))] : [publisher];
}

type Box = Pick<Unit, "where" | "api">;

export async function readSettings({ where, api }: Box, place: Place, signal: AbortSignal) {
  return told(settingsOf(await api.read(`${pathOf(place)}/settings`, signal)), where, "settings");
}

export async function readPublishers({ where, api, options }: Unit, signal: AbortSignal) {
  const path = `/channels/${options.channel}/publishers/status`;
  return told(publishersOf(await api.read(path, signal)), where, "the publishers' status");
}

/** Of older firmware there is nothing to tell; undefined where the answer cannot be read. */
export async function readSystem(
  { api }: Unit,
  signal: AbortSignal,
): Promise<SystemStatus | undefined> {
  if ((await api.version(signal)) === "legacy") return { figures: {}, complaints: [] };
  return systemOf(await api.read("/system/status", signal));
}

async function readLayout({ where, api }: Box, { channel }: PearlOptions, signal: AbortSignal) {
  const path = `/channels/${encodeURIComponent(channel)}/layouts`;
  return told(layoutOf(await api.readOlder(path, signal)), where, "the layouts of its channel");
}

async function readMedia(api: Api, where: string, signal: AbortSignal): Promise<MediumReading[]> {
  const list = await api.read("/system/storages", signal);
  const media: MediumReading[] = [];
  for (const id of told(storageIdsOf(list), where, "its storages")) {
    // `maintenance` is the box's own; nobody records to it.
    if (id === "maintenance") continue;
    const medium = mediumOf(id, await api.read(`/system/storages/${id}/status`, signal));
    if (medium) media.push(medium);
  }
  return media;
}

function told<T>(parsed: T | undefined, where: string, what: string): T {
  if (parsed !== undefined) return parsed;
  throw new DriverError("malformed", `${where} gave no proper answer about ${what}`);
}

const order = ["streaming", "failing", "starting", "unknown", "stopping", "idle"] as const;

/** The most alive of these publishers. One that is not in the list does not exist, or is unknown. */
export function liveOf(
  publishers: PublisherStatus[],
  ids: readonly string[],
  wasConnected: boolean,
): { state: OutputReading["state"]; publisher?: PublisherStatus } {
  const ours = publishers
    .filter(({ id }) => ids.includes(id))
    .map((publisher) => ({ state: stateOf(publisher, wasConnected), publisher }))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return ours[0] ?? { state: "unknown" };
}
