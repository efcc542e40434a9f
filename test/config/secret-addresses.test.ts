import { expect, test } from "vitest";
import { parseConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/problems.ts";
import { siteFormat } from "../../config/site.ts";
import { siteDrivers } from "../../daemon/drivers/options.ts";

const site = (p: {
  input?: string;
  driver?: string;
  address?: string;
  more?: string;
}) => `site: studio
mqtt: { url: mqtts://hub.example.org }
encoders:
  - { id: a, driver: ${p.driver ?? "ffmpeg"}, input: ${p.input ?? "{ kind: testPattern }"} }
destinations:
  - { id: far, address: "${p.address ?? "rtmp://far/live"}", streamKey: credential:far }
streams:
  - { id: main, destination: far, encoders: [a] }
${p.more ?? ""}`;

function problemsOf(text: string): readonly string[] {
  try {
    parseConfig("site.yaml", text, siteFormat(siteDrivers));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const login = "must not hold a user name or password, write them under username and password";
const query = (keys: string) => `must end before the ?, write what follows under ${keys}`;

test.each([
  ["ffmpeg", "rtmp", "rtmp://u:canary@h/app", login],
  ["ffmpeg", "rtmp", "rtmp://h/app/main?key=canary", query("streamKey")],
  ["ffmpeg", "srt", "srt://h:9000?passphrase=canary", query("streamId, passphrase and latency")],
  ["gstreamer", "rtmp", "rtmp://u:canary@h/app", login],
  ["gstreamer", "rtmp", "rtmp://h/app/main?key=canary", query("streamKey")],
  ["gstreamer", "srt", "srt://h:9000?passphrase=canary", query("streamId, passphrase and latency")],
])("%s: a secret in the address of an %s input is refused: %s", (driver, kind, url, what) => {
  const input = `{ kind: ${kind}, url: "${url}" }`;
  const problems = problemsOf(site({ driver, input }));
  expect(problems).toEqual([expect.stringMatching(/^site.yaml:4:\d+ encoders\[0\]\.input\.url: /)]);
  expect(problems[0]).toContain(what);
  expect(problems[0]).not.toContain("canary");
});

test("what is secret of an input has keys of its own, and stands there as a reference", () => {
  const inputs = [
    "kind: rtmp, url: rtmp://h/live, streamKey: credential:a, username: me, password: credential:b",
    "kind: srt, url: srt://h:9000, streamId: studio/main, passphrase: credential:a, latency: 0.5s",
  ];
  for (const input of inputs) expect(problemsOf(site({ input: `{ ${input} }` }))).toEqual([]);
  const written = site({ input: "{ kind: srt, url: srt://h:9000, passphrase: canary }" });
  expect(problemsOf(written)).toEqual([
    expect.stringContaining("is a secret and must not be written here"),
  ]);
});

test("an ingest that is pulled has its token under a key of its own, too", () => {
  const more = (rest: string, kind = "rtsp") =>
    `ingests:\n  - { id: lobby, kind: ${kind}, ${rest} }\n`;
  expect(problemsOf(site({ more: more('url: "rtsp://h/a?token=canary"') }))).toEqual([
    `site.yaml:10:35 ingests[0].url: ${query("token")}`,
  ]);
  expect(problemsOf(site({ more: more("url: rtsp://h/a, token: credential:a") }))).toEqual([]);
  expect(problemsOf(site({ more: more('url: "https://h/a?token=canary"', "hls") }))).toEqual([
    `site.yaml:10:34 ingests[0].url: ${query("token")}`,
  ]);
  const pulled = more("url: https://h/a.m3u8, token: credential:a", "hls");
  expect(problemsOf(site({ more: pulled }))).toEqual([]);
});

test.each([
  ["rtmp://h/live?key=canary", query("streamKey")],
  ["srt://h:9000?streamid=canary", query("streamKey")],
  ["rtmp://h", "must be like rtmp://host/app, rtmps://host/app or srt://host:port"],
  ["srt://h", "must be like rtmp://host/app, rtmps://host/app or srt://host:port"],
])("a destination that nothing could publish to is refused: %s", (address, what) => {
  expect(problemsOf(site({ address }))).toEqual([
    `site.yaml:6:25 destinations[0].address: ${what}`,
  ]);
});
