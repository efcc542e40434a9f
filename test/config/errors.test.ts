import { expect, test } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/problems.ts";
import { siteFormat } from "../../config/site.ts";
import { outputsOf as realOutputsOf, siteDrivers } from "../../daemon/drivers/options.ts";

const drivers = {
  meter: z.strictObject({}),
  box: z.strictObject({ host: z.string(), password: z.string().optional() }),
  program: z.object({ gop: z.number().int(), patienceMs: z.int().min(10).max(5_000).default(100) }),
};
const outputs: Record<string, string[]> = { box: ["stream-1", "stream-2"], meter: [] };
const outputsOf = (driver: string) => outputs[driver];

const good = `site: studio
mqtt:
  url: mqtt://hub:1883
encoders:
  - id: one
    driver: box
    host: 10.0.0.1
  - id: two
    driver: program
    gop: 2
destinations:
  - id: platform
    address: rtmp://far/live
    streamKey: credential:key
streams:
  - id: main
    destination: platform
    encoders: [one, { encoder: two, output: stream-1 }]
`;

function parsed(text: string) {
  return parseConfig("site.yaml", text, siteFormat({ encoders: drivers }, outputsOf)).config;
}

function problemsOf(text: string): readonly string[] {
  try {
    parsed(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The same with the drivers there really are. */
function problemsWithDrivers(text: string): readonly string[] {
  try {
    parseConfig("site.yaml", text, siteFormat(siteDrivers, realOutputsOf));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The good file with one piece of it replaced. */
function withReplaced(from: string, to: string): readonly string[] {
  expect(good).toContain(from);
  return problemsOf(good.replace(from, to));
}

test("a short file is whole: what it leaves out has its default, in units the name tells", () => {
  const config = parsed(good);
  expect(config.mqtt.hubs).toEqual(["main"]);
  expect(config.encoders[0]).toEqual({
    id: "one",
    driver: "box",
    polling: { normalMs: 5_000, suspectMs: 500 },
    heat: {
      ...{ hotC: 80, coolC: 72, protectC: 90, lookAheadMs: 60_000, coolingPeriodMs: 60_000 },
      ...{ busyPercent: 75, calmPercent: 65, memoryPercent: 90 },
    },
    sync: "propose",
    syncEveryMs: 600_000,
    practise: "propose",
    recording: { failover: "act" },
    options: { host: "10.0.0.1" },
  });
  expect(config.destinations[0]).toMatchObject({
    takeover: "exclusive",
    allowUnproven: false,
    ghostSessionMs: 90_000,
    fenceTimeoutMs: 45_000,
    noPublisherProofMs: 30_000,
    deviceRetryPeriodMs: 10_000,
    observers: [],
    observeEveryMs: 500,
  });
  expect(config.destinations[0]).not.toHaveProperty("offAirEndsEventAfterMs");
  expect(config.streams[0]).toEqual({
    id: "main",
    destination: "platform",
    encoders: [
      { encoder: "one" },
      { encoder: "two", output: "stream-1", spare: false, level: "warm" },
    ],
    path: "direct",
    relay: { port: 1_940, watchdogMs: 400 },
    slate: { colour: "#1c2530", clock: false },
    autoStart: true,
    sessions: false,
    outputs: [],
    directFreezeMs: 2_000,
    content: {
      lost: { do: "act", afterMs: 5_000 },
      black: { do: "observe", afterMs: 10_000 },
      frozen: { do: "observe", afterMs: 20_000 },
      silent: { do: "observe", afterMs: 20_000 },
      loudness: { do: "off", afterMs: 30_000, leastLufs: -28, mostLufs: -18 },
      quality: { everyMs: 60_000, leastSsim: 0.8, afterMs: 180_000 },
      silenceBelowDbfs: -50,
      pairs: [1],
      compareEveryMs: 60_000,
    },
    recording: "protect",
    firstFrameGrace: { softwareMs: 10_000, hardwareMs: 30_000 },
    failbackMs: null,
    takeoverBudget: { per10Min: 2, perHour: 4 },
  });
});

test("a driver's options are written with units too, and reach the driver as plain numbers", () => {
  const config = parsed(good.replace("gop: 2", "gop: 2\n    patience: 0.5s"));
  expect(config.encoders[1]?.options).toEqual({ gop: 2, patienceMs: 500 });
});

test.each([
  [
    "an unknown key",
    "    host: 10.0.0.1",
    "    hsot: 10.0.0.1\n    host: 10.0.0.1",
    ["site.yaml:7:5 encoders[0].hsot: is not a known key, nearest known key: host"],
  ],
  [
    "a full storage that is not yet a low one",
    "    host: 10.0.0.1",
    "    recording: { levels: { low: 5%, full: 6% } }\n    host: 10.0.0.1",
    ["site.yaml:7:43 encoders[0].recording.levels.full: must be below low"],
  ],
  [
    "a level that is no percentage",
    "    host: 10.0.0.1",
    "    recording: { levels: { low: 0.15 } }\n    host: 10.0.0.1",
    ["site.yaml:7:33 encoders[0].recording.levels.low: must be a whole percentage like 15%"],
  ],
  [
    "degrees that are cool above hot",
    "    host: 10.0.0.1",
    "    heat: { hot: 70C, cool: 72C }\n    host: 10.0.0.1",
    ["site.yaml:7:29 encoders[0].heat.cool: must be below hot"],
  ],
  [
    "an unknown key of our own",
    "site: studio",
    "site: studio\nstrems: []",
    ["site.yaml:2:1 strems: is not a known key, nearest known key: streams"],
  ],
  [
    "an unknown key near nothing",
    "site: studio",
    "site: studio\nxylophone: 1",
    ["site.yaml:2:1 xylophone: is not a known key"],
  ],
  [
    "an option a lenient driver would have dropped",
    "    gop: 2",
    "    gop: 2\n    gopp: 3",
    ["site.yaml:11:5 encoders[1].gopp: is not a known key, nearest known key: gop"],
  ],
  [
    "a bit rate that no input could have",
    "output: stream-1 }]",
    "output: stream-1 }]\n    relay: { band: { least: 5Mbps, most: 4Mbps } }",
    ["site.yaml:19:20 streams[0].relay.band: least must be below most"],
  ],
  [
    "a band that nothing is within",
    "output: stream-1 }]",
    "output: stream-1 }]\n    content: { loudness: { leastLufs: -10 } }",
    ["site.yaml:19:26 streams[0].content.loudness: leastLufs must be below mostLufs"],
  ],
  [
    "a missing key",
    "    streamKey: credential:key\n",
    "",
    ["site.yaml:12:5 destinations[0].streamKey: is missing"],
  ],
  ["a missing driver option", "    gop: 2\n", "", ["site.yaml:8:5 encoders[1].gop: is missing"]],
  [
    "a driver's quantity without its unit",
    "    gop: 2",
    "    gop: 2\n    patience: 50",
    ["site.yaml:11:15 encoders[1].patience: must be a duration like 250ms, 2s, 10min, 1h or 30d"],
  ],
  [
    "a driver's quantity that the driver finds too long",
    "    gop: 2",
    "    gop: 2\n    patience: 6s",
    ["site.yaml:11:15 encoders[1].patience: must be at most 5000"],
  ],
  [
    "a driver's quantity by its name in the code",
    "    gop: 2",
    "    gop: 2\n    patienceMs: 50",
    ["site.yaml:11:5 encoders[1].patienceMs: is not a known key, nearest known key: patience"],
  ],
  [
    "an unknown driver",
    "driver: program",
    "driver: progam",
    ["site.yaml:9:13 encoders[1].driver: must be one of meter, box, program"],
  ],
  [
    "an encoder that is no section",
    "  - id: two",
    "  - 7\n  - id: two",
    ["site.yaml:8:5 encoders[1]: must be a section with keys, is a number"],
  ],
  [
    "text where a list belongs",
    "encoders: [one, { encoder: two, output: stream-1 }]",
    "encoders: one",
    ["site.yaml:18:15 streams[0].encoders: must be a list, is text"],
  ],
  [
    "an empty value",
    "    host: 10.0.0.1",
    "    host:",
    ["site.yaml:7:10 encoders[0].host: must be text, is empty"],
  ],
  [
    "a duration without a unit",
    "destination: platform",
    "destination: platform\n    directFreeze: 2",
    [
      "site.yaml:18:19 streams[0].directFreeze: must be a duration like 250ms, 2s, 10min, 1h or 30d",
    ],
  ],
  [
    "an unknown unit",
    "destination: platform",
    "destination: platform\n    directFreeze: 2m",
    [
      'site.yaml:18:19 streams[0].directFreeze: "2m" is not a duration like 250ms, 2s, 10min, 1h or 30d',
    ],
  ],
  [
    "a duration out of range",
    "destination: platform",
    "destination: platform\n    failback: 2min",
    ["site.yaml:18:15 streams[0].failback: 2min is too small, at least 300s"],
  ],
  [
    "a word that is neither",
    "destination: platform",
    "destination: platform\n    failback: never",
    [
      'site.yaml:18:15 streams[0].failback: "never" is not "manual" or a duration like 250ms, 2s, 10min, 1h or 30d',
    ],
  ],
  [
    "a word not in the list",
    "    address:",
    "    takeover: maybe\n    address:",
    [
      "site.yaml:13:15 destinations[0].takeover: must be one of exclusive, primaryBackup, lastWins, firstWins",
    ],
  ],
  [
    "a number out of range",
    "  url: mqtt://hub:1883",
    "  url: mqtt://hub:1883\n  broker:\n    { port: 70000, readers: [{ username: a, password: file:/a }] }",
    ["site.yaml:5:13 mqtt.broker.port: must be at most 65535"],
  ],
  [
    "a local broker that nobody may listen to",
    "  url: mqtt://hub:1883",
    "  url: mqtt://hub:1883\n  broker: { readers: [] }",
    ["site.yaml:4:22 mqtt.broker.readers: must be at least 1 entries"],
  ],
  [
    "a reader's password in the file, and a reader named twice",
    "  url: mqtt://hub:1883",
    "  url: mqtt://hub:1883\n  broker:\n    readers:\n" +
      "      - { username: a, password: hunter2 }\n      - { username: a, password: file:/a }",
    [
      "site.yaml:6:34 mqtt.broker.readers[0].password: " +
        "is a secret and must not be written here, use file:/path or credential:name",
      "site.yaml:7:21 mqtt.broker.readers[1].username: " +
        "a is already the username of mqtt.broker.readers[0]",
    ],
  ],
  [
    "an inline stream key",
    "credential:key",
    "abcd-1234",
    [
      "site.yaml:14:16 destinations[0].streamKey: is a secret and must not be written here, use file:/path or credential:name",
    ],
  ],
  [
    "an inline password of a vendor",
    "    host: 10.0.0.1",
    "    host: 10.0.0.1\n    password: hunter2",
    [
      "site.yaml:8:15 encoders[0].password: is a secret and must not be written here, use file:/path or credential:name",
    ],
  ],
  [
    "a password in a URL",
    "mqtt://hub:1883",
    "mqtt://me:hunter2@hub:1883",
    [
      "site.yaml:3:8 mqtt.url: must not hold a user name or password, write them under their own keys",
    ],
  ],
  [
    "a URL of another kind",
    "rtmp://far/live",
    "http://far/live",
    ["site.yaml:13:14 destinations[0].address: must be a rtmp:// or rtmps:// or srt:// URL"],
  ],
  [
    "an id that MQTT could not carry",
    "site: studio",
    "site: Studio/1",
    ["site.yaml:1:7 site: must be lower-case letters, digits and -, at most 63"],
  ],
  [
    "the reserved id",
    "- id: one",
    "- id: system",
    [
      "site.yaml:5:9 encoders[0].id: system is reserved, choose another id",
      'site.yaml:18:16 streams[0].encoders[0]: there is no encoder "one"',
    ],
  ],
  [
    "an id given twice",
    "- id: two",
    "- id: one",
    [
      "site.yaml:8:9 encoders[1].id: one is already the id of encoders[0]",
      'site.yaml:18:32 streams[0].encoders[1].encoder: there is no encoder "two"',
    ],
  ],
  [
    "an encoder that is not there",
    "[one,",
    "[onn,",
    [
      'site.yaml:18:16 streams[0].encoders[0]: there is no encoder "onn", nearest known encoder: one',
    ],
  ],
  [
    "an encoder named twice in a stream",
    "[one,",
    "[one, one,",
    ["site.yaml:18:21 streams[0].encoders[1]: names one a second time in this stream"],
  ],
  [
    "an output that is not there",
    "[one,",
    "[{ encoder: one, output: stream-3 },",
    [
      'site.yaml:18:40 streams[0].encoders[0].output: one has no output "stream-3", it has stream-1, stream-2',
    ],
  ],
  [
    "an encoder of a kind that only looks",
    "driver: box\n    host: 10.0.0.1",
    "driver: meter",
    [
      "site.yaml:17:16 streams[0].encoders[0]: one has no output that could carry a stream, meter only looks",
    ],
  ],
  [
    "a destination that is not there",
    "destination: platform",
    "destination: plattform",
    [
      'site.yaml:17:18 streams[0].destination: there is no destination "plattform", nearest known destination: platform',
    ],
  ],
  [
    "a block at the far end without the means to drop who is blocked",
    "    streamKey: credential:key",
    "    streamKey: credential:key\n    observers:\n      - { kind: nginx-rtmp, statisticsUrl: http://far/stat, app: live, blockUrl: http://far/block }",
    [
      "site.yaml:16:9 destinations[0].observers[0].controlUrl: is missing, with blockUrl alone the publisher is never dropped",
    ],
  ],
  [
    "the password of a far end's statistics, written out",
    "    streamKey: credential:key",
    "    streamKey: credential:key\n    observers:\n      - { kind: nginx-rtmp, statisticsUrl: http://far/stat, app: live, password: hunter2 }",
    [
      "site.yaml:16:82 destinations[0].observers[0].password: is a secret and must not be written here, use file:/path or credential:name",
    ],
  ],
  [
    "a destination of two streams",
    "  - id: main",
    "  - { id: other, destination: platform, encoders: [one] }\n  - id: main",
    [
      "site.yaml:18:18 streams[1].destination: platform already belongs to streams[0], a stream key has one owner",
    ],
  ],
  [
    "primaryBackup without a second address",
    "    address:",
    "    takeover: primaryBackup\n    address:",
    [
      "site.yaml:12:5 destinations[0].backupAddress: is missing, takeover primaryBackup publishes to two addresses",
    ],
  ],
  [
    "an unknown observer",
    "    address:",
    "    observers: [{ kind: nginx }]\n    address:",
    [
      "site.yaml:13:25 destinations[0].observers[0].kind: must be one of nginx-rtmp, node-media-server, hls, ffprobe",
    ],
  ],
  [
    "a key of another kind of observer",
    "    address:",
    "    observers: [{ kind: hls, uri: http://a }]\n    address:",
    [
      "site.yaml:13:17 destinations[0].observers[0].url: is missing",
      "site.yaml:13:30 destinations[0].observers[0].uri: is not a known key, nearest known key: url",
    ],
  ],
  ["a key given twice", "mqtt:", "site: other\nmqtt:", ["site.yaml:2:1 site: is given twice"]],
  [
    "two documents",
    "mqtt:",
    "---\nmqtt:",
    ["site.yaml:2:1 (whole file): holds more than one document (---)"],
  ],
])("%s is refused at its line", (_, from, to, problems) => {
  expect(withReplaced(from, to)).toEqual(problems);
});

test("an empty file is refused at its first line", () => {
  expect(problemsOf("")).toEqual([
    "site.yaml:1:1 (whole file): must be a section with keys, is empty",
  ]);
});

test("everything wrong is told at once, in the order of the file", () => {
  const broken = good
    .replace("mqtt://hub:1883", "hub")
    .replace("gop: 2", "gop: many")
    .replace("credential:key", "abc")
    .replace("[one,", "[none,");
  expect(problemsOf(broken).map((problem) => problem.split(": ")[0])).toEqual([
    "site.yaml:3:8 mqtt.url",
    "site.yaml:10:10 encoders[1].gop",
    "site.yaml:14:16 destinations[0].streamKey",
    "site.yaml:18:16 streams[0].encoders[0]",
  ]);
});

test("no message repeats what was written where a secret belongs", () => {
  const broken = good
    .replace("credential:key", "hunter2-stream")
    .replace("    host: 10.0.0.1", "    host: 10.0.0.1\n    password: hunter2-box")
    .replace("mqtt://hub", "mqtt://me:hunter2-url@hub");
  const problems = problemsOf(broken);
  expect(problems).toHaveLength(3);
  expect(problems.join("\n")).not.toContain("hunter2");
});

test("a file of nested aliases is refused before it fills the memory", () => {
  const levels = Array.from(
    { length: 12 },
    (_, n) => `a${n}: &a${n} [${n ? `*a${n - 1},` : "1,"} ${n ? `*a${n - 1}` : "1"}]`,
  );
  const [problem] = problemsOf(`${levels.join("\n")}\n`);
  expect(problem).toBe(
    "site.yaml:1:1 (whole file): Excessive alias count indicates a resource exhaustion attack",
  );
});

test("a storage may not have the id of a box: the media of the box are called so", () => {
  const storages = "storages:\n  - id: one\n    driver: disk\n    path: /srv\n";
  const disk = z.strictObject({ path: z.string() });
  const format = siteFormat({ encoders: drivers, storages: { disk } }, outputsOf);
  expect(() => parseConfig("site.yaml", good + storages, format)).toThrow(
    "storages[0].id: is the id of encoders[0], whose own media are called so",
  );
  const { config } = parseConfig("site.yaml", good + storages.replace("one", "recordings"), format);
  expect(config.storages).toEqual([
    { id: "recordings", driver: "disk", polling: { normalMs: 15_000 }, options: { path: "/srv" } },
  ]);
});

test("a spare comes after an encoder of the stream's own, and both name what they show", () => {
  const spare = "encoders: [one, { encoder: two, spare: true }]";
  const own = "encoders: [one, { encoder: two, output: stream-1 }]";
  expect(withReplaced(own, spare)).toEqual([
    expect.stringContaining("is a spare, but two has no source: nobody could tell"),
  ]);
  const named = good
    .replace("driver: box", "driver: box\n    source: camera")
    .replace("driver: program", "driver: program\n    source: camera");
  expect(problemsOf(named.replace(own, spare))).toEqual([]);
  const first = "encoders: [{ encoder: one, spare: true }, two]";
  expect(problemsOf(named.replace(own, first))).toEqual([
    expect.stringContaining("is a spare in place 1, a stream has 1 of its own first"),
  ]);
});

test("a spare of relayed streams is cold or warm, and shows what an ingest brings or its source", () => {
  const problems = (spare: string, input = "ingest: stage") =>
    problemsWithDrivers(`site: studio
mqtt: { url: mqtt://hub:1883 }
ingests: [{ id: stage, kind: testPattern }]
encoders:
  - { id: one, driver: ffmpeg, input: { kind: ingest, ingest: stage } }
  - { id: two, driver: ffmpeg, input: { kind: ingest${input && `, ${input}`} } }
destinations:
  - { id: platform, address: rtmp://far/live, streamKey: credential:key }
streams:
  - { id: main, destination: platform, path: relayed, encoders: [one, { encoder: two, ${spare} }] }
`);
  expect(problems("spare: true")).toEqual([]);
  expect(problems("spare: true, level: cold")).toEqual([]);
  expect(problems("spare: true, level: hot")).toEqual([
    expect.stringContaining("encoders[1].level: is hot, and a spare runs only while it is needed"),
  ]);
  expect(problems("level: cold")).toEqual([
    expect.stringContaining("encoders[1].level: is not hot: on path relayed every encoder but a"),
  ]);
  // Without an ingest of its own it takes that of the stream it covers.
  expect(problems("spare: true", "")).toEqual([]);
  expect(problems("spare: false", "")).toContainEqual(
    expect.stringContaining("encoders[1].input.ingest: is missing: only a spare goes without"),
  );
});

test("the inputs of a box are named by its own words, in place of a source", () => {
  const of = (keys: string) =>
    problemsWithDrivers(`site: studio
mqtt: { url: mqtt://127.0.0.1:1883 }
encoders:
  - { id: a, driver: aja-helo, host: 192.0.2.1, ${keys} }
destinations: []
streams: []
`);
  expect(of("inputs: { sdi: camera, hdmi: slides }")).toEqual([]);
  expect(of("inputs: { sdj: camera }")).toEqual([
    expect.stringMatching(/^site.yaml:4:\d+ encoders\[0\]\.inputs\.sdj: is not a known key.*sdi/),
  ]);
  expect(of("source: camera, inputs: { sdi: camera }")).toEqual([
    expect.stringContaining("encoders[0].source: stands beside inputs"),
  ]);
});

test("an understudy that already encodes is refused where its encode has nowhere to go", () => {
  const own = "{ encoder: two, output: stream-1 }";
  expect(withReplaced(own, "{ encoder: two, level: hot }")).toEqual([
    "site.yaml:18:44 streams[0].encoders[1].level: hot is not possible on path direct: an encode of its own has nowhere to go; use warm",
  ]);
  expect(withReplaced(own, "{ encoder: two, level: cold }")).toEqual([]);
});

test("path relayed says what it needs, and what is not built for it yet", () => {
  const relayed = (encoders: string, more = "") =>
    problemsWithDrivers(`site: studio
mqtt: { url: mqtt://hub:1883 }
encoders:
${encoders}
destinations:
  - { id: platform, address: rtmp://far/live, streamKey: credential:key }
streams:
  - { id: main, destination: platform, path: relayed, encoders: [one, two]${more} }
`);
  const software = (id: string, more: string) =>
    `  - { id: ${id}, driver: ffmpeg, input: { kind: udp, url: "udp://239.1.1.1:5000" }${more} }`;
  const pair = (more: string, other = more) =>
    `${software("one", more)}\n${software("two", other)}`;
  expect(relayed(pair(", source: camera"))).toEqual([]);
  expect(relayed(pair(", source: camera", ""))).toEqual([
    expect.stringContaining("two names another source than one, or none"),
  ]);
  expect(relayed(pair(", source: camera", ", source: camera, video: { gopSeconds: 1 }"))).toEqual([
    expect.stringContaining("two has another video.gopSeconds than one"),
  ]);
  const pattern = `  - { id: two, driver: ffmpeg, input: { kind: testPattern }, source: camera }`;
  expect(relayed(`${software("one", ", source: camera")}\n${pattern}`)).toEqual([
    expect.stringContaining(
      'the input of two is "testPattern": path relayed needs kind udp or ingest',
    ),
  ]);
  const box = `  - { id: two, driver: aja-helo, host: 10.0.0.2, source: camera }`;
  const mixed = `${software("one", ", source: camera")}\n${box}`;
  const at = (more: string) => `, relay: { host: 10.0.0.5${more} }`;
  expect(relayed(mixed)).toEqual([
    expect.stringContaining("relay.host: is missing: two pushes to this host"),
  ]);
  expect(relayed(mixed, at(""))).toEqual([]);
  expect(relayed(mixed, at(", mode: next-keyframe"))).toEqual([]);
  expect(relayed(mixed, at(", mode: gop-atomic"))).toEqual([
    expect.stringContaining("relay.mode: is gop-atomic, but two makes GOPs of its own"),
  ]);
  // Held, they need no times of one source and no GOPs alike.
  const unlike = `${software("one", ", source: camera, video: { gopSeconds: 1 }")}\n${pattern}`;
  expect(relayed(unlike, ", relay: { mode: delay-line }")).toEqual([]);
  const stage = `${mixed}\ningests: [{ id: stage, kind: rtmp, streamKey: credential:a }]`;
  expect(relayed(stage, at(", port: 1935"))).toEqual([
    expect.stringContaining("relay.port: leads to TCP 1935, at which ingests[0] listens already"),
  ]);
  const other = pattern.replace("driver: ffmpeg", "driver: gstreamer");
  const engines = `${software("one", ", source: camera")}\n${other}`;
  expect(relayed(engines)).toEqual([]);
  expect(relayed(engines, ", relay: { mode: gop-atomic }")).toContainEqual(
    expect.stringContaining("relay.mode: is gop-atomic, but two makes GOPs of its own"),
  );
  const onlyLooks = `  - { id: two, driver: snmp, host: 10.0.0.2, source: camera }`;
  expect(relayed(`${software("one", ", source: camera")}\n${onlyLooks}`)).toContainEqual(
    expect.stringContaining("two is snmp, which path relayed is not built for yet"),
  );
  const beside = (box: string, of = at("")) =>
    relayed(
      `${software("one", ", source: camera")}\n  - { id: two, host: 10.0.0.2, source: camera, ${box}`,
      of,
    );
  const bySrt = at(", srt: { passphrase: credential:word }");
  for (const box of ["driver: epiphan-pearl, publishers", "driver: magewell, servers"]) {
    expect(beside(`${box.replace(/,.*/, "")} }`)).toEqual([]);
    expect(beside(`${box}: { platform: 1 } }`)).toEqual([
      expect.stringContaining("two cannot feed a relay: what it publishes to is set up by hand"),
    ]);
    expect(beside(`${box}: { platform: 1 } }`, bySrt)).toEqual([
      expect.stringContaining("two has nothing set up for main-relay-two"),
    ]);
    expect(beside(`${box}: { main-relay-two: 1 } }`, bySrt)).toEqual([]);
    const taken = (ingest: string) =>
      beside(
        `${box}: { main-relay-two: 1 } }\ningests: [{ id: in, ${ingest}, port: 1940 }]`,
        bySrt,
      );
    expect(taken("kind: srt, mode: listener")).toEqual([
      expect.stringContaining("leads to UDP 1940, at which ingests[0] listens already"),
    ]);
    expect(taken("kind: rtmp, streamKey: credential:a")).toEqual([]);
  }
  expect(beside("driver: epiphan-pearl, api: legacy }")).toEqual([
    expect.stringContaining("two cannot feed a relay: with `api: legacy` no address can be"),
  ]);
  expect(relayed(pair(", source: camera"), ", sessions: true")).toEqual([
    expect.stringContaining("is true, which path relayed is not built for yet"),
  ]);
});
