import { z } from "zod";
import type {
  DeviceAlarm,
  EncoderReading,
  OutputReading,
} from "../../../machines/encoder/reading.ts";
import type { MediumReading } from "../../../machines/storage/medium.ts";

/** A field that is not what it should be is unknown; it does not spoil the others. */
const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const count = z.int().min(0).max(1e18);
const text = z.string().max(2_000);
/** What a box complains of goes out with each reading: so many lines of this length, no more. */
const complaint = z.string().transform((line) => line.slice(0, 300));
const mostComplaints = 20;
/** Ids are strings; a number says the same. */
const id = z.union([z.string().max(64), z.int().transform(String)]);

/** `{"status":"ok","result":…}`; any other status is a refusal. */
export const Envelope = z.object({ status: z.string(), result: z.unknown().optional() });

const Statistics = z.object({
  total: maybe(z.object({ byte_sent: maybe(count) })),
  /** `send_rate` is in Mbit/s: in the vendor's example 3.61, with 80 MB sent in 182 s. */
  current: maybe(z.object({ send_rate: maybe(z.number().min(0).max(10_000)) })),
});
const Status = z.object({
  started: z.boolean(),
  state: maybe(text),
  duration: maybe(count),
  description: maybe(complaint),
  reconnections: maybe(count),
  warnings: maybe(z.array(z.object({ text: complaint }))),
  statistics: maybe(Statistics),
});
const PublisherStatuses = z.array(z.object({ id, status: Status })).max(1_000);

export type PublisherStatus = {
  id: string;
  started: boolean;
  state?: string | undefined;
  /** Of this run, s. */
  durationS?: number | undefined;
  sentBytes?: number | undefined;
  sendBps?: number | undefined;
  reconnections: number;
  /** In the box's words; they may hold an address. */
  complaints: DeviceAlarm[];
};

const failed = (text: string): DeviceAlarm => ({
  code: "streamingFailed",
  severity: "error",
  text,
});
const warning = (code: string, text: string): DeviceAlarm => ({ code, severity: "warning", text });

/**
 * `GET /channels/<id>/publishers/status`. One publisher that cannot be read spoils the answer: it
 * might be ours, and "not in the list" would be taken for "stopped".
 * @returns undefined where this is no such answer
 */
export function publishersOf(answer: unknown): PublisherStatus[] | undefined {
  const statuses = PublisherStatuses.safeParse(answer).data;
  return statuses?.map(({ id, status }) => {
    const { statistics, warnings = [], description, state } = status;
    const rate = statistics?.current?.send_rate;
    return {
      id,
      started: status.started,
      state,
      durationS: status.duration,
      sentBytes: statistics?.total?.byte_sent,
      sendBps: rate === undefined ? undefined : Math.round(rate * 1e6),
      reconnections: status.reconnections ?? 0,
      complaints: [
        ...(state === "error" ? [failed(description || "Publisher: error")] : []),
        ...warnings.map(({ text }) => warning("publisherWarning", text)),
      ]
        .filter((alarm) => alarm.text !== "")
        .slice(0, mostComplaints),
    };
  });
}

/** What a publisher says of itself. What connects again after it was connected is failing. */
export function stateOf(
  { started, state, reconnections }: PublisherStatus,
  wasConnected: boolean,
): OutputReading["state"] {
  switch (state) {
    case "started":
      return started ? "streaming" : "unknown";
    case "starting":
    case "listening":
      return wasConnected || reconnections > 0 ? "failing" : "starting";
    case "error":
      return "failing";
    case "stopped":
      return started ? "unknown" : "idle";
    default:
      return "unknown";
  }
}

const Settings = z.object({
  type: text,
  rtmp: maybe(z.object({ url: text.default(""), stream: text.default("") })),
  common: maybe(z.object({ enabled: maybe(z.boolean()) })),
});
export type PublisherSettings = { type: string; url?: string; stream?: string; enabled?: boolean };

/** `GET /channels/<id>/publishers/<id>/settings`. @returns undefined where this is no such answer */
export function settingsOf(answer: unknown): PublisherSettings | undefined {
  const settings = Settings.safeParse(answer).data;
  if (!settings) return undefined;
  const { type, rtmp, common } = settings;
  const enabled = common?.enabled;
  return { type, ...rtmp, ...(enabled !== undefined && { enabled }) };
}

const Channels = z
  .array(
    z.object({
      id,
      publishers: maybe(z.array(z.object({ id, type: maybe(text) })).max(100)),
    }),
  )
  .max(1_000);

/** All publishers of the box that may push RTMP: `[channel, publisher]`. */
export function rtmpPublishersOf(answer: unknown): [string, string][] | undefined {
  return Channels.safeParse(answer).data?.flatMap((channel) =>
    (channel.publishers ?? [])
      .filter(({ type }) => type === undefined || type === "rtmp")
      .map((publisher): [string, string] => [channel.id, publisher.id]),
  );
}

