import { expect, test } from "vitest";
import { parseConfig } from "../../../config/load.ts";
import { siteFormat } from "../../../config/site.ts";
import { asYaml, proposalsFor } from "../../../daemon/discovery/proposal.ts";
import { knownBoxes } from "../../../daemon/discovery/configured.ts";
import { plain } from "../../../daemon/discovery/plain.ts";
import type { Box, Scan } from "../../../daemon/discovery/scan.ts";
import { outputsOf, siteDrivers } from "../../../daemon/drivers/options.ts";

const access = { version: "v2c", community: "file:/etc/understudy/community" };
const aBox = (more: Partial<Box> = {}): Box => ({
  ...{ address: "10.0.0.5", port: 80, over: "http", driver: "aja-helo", section: "encoders" },
  ...{ kind: "AJA HELO", certainty: "certain", because: "it says so", untold: ["its age"] },
  entries: [{ name: more.name, keys: {} }],
  ...more,
});
const aPdu = (...names: string[]) =>
  aBox({
    ...{ address: "10.0.0.9", port: 161, over: "snmp", driver: "pdu-apc", section: "outlets" },
    entries: names.map((name, at) => ({ name, keys: { expectedName: name, outlet: at + 1 } })),
  });
const aScan = (boxes: Box[]): Scan => ({
  ...{ boxes, strangers: [], addresses: 9, answering: boxes.length, requests: 9, isWhole: true },
});
const yamlOf = (...boxes: Box[]) => asYaml(proposalsFor(boxes, access), aScan(boxes));
const asSite = (yaml: string) =>
  parseConfig("found.yaml", yaml, siteFormat(siteDrivers, outputsOf)).config;

test("what is proposed is a valid site.yaml, with secrets as references only", () => {
  const nas = { driver: "synology", section: "storages", over: "snmp", port: 161 } as const;
  const yaml = yamlOf(
    aBox({ name: "Studio A", login: "wanted" }),
    aBox({ driver: "magewell", port: 8080, login: "none" }),
    aPdu("Studio A", "spare"),
    aBox({ ...nas, address: "10.0.0.8", name: "nas" }),
  );
  const site = asSite(yaml);
  expect(site.encoders).toMatchObject([
    { id: "studio-a", name: "Studio A", options: { password: "credential:studio-a", port: 80 } },
    { id: "magewell-10-0-0-5", options: { port: 8080 } },
  ]);
  expect(site.outlets).toMatchObject([
    { id: "outlet-studio-a", expectedName: "Studio A", options: { outlet: 1, access } },
    { id: "outlet-spare" },
  ]);
  expect(site.storages).toMatchObject([{ id: "nas" }]);
  expect(yaml).toContain("#outlet: outlet-studio-a");
  expect(yaml).toContain("anyone on its network can command it");
});

test("what is only possible is written commented out", () => {
  const agent = { driver: "snmp", over: "snmp", port: 161, certainty: "possible" } as const;
  const yaml = yamlOf(aBox({ ...agent, name: "switch" }));
  expect(asSite(yaml).encoders).toEqual([]);
  expect(yaml).toContain("#- id: switch");
});

test("two boxes of one name get two ids, and letters that ids cannot hold are left out", () => {
  const ids = proposalsFor(
    [aBox({ name: "Zürich ①" }), aBox({ name: "zurich-1" }), aBox({ name: "★" })],
    access,
  ).map(({ entry }) => entry.id);
  expect(ids).toEqual(["zurich-1", "zurich-1-2", "aja-helo"]);
});

test.each([
  "x\nencoders: []",
  "x: [1, 2",
  "- a: &b",
  "\u001b[31mred\u001b[0m",
  "\u202egpj.exe",
  "# comment",
  "null",
  "a".repeat(300),
  "😀".repeat(80),
])("a box that is called %j breaks neither the terminal nor the file", (hostile) => {
  const name = plain(hostile);
  expect(name).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  const yaml = yamlOf(aBox({ name, because: plain(hostile), model: plain(hostile) }), aPdu(name));
  expect(yaml).not.toMatch(/[^\P{Cc}\n]/u);
  const site = asSite(yaml);
  expect(site.encoders).toHaveLength(1);
  expect(site.outlets).toMatchObject([{ expectedName: name }]);
});

test("what the site's file has already is said and not proposed again, and no id is given twice", async () => {
  const had = asSite(
    yamlOf(aBox({ name: "Studio A" }), aBox({ port: 81, name: "Studio B" }), aPdu("Studio A")),
  );
  const found = [
    aBox({ name: "renamed since" }),
    aBox({ port: 82, name: "Studio B" }),
    aPdu("Studio A", "spare"),
  ];
  const known = await knownBoxes(had);
  const proposals = proposalsFor(found, access, known);
  expect(proposals.map(({ entry }) => entry.id)).toEqual(["studio-b-2", "outlet-spare"]);
  const yaml = asYaml(proposals, aScan(found), known);
  expect(yaml).toContain("#   10.0.0.5:80: AJA HELO, as studio-a\n");
  expect(yaml).toContain("as outlet-studio-a\n");
  expect(yaml).not.toMatch(/^site:/m);
});

test("the agent of a box that is proposed with its own driver is named, and not proposed beside it", () => {
  const agent = { driver: "snmp", over: "snmp", port: 161, certainty: "possible" } as const;
  const yaml = yamlOf(aBox(), aBox({ ...agent, because: 'it says "Linux"' }));
  expect(asSite(yaml).encoders).toHaveLength(1);
  expect(yaml).toContain('#   10.0.0.5:161: it says "Linux"\n');
});
