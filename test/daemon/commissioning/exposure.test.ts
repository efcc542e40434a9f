import { expect, test } from "vitest";
import { parseConfig } from "../../../config/load.ts";
import { siteFormat } from "../../../config/site.ts";
import type { SiteConfig } from "../../../config/site.schema.ts";
import { exposureOf, withoutWellKnown } from "../../../daemon/commissioning/exposure.ts";
import { siteDrivers } from "../../../daemon/drivers/options.ts";
import { recognisers } from "../../../daemon/drivers/recognisers.ts";
import { redact } from "../../../config/redaction.ts";
import { startHelo } from "../../fakes/helo/helo.ts";

/** A site whose references read as the secrets themselves: `credential:password` is "password". */
function aSite(lines: string): SiteConfig {
  const { config } = parseConfig("site.yaml", lines, siteFormat(siteDrivers));
  const resolved = JSON.parse(
    JSON.stringify(config).replaceAll('"credential:', '"'),
  ) as typeof config;
  return { ...resolved, stateDir: "/nowhere" };
}

/** As `<severity> <subject>: <what>`, without asking any box. */
async function exposed(lines: string, encoders: string[]): Promise<string[]> {
  const nobody = recognisers.map((r) => ({ ...r, recognise: async () => undefined }));
  const found = await exposureOf(aSite(lines), encoders, nobody, new AbortController().signal);
  for (const { fix, seen } of found) expect([fix, seen]).not.toContain("");
  return found.map(({ severity, subject, what }) => `${severity} ${subject}: ${what}`);
}

const quiet = `
site: studio
mqtt: { url: "mqtts://hub.example", password: "credential:long-and-its-own" }
`;
const nothingElse = "destinations: []\nstreams: []\n";
const helo = (id: string, password: string) =>
  `  - { id: ${id}, driver: aja-helo, host: 10.255.255.1, password: "credential:${password}" }\n`;

test("a maker's password, one that is tried first, a short and a shared one are told apart", async () => {
  const encoders = [
    helo("a", "password"),
    helo("b", "administrator"),
    helo("c", "short1"),
    helo("d", "a-password-of-two"),
    helo("e", "a-password-of-two"),
    helo("f", "a-password-of-its-own"),
  ].join("");
  const site = `${quiet}encoders:\n${encoders}${nothingElse}`;
  const found = await exposed(site, ["a", "b", "c", "d", "e", "f"]);
  const passwords = found.filter((line) => !line.includes("plain HTTP"));
  expect(passwords).toEqual([
    "high encoder a: it has its maker's default password",
    "high encoder b: its password is one that is tried first",
    "medium encoder c: its password is short",
    "medium encoder d: it shares its password with encoder e",
    "medium encoder e: it shares its password with encoder d",
  ]);
  expect(found.filter((line) => line.includes("plain HTTP"))).toHaveLength(6);
});

test("SNMP in clear is told, worse with a community that everybody tries, and v3 is not", async () => {
  const outlet = (id: string, access: string) =>
    `  - { id: ${id}, driver: pdu-apc, host: h, expectedName: x, outlet: 1, access: { ${access} } }\n`;
  const v3 = `version: v3, user: u, authPassword: "credential:signs-it-well"`;
  const boxes = ["a", "b", "c", "d"].map(
    (id) => `  - { id: ${id}, driver: aja-helo, host: 127.0.0.1, outlet: o-${id} }\n`,
  );
  const site =
    `${quiet}encoders:\n${boxes.join("")}outlets:\n` +
    outlet("o-a", `version: v2c, community: "credential:public"`) +
    outlet("o-b", `version: v1, community: "credential:nobody-knows-it"`) +
    outlet("o-c", v3) +
    outlet("o-d", `${v3}, privPassword: "credential:hides-it-well"`) +
    nothingElse;
  expect(await exposed(site, ["a", "b", "c", "d"])).toEqual([
    expect.stringMatching(/^high outlet o-a: SNMP v2c .* tried first$/),
    expect.stringMatching(/^medium outlet o-b: SNMP v1 /),
    expect.stringMatching(/^low outlet o-c: .* can be read on the way$/),
  ]);
});

test("a key in clear, a statistics page without a login and an open hub link are told", async () => {
  const site = `
site: studio
mqtt: { url: "mqtt://hub.example" }
encoders:
  - { id: a, driver: aja-helo, host: 127.0.0.1 }
destinations:
  - id: far
    address: rtmp://ingest.example/live
    streamKey: credential:k
    observers:
      - { kind: nginx-rtmp, statisticsUrl: "http://ingest.example/stat", app: live }
      - { kind: nginx-rtmp, statisticsUrl: "http://i/s", app: live, username: u, password: "credential:p" }
streams:
  - { id: main, destination: far, encoders: [a] }
`;
  expect(await exposed(site, ["a"])).toEqual([
    expect.stringContaining("high hub link: the site shows the broker neither"),
    expect.stringContaining(
      "medium destination far: the stream key goes over the network in clear",
    ),
    expect.stringContaining("medium destination far: its statistics page shows stream keys"),
    expect.stringContaining("medium hub link: what the site tells"),
  ]);
});

test("a HELO without a login is open to anyone, seen by one look without a password", async () => {
  const box = await startHelo({ name: "a", host: "127.0.0.77" });
  const site = aSite(
    `${quiet}encoders:\n  - { id: a, driver: aja-helo, host: ${box.host}, port: ${box.port} }\n${nothingElse}`,
  );
  const found = await exposureOf(site, ["a"], recognisers, new AbortController().signal);
  await box.close();
  expect(found).toMatchObject([{ severity: "high", subject: "encoder a" }]);
  expect(found[0]!.what).toContain("read its stream key");
});

test("a password that everybody knows stays a word in the report; one that is secret does not", () => {
  const hidden = withoutWellKnown(new Set(["password", "Admin", "hunter-2-and-more"]), recognisers);
  const text = "its password is Admin, not hunter-2-and-more";
  expect(redact(text, hidden)).toBe("its password is Admin, not •••");
});
