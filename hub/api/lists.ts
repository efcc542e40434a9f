/**
 * Lists as they are sent, put together from what is ready of each actor. A list is kept in segments: when an
 * encoder changes, its own text and its segment are made again, and nothing else is.
 */
import { z } from "zod";
import type { Caller } from "../auth/caller.ts";
import { seenBy } from "../auth/own-sites.ts";
import { refOf, type Actor, type View } from "../view.ts";
import { tagOf, type Items } from "./items.ts";
import { cutPage, PageQuery, type Page } from "./pages.ts";

/** The lists of actors, each at its path; `also` is another name of one item. */
export const stateLists = [
  { path: "encoders", kind: "encoder", also: "status" },
  { path: "streams", kind: "stream", also: null },
  { path: "destinations", kind: "destination", also: null },
  { path: "storage", kind: "storage", also: null },
  { path: "ingests", kind: "ingest", also: null },
  { path: "outputs", kind: "output", also: null },
] as const;

export const ListQuery = PageQuery.extend({ site: z.string().optional() });
export type ListQuery = z.infer<typeof ListQuery>;

export type Lists = {
  /**
   * As of now, and only what this caller may see.
   * @throws ApiProblem 400 for a cursor that was never ours
   */
  page(caller: Pick<Caller, "sites">, kind: string, query: ListQuery): Page;
};

type Segment = { actors: readonly Actor[]; version: number; bytes: Buffer; tag: string };
type Kept = Page & {
  /** What the page was cut from: another list when an actor has come or gone. */
  all: readonly Actor[];
  latest: number;
  segments: Segment[];
};

const segmentActors = 256;
/** What is kept of pages that were asked for; the one not used for longest goes first. */
const mostKeptBytes = 64 * 1024 * 1024;
const mostPages = 1_000;
const [head, comma] = [Buffer.from('{"items":['), Buffer.from(",")];

export function listsOf(view: View, items: Items): Lists {
  const kept = new Map<string, Kept>();
  let keptBytes = 0;

  function keep(key: string, page: Kept | undefined): void {
    keptBytes -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
    if (!page || page.bytes > mostKeptBytes) return;
    kept.set(key, page);
    keptBytes += page.bytes;
    for (const [oldest] of kept) {
      if (keptBytes <= mostKeptBytes && kept.size <= mostPages) return;
      keep(oldest, undefined);
    }
  }

  function segmentOf(actors: readonly Actor[], held?: Segment): Segment {
    const version = actors.reduce((most, actor) => Math.max(most, actor.version), 0);
    if (held?.version === version) return held;
    const ready = actors.map(items.actor);
    const tag = tagOf(ready.map((one) => one.tag).join());
    const bytes = Buffer.from(ready.map(({ json }) => json).join());
    return { actors, version, bytes, tag };
  }
  function pageOf(segments: Segment[], next: string | null): Page {
    const tail = Buffer.from(`],"nextCursor":${JSON.stringify(next)}}`);
    const all = segments.flatMap((one, at) => (at === 0 ? [one.bytes] : [comma, one.bytes]));
    const pieces = [head, ...all, tail];
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const parts = segments.length > 1 ? pieces : [Buffer.concat(pieces, bytes)];
    const tag = tagOf(segments.map((one) => one.tag).join() + String(next));
    return { parts, bytes, tag, next };
  }

  return {
    page: (caller, kind, query) => {
      const key = JSON.stringify([kind, caller.sites && [...caller.sites].sort(), query]);
      const [all, latest] = [view.shown(kind), view.latest(kind)];
      const held = kept.get(key);
      let page: Kept;
      if (held?.all !== all) {
        const { site } = query;
        const seen = seenBy(caller, view).shown(kind);
        const asked = site === undefined ? seen : seen.filter((actor) => actor.site === site);
        const { page: actors, next } = cutPage(asked, query, refOf);
        const segments: Segment[] = [];
        for (let at = 0; at < actors.length; at += segmentActors) {
          segments.push(segmentOf(actors.slice(at, at + segmentActors)));
        }
        page = { ...pageOf(segments, next), all, latest, segments };
      } else if (held.latest === latest) {
        // Asked for again as it is: in one piece it goes out with less work.
        page = held.parts.length > 1 ? { ...held, parts: [Buffer.concat(held.parts)] } : held;
      } else {
        const segments = held.segments.map((segment) => segmentOf(segment.actors, segment));
        const isSame = segments.every((segment, at) => segment === held.segments[at]);
        page = { ...(isSame ? held : pageOf(segments, held.next)), all, latest, segments };
      }
      keep(key, page);
      return page;
    },
  };
}
