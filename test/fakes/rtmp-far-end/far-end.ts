import { mkdtempSync, rmSync } from "node:fs";
import type { Server as HttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RtmpMessage } from "./chunk-stream.ts";
import { messageType } from "./chunk-stream.ts";
import { FlvFile } from "./flv.ts";
import { HlsPackager } from "./hls-packager.ts";
import { farEndWeb } from "./http.ts";
import {
  monotonicMs,
  overlapOf,
  Publications,
  type Behaviour,
  type Publisher,
  type PublisherRecord,
} from "./publications.ts";
import { RtmpSession } from "./rtmp-session.ts";
import { Bandwidth, statisticsXml, type StreamFigures } from "./statistics.ts";

const app = "live";

export type FarEndOptions = {
  host?: string;
  /** 0 = any free port. */
  rtmpPort?: number;
  httpPort?: number;
  behaviour?: Behaviour;
  /** Stream key → name of the programme. Undefined = any key is accepted. */
  keys?: Record<string, string>;
  /** A key stays taken this long after its publisher's TCP connection was lost. */
  ghostSessionMs?: number;
  /** Package what is published as HLS, with one real ffmpeg (`-c copy`) per key. */
  hls?: { dir?: string; segmentSeconds?: number };
  /** Write every publication to an FLV file; see `PublisherRecord.recordingPath`. */
  record?: boolean;
};

export type MediaListener = (record: PublisherRecord, message: RtmpMessage) => void;

/** An RTMP ingest that behaves as real ones do, and remembers who published when. */
export interface FarEnd {
  /** Without a key: `rtmp://127.0.0.1:PORT/live`. */
  readonly rtmpUrl: string;
  readonly rtmpPort: number;
  readonly httpUrl: string;
  readonly statisticsUrl: string;
  hlsUrl(key: string): string;
  /** Everybody who asked for this key, oldest first, those refused included. */
  publishers(key: string): PublisherRecord[];
  /** How long two or more held this key at once, ms. */
  overlapMs(key: string): number;
  /** How long two or more were between their first and last media on this key, ms. */
  mediaOverlapMs(key: string): number;
  setBehaviour(behaviour: Behaviour): void;
  setGhostSession(ghostSessionMs: number): void;
  /** Read this key's publishers (null = everybody) no faster; undefined = at full speed. */
  throttle(key: string | null, bytesPerSecond: number | undefined): void;
  /** Stop or go on reading at all. */
  stall(key: string | null, stalled: boolean): void;
  /** Disconnect whoever holds the key; answers how many did. */
  kick(key: string): number;
  /** Refuse this key to everybody (and go on with those who have it) until unblocked. */
  block(key: string, blocked: boolean): void;
  /** See every media message as it arrives. Call the answer to stop. */
  onMedia(listener: MediaListener): () => void;
  close(): Promise<void>;
}

