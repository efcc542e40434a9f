import { afterEach, describe, expect, test } from "vitest";
import { openObserver, type ObserverOptions } from "../../../daemon/observers/index.ts";
import type { NginxRtmpOptions } from "../../../daemon/observers/nginx-rtmp.ts";
import { ffprobeArguments } from "../../../daemon/observers/ffprobe.ts";
import { aFarEndWeb, badAnswers, type Answerer } from "./far-end-web.ts";

const key = "kd83-secret-key";
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function aWeb(answer: Answerer) {
  const web = await aFarEndWeb(answer);
  cleanups.push(() => web.close());
  return web;
}

/** What the host's clock says when the monotonic one is 0. */
const startMs = Date.parse("2026-11-22T10:00:00Z");

function anObserver(options: ObserverOptions) {
  const time = { nowMs: 1_000_000 };
  const wallMs = () => startMs + time.nowMs;
  const observer = openObserver(options, { streamKey: () => key, now: () => time.nowMs, wallMs });
  cleanups.push(() => observer.close());
  return {
    ...observer,
    look: (limitMs = 5_000) => observer.observe(AbortSignal.timeout(limitMs)),
    pass: (seconds: number) => (time.nowMs += seconds * 1_000),
  };
}

const kinds: Record<string, (url: string) => ObserverOptions> = {
  "nginx-rtmp": (url) => ({ kind: "nginx-rtmp", statisticsUrl: `${url}/stat`, app: "live" }),
  "node-media-server": (url) => ({
    ...{ kind: "node-media-server", apiUrl: url, app: "live" },
    ...{ username: "observer", password: "hunter2" },
  }),
  hls: (url) => ({ kind: "hls", url: `${url}/${key}/index.m3u8` }),
};

describe.each(Object.entries(kinds))("%s", (_, optionsFor) => {
  test.each(Object.entries(badAnswers))("%s is neither quiet nor publishing", async (_, answer) => {
    const web = await aWeb(answer);
    const observer = anObserver(optionsFor(web.url));
    const sight = await observer.look(500);
    expect(sight.word).toBe("unseen");
    expect(JSON.stringify(sight)).not.toMatch(/kd83|hunter2/);
  });

  test("a far end that is not there is unseen, and the key is in no word of it", async () => {
    const web = await aFarEndWeb(() => undefined);
    await web.close();
    const observer = anObserver(optionsFor(web.url));
    expect(await observer.look()).toMatchObject({ word: "unseen" });
    expect(observer.name).not.toContain("kd83");
    const sight = await observer.observe(AbortSignal.abort());
    expect(sight).toMatchObject({ word: "unseen" });
    expect(JSON.stringify(sight)).not.toContain("kd83");
  });
});

