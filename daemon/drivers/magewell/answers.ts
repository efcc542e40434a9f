import { z } from "zod";

/** A field that is not what it should be is unknown; it does not spoil the others. */
const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const whole = z.int();
/** Counters, bits per second, milliseconds: an absurd one is not told on. */
const mostCounted = 1e15;
const flag = z.union([z.literal(0), z.literal(1)]).transform((value) => value === 1);
const text = z.string().max(2_000);

type Fields = Record<string, unknown>;
const fieldsIn = (value: unknown): Fields | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;
const wholeIn = (value: unknown, least: number, most: number): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
    ? (value as number)
    : undefined;
const anyWhole = (value: unknown) => wholeIn(value, -Infinity, Infinity);
const countIn = (value: unknown) => wholeIn(value, 0, mostCounted);
const flagIn = (value: unknown): boolean | undefined =>
  value === 0 || value === 1 ? value === 1 : undefined;

/**
 * `result` comes as a number; one public client has also met it as a string.
 * @returns undefined where this is no answer
 */
export function resultOf(answer: unknown): number | undefined {
  const told = fieldsIn(answer)?.["result"];
  return typeof told === "string" && /^-?\d{1,4}$/.test(told) ? Number(told) : anyWhole(told);
}

export type LiveSession = {
  /** Left out by an Ultra Stream, which has one result for all. */
  id?: number;
  isInUse?: boolean;
  result?: number;
  runMs?: number;
  bps?: number;
  frames?: number;
  droppedFrames?: number;
  /** Who is connected to it; only a listener tells. */
  clients?: number;
};
export type BoxStatus = {
  bits: number;
  temperatureC?: number;
  hasPicture?: boolean;
  /** Which input it takes: the number that it has in `BoxInfo.inputs`. */
  inputSource?: number;
  /** Undefined where the box tells nothing of its live sessions, or not all could be read. */
  sessions?: LiveSession[];
  recordings: { isInUse?: boolean; result?: number; type?: number }[];
  /** One of each place that a medium may be in; left out where the box tells nothing of them. */
  disks?: Disk[];
};
/** Sizes are in a unit that is not documented. */
export type Disk = { type: number; totalSize?: number; freeSize?: number; fileSystem?: string };

/**
 * Read at each poll of each box, and by hand: through schemas it was a tenth of the poll, most of it
 * for fields that a box has not.
 * @returns undefined where this is no answer to `get-status`
 */
export function statusOf(answer: unknown): BoxStatus | undefined {
  const status = fieldsIn(answer);
  const bits = wholeIn(status?.["cur-status"], 0, 0x7fffffff);
  if (!status || bits === undefined) return undefined;
  /** Thousandths of a degree. */
  const heat = wholeIn(status["cpu-temperature"], 1, 150_000);
  const hasPicture = pictureIn(fieldsIn(status["input-signal"]));
  const inputSource = anyWhole(status["input-source"]);
  const sessions = sessionsOf(fieldsIn(status["live-status"]));
  const disks = disksOf(status["disk-info"]);
  return {
    bits,
    ...(heat !== undefined && { temperatureC: heat / 1_000 }),
    ...(hasPicture !== undefined && { hasPicture }),
    ...(inputSource !== undefined && { inputSource }),
    ...(sessions && { sessions }),
    recordings: recordingsOf(fieldsIn(status["rec-status"])),
    ...(disks && { disks }),
  };
}

function sessionsOf(status: Fields | undefined): LiveSession[] | undefined {
  const live = status?.["live"];
  if (!status || (live !== undefined && !Array.isArray(live))) return undefined;
  if (live === undefined) {
    // Ultra Stream: one set of figures for all servers together.
    const result = anyWhole(status["result"]);
    if (result === undefined) return undefined;
    return [known({ result, runMs: countIn(status["run-ms"]), bps: countIn(status["cur-bps"]) })];
  }
  const sessions = live.map(sessionIn);
  // An entry that cannot be read might be ours: then nothing is known, which is not "stopped".
  return sessions.every((session) => session !== undefined) ? sessions : undefined;
}

function sessionIn(entry: unknown): LiveSession | undefined {
  const session = fieldsIn(entry);
  const id = anyWhole(session?.["id"]);
  if (!session || id === undefined) return undefined;
  return known({
    id,
    isInUse: flagIn(session["is-use"]),
    result: anyWhole(session["result"]),
    runMs: countIn(session["uptime-ms"]) ?? countIn(session["run-ms"]),
    bps: countIn(session["inst-bps"]),
    /** As the firmware spells it. */
    frames:
      countIn(session["video-frames-totoal"]) ??
      countIn(session["video-frames-total"]) ??
      countIn(session["video-frame-count"]),
    droppedFrames: countIn(session["video-frames-dropped"]),
    clients: countIn(session["num-clients"]),
  });
}

function recordingsOf(status: Fields | undefined): BoxStatus["recordings"] {
  const rec = status?.["rec"];
  if (!status || (rec !== undefined && !Array.isArray(rec))) return [];
  return (rec ?? [status]).flatMap((item) => {
    const recording = fieldsIn(item);
    if (!recording) return [];
    return [
      known({
        isInUse: flagIn(recording["is-use"]),
        result: anyWhole(recording["result"]),
        type: anyWhole(recording["type"]),
      }),
    ];
  });
}

