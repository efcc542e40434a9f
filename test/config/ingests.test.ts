import { expect, test } from "vitest";
import { parseConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/problems.ts";
import { siteFormat } from "../../config/site.ts";
import { siteDrivers } from "../../daemon/drivers/options.ts";

const site = (ingests: string, input = "{ kind: testPattern }") => `site: studio
mqtt: { url: "mqtt://hub:1883" }
ingests:
${ingests}
encoders:
  - { id: enc, driver: ffmpeg, input: ${input} }
destinations: []
streams: []
`;

const parsed = (text: string) =>
  parseConfig("site.yaml", text, siteFormat(siteDrivers)).config.ingests;

function problemsOf(text: string): readonly string[] {
  try {
    parsed(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("an RTMP ingest needs its key alone; the rest has its default", () => {
  expect(parsed(site("  - { id: stage, kind: rtmp, streamKey: credential:stage }"))).toEqual([
    {
      ...{ id: "stage", kind: "rtmp", host: "0.0.0.0", port: 1_935, app: "live" },
      ...{ streamKey: "credential:stage", sessions: false },
    },
  ]);
});

test("a WHIP ingest needs its key alone; the rest has its default", () => {
  expect(parsed(site("  - { id: remote, kind: whip, streamKey: credential:remote }"))).toEqual([
    {
      ...{ id: "remote", kind: "whip", host: "0.0.0.0", port: 8_889 },
      ...{ streamKey: "credential:remote", sessions: false },
    },
  ]);
});

test("an ingest for sessions needs no key, and feeds no other stream", () => {
  const kept = "  - { id: door, kind: rtmp, sessions: true }";
  expect(problemsOf(site(kept))).toEqual([]);
  const programme = site(kept, "{ kind: ingest, ingest: door }")
    .replace(
      "destinations: []",
      'destinations: [{ id: far, address: "rtmp://far.example/live", streamKey: credential:far }]',
    )
    .replace("streams: []", "streams: [{ id: main, destination: far, encoders: [enc] }]");
  expect(problemsOf(programme)).toEqual([
    "site.yaml:8:52 streams[0].encoders[0]: enc takes door, which is kept for sessions, and this stream is not",
  ]);
  const both = programme.replace("encoders: [enc] }", "encoders: [enc], sessions: true }");
  expect(problemsOf(both)).toEqual([]);
});

test("an SRT ingest listens or calls, and its waiting time has a unit", () => {
  const both = `  - { id: truck, kind: srt, mode: listener, port: 9000, latency: 0.5s }
  - { id: far, kind: srt, mode: caller, host: far.example, port: 9000, streamId: studio/main }`;
  expect(parsed(site(both))).toMatchObject([
    { mode: "listener", host: "0.0.0.0", latencyMs: 500 },
    { mode: "caller", host: "far.example", latencyMs: 120, streamId: "studio/main" },
  ]);
});

test("what is captured is a device of this host, by what reads it", () => {
  const all = `  - { id: cam, kind: capture, by: v4l2, device: /dev/video0, format: mjpeg, sound: "hw:1,0" }
  - { id: radio, kind: capture, by: alsa, sound: default }
  - { id: deck, kind: capture, by: decklink, card: DeckLink Duo (1), formatCode: Hp50 }
  - { id: ndi, kind: capture, by: ndi, source: STUDIO (Camera 1), framesPerSecond: 50 }`;
  expect(parsed(site(all))).toMatchObject([
    { by: "v4l2", format: "mjpeg", framesPerSecond: 25, bitrateBps: 8_000_000 },
    { by: "alsa", width: 1_280, height: 720 },
    { by: "decklink", card: "DeckLink Duo (1)" },
    { by: "ndi", framesPerSecond: 50 },
  ]);
});

test.each([
  [
    "a device that is no camera",
    "  - { id: cam, kind: capture, by: v4l2, device: /dev/sda }",
    "site.yaml:4:49 ingests[0].device: must be like /dev/video0 or /dev/v4l/by-id/NAME",
  ],
  [
    "a device behind another folder",
    "  - { id: cam, kind: capture, by: v4l2, device: /dev/v4l/by-id/../../sda }",
    "site.yaml:4:49 ingests[0].device: must be like /dev/video0 or /dev/v4l/by-id/NAME",
  ],
  [
    "a sound card that would be an option",
    "  - { id: radio, kind: capture, by: alsa, sound: -y }",
    "site.yaml:4:50 ingests[0].sound: must be like hw:1,0 or default",
  ],
  [
    "a key that no ingest of this kind has",
    "  - { id: stage, kind: rtmp, streamKey: credential:a, prot: 1936 }",
    "site.yaml:4:55 ingests[0].prot: is not a known key, nearest known key: port",
  ],
  [
    "an RTMP ingest that nobody could publish to",
    "  - { id: stage, kind: rtmp }",
    "site.yaml:4:5 ingests[0].streamKey: is missing: who publishes needs a key, or `sessions: true`",
  ],
  [
    "a WHIP ingest that nobody could publish to",
    "  - { id: remote, kind: whip }",
    "site.yaml:4:5 ingests[0].streamKey: is missing: who publishes needs a key, or `sessions: true`",
  ],
  [
    "two at one port, of which one listens there as usual",
    "  - { id: one, kind: rtmp, streamKey: credential:a, port: 8889 }\n  - { id: two, kind: whip, streamKey: credential:b }",
    "site.yaml:5:5 ingests[1].port: ingests[0] already listens at port 8889",
  ],
  [
    "a key of an ingest for sessions",
    "  - { id: stage, kind: rtmp, streamKey: credential:a, sessions: true }",
    "site.yaml:4:41 ingests[0].streamKey: is not used with `sessions: true`: each session has a key of its own",
  ],
  [
    "a passphrase of an ingest for sessions",
    "  - { id: truck, kind: srt, mode: listener, port: 9000, passphrase: credential:a, sessions: true }",
    "site.yaml:4:69 ingests[0].passphrase: is not used with `sessions: true`: each session has a key of its own",
  ],
  [
    "an nginx that asks nobody which session may publish",
    "  - { id: house, kind: nginx-rtmp, sessions: true }",
    "site.yaml:4:5 ingests[0].authorise: is missing: with `sessions: true` nginx has to ask us who may publish",
  ],
  [
    "an nginx without the name of its stream",
    "  - { id: house, kind: nginx-rtmp }",
    "site.yaml:4:5 ingests[0].streamKey: is missing: who publishes needs a key, or `sessions: true`",
  ],
  [
    "an nginx that asks where another one listens",
    "  - { id: one, kind: rtmp, streamKey: credential:a }\n  - { id: two, kind: nginx-rtmp, streamKey: credential:b, authorise: { port: 1935 } }",
    "site.yaml:5:78 ingests[1].authorise.port: ingests[0] already listens at port 1935",
  ],
  [
    "a stream id that a listener could not look at",
    "  - { id: truck, kind: srt, mode: listener, port: 9000, streamId: a }",
    "site.yaml:4:57 ingests[0].streamId: is not a known key; known here: id, name, kind, mode, host, port, passphrase, latency, sessions",
  ],
  [
    "a passphrase that stands in the file",
    "  - { id: truck, kind: srt, mode: listener, port: 9000, passphrase: correct horse }",
    "site.yaml:4:69 ingests[0].passphrase: is a secret and must not be written here, use file:/path or credential:name",
  ],
  [
    "a login in an address",
    "  - { id: lobby, kind: rtsp, url: 'rtsp://me:secret@192.0.2.1/a' }",
    "site.yaml:4:35 ingests[0].url: must not hold a user name or password, write them under their own keys",
  ],
  [
    "two that listen at one port",
    "  - { id: one, kind: rtmp, streamKey: credential:a }\n  - { id: two, kind: rtmp, streamKey: credential:b, host: 127.0.0.1 }",
    "site.yaml:5:5 ingests[1].port: ingests[0] already listens at port 1935",
  ],
  [
    "one id twice",
    "  - { id: one, kind: file, path: /a.mp4 }\n  - { id: one, kind: testPattern }",
    "site.yaml:5:11 ingests[1].id: one is already the id of ingests[0]",
  ],
])("%s is refused at its place", (_, ingests, problem) => {
  expect(problemsOf(site(ingests))).toEqual([problem]);
});

test("an encoder's input must be an ingest that there is", () => {
  const text = site("  - { id: stage, kind: testPattern }", "{ kind: ingest, ingest: stgae }");
  expect(problemsOf(text)).toEqual([
    'site.yaml:6:63 encoders[0].input.ingest: there is no ingest "stgae", nearest known ingest: stage',
  ]);
});
