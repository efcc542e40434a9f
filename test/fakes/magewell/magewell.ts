import { createHash, randomBytes } from "node:crypto";
import { openFaults, type BoxFaults } from "../box/faults.ts";
import type { LiveTimings } from "../box/live-output.ts";
import type { PictureOptions } from "../box/media.ts";
import { BoxWebServer, type Answer, type BoxRequest } from "../box/web-server.ts";
import infoFixture from "../../fixtures/magewell/get-info.json" with { type: "json" };
import settingsFixture from "../../fixtures/magewell/get-settings.json" with { type: "json" };
import statusFixture from "../../fixtures/magewell/get-status.json" with { type: "json" };
import { Entries, type Entry } from "./entries.ts";

export type MagewellTimings = LiveTimings & {
  answerMs: number;
  /** A session that is not used for so long is gone. */
  sessionMs: number;
  /** After a reboot the port is closed this long, then settings are loaded for `loadMs`. */
  bootMs: number;
  loadMs: number;
};
/** Ours; no source tells them. */
export const realTimings: MagewellTimings = {
  ...{ answerMs: 4, sessionMs: 600_000, bootMs: 35_000, loadMs: 5_000 },
  ...{ connectMs: 700, stopMs: 500, retryMs: 3_000, sendStallMs: 10_000 },
};

export type FakeMagewellOptions = {
  name: string;
  host?: string;
  port?: number;
  username?: string;
  password?: string;
  timings?: Partial<MagewellTimings>;
  picture?: Partial<PictureOptions>;
  media?: "rtmp" | "pretend";
  /** `stream`: one live result for all servers, as an Ultra Stream tells it, and nothing of media. */
  model?: "encode" | "stream";
  /** Not on by default, because nobody has told what a box does: goes live again after a boot. */
  startsAtPowerUp?: boolean;
  /** Its SRT listener is on, and so many are connected to it. */
  srtClients?: number;
  /** `lists none`: it is live and does not tell of what (field report 16: "unknown"). */
  liveList?: "whole" | "lists none";
  /** `refused`: an entry cannot be switched off while it is live (−9). */
  switchingOffLive?: "works" | "refused";
};

/** An Ultra Encode or Ultra Stream: web server, sessions, entries, and its faults. */
export type FakeMagewell = {
  host: string;
  port: number;
  entries: Entries;
  web: BoxWebServer;
  faults: BoxFaults & { reboot(): void; expireSessions(): void; upgrade(): () => void };
  /** `get-status` and the like, in order of arrival, with a mark for refused logins. */
  methods: string[];
  /** As `set-video` left it. */
  mainStream: Readonly<Record<string, number>>;
  /** A hand at the box. */
  pressLive(on: boolean): void;
  /** There is nothing to record to: a start is taken, and nothing comes of it. */
  noMedium: boolean;
  /** What its recording says: 3 too slow, 4 little space, -5 medium fault, -16 no space. */
  recordResult: number | undefined;
  /** Which input somebody has selected: 1 HDMI, 2 SDI, 3 its mixer of both. */
  inputSource: number;
  close(): Promise<void>;
};

const usualPicture = { width: 320, height: 180, fps: 15, gopS: 1, maxBitrateKbps: 300, source: 9 };