describe("nginx-rtmp", () => {
  const client = (inside: string) => `<client><id>1</id>${inside}</client>`;
  const publishing = client(
    "<address>192.0.2.7</address><flashver>FMLE/3.0</flashver><publishing/><active/>",
  );
  const stream = (name: string, inside: string) =>
    `<stream><name>${name}</name><bytes_in>4711</bytes_in>${inside}</stream>`;
  const page = (streams: string, { app = "live", pid = 7 } = {}) =>
    `<?xml version="1.0"?><rtmp><nginx_rtmp_version>1.1.4</nginx_rtmp_version><pid>${pid}</pid>` +
    `<server><application><name>other</name><live><nclients>0</nclients></live></application>` +
    `<application><name>${app}</name><live>${streams}</live></application></server></rtmp>`;
  const at = (web: { url: string }) => anObserver(kinds["nginx-rtmp"]!(web.url));

  test("a publisher is named by its address, with the bytes it has sent", async () => {
    const web = await aWeb((_, response) => {
      response.end(page(stream(key, `${publishing}<publishing/>`) + stream("000", "")));
    });
    expect(await at(web).look()).toEqual({
      ...{ word: "publishing", by: "192.0.2.7", bytes: 4711, publishers: 1 },
    });
  });

  test("one of our own encoders is named by its mark", async () => {
    const marked = publishing.replace("FMLE/3.0", "FMLE/3.0 (compatible; understudy/enc-b/12)");
    const web = await aWeb((_, response) => {
      response.end(page(stream(key, `${marked}<publishing/>`)));
    });
    expect(await at(web).look()).toMatchObject({ by: "understudy/enc-b/12" });
  });

  test("somebody who only looks like one of ours is named by address", async () => {
    const forged = publishing.replace("FMLE/3.0", "understudy/&lt;b&gt;/12");
    const web = await aWeb((_, response) => {
      response.end(page(stream(key, `${forged}<publishing/>`)));
    });
    expect(await at(web).look()).toMatchObject({ by: "192.0.2.7" });
  });

  test("viewers without a publisher, other keys and nobody at all are quiet", async () => {
    const viewer = client("<address>192.0.2.9</address><active/>");
    const web = await aWeb(() => undefined);
    const observer = at(web);
    const longer = stream(`${key}2`, `${publishing}<publishing/>`);
    for (const streams of [stream(key, viewer), longer, ""]) {
      web.says(page(streams));
      expect(await observer.look()).toEqual({ word: "quiet" });
    }
  });

  test("a key with characters that XML escapes is found", async () => {
    const web = await aWeb((_, response) => {
      response.end(page(stream("a&amp;b&lt;c&gt;&quot;d", `${publishing}<publishing/>`)));
    });
    const options = kinds["nginx-rtmp"]!(web.url);
    const observer = openObserver(options, { streamKey: () => 'a&b<c>"d', now: () => 0 });
    const sight = await observer.observe(AbortSignal.timeout(5_000));
    expect(sight.word).toBe("publishing");
  });

  test("a page without our application proves nothing", async () => {
    const web = await aWeb((_, response) => void response.end(page("", { app: "vod" })));
    expect(await at(web).look()).toMatchObject({ word: "unseen" });
  });

  test("a page above 4 MiB is not read to its end", async () => {
    const web = await aWeb((_, response) => {
      response.end(page(stream(key, `${publishing}<publishing/>`)) + " ".repeat(4 * 1024 * 1024));
    });
    expect(await at(web).look()).toEqual({
      word: "unseen",
      detail: "the statistics page answered more than 4194304 bytes",
    });
  });

  test("a page with a document type is not read", async () => {
    const bomb = `<!DOCTYPE rtmp [<!ENTITY a "aaaa">]>${page("")}`;
    const web = await aWeb((_, response) => void response.end(bomb));
    expect(await at(web).look()).toMatchObject({ word: "unseen" });
  });

  test("the silence of another worker proves nothing for 30 s, its publishers count", async () => {
    const web = await aWeb(() => undefined);
    const observer = at(web);
    web.says(page("", { pid: 7 }));
    expect(await observer.look()).toEqual({ word: "quiet" });
    web.says(page("", { pid: 8 }));
    expect(await observer.look()).toMatchObject({ word: "unseen" });
    observer.pass(29.9);
    expect(await observer.look()).toMatchObject({ word: "unseen" });
    web.says(page(stream(key, `${publishing}<publishing/>`), { pid: 8 }));
    expect(await observer.look()).toMatchObject({ word: "publishing" });
    web.says(page("", { pid: 8 }));
    observer.pass(0.1);
    expect(await observer.look()).toEqual({ word: "quiet" });
  });

  test("workers that take turns never prove silence", async () => {
    const web = await aWeb(() => undefined);
    const observer = at(web);
    web.says(page("", { pid: 7 }));
    await observer.look();
    for (let turn = 0; turn < 10; turn++) {
      observer.pass(20);
      web.says(page("", { pid: turn % 2 === 0 ? 8 : 7 }));
      expect(await observer.look()).toMatchObject({ word: "unseen" });
    }
  });

  test("a blocked publisher is off only when it was blocked, dropped and seen gone", async () => {
    const asked: string[] = [];
    const held = { on: true };
    const web = await aWeb((request, response) => {
      const path = request.url!.split("?")[0]!;
      const body: Buffer[] = [];
      request.on("data", (part: Buffer) => body.push(part));
      request.on("end", () => {
        asked.push(`${path} ${Buffer.concat(body).toString()}`.trim());
        if (path === "/control/drop/publisher") held.on = false;
        const streams = held.on ? stream(key, `${publishing}<publishing/>`) : "";
        response.end(path === "/stat" ? page(streams) : "1");
      });
    });
    const controlUrl = `${web.url}/control`;
    const options: NginxRtmpOptions = {
      kind: "nginx-rtmp",
      statisticsUrl: `${web.url}/stat`,
      app: "live",
      controlUrl,
    };
    const withBlock = { ...options, blockUrl: `${web.url}/block` };
    expect(await anObserver(withBlock).kickAndBlock!(AbortSignal.timeout(5_000))).toBe(true);
    expect(asked).toEqual([
      "/stat",
      `/block app=live&name=${key}&addr=192.0.2.7&flashver=FMLE%2F3.0`,
      "/control/drop/publisher",
      "/stat",
    ]);

    // Without an authoriser it is dropped, and may come back at once: that is no proof.
    held.on = true;
    expect(await anObserver(options).kickAndBlock!(AbortSignal.timeout(5_000))).toBe(false);
    expect(held.on).toBe(false);
    expect(anObserver(kinds["nginx-rtmp"]!(web.url))).not.toHaveProperty("kickAndBlock");
  });
});

