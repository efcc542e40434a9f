import { expect, test } from "vitest";
import { configWarnings } from "../../config/warnings.ts";
import { parseConfig } from "../../config/load.ts";
import { siteFormat } from "../../config/site.ts";
import type { SiteConfig } from "../../config/site.schema.ts";
import { exampleDrivers } from "./drivers.ts";

/** What the file alone shows. */
function of(text: string): string[] {
  const { config } = parseConfig("site.yaml", text, siteFormat(exampleDrivers));
  return configWarnings({ ...config, stateDir: "/state" } satisfies SiteConfig);
}

function warnings(box: string, pdu: string, site = ""): string[] {
  const text = `site: studio
${site}
mqtt: { url: mqtt://127.0.0.1:1883 }
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
  return of(text);
}

const ofNetwork = (box: string, pdu: string) =>
  warnings(box, pdu).filter((line) => !line.includes("supply"));

test("a box and its outlet on one switch are a warning: when that fails, neither answers", () => {
  expect(ofNetwork(", network: rack-1", "network: rack-1")).toEqual([
    "a and its outlet a-power hang on the same switch (rack-1): when that fails, neither answers",
  ]);
});

test("a box, its outlet and this host on one supply are warnings: nobody is left to prove it off", () => {
  const [box, pdu] = [", network: rack-1, power: circuit-1", "network: management\n    power: "];
  expect(warnings(box, `${pdu}circuit-1`)).toEqual([
    "a and its outlet a-power hang on the same supply (circuit-1): when that fails, nobody can prove the box off",
  ]);
  expect(warnings(box, `${pdu}ups`)).toEqual([]);
  expect(warnings(box, `${pdu}ups`, "power: circuit-1")).toEqual([
    "a and this host hang on the same supply (circuit-1): when that fails, nobody can prove the box off",
  ]);
  const unsaid =
    "no `power` is named for a or the outlet: nobody can tell whether one supply takes both away";
  expect(warnings(", network: rack-1", "network: management")).toEqual([unsaid]);
});

test("two switches are no warning; where one was not named, nobody can tell, and that is said", () => {
  expect(ofNetwork(", network: rack-1", "network: management")).toEqual([]);
  const unsaid =
    "no `network` is named for a or the outlet: nobody can tell whether one switch takes both away";
  expect(ofNetwork("", "network: management")).toEqual([unsaid]);
  expect(ofNetwork(", network: rack-1", "")).toEqual([unsaid]);
});

test("a programme of two encoders whose sources nobody named is told what that costs", () => {
  const site = (source: string) => `site: studio
mqtt: { url: mqtt://127.0.0.1:1883 }
encoders:
  - { id: a, driver: aja-helo, host: 192.0.2.1, source: camera }
  - { id: b, driver: aja-helo, host: 192.0.2.2${source} }
destinations:
  - { id: far, address: "rtmp://192.0.2.3/live", streamKey: credential:far, takeover: exclusive }
streams:
  - { id: main, destination: far, encoders: [a, b] }
`;
  expect(of(site(", source: camera"))).toEqual([]);
  expect(of(site(", inputs: { sdi: camera, hdmi: slides }"))).toEqual([]);
  expect(of(site(""))).toEqual([
    "main: no `source` is named for b, so a lost input or a black picture never moves it there",
  ]);
});

test("a relayed programme is told that nothing falls back when the host of its relay fails", () => {
  const site = (path: string) => `site: studio
mqtt: { url: mqtt://127.0.0.1:1883 }
encoders:
  - { id: a, driver: ffmpeg, source: camera, input: { kind: udp, url: "udp://127.0.0.1:5000" } }
  - { id: b, driver: ffmpeg, source: camera, input: { kind: udp, url: "udp://127.0.0.1:5001" } }
destinations:
  - { id: far, address: "rtmp://192.0.2.3/live", streamKey: credential:far, takeover: exclusive }
streams:
  - { id: main, destination: far, encoders: [a, b], path: ${path} }
`;
  expect(of(site("direct"))).toEqual([]);
  expect(of(site("relayed"))).toEqual([
    "main: its relay is on this host, as the daemon is: when the host fails nothing falls back to path direct",
  ]);
});

test("a site that would obey whoever may publish at a broker is told, unless that is its own host", () => {
  const key = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
  const site = (mqtt: string) =>
    of(`site: studio
mqtt: { ${mqtt} }
encoders: []
destinations: []
streams: []
`);
  const [warning] = site("url: mqtts://hub.example.org:8883");
  expect(warning).toContain("whoever may publish to hub.example.org commands this site");
  expect(site(`url: mqtts://hub.example.org:8883, commandKeys: ["${key}"]`)).toEqual([]);
  for (const here of ["127.0.0.1", "localhost", "[::1]"]) {
    expect(site(`url: "mqtt://${here}:1883"`)).toEqual([]);
  }
  expect(() => site("url: mqtts://hub:8883, commandKeys: [ed25519:short]")).toThrow("commandKeys");
});

test("a stream key of another form than its platform's is a warning that does not tell the key", () => {
  const ofKey = (address: string, key: string, profile = "") => {
    const { config } = parseConfig(
      "site.yaml",
      `site: studio
mqtt: { url: mqtt://127.0.0.1:1883 }
encoders: []
destinations: [{ id: far, address: "${address}", streamKey: credential:far${profile} }]
streams: []
`,
      siteFormat(exampleDrivers),
    );
    const destinations = config.destinations.map((one) => ({ ...one, streamKey: key }));
    return configWarnings({ ...config, destinations, stateDir: "/state" } satisfies SiteConfig);
  };
  const youtube = "rtmps://a.rtmps.youtube.com/live2";
  expect(ofKey(youtube, "abcd-efgh-1234-5678-wxyz")).toEqual([]);
  const [told, ...more] = ofKey(youtube, "live_123_secretOfTwitch");
  expect([told, more]).toEqual([
    "far: its stream key does not look like one of YouTube Live: four or five groups of four letters and digits, joined by -",
    [],
  ]);
  expect(ofKey("rtmp://far.example.org/live", "live_123_secretOfTwitch")).toEqual([]);
  expect(ofKey("rtmp://far.example.org/live", "abcd", ", profile: twitch")).toHaveLength(1);
});

test("an SRT listener without a passphrase lets in whoever finds its port: a warning", () => {
  const listener = (more = "") =>
    of(`site: studio
mqtt: { url: mqtt://127.0.0.1:1883 }
ingests: [{ id: truck, kind: srt, mode: listener, port: 9000${more} }]
encoders: []
destinations: []
streams: []
`);
  const passphrase = "whoever reaches UDP port 9000 may send the programme; give it a `passphrase`";
  expect(listener()).toEqual([`truck takes SRT without a passphrase: ${passphrase}`]);
  expect(listener(", host: 192.0.2.7")).toHaveLength(1);
  expect(listener(", passphrase: credential:truck")).toEqual([]);
  expect(listener(", sessions: true")).toEqual([]);
  expect(listener(", host: 127.0.0.1")).toEqual([]);
});

test("splice information that has to be there: where it cannot come from, and where it cannot go", () => {
  const site = (ingest: string, splices: string) => `site: studio
mqtt: { url: mqtt://127.0.0.1:1883 }
ingests: [${ingest}]
encoders:
  - { id: a, driver: ffmpeg, input: { kind: ingest, ingest: stage } }
  - { id: b, driver: auto, input: { kind: ingest, ingest: stage } }
destinations: [{ id: video, address: rtmp://192.0.2.2/live, streamKey: credential:video }]
streams:
  - id: main
    destination: video
    path: relayed
    encoders: [a, b]
    carry: { splices: ${splices} }
    outputs:
      - { id: web, kind: hls }
      - { id: sizes, kind: ladder }
      - { id: archive, kind: recording, folder: /archive, container: fmp4 }
      - { id: apps, kind: hls, container: fmp4 }
      - { id: house, kind: udp, address: "udp://239.1.1.1:5000" }
      - { id: other, kind: rtmp, address: rtmp://192.0.2.3/live, streamKey: credential:other }
`;
  const ofSplices = (text: string) => of(text).filter((line) => line.includes("splice"));
  const udp = "{ id: stage, kind: udp, url: udp://239.1.1.2:5000 }";
  expect(ofSplices(site(udp, "any"))).toEqual([]);
  const notThere = [
    "main: its splice information does not reach video: RTMP carries none; outputs by TS have it",
    "main: its splice information is not in sizes: only transport streams and lists of plain HLS have it",
    "main: its splice information is not in archive: only transport streams and lists of plain HLS have it",
    "main: its splice information is not in other: RTMP carries none",
  ];
  expect(ofSplices(site(udp, "keep"))).toEqual(notThere);
  const rtsp = "{ id: stage, kind: rtsp, url: rtsp://192.0.2.4/live }";
  expect(ofSplices(site(rtsp, "keep"))).toEqual([
    "main: its splice information cannot be kept: it is looked for in one ingest by SRT or UDP that all of its encoders hear, and these have to be ffmpeg's",
    ...notThere,
  ]);
});

const carrying = (encoder: string, carry: string) => `site: studio
mqtt: { url: mqtt://127.0.0.1:1883 }
ingests: [{ id: stage, kind: udp, url: udp://127.0.0.1:5000 }]
encoders:
  - { id: a, source: stage, ${encoder} }
destinations: [{ id: far, address: rtmp://192.0.2.1/live, streamKey: credential:key }]
streams:
  - { id: main, destination: far, encoders: [a], path: relayed, carry: { ${carry} } }
`;

test("whose source nobody sees, its colour cannot be compared with", () => {
  const told = (input: string, colour: string) =>
    of(carrying(`driver: ffmpeg, input: ${input}`, `colour: ${colour}`)) //
      .filter((line) => line.includes("colour"));
  expect(told("{ kind: udp, url: udp://127.0.0.1:5000 }", "keep")).toEqual([
    "main: the colour that a gets is seen by no ingest: `carry.colour: keep` looks at nothing there",
  ]);
  expect(told("{ kind: ingest, ingest: stage }", "keep")).toEqual([]);
  expect(told("{ kind: udp, url: udp://127.0.0.1:5000 }", "bt709")).toEqual([]);
});

test("timecode that is to be kept is lost in whoever encodes on this host", () => {
  const told = (encoder: string, timecode = "keep") =>
    of(carrying(`${encoder}, input: { kind: ingest, ingest: stage }`, `timecode: ${timecode}`)) //
      .filter((line) => line.includes("timecode"));
  const says =
    "main: timecode is to be kept, and lost in a: who encodes on this host drops it; " +
    "`video.codec: copy` of ffmpeg passes it on";
  expect(told("driver: ffmpeg")).toEqual([says]);
  expect(told("driver: gstreamer")).toEqual([says]);
  expect(told("driver: auto")).toEqual([says]);
  expect(told("driver: ffmpeg, video: { codec: copy }")).toEqual([]);
  expect(told("driver: ffmpeg", "any")).toEqual([]);
});
