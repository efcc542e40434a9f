/** An ingest that pulls HLS: from good servers, and from one that leads it into the site's network. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { until } from "../../e2e/facility.ts";
import { anHlsFolder, anHlsServer } from "../../fakes/hls-server.ts";
import { anIngest } from "./an-ingest.ts";

const picture = { codec: "h264", widthPx: 320, heightPx: 180 };
const segment = execFileSync(
  "ffmpeg",
  // prettier-ignore
  [
    "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15:duration=2",
    "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-f", "mpegts", "pipe:1",
  ],
  { maxBuffer: 1e7 },
);

const listOf = (...lines: string[]) =>
  ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:2", ...lines, ""].join("\n");
const media = (uri: string, before: string[] = []) => listOf(...before, "#EXTINF:2,", uri);
const variants = (uri: string, ...more: string[]) =>
  listOf(...more, '#EXT-X-STREAM-INF:BANDWIDTH=1000000,SUBTITLES="s",AUDIO="a"', uri);

type Hostile = { list: (trap: number) => string; redirect?: string; bare?: "keeps away" };
/** What a server may say, and whether an ffmpeg that is not guarded goes there. */
const hostile: Record<string, Hostile> = {
  "a segment": { list: (trap) => media(`http://127.0.0.1:${trap}/a.ts`) },
  "a segment at a name of this host": { list: (trap) => media(`http://localhost:${trap}/a.ts`) },
  "a segment at a number": { list: (trap) => media(`http://2130706433:${trap}/a.ts`) },
  "a segment by https": { list: (trap) => media(`https://127.0.0.1:${trap}/a.ts`) },
  "a segment after a redirect": { list: () => media("moved.ts"), redirect: "/a.ts" },
  "the playlist after a redirect": { list: () => "", redirect: "/live.m3u8" },
  "a playlist in a playlist": { list: (trap) => variants(`http://127.0.0.1:${trap}/b.m3u8`) },
  "a playlist as a segment": { list: (trap) => media(`http://127.0.0.1:${trap}/b.m3u8`) },
  "a key": {
    list: (trap) =>
      media("good.ts", [`#EXT-X-KEY:METHOD=AES-128,URI="http://127.0.0.1:${trap}/key"`]),
  },
  "a beginning": {
    list: (trap) => media("good.ts", [`#EXT-X-MAP:URI="http://127.0.0.1:${trap}/init.mp4"`]),
  },
  "an audio track": {
    list: (trap) => {
      const uri = `http://127.0.0.1:${trap}/a.m3u8`;
      return variants("b.m3u8", `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="${uri}"`);
    },
  },
  subtitles: {
    bare: "keeps away",
    list: (trap) => {
      const uri = `http://127.0.0.1:${trap}/s.m3u8`;
      return variants("b.m3u8", `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="x",URI="${uri}"`);
    },
  },
  "a bare socket": { bare: "keeps away", list: (trap) => media(`tcp://127.0.0.1:${trap}`) },
};

