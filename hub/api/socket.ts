/**
 * Socket.IO, as older clients know it: `subscribe {stream_id}` → `stream_health`, `stream_error`,
 * `health_update` with snake_case fields. An unknown figure is null: a Python client that prints
 * `data["bitrate"]` must neither fail nor read 0. Beside it the room `board` for our page.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server as HttpServer } from "node:http";
import { Server, type Socket } from "socket.io";
import type { SiteEvent } from "../../machines/site/site.contract.ts";
import type { Audit } from "../audit/audit.ts";
import { refusal, type Caller } from "../auth/caller.ts";
import { seenBy, type Seen } from "../auth/own-sites.ts";
import type { Changes, Feed } from "../feed.ts";
import { refOf, type Actor, type View } from "../view.ts";
import {
  callerFrom,
  foreignProblem,
  isForeign,
  isStillIn,
  strangerProblem,
  type Doors,
} from "./auth.ts";
import { figureOf, healthScoreOf, percent } from "./figures.ts";
import { actorItem, siteItem } from "./items.ts";
import { ApiProblem } from "./problem.ts";
import { isPage, openRows } from "./rows.ts";
import { Wanted } from "./socket-messages.ts";
import { actorBy, siteBy } from "./subject.ts";
import { isoOf, toIso } from "./times.ts";
import { touchedBy } from "./touched.ts";

type Needs = Doors & {
  view: View;
  feed: Feed;
  audit: Audit;
  addressOf: (request: IncomingMessage) => string;
  /** Counts one more connection. @returns whether its address may have it */
  mayConnect: (request: IncomingMessage) => boolean;
};
export type Sockets = { io: Server; close(): Promise<void> };

const messagesPerSecond = 10;
const board = "board";
const roomOf = (actor: Pick<Actor, "kind" | "site" | "id">) => `${actor.kind}:${refOf(actor)}`;

