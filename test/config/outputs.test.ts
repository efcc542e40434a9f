import { expect, test } from "vitest";
import { parseConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/problems.ts";
import { siteFormat } from "../../config/site.ts";
import { outputsOf, siteDrivers } from "../../daemon/drivers/options.ts";

const site = (outputs: string, path = "relayed") => `site: studio
mqtt: { url: "mqtt://hub:1883" }
ingests:
  - { id: stage, kind: rtmp, streamKey: credential:stage }
encoders:
  - { id: a, driver: ffmpeg, input: { kind: ingest, ingest: stage } }
storages:
  - { id: nas, driver: synology, host: nas.example.org, access: { version: v2c, community: credential:nas } }
destinations:
  - { id: far, address: "rtmp://far/live", streamKey: credential:far }
streams:
  - { id: main, destination: far, encoders: [a], path: ${path}, outputs: [${outputs}] }
`;
const parsed = (text: string) =>
  parseConfig("site.yaml", text, siteFormat(siteDrivers, outputsOf)).config.streams[0]!.outputs;

function problemsOf(text: string): readonly string[] {
  try {
    parsed(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("an HLS output needs its kind alone; it is read on this host only", () => {
  expect(parsed(site("{ id: web, kind: hls, port: 8081 }"))).toEqual([
    {
      ...{ id: "web", kind: "hls", container: "ts", segmentMs: 4_000, windowMs: 60_000 },
      ...{ host: "127.0.0.1", port: 8_081 },
    },
  ]);
});

test("a ladder has two smaller sizes unless told otherwise", () => {
  expect(parsed(site("{ id: web, kind: ladder }"))).toEqual([
    {
      ...{ id: "web", kind: "ladder", sizes: ["720p", "480p"], segmentMs: 4_000, windowMs: 60_000 },
      host: "127.0.0.1",
    },
  ]);
  expect(problemsOf(site("{ id: web, kind: ladder, sizes: [721p] }"))).toHaveLength(1);
});

test("UDP and RTP take a pace of their own", () => {
  const [house] = parsed(
    site("{ id: house, kind: rtp, address: 'rtp://239.1.1.1:5004', pace: 8Mbps }"),
  );
  expect(house).toEqual({
    ...{ id: "house", kind: "rtp", address: "rtp://239.1.1.1:5004", paceBps: 8_000_000 },
  });
});

test.each([
  ["{ id: web, kind: hls, host: 0.0.0.0, port: 8081 }", /token.*is missing: without one/],
  ["{ id: web, kind: hls, port: 1935 }", /ingests\[0\] already listens at it/],
  ["{ id: pusher, kind: hls }", /choose another id/],
  ["{ id: web, kind: hls }, { id: web, kind: hls }", /"web" is already the id of streams\[0\]/],
  [
    "{ id: web, kind: hls, port: 81 }, { id: net, kind: hls, port: 81 }",
    /81 is already the port of streams\[0\].outputs\[0\]/,
  ],
  [
    "{ id: web, kind: hls, folder: /srv }, { id: net, kind: hls, folder: /srv }",
    /"\/srv" is already the folder of streams\[0\].outputs\[0\]/,
  ],
  ["{ id: web, kind: hls, segment: 60s }", /segment/],
  ["{ id: web, kind: hls, push: { address: 'ftp://cdn/live' } }", /http:\/\/ or https:\/\//],
  ["{ id: web, kind: dat }", /kind/],
  ["{ id: rec, kind: recording }", /needs either storage or folder/],
  ["{ id: rec, kind: recording, folder: /srv, storage: nas }", /needs either storage or folder/],
  ["{ id: rec, kind: recording, storage: ans }", /there is no storage "ans"/],
  ["{ id: rec, kind: recording, storage: nas }", /nas is no disk of this host/],
  ["{ id: up, kind: rtmp, address: rtmp://far/live }", /streamKey/],
  ["{ id: up, kind: udp, address: rtmp://far/live }", /must be like udp:/],
  ["{ id: up, kind: rtp, address: udp://239.1.1.1:5000 }", /must be like rtp:/],
  ["{ id: up, kind: srt, address: srt://u:p@far:1 }", /user name or password/],
])("%s: what is wrong with it is said", (outputs, problem) => {
  const problems = problemsOf(site(outputs));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(problem);
});

test("an output has its port for itself, whatever else would listen there", () => {
  const clash = (ingest: string, output: string) =>
    problemsOf(
      site(`{ id: web, kind: hls, ${output} }`).replace(
        "encoders:",
        `  - { id: in, ${ingest} }\nencoders:`,
      ),
    );
  const whip = "kind: whip, streamKey: credential:w";
  expect(clash(whip, "port: 8889")).toEqual([
    expect.stringContaining("outputs[0].port: ingests[1] already listens at it"),
  ]);
  const asked = "kind: nginx-rtmp, port: 1936, streamKey: credential:n, authorise: { port: 8090 }";
  expect(clash(asked, "port: 8090")).toEqual([expect.stringContaining("ingests[1] already")]);
  expect(
    clash("kind: srt, mode: listener, port: 9000, passphrase: credential:s", "port: 9000"),
  ).toEqual([]);
  const here = `${whip}, host: 10.0.0.7`;
  expect(clash(here, "port: 8889, host: 10.0.0.7, token: credential:t")).toHaveLength(1);
  expect(clash(here, "port: 8889")).toEqual([]);
});

test("nor may it be the port that an encoder pushes to its relay at", () => {
  const of = (port: number, driver: string) =>
    problemsOf(
      site(`{ id: web, kind: hls, port: ${port} }`).replace("driver: ffmpeg", `driver: ${driver}`),
    );
  expect(of(1_940, "gstreamer")).toEqual([
    expect.stringContaining("outputs[0].port: streams[0] already listens at it"),
  ]);
  expect([...of(1_940, "ffmpeg"), ...of(1_941, "gstreamer")]).toEqual([]);
});

test("a bucket's secret key stands in the file as a reference only", () => {
  const output = (key: string) =>
    `{ id: web, kind: hls, push: { address: "https://b.example.org/live", s3: { region: us-east-1, accessKeyId: AKIAEXAMPLE, secretAccessKey: ${key} } } }`;
  expect(problemsOf(site(output("credential:bucket-key")))).toEqual([]);
  const [problem, ...others] = problemsOf(site(output("wJalrXUtnFEMI")));
  expect(others).toEqual([]);
  expect(problem).toMatch(/s3\.secretAccessKey: is a secret and must not be written here/);
  expect(problem).not.toContain("wJalr");
});

test("only a relay feeds outputs", () => {
  const [problem] = problemsOf(site("{ id: web, kind: hls }", "direct"));
  expect(problem).toMatch(/streams\[0\]\.outputs.*need path relayed: the relay feeds them/);
});

test("with a token others may read", () => {
  const output = "{ id: web, kind: hls, host: 0.0.0.0, port: 8081, token: credential:web }";
  expect(problemsOf(site(output))).toEqual([]);
});
