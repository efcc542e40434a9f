/**
 * What a dashboard with many encoders asks for: the rows of the one page it shows, and a summary of
 * all. Each tick sends those of its rows that have changed, in one message; dashboards that show
 * the same page share it.
 */
import type { Server } from "socket.io";
import { seenBy } from "../auth/own-sites.ts";
import type { Caller } from "../auth/caller.ts";
import { refOf, type Actor, type View } from "../view.ts";
import { actorItem } from "./items.ts";
import { openTallies } from "./tallies.ts";
import { toIso } from "./times.ts";

const rowsRoom = "rows:";
const summaryRoom = "summary:";
/** A summary looks at everything, so it is made no more often. */
const summaryEveryMs = 200;

export type Rows = {
  /** Room of a page; who joins it is told about these encoders. */
  rowsOf(encoders: readonly Actor[]): string;
  summaryFor(caller: Caller): string;
  /** What a room is told, as of now. */
  show(room: string): [event: string, data: unknown];
  changed(touched: readonly Actor[]): void;
  /** Rooms that were named and perhaps never joined. */
  left(rooms: readonly string[]): void;
  close(): void;
};

export const isPage = (room: string): boolean => room.startsWith(rowsRoom);

export function openRows(io: Server, view: View): Rows {
  const pages = new Map<string, ReadonlySet<Actor>>();
  const roomsOf = new Map<Actor, Set<string>>();
  const summaries = new Map<string, { seen: Pick<View, "sites">; told: string }>();
  const tallies = openTallies(view);
  const itemOf = (actor: Actor) => toIso(actorItem(view, actor));
  let summing: NodeJS.Timeout | undefined;
  let summedAtMs = 0;

  const { adapter } = io.of("/");
  adapter.on("delete-room", forget);
  function forget(room: string): void {
    for (const actor of pages.get(room) ?? []) {
      const rooms = roomsOf.get(actor);
      rooms?.delete(room);
      if (rooms?.size === 0) roomsOf.delete(actor);
    }
    pages.delete(room);
    summaries.delete(room);
  }

  function sum(): void {
    summing = undefined;
    summedAtMs = performance.now();
    for (const [room, summary] of summaries) {
      const now = tallies.summaryOf(summary.seen.sites.values());
      const text = JSON.stringify(now);
      if (text === summary.told) continue;
      summary.told = text;
      io.to(room).emit("summary", now);
    }
  }

  return {
    rowsOf: (encoders) => {
      const room = `${rowsRoom}${encoders.map(refOf).sort().join(",")}`;
      if (!pages.has(room)) {
        pages.set(room, new Set(encoders));
        for (const actor of encoders) {
          roomsOf.set(actor, (roomsOf.get(actor) ?? new Set<string>()).add(room));
        }
      }
      return room;
    },
    summaryFor: (caller) => {
      const { sites } = caller;
      const room = `${summaryRoom}${sites ? [...sites].sort().join(",") : "all"}`;
      if (!summaries.has(room)) summaries.set(room, { seen: seenBy(caller, view), told: "" });
      return room;
    },
    show: (room) => {
      const summary = summaries.get(room);
      if (summary) return ["summary", tallies.summaryOf(summary.seen.sites.values())];
      return ["rows", { snapshot: true, items: [...(pages.get(room) ?? [])].map(itemOf) }];
    },
    changed: (touched) => {
      const rows = new Map<string, Actor[]>();
      for (const actor of touched) {
        for (const room of roomsOf.get(actor) ?? []) {
          const held = rows.get(room);
          if (held) held.push(actor);
          else rows.set(room, [actor]);
        }
      }
      for (const [room, actors] of rows) {
        io.to(room).emit("rows", { snapshot: false, items: actors.map(itemOf) });
      }
      if (summaries.size === 0 || touched.length === 0) return;
      const inMs = Math.max(0, summedAtMs + summaryEveryMs - performance.now());
      summing ??= setTimeout(sum, inMs);
    },
    left: (rooms) => {
      for (const room of rooms) if (!adapter.rooms.has(room)) forget(room);
    },
    close: () => clearTimeout(summing),
  };
}
