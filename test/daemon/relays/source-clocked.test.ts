import { expect, test } from "vitest";
import { stringify } from "yaml";
import { parseConfig } from "../../../config/load.ts";
import { siteFormat } from "../../../config/site.ts";
import { vendors } from "../../../daemon/drivers/index.ts";
import { withRelays } from "../../../daemon/relays/with-relays.ts";

/** Whether the relay of these two goes by their source's clock. */
function isSourceClocked(...encoders: object[]): boolean {
  const schemas = Object.fromEntries(Object.entries(vendors).map(([n, v]) => [n, v.options]));
  const ids = ["a", "b"];
  const text = stringify({
    ...{ site: "studio", mqtt: { url: "mqtt://127.0.0.1:1" } },
    ingests: [{ id: "door", kind: "udp", url: "udp://239.1.1.1:5000" }],
    encoders: encoders.map((encoder, n) => ({ id: ids[n], driver: "ffmpeg", ...encoder })),
    destinations: [{ id: "far", address: "rtmp://far/live", streamKey: "credential:k" }],
    streams: [
      {
        ...{ id: "main", destination: "far", encoders: ids, path: "relayed" },
        relay: { mode: "next-keyframe" },
      },
    ],
  });
  const { config } = parseConfig("site.yaml", text, siteFormat({ encoders: schemas }));
  const { relays } = withRelays({ ...config, stateDir: "/nowhere" }, vendors, () => "k", {});
  return relays[0]!.sourceClocked;
}

test("encoders of one ingest with the same GOPs are on its clock; others are not", () => {
  const shared = { input: { kind: "ingest", ingest: "door" }, source: "camera" };
  const own = { input: { kind: "testPattern" }, source: "camera" };
  expect(isSourceClocked(shared, shared)).toBe(true);
  expect(isSourceClocked(shared, { ...shared, video: { gopSeconds: 1 } })).toBe(false);
  expect(isSourceClocked(shared, own)).toBe(false);
  expect(isSourceClocked(shared, { ...shared, driver: "gstreamer" })).toBe(false);
});
