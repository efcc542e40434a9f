/**
 * How a pipeline is written for gst-launch. It puts its arguments together with blanks and parses
 * that again, so a value must not hold what means anything there.
 */

export type Value = string | number | boolean;

/**
 * A value that reads back as it is. gst-launch escapes blanks by itself, and would take a quote for
 * the beginning of a quoted text wherever it stands: no value may hold one (see `isWritable`).
 */
export function written(value: Value): string {
  return String(value).replace(/[^A-Za-z0-9 _./:%\u0080-\u{10ffff}-]/gu, "\\$&");
}

/** Whether `written` can spell it. */
export function isWritable(value: string): boolean {
  return !/["'\\\p{Cc}]/u.test(value);
}

/** One element with its properties, an argument each. */
export function element(name: string, properties: Readonly<Record<string, Value>> = {}): string[] {
  const set = Object.entries(properties).map(([key, value]) => `${key}=${written(value)}`);
  return [name, ...set];
}

/** What may pass between two elements, in one argument. */
export function caps(media: string, fields: Readonly<Record<string, Value>>): string[] {
  return [[media, ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)].join(",")];
}

/** Elements one after the other. */
export function chain(...elements: readonly (readonly string[])[]): string[] {
  return elements
    .filter((part) => part.length > 0)
    .flatMap((part, at) => (at === 0 ? part : ["!", ...part]));
}

/** A frame rate as a fraction: the rates of NTSC countries, or thousandths. */
export function fraction(perSecond: number): string {
  if (Number.isInteger(perSecond)) return `${perSecond}/1`;
  const ntsc = Math.round(perSecond);
  if (Math.abs((ntsc * 1_000) / 1_001 - perSecond) < 0.005) return `${ntsc * 1_000}/1001`;
  return `${Math.round(perSecond * 1_000)}/1000`;
}
