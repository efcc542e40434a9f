import { setTimeout as sleep } from "node:timers/promises";
import type { SiteConfig } from "../../config/site.schema.ts";
import type { Comparison } from "../../machines/content/compare.ts";
import type { SitePlan } from "../../machines/site/plan.ts";
import { farEndView } from "../../machines/stream/content.ts";
import type { ContentEvent } from "../../machines/stream/content.moves.ts";
import type { ComparedPair } from "../../machines/stream/stream.published.ts";
import { isComparisonDue, type LastCompared, nameOf } from "./comparison-due.ts";
import { compareAtOnce, compareViews, type SeenWithDelay } from "./comparing.ts";
import { playbackOf } from "./plan.ts";
import { watchView } from "./view.ts";

const lookForWorkEveryMs = 2_000;
/** Each may decode a view in full for some seconds; the others wait for their turn. */
const comparisonsAtOnce = 4;
/** Fewer say nothing: a view that has just been opened is waited for. */
const fewestPictures = 5;

export type Content = {
  /** By what is there already, before somebody moves a programme by hand: nobody waits for it. */
  compareNow(stream: string, to: string | undefined): void;
  close(): Promise<void>;
};

/**
 * Watches picture and sound of every stream wherever the configuration names a place to see them,
 * and compares carrier and understudy. It decides nothing: looks and comparisons are passed on.
 */
export function watchContent(p: {
  config: Pick<SiteConfig, "encoders" | "destinations" | "streams">;
  streams: SitePlan["streams"];
  nowMs: () => number;
  pairOf: (stream: string) => ComparedPair | undefined;
  tell: (stream: string, event: ContentEvent) => void;
}): Content {
  const { config, nowMs } = p;
  const closing = new AbortController();

  /** Whose loudness somebody wants to hear of: it costs a quarter of the watch. */
  const minded = new Set(
    config.streams.flatMap(({ id, content }) => (content.loudness.do === "off" ? [] : [id])),
  );

  function watched(
    view: string,
    place: { url: string; delayAtMostMs: number },
    streams: SitePlan["streams"],
  ): [string, SeenWithDelay][] {
    if (streams.length === 0) return [];
    const opened = watchView({
      url: place.url,
      measuresLoudness: streams.some(({ id }) => minded.has(id)),
      nowMs,
      tell: (look) => {
        for (const { id } of streams) p.tell(id, { type: "content", view, look });
      },
    });
    return [[view, { view: opened, delayAtMostMs: place.delayAtMostMs }]];
  }

  const previews = new Map(
    config.encoders.flatMap(({ id, preview }) => {
      const users = p.streams.filter(({ encoders, relay }) =>
        [...encoders, ...(relay?.inputs ?? [])].some((ref) => ref.encoder === id),
      );
      return preview ? watched(id, preview, users) : [];
    }),
  );
  const playbacks = new Map(
    config.destinations.flatMap((destination) => {
      const place = playbackOf(destination);
      const users = p.streams.filter((stream) => stream.destination === destination.id);
      const [seen] = place ? watched(farEndView, place, users) : [];
      return seen ? [[destination.id, seen[1]] as const] : [];
    }),
  );

  const compared = new Map<string, LastCompared>();
  const underWay = new Map<string, Promise<void>>();

  /** @returns the two views to compare; a sentence why not; undefined = not now */
  function viewsOf(
    destination: string,
    pair: ComparedPair,
  ): [SeenWithDelay, SeenWithDelay] | string | undefined {
    const mine =
      previews.get(pair.carrier) ?? (pair.isOnAir ? playbacks.get(destination) : undefined);
    const other = previews.get(pair.with);
    if (!mine) return `nobody can see what ${pair.carrier} shows`;
    if (!other) return `nobody can see what ${pair.with} shows: it has no preview`;
    const isFilled = ({ view }: SeenWithDelay) => view.pictures().length >= fewestPictures;
    return isFilled(mine) && isFilled(other) ? [mine, other] : undefined;
  }

  function compareIfDue({ id, destination, content }: SiteConfig["streams"][number]): void {
    const pair = p.pairOf(id);
    if (!pair || content.compareEveryMs === null || underWay.has(id)) return;
    if (!isComparisonDue(pair, compared.get(id), content.compareEveryMs, nowMs())) return;
    const views = viewsOf(destination, pair);
    if (views === undefined || underWay.size >= comparisonsAtOnce) return;
    compared.set(id, { pair: nameOf(pair), atMs: nowMs(), mayMoveSoon: pair.mayMoveSoon });
    if (typeof views === "string") {
      tellOf(id, pair, { word: "cannotTell", because: views });
      return;
    }
    const work = compareViews(...views, pause).then((comparison) => {
      underWay.delete(id);
      if (!closing.signal.aborted) tellOf(id, pair, comparison);
    });
    underWay.set(id, work);
  }
  function tellOf(stream: string, pair: ComparedPair, comparison: Comparison): void {
    p.tell(stream, { type: "compared", carrier: pair.carrier, with: pair.with, comparison });
  }
  const pause = (ms: number) =>
    sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined);

  const isSeen = ({ destination, encoders }: SiteConfig["streams"][number]) =>
    playbacks.has(destination) || encoders.some(({ encoder }) => previews.has(encoder));
  // Both legs of two addresses are on air: nobody takes over from the other.
  const single = config.streams.filter(
    (stream) =>
      isSeen(stream) &&
      config.destinations.find(({ id }) => id === stream.destination)?.takeover !== "primaryBackup",
  );
  const timer = setInterval(() => single.forEach(compareIfDue), lookForWorkEveryMs);

  return {
    compareNow(stream, to) {
      const of = single.find(({ id }) => id === stream);
      const pair = p.pairOf(stream);
      if (!of || !pair || of.content.compareEveryMs === null) return;
      const asked = { ...pair, with: to ?? pair.with };
      const views = asked.with === asked.carrier ? undefined : viewsOf(of.destination, asked);
      if (Array.isArray(views)) tellOf(stream, asked, compareAtOnce(...views));
    },
    async close() {
      clearInterval(timer);
      closing.abort();
      const views = [...previews.values(), ...playbacks.values()];
      await Promise.all(views.map(({ view }) => view.close()));
      await Promise.all(underWay.values());
    },
  };
}
