import fc from "fast-check";
import { expect, test } from "vitest";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import { ffmpegArguments } from "../../../../daemon/drivers/ffmpeg/arguments.ts";
import { FfmpegOptions } from "../../../../daemon/drivers/ffmpeg/options.ts";
import { endpointOf } from "../../../../machines/endpoint.ts";
import { withGroup } from "../../../../daemon/drivers/shared/engine/ingest-input.ts";
import { hidingScript } from "../../../../daemon/drivers/shared/engine/secret.ts";
import { at } from "../../../setup/effort.ts";
import { slow } from "../../../setup/slow.ts";

/** Everything that may follow each option. An option that is not here must not appear. */
const number = /^\d+(\.\d+)?$/;
const grammar: Record<string, RegExp | undefined> = {
  ...{ "-nostdin": undefined, "-hide_banner": undefined, "-nostats": undefined },
  ...{ "-re": undefined, "-an": undefined },
  "-loglevel": /^level\+error$/,
  "-progress": /^udp:\/\/127\.0\.0\.1:\d{1,5}$/,
  "-stats_period": number,
  "-stream_loop": /^-1$/,
  "-fflags": /^nobuffer$/,
  "-probesize": number,
  "-analyzeduration": number,
  "-max_redirects": /^0$/,
  "-protocol_whitelist": /^[a-z]+(,[a-z]+)*$/,
  "-format_whitelist": /^[a-z0-9_]+(,[a-z0-9_]+)*$/,
  "-f": /^(lavfi|mpegts|flv)$/,
  "-i": /^(file:\/|rtmp:\/\/|srt:\/\/|udp:\/\/|testsrc2=size=|sine=)[^\p{Cc}]*$/u,
  "-map": /^[01]:[va]:0\??$/,
  "-af": /^aformat=channel_layouts=[a-z0-9.()|]+$/,
  "-vf":
    /^(scale=-?\d+:-?\d+(:interl=-?1)?,)?(bwdif=mode=send_frame:deint=(all|interlaced),)?format=yuv420p\|yuvj420p$/,
  "-flags": /^\+ildct\+ilme$/,
  "-c:v": /^(libx264|copy)$/,
  "-c:a": /^(aac|copy)$/,
  "-preset": /^[a-z]+$/,
  "-tune": /^zerolatency$/,
  "-flvflags": /^no_duration_filesize$/,
  "-rtmp_app": /^[A-Za-z0-9._~/-]+$/,
  "-rtmp_playpath": /^[!-~]+$/,
  "-rtmp_flashver": /^FMLE\/3\.0 \(compatible; understudy\/[a-z0-9-]+\/\d+\)$/,
  "-tls_verify": /^1$/,
  "-ca_file": /^\/etc\/ssl\/certs\/ca-certificates\.crt$/,
  "-srt_streamid": /^[!-~]+$/,
  "-passphrase": /^[^\0]+$/,
  "-latency": number,
  "-mode": /^(caller|listener)$/,
  ...Object.fromEntries(
    ["-r", "-g", "-sc_threshold", "-b:v", "-maxrate", "-bufsize", "-threads", "-b:a", "-ar", "-ac"] //
      .map((option) => [option, number]),
  ),
};

/** What in these arguments is not as it should be. */
function breaches(argv: string[]): string[] {
  const found: string[] = [];
  const rest = argv.slice(0, -1);
  let guards = new Set<string>();
  for (let at = 0; at < rest.length; at++) {
    const option = rest[at] ?? "";
    if (!Object.hasOwn(grammar, option)) found.push(`unexpected ${option}`);
    const form = grammar[option];
    if (!form) continue;
    const value = rest[++at] ?? "";
    if (!form.test(value)) found.push(`${option} ${value}`);
    guards.add(option === "-f" ? value : option);
    if (option !== "-i") continue;
    const open = ["-protocol_whitelist", "-format_whitelist"].filter((it) => !guards.has(it));
    if (!guards.has("lavfi")) found.push(...open.map((guard) => `${value} without ${guard}`));
    guards = new Set();
  }
  const to = argv.at(-1) ?? "";
  if (!/^(rtmps?:\/\/[^/]+\/|srt:\/\/[^/]+:\d+$)/.test(to)) found.push(`goes to ${to}`);
  return found;
}

const hostile = fc.oneof(
  { arbitrary: fc.stringMatching(/^[A-Za-z0-9._/-]{1,20}$/), weight: 3 },
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    ...["-i", "-y", "/etc/passwd", "concat:a|b", "a':textfile=/etc/hostname:x='", "%{pts}", "a\0b"],
    ...["x -f tee", "file:///etc/passwd", "'", "\\", "$(id)", "\n-y", "http://h/%0a", "-", "é"],
  ),
);
const tail = fc.oneof(fc.webPath(), hostile);
const host = fc.constantFrom("example.org", "10.0.0.1", "[::1]", "-y", "h:1", "a b", "");
const url = (scheme: string) =>
  fc.tuple(host, tail).map(([name, path]) => `${scheme}://${name}${path}`);