export async function startFarEnd(options: FarEndOptions = {}): Promise<FarEnd> {
  const host = options.host ?? "127.0.0.1";
  const directory = options.hls?.dir ?? mkdtempSync(join(tmpdir(), "far-end-"));
  const sessions = new Set<RtmpSession>();
  const listeners = new Set<MediaListener>();
  const figures = new Map<string, StreamFigures & { owner: Publisher; timestampMs: number }>();
  const packagers = new Map<string, HlsPackager>();
  const recordings = new Map<Publisher, FlvFile>();
  const limits = new Map<string | null, number | undefined>();
  const server = { app, startedAtMs: monotonicMs(), accepted: 0, total: new Bandwidth() };
  const rules = {
    behaviour: options.behaviour ?? "refuseSecond",
    keys: options.keys,
    ghostSessionMs: options.ghostSessionMs ?? 0,
  };
  const publications = new Publications(rules, (key) => {
    for (const session of sessions) applyLimit(session);
    for (const [publisher, file] of recordings) {
      if (publisher.record.endedAtMs === null) continue;
      file.close();
      recordings.delete(publisher);
    }
    if (!publications.held().some((slot) => slot.key === key)) figures.delete(key);
  });

  function applyLimit(session: RtmpSession): void {
    const own = session.key !== undefined && limits.has(session.key);
    session.limit(limits.get(own ? (session.key ?? null) : null));
  }

  function figuresOf(publisher: Publisher) {
    const { key } = publisher.record;
    const known = figures.get(key);
    // nginx-rtmp counts per stream object, which a new publisher on an empty key gets anew.
    if (known && (known.owner === publisher || known.owner.record.endedAtMs === null)) return known;
    const fresh = {
      audio: new Bandwidth(),
      video: new Bandwidth(),
      total: new Bandwidth(),
      owner: publisher,
      timestampMs: 0,
    };
    figures.set(key, fresh);
    return fresh;
  }

  function onMedia(publisher: Publisher, message: RtmpMessage): void {
    const { record } = publisher;
    const stream = figuresOf(publisher);
    const bytes = message.payload.length;
    if (message.type !== messageType.dataAmf0) {
      stream.timestampMs = message.timestampMs;
      stream.total.add(bytes);
      server.total.add(bytes);
      (message.type === messageType.audio ? stream.audio : stream.video).add(bytes);
    }
    if (options.record) recordingOf(publisher).write(message);
    if (options.hls && publications.current(record.key) === publisher) {
      packagerOf(record.key, options.hls).write(publisher, message);
    }
    for (const listener of listeners) listener(record, message);
  }

  function recordingOf(publisher: Publisher): FlvFile {
    const known = recordings.get(publisher);
    if (known) return known;
    const path = join(directory, `publication-${publisher.record.id}.flv`);
    publisher.record.recordingPath = path;
    const file = new FlvFile(path);
    recordings.set(publisher, file);
    return file;
  }

  function packagerOf(key: string, { segmentSeconds = 1 }: { segmentSeconds?: number }) {
    const packager = packagers.get(key) ?? new HlsPackager(hlsDirectory(key), segmentSeconds);
    packagers.set(key, packager);
    return packager;
  }
  /** Keys may hold anything; a folder name may not. */
  const hlsDirectory = (key: string) =>
    join(directory, `hls-${Buffer.from(key).toString("base64url")}`);

  const ingest = createServer((socket) => {
    server.accepted++;
    const session = new RtmpSession(socket, { publications, app, onMedia });
    sessions.add(session);
    applyLimit(session);
    socket.on("close", () => sessions.delete(session));
  });
  const web = farEndWeb({
    app,
    statistics: () =>
      statisticsXml(
        server,
        publications.held().map(({ key, publishers, ghost }) => {
          const first = publishers[0] ?? ghost;
          const stream = first ? figuresOf(first) : undefined;
          return {
            key,
            publishers,
            ghost,
            figures: stream ?? {
              audio: new Bandwidth(),
              video: new Bandwidth(),
              total: new Bandwidth(),
            },
            timestampMs: stream?.timestampMs ?? 0,
          };
        }),
      ),
    records: () => publications.records,
    drop: (key) => publications.kick(key),
    block: (block) => publications.block(block),
    unblock: (key) => publications.unblock(key),
    hlsDirectory: (key) => (options.hls ? hlsDirectory(key) : undefined),
  });
  const rtmpPort = await listen(ingest, options.rtmpPort ?? 0, host);
  const httpPort = await listen(web, options.httpPort ?? 0, host);
  const httpUrl = `http://${host}:${httpPort}`;

  const publishers = (key: string) => publications.records.filter((record) => record.key === key);
  const setLimit = (key: string | null, bytesPerSecond: number | undefined) => {
    if (bytesPerSecond === undefined) limits.delete(key);
    else limits.set(key, bytesPerSecond);
    for (const session of sessions) applyLimit(session);
  };
  return {
    rtmpUrl: `rtmp://${host}:${rtmpPort}/${app}`,
    rtmpPort,
    httpUrl,
    statisticsUrl: `${httpUrl}/stat`,
    hlsUrl: (key) => `${httpUrl}/hls/${encodeURIComponent(key)}/index.m3u8`,
    publishers,
    overlapMs: (key) =>
      overlapOf(
        publishers(key).map((one) => ({ fromMs: one.publishedAtMs, toMs: one.endedAtMs })),
        monotonicMs(),
      ),
    mediaOverlapMs: (key) =>
      overlapOf(
        publishers(key).map((one) => ({ fromMs: one.firstMediaAtMs, toMs: one.lastMediaAtMs })),
        monotonicMs(),
      ),
    setBehaviour: (behaviour) => void (rules.behaviour = behaviour),
    setGhostSession: (ghostSessionMs) => void (rules.ghostSessionMs = ghostSessionMs),
    throttle: setLimit,
    stall: (key, stalled) => setLimit(key, stalled ? 0 : undefined),
    kick: (key) => publications.kick(key),
    block: (key, blocked) => {
      if (blocked) publications.block({ key });
      else publications.unblock(key);
    },
    onMedia: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      for (const session of sessions) session.close("closed");
      for (const file of recordings.values()) file.close();
      await Promise.all([...packagers.values()].map((packager) => packager.close()));
      web.closeAllConnections();
      await Promise.all([closed(ingest), closed(web)]);
      if (options.hls?.dir === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function listen(server: Server | HttpServer, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

function closed(server: Server | HttpServer): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
