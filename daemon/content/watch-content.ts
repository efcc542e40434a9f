import { setTimeout as sleep } from "node:timers/promises";
import type { SiteConfig } from "../../config/site.schema.ts";
import type { Comparison } from "../../machines/content/compare.ts";
import type { SitePlan } from "../../machines/site/plan.ts";
import { farEndView } from "../../machines/stream/content.ts";
import type { ContentEvent } from "../../machines/stream/content.moves.ts";
import type { ComparedPair } from "../../machines/stream/stream.published.ts";
import type { Still } from "./arguments.ts";
import { isComparisonDue, type LastCompared, nameOf } from "./comparison-due.ts";
import { compareAtOnce, compareViews, type SeenWithDelay } from "./comparing.ts";
import type { Place } from "./place.ts";
import { playbackOf } from "./plan.ts";
import { apartAtMostMs, type RelayView } from "./relay-views.ts";
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
 * Watches picture and sound of every stream wherever a relay takes them in or the configuration
 * names a place to see them, and compares carrier and understudy. It decides nothing: looks and comparisons are passed on.
 */
export function watchContent(p: {
  config: Pick<SiteConfig, "encoders" | "destinations" | "streams">;
  streams: SitePlan["streams"];
  relayViews: readonly RelayView[];
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
    {
      delayAtMostMs,
      still,
      ...place
    }: Place & { delayAtMostMs: number; still?: Still | undefined },
    streams: SitePlan["streams"],
  ): [string, SeenWithDelay][] {
    if (streams.length === 0) return [];
    const opened = watchView({
      ...{ place, nowMs, ...(still && { still }) },
      measuresLoudness: streams.some(({ id }) => minded.has(id)),
      tell: (look) => {
        for (const { id } of streams) p.tell(id, { type: "content", view, look });
      },
    });
    return [[view, { view: opened, delayAtMostMs }]];
  }

  const previews = new Map(
    config.encoders.flatMap(({ id, preview }) => {
      const users = p.streams.filter(({ encoders, relay }) =>
        [...encoders, ...(relay?.inputs ?? [])].some((ref) => ref.encoder === id),
      );
      return preview ? watched(id, preview, users) : [];
    }),
  );
  /** Of a relay; nobody else has to know of them. */
  const inputs = new Map(
    p.relayViews.flatMap(({ stream, encoder, spool, still }) => {
      const users = p.streams.filter(({ id }) => id === stream);
      const place = { spool, still, delayAtMostMs: apartAtMostMs };
      return watched(encoder, place, users).map(([, seen]) => [`${stream} ${encoder}`, seen]);
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
    { id, destination }: Pick<SiteConfig["streams"][number], "id" | "destination">,
    pair: ComparedPair,
  ): [SeenWithDelay, SeenWithDelay] | string | undefined {
    const own = (encoder: string) => previews.get(encoder) ?? inputs.get(`${id} ${encoder}`);
    const mine = own(pair.carrier) ?? (pair.isOnAir ? playbacks.get(destination) : undefined);
    const other = own(pair.with);
    if (!mine) return `nobody can see what ${pair.carrier} shows`;
    if (!other) return `nobody can see what ${pair.with} shows: it has no preview`;
    const isFilled = ({ view }: SeenWithDelay) => view.pictures().length >= fewestPictures;
    return isFilled(mine) && isFilled(other) ? [mine, other] : undefined;
  }

  function compareIfDue(stream: SiteConfig["streams"][number]): void {
    const { id, content } = stream;
    const pair = p.pairOf(id);
    if (!pair || content.compareEveryMs === null || underWay.has(id)) return;
    if (!isComparisonDue(pair, compared.get(id), content.compareEveryMs, nowMs())) return;
    const views = viewsOf(stream, pair);
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

  const isSeen = ({ id, destination, encoders }: SiteConfig["streams"][number]) =>
    playbacks.has(destination) ||
    p.relayViews.some(({ stream }) => stream === id) ||
    encoders.some(({ encoder }) => previews.has(encoder));
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
      const views = asked.with === asked.carrier ? undefined : viewsOf(of, asked);
      if (Array.isArray(views)) tellOf(stream, asked, compareAtOnce(...views));
    },
    async close() {
      clearInterval(timer);
      closing.abort();
      const views = [...previews.values(), ...inputs.values(), ...playbacks.values()];
      await Promise.all(views.map(({ view }) => view.close()));
      await Promise.all(underWay.values());
    },
  };
}