test.each(Object.entries(hostile))(
  "a server that names %s within the site's network gets nobody to ask there",
  async (_, { list, redirect, bare }) => {
    const trap = await anHlsServer(() => segment);
    const server = await anHlsServer((path) => {
      if (redirect !== undefined && (path === "/moved.ts" || redirect === path)) {
        return { to: `http://127.0.0.1:${trap.port}${path}` };
      }
      if (path === "/live.m3u8") return list(trap.port);
      if (path === "/b.m3u8") return media("good.ts");
      return segment;
    });
    const url = `${server.url}/live.m3u8`;
    const ingest = await anIngest({ kind: "hls", url });
    await until("it has asked twice", () => server.asked.length > 1);
    await until("it is told", () => bare ?? ingest.status().refused.last?.why);
    expect(trap.asked).toEqual([]);
    if (bare) return;
    expect(ingest.status().refused.last!.why).toMatch(/is not asked: .* this site's own network/);
    ingest.child.kill("SIGKILL");

    // The same without our proxy: there is something that it keeps ffmpeg from.
    const args = ["-nostdin", "-v", "quiet", "-i", url, "-t", "1", "-f", "null", "-"];
    const unguarded = spawn("ffmpeg", [
      "-protocol_whitelist",
      "http,https,tls,tcp,crypto",
      ...args,
    ]);
    // It may end by itself, as soon as it was trapped.
    const ended = once(unguarded, "close");
    await until("an unguarded one is trapped", () => trap.asked.length > 0);
    unguarded.kill("SIGKILL");
    await ended;
  },
  60_000,
);

test("a file of this host that a playlist names is not shown", async () => {
  const files = anHlsFolder();
  files.play();
  await until("there is a segment", () => files.file("live1.ts"));
  const server = await anHlsServer((path) =>
    path === "/live.m3u8" ? media(`file://${files.folder}/live1.ts`) : undefined,
  );
  const ingest = await anIngest({ kind: "hls", url: `${server.url}/live.m3u8` });
  await until("it has asked twice", () => server.asked.length > 1);
  const { why } = await ingest.untilState("failing");
  expect(why).not.toBeNull();
  expect(ingest.status()).toMatchObject({ bytes: 0, epochs: 0 });
}, 60_000);

test("a live playlist is pulled at its own speed; one that stands is silent, and never shown twice", async () => {
  const files = anHlsFolder();
  const packager = files.play();
  const server = await anHlsServer((path) => files.file(path.slice(1)));
  await until("there are segments", () => files.file("live3.ts"));
  const ingest = await anIngest({ kind: "hls", url: `${server.url}/live.m3u8` });
  const status = await ingest.untilState("receiving", ({ video, audio }) => !!video && !!audio);
  expect(status).toMatchObject({ video: picture, audio: { codec: "aac", sampleRateHz: 48_000 } });
  const seen = await ingest.hear(60);
  expect(seen).toMatchObject({ video: "h264", audio: "aac" });
  expect(seen.worstStepS).toBeLessThan(0.2);
  const [ffmpeg = ""] = execFileSync("pgrep", ["-P", String(ingest.child.pid)])
    .toString()
    .split("\n");
  expect(readFileSync(`/proc/${ffmpeg}/limits`, "latin1")).toMatch(/Max data size +1073741824 /);

  packager.kill("SIGKILL");
  await ingest.untilState("silent");
  await ingest.untilState("failing", ({ why }) => why === "the playlist does not go on");
  const { bytes, epochs } = ingest.status();
  expect(epochs).toBe(1);
  const lists = () => server.asked.filter((path) => path === "/live.m3u8").length;
  const before = lists();
  await until("it has looked on", () => lists() > before + 3);
  expect(ingest.status()).toMatchObject({ state: "failing", bytes, epochs });
  files.play();
  await ingest.untilState("receiving", (it) => it.epochs === 2);
  expect((await ingest.hear(30)).video).toBe("h264");
}, 120_000);

test("variants with fragmented MP4 by https are pulled, with what stands behind the ?", async () => {
  const files = anHlsFolder(["-hls_segment_type", "fmp4", "-master_pl_name", "all.m3u8"]);
  files.play();
  const cert = aCertificate(files.folder);
  const server = await anHlsServer((path) => files.file(path.slice(1)), cert);
  await until("there are segments", () => files.file("live3.m4s") && files.file("all.m3u8"));
  const url = `${server.url}/all.m3u8`;
  const ingest = await anIngest({ kind: "hls", url, token: "let=me-in" });
  await ingest.untilState("receiving", ({ video }) => !!video);
  expect(await ingest.hear(30)).toMatchObject({ video: "h264", audio: "aac" });
  expect(server.asked[0]).toBe("/all.m3u8?let=me-in");
}, 60_000);

test("a server that has no playlist is failing, and says so", async () => {
  const server = await anHlsServer(() => undefined);
  const ingest = await anIngest({ kind: "hls", url: `${server.url}/live.m3u8`, token: "secret-1" });
  const { why } = await ingest.untilState("failing");
  expect(why).toMatch(/404/);
  expect(why).not.toMatch(/secret-1/);
}, 60_000);

/** Of a server that nobody else knows. */
function aCertificate(folder: string) {
  // prettier-ignore
  execFileSync("openssl", [
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
    "-subj", "/CN=127.0.0.1", "-days", "2", "-keyout", "key.pem", "-out", "cert.pem",
  ], { cwd: folder, stdio: "ignore" });
  const read = (name: string) => readFileSync(`${folder}/${name}`, "utf8");
  return { key: read("key.pem"), cert: read("cert.pem") };
}