export function openSockets(
  http: HttpServer,
  { view, feed, audit, addressOf, mayConnect, ...doors }: Needs,
): Sockets {
  const io = new Server(http, {
    maxHttpBufferSize: 16 * 1024,
    // Who has not said who it is by then holds a place that others need.
    connectTimeout: 5_000,
    serveClient: false,
    // MQTT over WebSocket shares the port; whoever knows a path answers its upgrade.
    destroyUpgrade: false,
    allowRequest: (request, done) => {
      if (isForeign(request.headers)) {
        const from = { address: addressOf(request), object: "socket.io" };
        foreignProblem(audit, request.headers, from);
        return done("foreign origin", false);
      }
      return mayConnect(request) ? done(null, true) : done("too many requests", false);
    },
  });
  const rows = openRows(io, view);
  async function enter(socket: Socket): Promise<Error | undefined> {
    const { headers, auth } = socket.handshake;
    const token: unknown = auth["token"];
    const given = typeof token === "string" ? { ...headers, "x-api-key": token } : headers;
    const address = addressOf(socket.request);
    const caller = await callerFrom(given, doors, address);
    if (!caller) strangerProblem(audit, given, address, randomUUID());
    const why = caller ? refusal(caller, "watch") : "Missing Authorization header";
    if (caller && why === undefined) {
      (socket.data as Known).caller = caller;
      return undefined;
    }
    const code = caller ? "not_allowed" : "missing_authorization";
    return Object.assign(new Error(why), { data: { code } });
  }
  io.use((socket, next) => {
    enter(socket).then(next, () => next(new Error("the hub failed at this")));
  });
  // Who is revoked, disabled or past the end of a shift is sent away within a second.
  const checking = setInterval(() => {
    for (const socket of io.of("/").sockets.values()) {
      const { caller } = socket.data as Known;
      if (!caller || !isStillIn(caller, doors)) socket.disconnect(true);
    }
  }, 500);
  io.on("connection", (socket) => {
    limit(socket);
    socket.on("subscribe", (raw: unknown, ack: unknown) => {
      const answer = attempt(() => {
        const { rooms, show } = subscription(raw, callerOn(socket));
        // A dashboard shows one page; the next one takes its place.
        const before = rooms.some(isPage) ? [...socket.rooms].filter(isPage) : [];
        void socket.join(rooms);
        for (const room of before) if (!rooms.includes(room)) void socket.leave(room);
        return show;
      });
      reply(ack, answer.ok ? { ok: true } : { ok: false, error: answer.error });
      if (answer.ok) answer.value((event, data) => socket.emit(event, data));
    });
    socket.on("unsubscribe", (raw: unknown, ack: unknown) => {
      const answer = attempt(() => {
        const { rooms } = subscription(raw, callerOn(socket));
        for (const room of rooms) void socket.leave(room);
        rows.left(rooms);
      });
      reply(ack, answer.ok ? { ok: true } : { ok: false, error: answer.error });
    });
  });

  /** What was asked for: its rooms, and how to show the present state at once. */
  function subscription(raw: unknown, caller: Caller) {
    const wanted = Wanted.safeParse(raw);
    if (!wanted.success) throw new ApiProblem(400, "malformed", "subscribe: not understood");
    const { stream_id, encoder_id, site_id, board: all } = wanted.data;
    const { encoder_ids, summary } = wanted.data;
    const seen = seenBy(caller, view);
    const actors: Actor[] = [];
    const rooms: string[] = [];
    if (stream_id !== undefined) actors.push(actorBy(seen, "stream", stream_id));
    if (encoder_id !== undefined) actors.push(actorBy(seen, "encoder", encoder_id));
    rooms.push(...actors.map(roomOf));
    if (site_id !== undefined) {
      const { site, actors: own } = siteBy(seen, site_id);
      rooms.push(`site:${site}`);
      actors.push(...[...own.values()].filter(({ goneAtMs }) => goneAtMs === null));
    }
    const shown: string[] = [];
    if (encoder_ids) {
      const encoders = new Set(encoder_ids.map((id) => actorBy(seen, "encoder", id)));
      shown.push(rows.rowsOf([...encoders]));
    }
    if (summary) shown.push(rows.summaryFor(caller));
    rooms.push(...shown);
    if (all) rooms.push(boardFor(caller));
    if (rooms.length === 0) {
      throw new ApiProblem(
        400,
        "malformed",
        "subscribe needs stream_id, encoder_id, encoder_ids, site_id or summary",
      );
    }
    const show = (emit: Emit) => {
      for (const actor of actors) for (const [event, data] of told(actor)) emit(event, data);
      for (const room of shown) emit(...rows.show(room));
      if (all) emit("board", snapshot(seen));
    };
    return { rooms, show };
  }

  type Emit = (event: string, data: unknown) => void;
  type Told = [event: string, data: Record<string, unknown>];

  function told(actor: Actor): Told[] {
    const { kind, site, id, state } = actor;
    const base = { site_id: site, stale: view.isStale(actor), at: isoOf(state?.atMs ?? null) };
    if (kind === "encoder") {
      const cpu = percent(figureOf(actor, "cpuUsageRatio"));
      const temperature = figureOf(actor, "temperatureC");
      return [
        [
          "health_update",
          {
            ...base,
            encoder_id: id,
            state: state?.["link"] ?? "unknown",
            device_status: { cpu_usage: cpu, temperature },
            connection_health: { health_score: healthScoreOf(actor) },
          },
        ],
      ];
    }
    if (kind !== "stream") return [];
    const encoderId = typeof state?.["encoder"] === "string" ? state["encoder"] : null;
    const encoder = encoderId ? view.find({ site, kind: "encoder", id: encoderId }) : undefined;
    return [
      [
        "stream_health",
        {
          ...base,
          stream_id: id,
          encoder_id: encoderId,
          state: state?.["carriage"] ?? "notKnown",
          carrier: state?.["carrier"] ?? "unknown",
          understudy: state?.["understudy"] ?? "unknown",
          cpu_usage: encoder ? percent(figureOf(encoder, "cpuUsageRatio")) : null,
          dropped_frames: encoder ? figureOf(encoder, "droppedFrames") : null,
          bitrate: encoder ? figureOf(encoder, "bitrateBps") : null,
        },
      ],
    ];
  }

  function snapshot(seen: Seen) {
    const actors = ["encoder", "stream", "destination", "storage", "ingest", "output"].flatMap(
      (kind) => seen.shown(kind).map((actor) => ({ kind, ...actorItem(view, actor) })),
    );
    const sites = [...seen.sites.values()].map((site) => siteItem(view, site));
    return toIso({ snapshot: true, sites, actors, gone: [], incidents: [], events: [] });
  }

  const stop = feed.onTick((changes) => {
    const { rooms: open } = io.sockets.adapter;
    if (open.size === 0) return;
    const touched = touchedBy(changes, view);
    rows.changed(touched);
    for (const actor of touched) {
      if (actor.goneAtMs !== null) continue;
      // What nobody hears is not made.
      const rooms = [roomOf(actor), `site:${actor.site}`].filter((room) => open.has(room));
      if (rooms.length === 0) continue;
      for (const [event, data] of told(actor)) io.to(rooms).emit(event, data);
    }
    for (const { site, event } of changes.events) tellError(site, event);
    for (const room of open.keys()) {
      if (room === board) io.to(room).emit("board", boardOf(changes, touched));
      else if (room.startsWith(`${board}:`)) {
        const own = new Set(room.slice(board.length + 1).split(","));
        const [mine, theirs] = [changesAt(own, changes), touched.filter((a) => own.has(a.site))];
        io.to(room).emit("board", boardOf(mine, theirs));
      }
    }
  });

  function tellError(site: string, event: SiteEvent): void {
    const { subject, severity, type, message, atMs } = event;
    if (subject.kind !== "stream" || severity === "info" || severity === "unknown") return;
    const at = isoOf(atMs);
    const data = { stream_id: subject.id, site_id: site, code: type, message, severity, at };
    const rooms = [roomOf({ kind: "stream", site, id: subject.id }), `site:${site}`];
    io.to(rooms).emit("stream_error", data);
  }

  function boardOf(changes: Changes, touched: Actor[]) {
    const shown = touched.filter(({ goneAtMs }) => goneAtMs === null);
    const gone = touched.filter(({ goneAtMs }) => goneAtMs !== null);
    const sites = changes.sites.flatMap((id) => view.sites.get(id) ?? []);
    return toIso({
      snapshot: false,
      sites: sites.map((site) => siteItem(view, site)),
      actors: shown.map((actor) => ({ kind: actor.kind, ...actorItem(view, actor) })),
      gone: gone.map((actor) => ({ kind: actor.kind, ref: refOf(actor) })),
      incidents: changes.incidents.map(({ site, incident }) => ({
        ...incident,
        ref: `${site}~${incident.id}`,
        site,
      })),
      events: changes.events.map(({ site, event }) => ({ site, ...event })),
    });
  }

  return {
    io,
    close: async () => {
      stop();
      rows.close();
      clearInterval(checking);
      io.disconnectSockets(true);
      // Not io.close(): it would close the HTTP server, which belongs to the API.
      io.engine.close();
    },
  };
}

