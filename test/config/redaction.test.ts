import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { redact } from "../../config/redaction.ts";
import { at } from "../setup/effort.ts";
import { slow } from "../setup/slow.ts";

const each = at({ check: 30, test: 150, torture: 20_000 });

const lower = (text: string) => text.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase());
const everyByte = (text: string) =>
  [...Buffer.from(text, "utf8")].map((b) => `%${b.toString(16).padStart(2, "0")}`).join("");
const everyUnit = (text: string) =>
  Array.from(
    { length: text.length },
    (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
const inXml = (text: string) =>
  text.replace(
    /[&<>"']/g,
    (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? "&#39;",
  );
const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");

/** Ways in which a secret leaves a process, each as the program that does it writes it. */
const encodings: Record<string, (secret: string) => string> = {
  "as it is": (s) => s,
  encodeURIComponent,
  encodeURI,
  "encodeURIComponent, lower case": (s) => lower(encodeURIComponent(s)),
  "encodeURI, lower case": (s) => lower(encodeURI(s)),
  "a form field": (s) => new URLSearchParams({ s }).toString().slice("s=".length),
  "a form field, lower case": (s) =>
    lower(new URLSearchParams({ s }).toString().slice("s=".length)),
  "every byte with a percent sign": everyByte,
  "encoded twice": (s) => encodeURIComponent(encodeURIComponent(s)),
  JSON: (s) => JSON.stringify(s).slice(1, -1),
  "JSON in JSON": (s) => JSON.stringify(JSON.stringify(s)),
  "JSON with every character escaped": everyUnit,
  "percent-encoded in JSON": (s) => JSON.stringify({ url: `rtmp://far/${encodeURIComponent(s)}` }),
  XML: inXml,
  "XML in XML": (s) => inXml(inXml(s)),
};

/** As they are read from a file: no lone surrogates. Long enough not to stand in any text. */
const secrets = fc.oneof(
  fc.string({ unit: "binary", minLength: 4, maxLength: 40 }),
  fc.string({ unit: "grapheme", minLength: 4, maxLength: 40 }),
  fc.string({ unit: "grapheme-ascii", minLength: 4, maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(..."ab+/=%&\\\"'<> \n\t.*$^(){}[]|?é€😀"), minLength: 4 }),
);

test.each(Object.entries(encodings))("no secret is left over: %s", (_, encode) => {
  fc.assert(
    fc.property(secrets, (secret) => {
      const encoded = encode(secret);
      expect(redact(`«${encoded}»`, new Set([secret]))).toMatch(
        /^«["\\]*(?:\{"url":"rtmp:\/\/far\/)?•••(?:"\})?["\\]*»$/,
      );
    }),
    { numRuns: each },
  );
});

test("no secret is left over in what inspect makes of an object that holds it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii", minLength: 4 }), (secret) => {
      const text = inspect({ password: secret }, { breakLength: Infinity });
      const clean = redact(text, new Set([secret]));
      expect(clean).toMatch(/^\{ password: ["'`]•••["'`] \}$/);
    }),
    { numRuns: each },
  );
});

test("a login for HTTP Basic is not readable, whatever the user is called", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", minLength: 6, maxLength: 40 }),
      fc.string({ unit: "grapheme-ascii", maxLength: 12 }),
      fc.boolean(),
      (password, user, forUrl) => {
        const given = base64(`${user}:${password}`);
        const header = forUrl ? given.replaceAll("+", "-").replaceAll("/", "_") : given;
        const clean = redact(`authorization: Basic ${header}`, new Set([password]));
        // At most the bits that the password shares with its neighbours are left.
        const rest = clean.slice("authorization: Basic ".length).split("•••").at(-1);
        expect(rest).toMatch(/^[A-Za-z0-9+/_-]?={0,2}$/);
      },
    ),
    { numRuns: each },
  );
});

test("a text without a secret is left as it is", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(redact(text, new Set(["kd83-live-key"]))).toBe(text);
    }),
  );
});

test("of two secrets the longer is found when one holds the other", () => {
  expect(redact("abc-and-more abc", new Set(["abc", "abc-and-more"]))).toBe("••• •••");
});

test("a secret that becomes known later is found from then on", () => {
  const live = new Set(["first"]);
  expect(redact("first second", live)).toBe("••• second");
  live.add("second");
  expect(redact("first second", live)).toBe("••• •••");
});

test("an empty secret hides nothing", () => {
  expect(redact("all of it", new Set([""]))).toBe("all of it");
});

/** A canary in all its spellings in one line, as a log would have it. */
test("the canary is in no spelling of the line", () => {
  const canary = "tweet/Tweet +ü&\"'€";
  const line = Object.values(encodings)
    .map((encode) => encode(canary))
    .join(" | ");
  const clean = redact(JSON.stringify({ msg: line, cause: { url: line } }), new Set([canary]));
  expect(clean).not.toMatch(/tweet|€|ü|%c3%bc|\\u00fc/i);
  expect(clean.match(/•••/g)).toHaveLength(2 * Object.keys(encodings).length);
});

slow("400 secrets in a line of 4 KiB take no longer than a decision can spare", () => {
  const many = new Set(
    Array.from({ length: 400 }, (_, n) => `stream-key-number-${n}-${"x".repeat(20)}`),
  );
  const line = `{"msg":"${"the far end has a publisher; ".repeat(140)}stream-key-number-7-${"x".repeat(20)}"}`;
  redact(line, many); // the patterns are made once
  // CPU time of one of five: other programs on the machine are not what is judged.
  const tookMs = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    expect(redact(line, many)).toContain("•••");
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  expect(Math.min(...tookMs)).toBeLessThan(250);
});
