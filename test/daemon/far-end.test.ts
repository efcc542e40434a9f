import { afterEach, expect, test } from "vitest";
import { type Look, mostTelling, sightMaxAgeMs, watchFarEnd } from "../../daemon/far-end.ts";
import { openObserver, type ObserverOptions } from "../../daemon/observers/index.ts";
import type { FarEndObserver } from "../../daemon/observers/observer.ts";
import type { FarEndSight } from "../../machines/destination/sight.ts";
import { aFarEndWeb, type Answerer } from "./observers/far-end-web.ts";
import { until } from "./journal/a-journal.ts";
import { slow } from "../setup/slow.ts";

const key = "kd83";
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const page = (publishes: boolean, bytes = 0) =>
  `<?xml version="1.0"?><rtmp><nginx_rtmp_version>1</nginx_rtmp_version><pid>7</pid><server>` +
  `<application><name>live</name><live>` +
  (publishes
    ? `<stream><name>${key}</name><bytes_in>${bytes}</bytes_in><publishing/></stream>`
    : "") +
  `</live></application></server></rtmp>`;
const playlist = (first: number) =>
  `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:${first}\n#EXTINF:10,\ns.ts\n`;

async function aWeb(answer: Answerer) {
  let asked = 0;
  const web = await aFarEndWeb((request, response) => {
    asked += 1;
    answer(request, response);
  });
  cleanups.push(() => web.close());
  return { ...web, asked: () => asked };
}

/** Watches with real observers and notes what is told. */
function aWatch(everyMs: number, ...kinds: ObserverOptions[]) {
  const observers = kinds.map((options) =>
    openObserver(options, { streamKey: () => key, now: () => performance.now() }),
  );
  const told: { sight: FarEndSight; source: string; provesAbsence: boolean }[] = [];
  const watch = watchFarEnd({
    observers,
    everyMs,
    tell: (sight, source, provesAbsence) => void told.push({ sight, source, provesAbsence }),
  });
  cleanups.push(() => watch.close());
  const of = (kind: string) => told.filter(({ source }) => source.startsWith(kind));
  return { told, watch, of };
}
const statistics = (url: string): ObserverOptions => ({
  ...{ kind: "nginx-rtmp", statisticsUrl: `${url}/stat`, app: "live" },
});
const hls = (url: string): ObserverOptions => ({ kind: "hls", url: `${url}/index.m3u8` });

slow("an observer that hangs does not slow down another one", async () => {
  let bytes = 0;
  const fast = await aWeb((_, response) => void response.end(page(true, ++bytes)));
  const hanging = await aWeb(() => undefined);
  const { told, of } = aWatch(20, statistics(fast.url), hls(hanging.url));
  await until("twenty looks at the statistics", () => of("nginx").length >= 20);
  expect(hanging.asked()).toBe(1);
  expect(told.every(({ sight }) => sight.word === "publishing")).toBe(true);
});

test("every look is told once at most: no sight gets the age of another's look", async () => {
  let bytes = 0;
  let sequence = 0;
  const counted = await aWeb((_, response) => void response.end(page(true, ++bytes)));
  const lists = await aWeb((_, response) => void response.end(playlist(++sequence)));
  const { told } = aWatch(20, statistics(counted.url), hls(lists.url));
  await until("many looks at both", () => lists.asked() >= 10 && told.length >= 10);
  const counters = told.map(({ sight }) => (sight.word === "publishing" ? sight.bytes : null));
  expect(counters).not.toContain(null); // who counts bytes speaks first
  expect(new Set(counters).size).toBe(counters.length);
});

test("when the statistics cannot be had, the playlist goes on telling of the picture", async () => {
  let sequence = 0;
  const broken = await aWeb((_, response) => void response.writeHead(502).end());
  const lists = await aWeb((_, response) => void response.end(playlist(++sequence)));
  const { of } = aWatch(20, statistics(broken.url), hls(lists.url));
  await until("the playlist is seen to advance", () =>
    of("HLS").some(({ sight }) => sight.word === "publishing"),
  );
  const before = of("nginx").length;
  await until("it is told again and again", () => of("HLS").length >= 10);
  // "Cannot be seen" by one, while the other sees it, is no news.
  expect(of("nginx").length).toBe(before);
});

test("where something is doubted, the next look is now and not when it is due", async () => {
  let publishes = true;
  const web = await aWeb((_, response) => void response.end(page(publishes, 1)));
  const { told, watch } = aWatch(3_600_000, statistics(web.url));
  await until("a first look", () => told.length === 1);
  publishes = false;
  watch.lookSoon();
  await until("a second look", () => told.length === 2);
  expect(told.map(({ sight }) => sight.word)).toEqual(["publishing", "quiet"]);
});

test("when nobody sees anything, that is told", async () => {
  const broken = await aWeb((_, response) => void response.writeHead(502).end());
  const { told } = aWatch(20, statistics(broken.url), hls(broken.url));
  await until("it is told", () => told.length >= 4);
  expect(told.every(({ sight }) => sight.word === "unseen")).toBe(true);
});

test("closing ends the look under way at once, and tells nothing more", async () => {
  const hanging = await aWeb(() => undefined);
  const { told, watch } = aWatch(20, hls(hanging.url));
  await until("it is asked", () => hanging.asked() === 1);
  await watch.close();
  expect(told).toEqual([]);
  expect(hanging.asked()).toBe(1);
});

test("a look counts until the next must have come, and 3 s at least", () => {
  expect(sightMaxAgeMs(500, 2_000)).toBe(3_000);
  expect(sightMaxAgeMs(500, 5_000)).toBe(6_000);
  expect(sightMaxAgeMs(10_000, 2_000)).toBe(30_000);
});

const look = (name: string, provesAbsence: boolean, sight: FarEndSight, atMs = 0): Look => ({
  observer: { name, provesAbsence } as FarEndObserver,
  sight,
  atMs,
});
const publishing = { word: "publishing", by: null, bytes: null, publishers: null } as const;
const unseen = { word: "unseen", detail: "" } as const;

test.each<[string, Look[], string | undefined]>([
  ["nobody has looked yet", [], undefined],
  [
    "absence proven against a playlist",
    [look("hls", false, publishing), look("stat", true, { word: "quiet" })],
    "stat",
  ],
  [
    "two that prove absence, one sees a publisher",
    [look("one", true, { word: "quiet" }), look("two", true, publishing)],
    "two",
  ],
  [
    "statistics that saw nothing",
    [look("stat", true, unseen), look("hls", false, publishing)],
    "hls",
  ],
  ["nobody saw anything", [look("old", true, unseen, 1), look("new", false, unseen, 2)], "new"],
])("%s: %#", (_, looks, name) => {
  expect(mostTelling(looks)?.observer.name).toBe(name);
});