const System = z.object({
  /** ISO 8601 with a zone; the schema's own example is seconds since 1970. */
  date: maybe(z.union([z.iso.datetime({ offset: true }), count])),
  uptime: maybe(z.int().min(0).max(1e10)),
  cpuload: maybe(z.number().min(0).max(100)),
  cpuload_high: maybe(z.boolean()),
  cputemp: maybe(z.number().min(1).max(150)),
  cputemp_threshold: maybe(z.number().min(1).max(150)),
});
export type SystemStatus = {
  wallMs?: number;
  uptimeS?: number;
  figures: EncoderReading["figures"];
  complaints: DeviceAlarm[];
};

/** `GET /system/status`. @returns undefined where this is no such answer */
export function systemOf(answer: unknown): SystemStatus | undefined {
  const system = System.safeParse(answer).data;
  if (!system) return undefined;
  const { date, uptime, cpuload, cputemp, cputemp_threshold: limit } = system;
  const wallMs = typeof date === "number" ? date * 1_000 : Date.parse(date ?? "");
  return {
    ...(Number.isSafeInteger(wallMs) && { wallMs }),
    ...(uptime !== undefined && { uptimeS: uptime }),
    figures: {
      ...(cpuload !== undefined && { cpuUsageRatio: { value: cpuload / 100, source: "device" } }),
      ...(cputemp !== undefined && { temperatureC: { value: cputemp, source: "device" } }),
    },
    complaints: [
      ...(system.cpuload_high ? [warning("cpuLoadHigh", "CPU load is high")] : []),
      ...(limit !== undefined && cputemp !== undefined && cputemp >= limit
        ? [warning("nearOverTemp", `CPU temperature is above its threshold of ${limit} °C`)]
        : []),
    ],
  };
}

const Firmware = z.object({ version: maybe(text), product_name: maybe(text) });

/** `GET /system/firmware`. The interface tells no serial number. */
export function identityOf(answer: unknown): { model?: string; firmware?: string } | undefined {
  const parsed = Firmware.safeParse(answer).data;
  if (!parsed) return undefined;
  const { version, product_name: model } = parsed;
  return { ...(model && { model }), ...(version && { firmware: version }) };
}

const RecorderStatuses = z
  .array(z.object({ id, status: z.object({ state: maybe(text) }) }))
  .max(1_000);
const recorderStates: ReadonlyMap<string, OutputReading["state"]> = new Map([
  ["disabled", "idle"],
  ["stopped", "idle"],
  ["starting", "starting"],
  ["started", "streaming"],
  ["error", "failing"],
] as const);

/** `GET /recorders/status`: what the recorder of this channel does, where it has one. */
export function recorderOf(answer: unknown, channel: string): OutputReading["state"] | undefined {
  const recorder = RecorderStatuses.safeParse(answer).data?.find(({ id }) => id === channel);
  return recorder && (recorderStates.get(recorder.status.state ?? "") ?? "unknown");
}

const Layouts = z
  .array(z.object({ name: z.string().min(1).max(200), active: z.boolean() }))
  .max(200);

/** `GET /channels/<id>/layouts`: the name of the one that is shown. */
export function layoutOf(answer: unknown): string | undefined {
  const shown = Layouts.safeParse(answer).data?.filter(({ active }) => active);
  return shown?.length === 1 ? shown[0]?.name : undefined;
}

const Storages = z.array(z.object({ id: z.string().regex(/^[\w.-]{1,64}$/) })).max(20);
const Storage = z.object({ state: text, total: maybe(count), free: maybe(count) });
const conditions: ReadonlyMap<string, MediumReading["condition"]> = new Map([
  ["ready", "ok"],
  ["devro", "ok"],
  ["nodev", "missing"],
  ["formatting", "loading"],
] as const);

/** `GET /system/storages`. */
export function storageIdsOf(answer: unknown): string[] | undefined {
  return Storages.safeParse(answer).data?.map((storage) => storage.id);
}

/**
 * `GET /system/storages/<id>/status`. An external slot that is empty is nothing amiss, so it is no
 * medium at all; state `dev` (there, not ready) is not documented further: unknown, left out.
 */
export function mediumOf(id: string, answer: unknown): MediumReading | undefined {
  const storage = Storage.safeParse(answer).data;
  const condition = conditions.get(storage?.state ?? "");
  const isExternal = id === "external";
  if (!storage || !condition || (isExternal && condition === "missing")) return undefined;
  return {
    id,
    kind: isExternal ? "usb" : "disk",
    isNetwork: false,
    condition,
    ...(storage.state === "devro" && { isWriteProtected: true }),
    ...(storage.free !== undefined && { freeBytes: storage.free }),
    ...(storage.total !== undefined && { totalBytes: storage.total }),
    source: "device",
  };
}