describe("node-media-server", () => {
  const streams = (status: string, publisher: object | null, name = key) =>
    JSON.stringify({
      success: true,
      data: { streams: [{ app: "live", name, status, publisher }] },
    });
  const publisher = { ip: "192.0.2.7:5000", inBytes: 99 };
  const at = (web: { url: string }) => anObserver(kinds["node-media-server"]!(web.url));

  test.each([
    ["publishing", streams("publishing", publisher), "publishing"],
    ["a slot held after a disconnect", streams("reconnecting", publisher), "quiet"],
    ["a stream kept for its viewers", streams("idle", null), "quiet"],
    ["somebody else's key", streams("publishing", publisher, "other"), "quiet"],
    ["no stream", JSON.stringify({ data: { streams: [] } }), "quiet"],
    ["a status word of the future", streams("draining", publisher), "unseen"],
    ["another answer", JSON.stringify({ data: { sessions: [] } }), "unseen"],
  ])("%s", async (_, body, word) => {
    const web = await aWeb((_, response) => void response.end(body));
    expect(await at(web).look()).toMatchObject({ word });
  });

  test("a refused login is not repeated for five minutes: five would lock the account", async () => {
    let logins = 0;
    const web = await aWeb((request, response) => {
      if (request.url === "/api/v1/login") logins++;
      response.writeHead(401).end("{}");
    });
    const observer = at(web);
    for (let second = 0; second < 299; second += 23) {
      expect(await observer.look()).toMatchObject({ word: "unseen" });
      observer.pass(23);
    }
    expect(logins).toBe(1);
    observer.pass(23);
    await observer.look();
    expect(logins).toBe(2);
  });
});