export async function startMagewell(options: FakeMagewellOptions): Promise<FakeMagewell> {
  const { name, password, username = "Admin", model = "encode" } = options;
  const timings = { ...realTimings, ...options.timings };
  const host = options.host ?? "127.0.0.1";
  const entries = new Entries({
    ...{ host, timings, bitrateKbps: 300, media: options.media ?? "rtmp" },
    picture: { ...usualPicture, ...options.picture },
  });
  const sessions = new Map<string, number>();
  const methods: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const after = (ms: number, act: () => void) => void timers.add(setTimeout(act, ms));
  let input = true;
  const mainStream: Record<string, number> = { ...settingsFixture["main-stream"] };
  let recording = false;
  let extraBits = 0;

  const json = (
    result: number,
    more: object = {},
    headers: Record<string, string> = {},
  ): Answer => ({
    status: 200,
    body: JSON.stringify({ ...more, result }),
    headers,
  });

  function bits(): number {
    return extraBits | (recording ? 0x02 : 0) | (entries.isLiving ? 0x04 : 0) | 0x10000;
  }

  function logIn(query: URLSearchParams): Answer {
    const hash = createHash("md5")
      .update(password ?? "")
      .digest("hex");
    if (query.get("id") !== username || query.get("pass") !== hash) return json(-1);
    const sid = randomBytes(16).toString("hex");
    sessions.set(sid, performance.now());
    return json(0, {}, { "Set-Cookie": `sid=${sid}; path=/; HttpOnly` });
  }

  function isLoggedIn(request: BoxRequest): boolean {
    if (password === undefined) return true;
    const sid = /sid=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    const usedAtMs = sessions.get(sid) ?? -Infinity;
    if (performance.now() - usedAtMs > timings.sessionMs) return false;
    sessions.set(sid, performance.now());
    return true;
  }

  function status(): object {
    const signal = { ...statusFixture["input-signal"], ...(!input && { cx: 0, cy: 0, status: 0 }) };
    const own = entries.status();
    const { srtClients } = options;
    const listener = statusFixture["live-status"].live[1]!;
    const live =
      srtClients === undefined ? own : [...own, { ...listener, id: 99, "num-clients": srtClients }];
    const whole = own.find(({ result }) => result !== 0) ?? own[0];
    const flat = {
      result: whole?.result ?? 0,
      "run-ms": whole?.["run-ms"] ?? 0,
      "cur-bps": whole?.["inst-bps"] ?? 0,
      "avg-bps": whole?.["inst-bps"] ?? 0,
      ...{ net: 1, result2: 0, "cur-bps2": 0, net2: 0, "client-id": "" },
    };
    const { "disk-info": disks, ...told } = statusFixture;
    return {
      ...told,
      ...(model === "encode" && { "disk-info": disks }),
      "box-name": name,
      "cur-status": bits(),
      "input-signal": signal,
      "input-source": box.inputSource,
      "live-status":
        options.liveList === "lists none" ? { live: [] } : model === "encode" ? { live } : flat,
      "rec-status": {
        rec: [{ id: 0, type: 1, "is-use": 1, result: box.recordResult ?? (recording ? 2 : 0) }],
      },
    };
  }

  function settings(): object {
    const startup = model === "stream" && { "is-startup-live": options.startsAtPowerUp ? 1 : 0 };
    return {
      ...settingsFixture,
      "main-stream": mainStream,
      name,
      "stream-server": entries.list(),
      ...startup,
    };
  }

  function setLiving(living: boolean): void {
    entries.isLiving = living;
    entries.follow();
  }

  function fieldsIn(query: URLSearchParams): Partial<Entry> {
    const known = ["type", "name", "url", "key", "is-auth", "user", "passwd", "net-mode"];
    const given = [...known, "stream-index"].flatMap((field) => {
      const value = query.get(field);
      if (value === null) return [];
      const isNumber = ["type", "is-auth", "net-mode", "stream-index"].includes(field);
      return [[field, isNumber ? Number(value) : value]];
    });
    return Object.fromEntries(given) as Partial<Entry>;
  }

  function perform(method: string, query: URLSearchParams): Answer {
    const id = Number(query.get("id"));
    switch (method) {
      case "get-info":
        return json(0, infoFixture);
      case "get-status":
        return json(0, status());
      case "get-settings":
        return json(0, settings());
      case "add-server":
        return json(entries.add(fieldsIn(query)));
      case "set-server":
        return json(entries.set(id, fieldsIn(query)));
      case "enable-server": {
        const on = query.get("is-use") === "1";
        const refuses = options.switchingOffLive === "refused" && !on;
        if (refuses && entries.get(id)?.live.isWanted) return json(-9);
        return json(entries.enable(id, on));
      }
      case "start-live":
      case "stop-live": {
        const wanted = method === "start-live";
        if (wanted && !input) return json(-35);
        if (entries.isLiving === wanted) return json(1);
        setLiving(wanted);
        return json(0);
      }
      case "set-video":
        for (const name of Object.keys(settingsFixture["main-stream"])) {
          // What is left out of it is lost.
          mainStream[name] = Number(query.get(name) ?? 0);
        }
        return json(0);
      case "start-rec":
      case "stop-rec":
        if (recording === (method === "start-rec")) return json(1);
        recording = method === "start-rec" && !box.noMedium;
        return json(0);
      case "reboot":
        void reboot();
        return json(0);
      default:
        return json(-10);
    }
  }

  function handle(request: BoxRequest): Answer {
    const query = request.url.searchParams;
    const method = query.get("method") ?? "";
    methods.push(method);
    if (request.url.pathname !== "/usapi")
      return { status: 404, type: "text/html", body: "<html><body>404 Not Found</body></html>" };
    if (method === "login") return logIn(query);
    if (!isLoggedIn(request)) return json(-17);
    return perform(method, query);
  }

  const web = new BoxWebServer({
    host,
    port: options.port ?? 0,
    answerMs: timings.answerMs,
    handle,
  });
  const faults = openFaults({ web, lives: () => entries.lives(), input: (on) => (input = on) });

  async function reboot(): Promise<void> {
    extraBits = 0x20000000;
    await entries.quit();
    await web.close();
    sessions.clear();
    recording = false;
    after(timings.bootMs, () => {
      extraBits = 0x1000000;
      void web.listen();
      after(timings.loadMs, () => {
        extraBits = 0;
        if (options.startsAtPowerUp) setLiving(true);
      });
    });
  }

  await web.listen();
  const box: FakeMagewell = {
    host,
    get port() {
      return web.port;
    },
    entries,
    web,
    methods,
    mainStream,
    faults: {
      ...faults,
      reboot: () => void reboot(),
      expireSessions: () => sessions.clear(),
      upgrade: () => {
        extraBits |= 0x4000;
        return () => (extraBits &= ~0x4000);
      },
    },
    pressLive: setLiving,
    noMedium: false,
    recordResult: undefined,
    inputSource: statusFixture["input-source"],
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await entries.cutPower();
      await web.close();
    },
  };
  return box;
}
