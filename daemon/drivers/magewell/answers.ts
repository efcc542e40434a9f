import { z } from "zod";

/** A field that is not what it should be is unknown; it does not spoil the others. */
const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const whole = z.int();
/** Counters, bits per second, milliseconds: an absurd one is not told on. */
const count = z.int().min(0).max(1e15);
const flag = z.union([z.literal(0), z.literal(1)]).transform((value) => value === 1);
const text = z.string().max(2_000);

/** `result` comes as a number; one public client has also met it as a string. */
export const Result = z.object({
  result: z.union([
    whole,
    z
      .string()
      .regex(/^-?\d{1,4}$/)
      .transform(Number),
  ]),
});

const Session = z.object({
  id: whole,
  "is-use": maybe(flag),
  result: maybe(whole),
  "run-ms": maybe(count),
  "uptime-ms": maybe(count),
  "inst-bps": maybe(count),
  /** As the firmware spells it. */
  "video-frames-totoal": maybe(count),
  "video-frames-total": maybe(count),
  "video-frames-dropped": maybe(count),
});
/** Ultra Stream: one set of figures for all servers together. */
const WholeLive = z.object({
  result: maybe(whole),
  "run-ms": maybe(count),
  "cur-bps": maybe(count),
});
const Recording = z.object({ "is-use": maybe(flag), result: maybe(whole) });
const Signal = z.object({ cx: count, cy: count });

export const Status = z.object({
  "cur-status": z.int().min(0).max(0x7fffffff),
  /** Thousandths of a degree. */
  "cpu-temperature": maybe(z.int().min(1).max(150_000)),
  "input-signal": maybe(z.looseObject({})),
  "live-status": maybe(z.looseObject({ live: z.array(z.unknown()).optional() })),
  "rec-status": maybe(z.looseObject({ rec: z.array(z.unknown()).optional() })),
});

export type LiveSession = {
  /** Left out by an Ultra Stream, which has one result for all. */
  id?: number;
  isInUse?: boolean;
  result?: number;
  runMs?: number;
  bps?: number;
  frames?: number;
  droppedFrames?: number;
};
export type BoxStatus = {
  bits: number;
  temperatureC?: number;
  hasPicture?: boolean;
  /** Undefined where the box tells nothing of its live sessions, or not all could be read. */
  sessions?: LiveSession[];
  recordings: { isInUse?: boolean; result?: number }[];
};

/** @returns undefined where this is no answer to `get-status` */
export function statusOf(answer: unknown): BoxStatus | undefined {
  const parsed = Status.safeParse(answer);
  if (!parsed.success) return undefined;
  const status = parsed.data;
  const heat = status["cpu-temperature"];
  const hasPicture = pictureIn(status["input-signal"]);
  const sessions = sessionsOf(status["live-status"]);
  return {
    bits: status["cur-status"],
    ...(heat !== undefined && { temperatureC: heat / 1_000 }),
    ...(hasPicture !== undefined && { hasPicture }),
    ...(sessions && { sessions }),
    recordings: recordingsOf(status["rec-status"]),
  };
}

type LiveStatus = z.infer<typeof Status>["live-status"];

function sessionsOf(status: LiveStatus): LiveSession[] | undefined {
  if (status === undefined) return undefined;
  if (status.live === undefined) {
    const whole = WholeLive.safeParse(status).data;
    if (whole?.result === undefined) return undefined;
    return [known({ result: whole.result, runMs: whole["run-ms"], bps: whole["cur-bps"] })];
  }
  const sessions = status.live.map((item) => Session.safeParse(item).data);
  // An entry that cannot be read might be ours: then nothing is known, which is not "stopped".
  if (!sessions.every((session) => session !== undefined)) return undefined;
  return sessions.map((session) =>
    known({
      id: session.id,
      isInUse: session["is-use"],
      result: session.result,
      runMs: session["uptime-ms"] ?? session["run-ms"],
      bps: session["inst-bps"],
      frames: session["video-frames-totoal"] ?? session["video-frames-total"],
      droppedFrames: session["video-frames-dropped"],
    }),
  );
}

function recordingsOf(status: z.infer<typeof Status>["rec-status"]): BoxStatus["recordings"] {
  return (status?.rec ?? (status ? [status] : [])).flatMap((item) => {
    const recording = Recording.safeParse(item).data;
    return recording ? [known({ isInUse: recording["is-use"], result: recording.result })] : [];
  });
}

/**
 * The number in `status` is not documented in what we have read, the size is: no picture has none.
 * Boxes with two inputs tell of each; they are believed where they agree.
 */
function pictureIn(signal: z.infer<typeof Status>["input-signal"]): boolean | undefined {
  const sizes = [signal, signal?.["hdmi"], signal?.["sdi"]].flatMap((part) => {
    const size = Signal.safeParse(part).data;
    return size ? [size.cx > 0 && size.cy > 0] : [];
  });
  const [first] = sizes;
  const whole = Signal.safeParse(signal).success;
  return whole || sizes.every((has) => has === first) ? first : undefined;
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

const Settings = z.object({
  "stream-server": z.array(ServerEntry).max(256),
  "is-startup-live": maybe(flag),
  schedulers: maybe(z.array(z.unknown())),
});
export type BoxSettings = {
  servers: ServerEntry[];
  /** Only some models tell that they start by themselves; none is known to tell that it does not. */
  startsAtPowerUp: boolean;
  schedules: number;
};

/** @returns undefined where this is no answer to `get-settings` */
export function settingsOf(answer: unknown): BoxSettings | undefined {
  const settings = Settings.safeParse(answer).data;
  return (
    settings && {
      servers: settings["stream-server"],
      startsAtPowerUp: settings["is-startup-live"] === true,
      schedules: settings.schedulers?.length ?? 0,
    }
  );
}

const Info = z.object({
  product: z.object({
    sn: maybe(text),
    "module-name": maybe(text),
    "product-name": maybe(text),
    "firmware-ver-s": maybe(text),
  }),
});
export type BoxIdentity = { model?: string; serialNumber?: string; firmware?: string };

/** @returns undefined where this is no answer to `get-info` */
export function identityOf(answer: unknown): BoxIdentity | undefined {
  const product = Info.safeParse(answer).data?.product;
  return (
    product &&
    known({
      model: product["module-name"] || product["product-name"],
      serialNumber: product.sn || undefined,
      firmware: product["firmware-ver-s"] || undefined,
    })
  );
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that are not known. */
function known<T extends object>(fields: T): Known<T> {
  const told = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(told) as Known<T>;
}
