/** Secrets are found by what they are, in whatever spelling they leave the process. */

/** Of a shorter secret the base64 form is too short to be told from other text. */
const leastBase64Bytes = 6;

const patternsOf = new WeakMap<ReadonlySet<string>, { size: number; patterns: RegExp[] }>();

/**
 * Takes every secret out of a text, by value: by key, nested and reworded ones slip through. Found
 * as it is, percent-encoded in any way (also twice, also only in part, upper or lower case, `+` for
 * a blank), inside JSON (also inside a JSON text within JSON), inside XML, and in base64 also
 * behind a user name (HTTP Basic).
 */
export function redact(text: string, secrets: ReadonlySet<string>): string {
  let known = patternsOf.get(secrets);
  if (known?.size !== secrets.size) {
    // The longest first: one secret may be a part of another.
    const sorted = [...secrets].sort((a, b) => b.length - a.length);
    known = { size: secrets.size, patterns: sorted.filter((s) => s !== "").map(patternOf) };
    patternsOf.set(secrets, known);
  }
  return known.patterns.reduce((clean, pattern) => clean.replace(pattern, "•••"), text);
}

function patternOf(secret: string): RegExp {
  const spelled = [...secret].map((character) => `(?:${spellings(character).join("|")})`).join("");
  return new RegExp([spelled, ...base64Cores(secret)].join("|"), "g");
}

const inJson: Record<string, string> = {
  "\b": "b",
  "\f": "f",
  "\n": "n",
  "\r": "r",
  "\t": "t",
};
const inXml: Record<string, string> = {
  "&": "amp",
  "<": "lt",
  ">": "gt",
  '"': "quot",
  "'": "(?:apos|#39)",
};

/** One character as a pattern, in every way it may have been written down. */
function spellings(character: string): string[] {
  const codeUnits = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  const json = inJson[character];
  const xml = inXml[character];
  // The character itself comes last: `&` is also where `&amp;` begins.
  return [
    [...Buffer.from(character, "utf8")].map((byte) => `%(?:25)*${hex(byte, 2)}`).join(""),
    codeUnits.map((unit) => `\\\\+u${hex(unit, 4)}`).join(""),
    ...(character === " " ? ["\\+"] : []),
    ...(json === undefined ? [] : [`\\\\+${json}`]),
    ...(xml === undefined ? [] : [`&(?:amp;)*${xml};`]),
    // A backslash is doubled by each JSON around it, and a quotation mark gets more of them.
    character === "\\" ? "\\\\+" : `${/["'/]/.test(character) ? "\\\\*" : ""}${literal(character)}`,
  ];
}

function literal(character: string): string {
  return character.replace(/[$()*+./?[\\\]^{|}-]/g, "\\$&");
}

/** Hexadecimal digits in either case. */
function hex(value: number, digits: number): string {
  const text = value.toString(16).padStart(digits, "0");
  return text.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/**
 * The characters of base64 that depend on the secret alone, at each of the three places where it
 * may begin in a longer text; in the alphabet of base64 or of base64url.
 */
function base64Cores(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  if (bytes.length < leastBase64Bytes) return [];
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    // 6 bits a character: what shares bits with a neighbour is not the secret's own.
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    return text
      .slice(from, to)
      .replace(/[+/]/g, (c) => (c === "+" ? "(?:[+-]|%2[bB])" : "(?:[/_]|\\\\/|%2[fF])"));
  });
}