describe("HLS", () => {
  const list = (first: number, count: number, more = "") =>
    `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${first}\n` +
    Array.from({ length: count }, (_, i) => `#EXTINF:2.0,\ns${first + i}.ts\n`).join("") +
    more;

  test("a playlist that advances is publishing; standing still is unseen, never quiet", async () => {
    const web = await aWeb(() => undefined);
    const observer = anObserver({ kind: "hls", url: `${web.url}/index.m3u8` });
    web.says(list(10, 3));
    expect(await observer.look()).toMatchObject({ word: "unseen" });
    observer.pass(2);
    expect(await observer.look()).toMatchObject({ word: "unseen" });
    web.says(list(11, 3));
    const seen = { word: "publishing", by: null, bytes: null, publishers: null };
    expect(await observer.look()).toEqual(seen);
    observer.pass(4);
    expect(await observer.look()).toEqual(seen);
    observer.pass(0.1);
    expect(await observer.look()).toMatchObject({ word: "unseen" });
    // A packager that starts anew counts from 0, which is no progress yet.
    web.says(list(0, 1));
    expect(await observer.look()).toMatchObject({ word: "unseen" });
    web.says(list(0, 2));
    expect(await observer.look()).toEqual(seen);
    web.says(list(0, 3, "#EXT-X-ENDLIST\n"));
    expect(await observer.look()).toMatchObject({ word: "unseen" });
  });

  test("how old the newest picture is is told by the packager's stamps, and by nothing else", async () => {
    const web = await aWeb(() => undefined);
    const observer = anObserver({ kind: "hls", url: `${web.url}/index.m3u8` });
    const stamp = (agoS: number) =>
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(startMs + 1_000_000 - agoS * 1_000).toISOString()}\n`;
    /** One more segment each time; what stands before the first of the last three. */
    let first = 1;
    const latencyOf = async (before: string, between = "") => {
      const [one = "", ...others] = list(first++, 3).split("#EXTINF").slice(1);
      const head = list(1, 0).replace("SEQUENCE:1", `SEQUENCE:${first}`);
      const rest = others.map((segment) => `#EXTINF${segment}`).join(between);
      web.says(`${head}${before}#EXTINF${one}${between}${rest}`);
      const { word } = await observer.look();
      return word === "publishing" ? observer.latencyMs?.()?.value : word;
    };
    expect(await latencyOf("")).toBe("unseen");
    // Stamped 10 s ago, three segments of 2 s since.
    expect(await latencyOf(stamp(10))).toBe(4_000);
    expect(observer.latencyMs?.()).toMatchObject({ atMs: startMs + 1_000_000 });
    expect(observer.latencyMs?.()?.source).toContain("PROGRAM-DATE-TIME");
    expect(await latencyOf("")).toBeUndefined();
    // A stamp does not count on over a break.
    expect(await latencyOf(stamp(10), "#EXT-X-DISCONTINUITY\n")).toBeUndefined();
    // Clocks that disagree by seconds, and the list of another day.
    expect(await latencyOf(stamp(6.5 - 1))).toBe(0);
    expect(await latencyOf(stamp(1))).toBeUndefined();
    expect(await latencyOf(stamp(86_400))).toBeUndefined();
    expect(await latencyOf(stamp(7))).toBe(1_000);
    web.says("#EXTM3U\n");
    expect(await observer.look()).toMatchObject({ word: "unseen" });
    expect(observer.latencyMs?.()).toBeUndefined();
  });

  test("a multivariant playlist is followed once, and only to HTTP", async () => {
    let count = 1;
    let variant = "low/index.m3u8";
    const web = await aWeb((request, response) => {
      const master = `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${variant}\n`;
      response.end(request.url === "/low/index.m3u8" ? list(0, count++) : master);
    });
    const observer = anObserver({ kind: "hls", url: `${web.url}/index.m3u8` });
    await observer.look();
    expect(await observer.look()).toMatchObject({ word: "publishing" });
    for (variant of ["file:///etc/hostname", "index.m3u8"]) {
      expect(await observer.look()).toMatchObject({ word: "unseen" });
    }
  });
});

describe("ffprobe", () => {
  test("opens only live schemes, and no playlist over any", () => {
    for (const url of ["file:///etc/hostname", "concat:a|b", "udp://239.0.0.1:5000", "-version"]) {
      expect(() => ffprobeArguments(url)).toThrow(TypeError);
    }
    for (const url of ["rtmp://a/live/k", "https://a/k.flv", "srt://a:9000", "http://a/k.m3u8"]) {
      const args = ffprobeArguments(url);
      const formats = args[args.indexOf("-format_whitelist") + 1]!.split(",");
      const protocols = args[args.indexOf("-protocol_whitelist") + 1]!.split(",");
      expect(formats).not.toContain("hls");
      expect(formats).not.toContain("concat");
      expect(protocols).not.toContain("file");
      expect(args.slice(-2)).toEqual(["-i", new URL(url).href]);
    }
  });
});