const login = ["username", "password"];
const accessOf: Record<string, string[]> = {
  rtmp: [...login, "streamKey"],
  srt: ["streamId", "passphrase"],
};
const access = (keys: string[]) => Object.fromEntries(keys.map((key) => [key, hostile]));
const input = fc.oneof(
  fc.record(
    { kind: fc.constant("testPattern"), label: fc.oneof(hostile, fc.constant("Studio 1")) },
    { requiredKeys: ["kind"] },
  ),
  fc.record({
    kind: fc.constant("file"),
    path: fc.oneof(
      hostile,
      hostile.map((name) => `/${name}`),
    ),
    loop: fc.boolean(),
    realtime: fc.boolean(),
  }),
  ...["rtmp", "srt"].map((scheme) =>
    fc.record(
      {
        ...{ kind: fc.constant(scheme), url: url(scheme) },
        ...access(accessOf[scheme]!),
      },
      { requiredKeys: ["kind", "url"] },
    ),
  ),
  fc.record({
    kind: fc.constant("udp"),
    url: fc.oneof(url("udp"), fc.constant("udp://239.1.1.1:5000")),
  }),
);
const options = fc.record({
  input,
  video: fc.record({
    codec: fc.constantFrom("libx264", "copy"),
    bitrateBps: fc.integer({ min: 49_000, max: 90_000_000 }),
    gopSeconds: fc.integer({ min: 0, max: 10 }),
    framesPerSecond: fc.integer({ min: 8, max: 130 }),
    interlace: fc.constantFrom("automatic", "deinterlace", "keep"),
  }),
  audio: fc.record({
    codec: fc.constantFrom("aac", "copy", "none"),
    channels: fc.constantFrom(1, 6, 9, "keep"),
  }),
});
const address = fc.oneof(
  { arbitrary: fc.constantFrom("rtmp://h/live", "srt://h:9000"), weight: 5 },
  fc.constantFrom("rtmp://h/live", "rtmps://h:443/app/x", "srt://[::1]:9000", "rtmp://h/a b"),
  ...["rtmp", "rtmps", "srt", "file", "tee"].map(url),
);

const key = fc.oneof(hostile, fc.base64String());
const srt = fc.option(
  fc.record({
    mode: fc.constantFrom("caller" as const, "listener" as const),
    passphrase: fc.oneof(hostile, fc.constant("open-sesame-1")),
    latencyMs: fc.integer({ min: 20, max: 8_000 }),
  }),
  { nil: undefined },
);

const configurations = at({ check: 2_000, test: 10_000, torture: 200_000 });

slow("whatever is configured: what is accepted gives only allowed arguments", () => {
  let accepted = 0;
  fc.assert(
    fc.property(options, address, srt, key, (raw, to, access, streamKey) => {
      const parsed = FfmpegOptions.safeParse(raw);
      if (!parsed.success) return;
      const publication = { encoder: "enc-a", address: to, keyGeneration: 7, progressPort: 4711 };
      try {
        const argv = ffmpegArguments(parsed.data, {
          ...{ ...publication, streamKey },
          ...(to.startsWith("srt:") && access && { srt: access }),
        });
        accepted += 1;
        expect(breaches(argv)).toEqual([]);
      } catch (error) {
        if (!(error instanceof DriverError)) throw error;
        expect(error.code).toBe("notPossible");
        if (streamKey.length > 8) expect(error.message).not.toContain(streamKey);
      }
    }),
    { numRuns: configurations },
  );
  expect(accepted).toBeGreaterThan(configurations / 20);
});

test.each(["é", "two words", "x".repeat(513)])(
  "a stream key of an RTMP input that no play path can hold is refused: %s",
  (streamKey) => {
    const input = { kind: "rtmp", url: "rtmp://example.org/a", streamKey };
    const options = FfmpegOptions.parse({ input });
    expect(() => ffmpegArguments(options, { ...publication, streamKey: "k" })).toThrow(
      "the input's stream key is too long or not plain text",
    );
  },
);

test("interlaced pictures are kept only at a height that x264 takes, and one that follows is such a one", () => {
  const input = { kind: "file", path: "/in.ts" };
  const kept = (size: object) =>
    FfmpegOptions.safeParse({ input, video: { interlace: "keep", ...size } });
  expect(kept({ width: 720, height: 486 }).error?.issues).toMatchObject([
    {
      path: ["video", "height"],
      message: "must be a multiple of 4 where interlaced pictures are kept",
    },
  ]);
  expect(kept({ width: 720, height: 576 }).success).toBe(true);
  const argv = ffmpegArguments(
    FfmpegOptions.parse({ input, video: { interlace: "keep", width: 720 } }),
    {
      ...publication,
      streamKey: "k",
    },
  );
  expect(argv).toContain("scale=720:-4:interl=1,format=yuv420p|yuvj420p");
});

