/**
 * Splice information sections, SCTE 35 (2022b, 9), as far as they are handed on and told. Everything
 * else in them stays as it came. Times are ticks of 90 kHz modulo 2^33.
 */
import { crc32 } from "./crc-32.ts";

/** Of its PMT row: SCTE 35, 8.1. */
export const spliceStreamType = 0x86;
/** Registration in the PMT, SCTE 35, 8.1. */
export const spliceRegistration = new Uint8Array([0x05, 4, 0x43, 0x55, 0x45, 0x49]);

const commands: Readonly<Record<number, Splice["command"]>> = {
  ...{ 0x00: "null", 0x04: "schedule", 0x05: "insert", 0x06: "timeSignal" },
  ...{ 0x07: "bandwidthReservation", 0xff: "private" },
};

/** What a section asks for. */
export type Splice = {
  command:
    | ("null" | "schedule" | "insert" | "timeSignal")
    | ("bandwidthReservation" | "private" | "encrypted" | "unknown");
  /** Of the insertion, or of the first segmentation descriptor; null: none is told. */
  eventId: number | null;
  /** Out of the network's programme, into a break, or back in; null: neither. */
  direction: "out" | "in" | null;
  /** What was told of this event before is void. */
  cancelled: boolean;
  /** The picture that it is meant for, `pts_adjustment` counted in; null: at once, or none. */
  pts: number | null;
  /** How long the break is to be; null: not told. */
  durationTicks: number | null;
};

export type Refusal = "table" | "truncated" | "checksum";

const tableId = 0xfc;
const crcBytes = 4;
const adjustmentAt = 4;
const typeAt = 13;
/** With no command and no descriptors. */
const leastBytes = typeAt + 1 + 2 + crcBytes;
const wrap = 2 ** 33;

/** The section at the beginning of these bytes, without what follows it; or what is wrong with it. */
export function sectionIn(bytes: Uint8Array): Uint8Array | Refusal {
  if (bytes.length > 0 && bytes[0] !== tableId) return "table";
  const length = 3 + (((bytes[1] ?? 0) & 0x0f) << 8) + (bytes[2] ?? 0);
  if (length < leastBytes || bytes.length < length) return "truncated";
  const section = bytes.subarray(0, length);
  return crc32(section) === 0 ? section : "checksum";
}

/**
 * The same with its times moved. Nothing else of it is touched, also where it is encrypted or
 * nobody here knows its command: `pts_adjustment` is made for this (9.6).
 *
 * @param section as {@link sectionIn} gives it
 */
export function movedBy(section: Uint8Array, ticks: number): Uint8Array {
  const moved = Uint8Array.from(section);
  const by = (((adjustmentOf(section) + ticks) % wrap) + wrap) % wrap;
  const view = new DataView(moved.buffer);
  moved[adjustmentAt] = (moved[adjustmentAt]! & 0xfe) | (by >= 2 ** 32 ? 1 : 0);
  view.setUint32(adjustmentAt + 1, by % 2 ** 32);
  view.setUint32(moved.length - crcBytes, crc32(moved.subarray(0, -crcBytes)));
  return moved;
}

const adjustmentOf = (section: Uint8Array) => time33(section, adjustmentAt);

/** Of five bytes the low 33 bits. */
const time33 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! & 1) * 2 ** 32 + uint32(bytes, at + 1);
const uint32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);

/** @param section as {@link sectionIn} gives it; what of it is cut off is not told */
export function spliceIn(section: Uint8Array): Splice {
  const none = { eventId: null, direction: null, cancelled: false, pts: null, durationTicks: null };
  if ((section[adjustmentAt]! & 0x80) !== 0) return { command: "encrypted", ...none };
  const command = commands[section[typeAt]!] ?? "unknown";
  const bytes = section.subarray(typeAt + 1, -crcBytes);
  if (command !== "insert" && command !== "timeSignal") return { command, ...none };
  // Nothing is read beyond it: what is missing is 0, and told by nobody.
  const body = new Uint8Array(bytes.length + 64);
  body.set(bytes);
  const found = command === "insert" ? insertion(body) : signal(body, bytes.length);
  const { pts } = found;
  return {
    ...{ command, ...none, ...found },
    pts: pts === null ? null : (pts + adjustmentOf(section)) % wrap,
  };
}

type Found = Omit<Splice, "command">;

/** 9.7.3 */
function insertion(body: Uint8Array): Found {
  const eventId = uint32(body, 0);
  const nothing = { eventId, direction: null, pts: null, durationTicks: null };
  if ((body[4]! & 0x80) !== 0) return { ...nothing, cancelled: true };
  const flags = body[5]!;
  const [isOut, ofProgram, hasDuration, atOnce] = [0x80, 0x40, 0x20, 0x10].map(
    (bit) => (flags & bit) !== 0,
  );
  let at = 6;
  const times: (number | null)[] = [];
  const components = ofProgram ? 1 : body[at++]!;
  for (let n = 0; n < components && at < body.length - 16; n++) {
    if (!ofProgram) at++;
    if (atOnce) continue;
    times.push(spliceTime(body, at));
    at += timeBytes(body, at);
  }
  return {
    ...{ eventId, direction: isOut ? "out" : "in", cancelled: false, pts: times[0] ?? null },
    durationTicks: hasDuration ? time33(body, at) : null,
  };
}

/** 9.7.4, with the first segmentation descriptor (10.3.3). @param length of what is really there */
function signal(body: Uint8Array, length: number): Found {
  const pts = spliceTime(body, 0);
  const nothing = { eventId: null, direction: null, cancelled: false, durationTicks: null, pts };
  for (let at = timeBytes(body, 0) + 2; at + 2 <= length; at += 2 + body[at + 1]!) {
    const isOurs = [...registered].every((byte, n) => body[at + 2 + n] === byte);
    if (body[at] !== 0x02 || !isOurs || at + 2 + body[at + 1]! > length) continue;
    const eventId = uint32(body, at + 6);
    if ((body[at + 10]! & 0x80) !== 0) return { ...nothing, eventId, cancelled: true };
    const flags = body[at + 11]!;
    let next = at + 12;
    if ((flags & 0x80) === 0) next += 1 + 6 * body[next]!;
    const hasDuration = (flags & 0x40) !== 0;
    const durationTicks = hasDuration ? body[next]! * 2 ** 32 + uint32(body, next + 1) : null;
    if (hasDuration) next += 5;
    const type = body[next + 2 + body[next + 1]!] ?? 0;
    return { ...nothing, eventId, durationTicks, direction: directionOf(type) };
  }
  return nothing;
}
const registered = spliceRegistration.subarray(2);

/** Breaks, advertisements and placement opportunities (table 23): each ends with the next number. */
const begins = [0x22, 0x30, 0x32, 0x34, 0x36, 0x44, 0x46];
function directionOf(segmentationType: number): Splice["direction"] {
  if (begins.includes(segmentationType)) return "out";
  return begins.includes(segmentationType - 1) ? "in" : null;
}

/** 9.8.1 */
const spliceTime = (body: Uint8Array, at: number): number | null =>
  (body[at]! & 0x80) === 0 ? null : time33(body, at);
const timeBytes = (body: Uint8Array, at: number): number => ((body[at]! & 0x80) === 0 ? 1 : 5);
