import { expect, test } from "vitest";
import { parseConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/problems.ts";
import { siteFormat } from "../../config/site.ts";
import { outputsOf, siteDrivers } from "../../daemon/drivers/options.ts";

const site = (destination: string, path = "direct") => `site: studio
mqtt: { url: "mqtt://hub:1883" }
encoders:
  - { id: soft, driver: ffmpeg, source: stage, input: { kind: udp, url: "udp://239.1.1.1:5000" } }
  - { id: helo, driver: aja-helo, source: stage, host: 192.0.2.1 }
destinations:
  - { id: far, ${destination} }
streams:
  - { id: main, destination: far, encoders: [soft, helo], path: ${path}, relay: { host: 192.0.2.7 } }
`;
const parsed = (text: string) =>
  parseConfig("site.yaml", text, siteFormat(siteDrivers, outputsOf)).config.destinations[0]!;

function problemsOf(text: string): readonly string[] {
  try {
    parsed(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
const called = 'address: "srt://far:9000"';

test("by SRT there need be no key: the stream id stands in its place, or nothing", () => {
  const of = (more: string) => parsed(site(`${called}, ${more}`, "relayed"));
  expect(of("srt: { passphrase: credential:far, streamId: stage }")).toMatchObject({
    streamKey: "stage",
    srt: { mode: "caller", latencyMs: 120, passphrase: "credential:far" },
  });
  expect(of("srt: { mode: listener }").streamKey).toBe("");
  expect(of("streamKey: credential:far").srt).toBeUndefined();
});

test.each([
  ['address: "rtmp://far/live", streamKey: credential:far, srt: {}', /srt: needs srt:\/\/ addr/],
  [`${called}, backupAddress: "rtmp://far/live", srt: {}`, /srt: needs srt:\/\/ addresses/],
  [called, /streamKey: is missing$/],
  [`${called}, streamKey: credential:far, srt: { streamId: a }`, /streamKey: is not used with srt/],
  [`${called}, srt: { passphrase: open-sesame-1 }`, /passphrase: is a secret/],
  [`${called}, srt: { latency: 9s }`, /too large, at most 8s/],
])("%s: what is wrong with it is said", (destination, problem) => {
  const problems = problemsOf(site(destination, "relayed"));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(problem);
});

test("a box cannot be told how SRT calls: it needs the relay", () => {
  expect(problemsOf(site(`${called}, srt: {}`))).toEqual([
    expect.stringMatching(/encoders\[1\]: helo is aja-helo, which cannot be told the srt of its/),
  ]);
});
