import ICAL from "ical.js";

/** A time zone of the IANA database, as this host's own copy has it. */
export class IanaZone extends ICAL.Timezone {
  readonly #format: Intl.DateTimeFormat;

  /** Throws a RangeError for a name that is not known. */
  constructor(name: string) {
    super({ tzid: name });
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      timeZoneName: "longOffset",
    });
  }

  /**
   * Seconds that wall time `tt` is ahead of UTC. A time that comes twice is its first, one that a
   * clock change skips is read with the offset before the change (RFC 5545, 3.3.5).
   */
  override utcOffset(tt: ICAL.Time): number {
    const { year, month, day, hour, minute, second } = tt;
    const asUtcMs = Date.UTC(year, month - 1, day, hour, minute, second);
    const before = this.#offsetS(asUtcMs - dayMs);
    const after = this.#offsetS(asUtcMs + dayMs);
    if (this.#offsetS(asUtcMs - before * 1_000) === before) return before;
    return this.#offsetS(asUtcMs - after * 1_000) === after ? after : before;
  }

  /** `GMT+01:00` → 3600, `GMT` → 0 */
  #offsetS(atMs: number): number {
    const parts = this.#format.formatToParts(atMs);
    const text = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
    const [, sign, h, m, s] = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
    const seconds = Number(h ?? 0) * 3_600 + Number(m ?? 0) * 60 + Number(s ?? 0);
    return sign === "-" ? -seconds : seconds;
  }
}
const dayMs = 86_400_000;

const known = new Map<string, IanaZone | undefined>();

/** The zone of that name, or undefined where the database has none. */
export function zoneNamed(name: string): IanaZone | undefined {
  if (!known.has(name)) known.set(name, openZone(name));
  return known.get(name);
}

function openZone(name: string): IanaZone | undefined {
  try {
    return new IanaZone(name);
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    throw cause;
  }
}