test("the grammar of this test notices a forbidden option and an unguarded input", () => {
  expect(breaches(["-y", "rtmp://h/live"])).toEqual(["unexpected -y"]);
  expect(breaches(["-i", "rtmp://h/x", "rtmp://h/live"])).toHaveLength(2);
  expect(breaches(["file:/tmp/x"])).toEqual(["goes to file:/tmp/x"]);
});

const plain = FfmpegOptions.parse({ input: { kind: "testPattern" } });
const publication = {
  encoder: "enc-a",
  address: "rtmp://127.0.0.1:1935/live",
  streamKey: "canary-4711",
  keyGeneration: 7,
  progressPort: 4711,
};

test("the stream key stands in one argument alone, never in the URL", () => {
  const argv = ffmpegArguments(plain, publication);
  expect(argv.filter((argument) => argument.includes("canary"))).toEqual(["canary-4711"]);
  expect(argv.at(-1)).toBe("rtmp://127.0.0.1:1935/live");
});

test("the far end can read who publishes, with which generation of the key", () => {
  expect(ffmpegArguments(plain, publication)).toContain(
    "FMLE/3.0 (compatible; understudy/enc-a/7)",
  );
});

test.each(["rtmp://user:pass@h/live", "rtmp://h/live?x=1", "rtmp://h", "srt://h", "http://h/live"])(
  "an address like %s is refused",
  (to) => expect(endpointOf(to)).toBeUndefined(),
);

test.each([
  ["rtmp://h/live", "open-sesame-1", /is not srt/],
  ["srt://h:9000", "too-short", /10 to 79/],
  ["srt://h:9000", "with\nits line end", /10 to 79/],
])("what SRT cannot do is refused: %s %j", (to, passphrase, why) => {
  const srt = { mode: "caller", passphrase, latencyMs: 120 } as const;
  expect(() => ffmpegArguments(plain, { ...publication, address: to, srt })).toThrow(why);
});

test("a suspicion earlier than two and a half frames is refused", () => {
  const slow = { input: { kind: "testPattern" }, video: { framesPerSecond: 5 } };
  expect(FfmpegOptions.safeParse(slow).success).toBe(false);
  expect(FfmpegOptions.safeParse({ ...slow, suspectAfterMs: 500 }).success).toBe(true);
});

test("hiding a key takes it literally, and takes its parts", () => {
  expect(hidingScript(["a.b*c/d"])).toContain("s/a\\.b\\*c\\/d/[key]/g");
  expect(hidingScript(["live?token=0123456789"])).toContain("s/0123456789/[key]/g");
});

test("an ingest of this host is heard on loopback, where the daemon says", () => {
  const from = withGroup({ ...plain, input: { kind: "ingest", ingest: "stage" } }, () => ({
    ...{ address: "239.1.2.3", port: 5_500 },
  })) as FfmpegOptions;
  const argv = ffmpegArguments(from, publication);
  expect(argv[argv.indexOf("-i") + 1]).toMatch(
    /^udp:\/\/239\.1\.2\.3:5500\?localaddr=127\.0\.0\.1&/,
  );
  expect(argv[argv.indexOf("-protocol_whitelist") + 1]).toBe("udp");
});

test("a spare without an ingest of its own hears that of the stream it publishes for", () => {
  const ports: Record<string, number> = { hall: 5_500, stage: 5_600 };
  const from = withGroup(
    { ...plain, input: { kind: "ingest" } },
    (ingest) => ({ address: "239.1.2.3", port: ports[ingest]! }),
    new Map([
      ["main-relay-s", "hall"],
      ["two-relay-s", "stage"],
    ]),
  ) as FfmpegOptions;
  const heardFor = (destination: string) => {
    const argv = ffmpegArguments(from, { ...publication, destination });
    return argv[argv.indexOf("-i") + 1];
  };
  expect(heardFor("two-relay-s")).toContain("239.1.2.3:5600");
  expect(heardFor("main-relay-s")).toContain("239.1.2.3:5500");
  // Its start is rehearsed as well, for nobody.
  expect(heardFor("rehearsal")).toContain("239.1.2.3:5500");
  expect(() => heardFor("elsewhere")).toThrow(
    "no ingest of the stream that publishes to elsewhere",
  );
});

test("an ingest that nobody knows of is not read from anywhere", () => {
  const from = FfmpegOptions.parse({ input: { kind: "ingest", ingest: "stage" } });
  expect(() => ffmpegArguments(from, publication)).toThrow("there is no ingest stage");
});
