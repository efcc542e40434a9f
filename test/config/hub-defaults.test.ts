import { expect, test } from "vitest";
import { hubSchema } from "../../config/hub.schema.ts";
import { defaultHubOptions } from "../../hub/options.ts";

test("an empty hub.yaml means what the hub does without one", () => {
  const { mqtt, log, sites, ...config } = hubSchema.parse({});
  const options = defaultHubOptions({});
  const { kind: _own, ...broker } = options.mqtt;
  expect(options).toMatchObject(config);
  expect(mqtt).toEqual({ broker });
  expect(sites).toEqual(options.sites);
  expect(log.level).toBe(options.logLevel);
});