const mostDisks = 16;

function disksOf(list: unknown): Disk[] | undefined {
  if (!Array.isArray(list)) return undefined;
  return list.slice(0, mostDisks).flatMap((entry) => {
    const disk = fieldsIn(entry);
    const type = anyWhole(disk?.["disk-type"]);
    if (!disk || type === undefined) return [];
    const fileSystem = disk["fs-type"];
    const isName = typeof fileSystem === "string" && /^[\w.+-]{1,32}$/.test(fileSystem);
    return [
      {
        type,
        ...known({
          totalSize: countIn(disk["total-size"]),
          freeSize: countIn(disk["free-size"]),
          fileSystem: isName ? fileSystem : undefined,
        }),
      },
    ];
  });
}

/**
 * The number in `status` is not documented in what we have read, the size is: no picture has none.
 * Boxes with two inputs tell of each; they are believed where they agree.
 */
function pictureIn(signal: Fields | undefined): boolean | undefined {
  const whole = hasSize(signal);
  if (whole !== undefined) return whole;
  const [hdmi, sdi] = [hasSize(signal?.["hdmi"]), hasSize(signal?.["sdi"])];
  return hdmi === undefined || sdi === undefined || hdmi === sdi ? (hdmi ?? sdi) : undefined;
}

function hasSize(signal: unknown): boolean | undefined {
  const size = fieldsIn(signal);
  const [cx, cy] = [countIn(size?.["cx"]), countIn(size?.["cy"])];
  return cx === undefined || cy === undefined ? undefined : cx > 0 && cy > 0;
}

export const ServerEntry = z.object({
  id: whole,
  type: whole,
  "is-use": flag,
  name: maybe(text),
  url: maybe(text),
  key: maybe(text),
  "is-auth": maybe(flag),
  user: maybe(text),
  passwd: maybe(text),
  "net-mode": maybe(whole),
  "stream-index": maybe(whole),
});
export type ServerEntry = z.infer<typeof ServerEntry>;

const MainStream = z.object({
  kbps: maybe(z.int().positive().max(1_000_000)),
  "is-auto": maybe(flag),
  cx: maybe(z.int().positive().max(16_384)),
  cy: maybe(z.int().positive().max(16_384)),
  "is-vbr": maybe(flag),
});
const Settings = z.object({
  "stream-server": z.array(ServerEntry).max(256),
  "main-stream": maybe(MainStream),
  "is-startup-live": maybe(flag),
  schedulers: maybe(z.array(z.unknown())),
});
export type BoxSettings = {
  servers: ServerEntry[];
  /** Only some models tell that they start by themselves; none is known to tell that it does not. */
  startsAtPowerUp: boolean;
  schedules: number;
  /** `isAuto`: as large as its input. `isVbr`: `kbps` says nothing. */
  mainStream: {
    kbps?: number | undefined;
    isAuto?: boolean | undefined;
    cx?: number | undefined;
    cy?: number | undefined;
    isVbr?: boolean | undefined;
  };
};

/** @returns undefined where this is no answer to `get-settings` */
export function settingsOf(answer: unknown): BoxSettings | undefined {
  const settings = Settings.safeParse(answer).data;
  if (!settings) return undefined;
  const { "is-auto": isAuto, "is-vbr": isVbr, ...main } = settings["main-stream"] ?? {};
  return {
    servers: settings["stream-server"],
    startsAtPowerUp: settings["is-startup-live"] === true,
    schedules: settings.schedulers?.length ?? 0,
    mainStream: { ...main, isAuto, isVbr },
  };
}

const Info = z.object({
  product: z.object({
    sn: maybe(text),
    "module-name": maybe(text),
    "product-name": maybe(text),
    "firmware-ver-s": maybe(text),
  }),
  "input-source": maybe(
    z.object({ sources: z.array(z.object({ name: text, value: whole })).max(64) }),
  ),
});
export type BoxIdentity = { model?: string; serialNumber?: string; firmware?: string };
/** What the box calls the inputs that it may take, by number; left out where it does not say. */
export type BoxInfo = { identity: BoxIdentity; inputs?: ReadonlyMap<number, string> };

/** @returns undefined where this is no answer to `get-info` */
export function infoOf(answer: unknown): BoxInfo | undefined {
  const info = Info.safeParse(answer).data;
  if (!info) return undefined;
  const { product, "input-source": input } = info;
  const identity = known({
    model: product["module-name"] || product["product-name"],
    serialNumber: product.sn || undefined,
    firmware: product["firmware-ver-s"] || undefined,
  });
  if (!input) return { identity };
  return { identity, inputs: new Map(input.sources.map(({ name, value }) => [value, name])) };
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that are not known. */
function known<T extends object>(fields: T): Known<T> {
  const told: Known<T> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) told[key] = value as Exclude<T[typeof key], undefined>;
  }
  return told;
}
