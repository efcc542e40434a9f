/**
 * One value as an agent gave it. What an agent does not have (noSuchObject, noSuchInstance,
 * endOfMibView, null) is no value at all and never gets here.
 */
export type SnmpValue =
  | { type: "integer" | "counter32" | "gauge32" | "float"; value: number }
  /** Hundredths of a second, 32 bits: wraps after 497 days. */
  | { type: "ticks"; value: number }
  | { type: "counter64"; value: bigint }
  | { type: "bytes"; value: Buffer }
  | { type: "oid" | "address"; value: string };

/** By OID, without a leading dot. */
export type SnmpValues = ReadonlyMap<string, SnmpValue>;

/** The numbers of ASN.1 and SMI types as they stand on the wire. */
const types = {
  integer: 0x02,
  bytes: 0x04,
  oid: 0x06,
  address: 0x40,
  counter32: 0x41,
  gauge32: 0x42,
  ticks: 0x43,
  opaque: 0x44,
  counter64: 0x46,
} as const;

/** A longer text or table cell is nothing that we ask for. */
const mostBytes = 4_096;

/**
 * @param raw as net-snmp hands it over: numbers for 32 bits, bytes for Counter64 and strings
 * @returns undefined for what is no value, and for what does not fit its type
 */
export function valueOf(type: number, raw: unknown): SnmpValue | undefined {
  switch (type) {
    case types.integer:
      return wholeNumber("integer", raw, -(2 ** 31), 2 ** 32 - 1);
    case types.counter32:
      return wholeNumber("counter32", raw, 0, 2 ** 32 - 1);
    case types.gauge32:
      return wholeNumber("gauge32", raw, 0, 2 ** 32 - 1);
    case types.ticks:
      return wholeNumber("ticks", raw, 0, 2 ** 32 - 1);
    case types.counter64:
      return counter64Of(raw);
    case types.bytes:
      if (!Buffer.isBuffer(raw) || raw.length > mostBytes) return undefined;
      return { type: "bytes", value: raw };
    case types.opaque:
      return floatOf(raw);
    case types.oid:
      return typeof raw === "string" ? { type: "oid", value: raw } : undefined;
    case types.address:
      return typeof raw === "string" ? { type: "address", value: raw } : undefined;
    default:
      return undefined;
  }
}

function wholeNumber(
  type: "integer" | "counter32" | "gauge32" | "ticks",
  raw: unknown,
  least: number,
  most: number,
): SnmpValue | undefined {
  if (typeof raw !== "number" || !Number.isInteger(raw)) return undefined;
  return raw < least || raw > most ? undefined : { type, value: raw };
}

/** Up to 8 octets, or 9 with a leading zero that keeps the number positive. */
function counter64Of(raw: unknown): SnmpValue | undefined {
  if (!Buffer.isBuffer(raw) || raw.length === 0 || raw.length > 9) return undefined;
  const value = BigInt(`0x${raw.toString("hex")}`);
  return value >= 1n << 64n ? undefined : { type: "counter64", value };
}

/** UCD agents wrap a float as Opaque: 9f 78 04 and four octets. */
function floatOf(raw: unknown): SnmpValue | undefined {
  if (!Buffer.isBuffer(raw) || raw.length !== 7) return undefined;
  if (raw.readUIntBE(0, 3) !== 0x9f7804) return undefined;
  const value = raw.readFloatBE(3);
  return Number.isFinite(value) ? { type: "float", value } : undefined;
}

/** A number of any numeric type. Counters above 2^53 lose their last digits. */
export function numberOf(value: SnmpValue | undefined): number | undefined {
  switch (value?.type) {
    case "integer":
    case "counter32":
    case "gauge32":
    case "float":
    case "ticks":
      return value.value;
    case "counter64":
      return Number(value.value);
    case "bytes":
    case "oid":
    case "address":
    case undefined:
      return undefined;
  }
}

/** A whole number as enumerations and indexes are given. */
export function integerOf(value: SnmpValue | undefined): number | undefined {
  return value?.type === "integer" || value?.type === "gauge32" ? value.value : undefined;
}

/** Text without control characters and the NULs that some agents pad with; empty says nothing. */
export function textOf(value: SnmpValue | undefined): string | undefined {
  if (value?.type !== "bytes") return undefined;
  const text = value.value.toString("utf8").replace(/[\u0000-\u001f\u007f]+/g, " ");
  const short = text.trim().slice(0, 255);
  return short === "" ? undefined : short;
}
