import { expect, test } from "vitest";
import { fencePathWarnings } from "../../config/fence-path.ts";
import { parseConfig } from "../../config/load.ts";
import { siteFormat } from "../../config/site.ts";
import type { SiteConfig } from "../../config/site.schema.ts";
import { exampleDrivers } from "./drivers.ts";

function warnings(box: string, pdu: string): string[] {
  const text = `site: studio
mqtt: { url: mqtt://hub:1883 }
encoders:
  - { id: a, driver: aja-helo, host: 192.0.2.1, outlet: a-power${box} }
outlets:
  - id: a-power
    driver: pdu-apc
    expectedName: a
    host: 192.0.2.9
    outlet: 1
    access: { version: v3, user: understudy, authPassword: credential:pdu }
    ${pdu}
destinations: []
streams: []
`;
  const { config } = parseConfig("site.yaml", text, siteFormat(exampleDrivers));
  return fencePathWarnings({ ...config, stateDir: "/state" } satisfies SiteConfig);
}

test("a box and its outlet on one switch are a warning: when that fails, neither answers", () => {
  expect(warnings(", network: rack-1", "network: rack-1")).toEqual([
    "a and its outlet a-power hang on the same switch (rack-1): when that fails, neither answers",
  ]);
});

test("two switches, or switches that nobody named, are no warning", () => {
  expect(warnings(", network: rack-1", "network: management")).toEqual([]);
  expect(warnings("", "network: management")).toEqual([]);
  expect(warnings(", network: rack-1", "")).toEqual([]);
});