type Known = { caller?: Caller };
function callerOn(socket: Socket): Caller {
  const { caller } = socket.data as Known;
  if (caller) return caller;
  throw new ApiProblem(401, "missing_authorization", "Missing Authorization header");
}

/** Those who see the same sites share a room; who sees all is in `board`. */
const boardFor = ({ sites }: Caller) => (sites ? `${board}:${[...sites].sort().join(",")}` : board);

function changesAt(own: ReadonlySet<string>, changes: Changes): Changes {
  const mine = <T extends { site: string }>(all: T[]) => all.filter(({ site }) => own.has(site));
  return {
    sites: changes.sites.filter((site) => own.has(site)),
    actors: mine(changes.actors),
    events: mine(changes.events),
    incidents: mine(changes.incidents),
    telemetry: mine(changes.telemetry),
  };
}

function limit(socket: Socket): void {
  let count = 0;
  let windowMs = 0;
  socket.use((packet, next) => {
    const nowMs = performance.now();
    if (nowMs - windowMs >= 1_000) {
      windowMs = nowMs;
      count = 0;
    }
    count += 1;
    if (count <= messagesPerSecond) return next();
    reply(packet.at(-1), { ok: false, error: "too_many_messages" });
  });
}

function reply(ack: unknown, answer: { ok: boolean; error?: string }): void {
  if (typeof ack === "function") (ack as (a: typeof answer) => void)(answer);
}

function attempt<T>(act: () => T): { ok: true; value: T } | { ok: false; error: string } {
  try {
    return { ok: true, value: act() };
  } catch (error) {
    if (error instanceof ApiProblem) return { ok: false, error: error.code };
    throw error;
  }
}
