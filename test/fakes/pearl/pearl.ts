import { openFaults, type BoxFaults } from "../box/faults.ts";
import { LiveOutput, type LiveTimings } from "../box/live-output.ts";
import type { PictureOptions } from "../box/media.ts";
import { BoxWebServer, type Answer, type BoxRequest } from "../box/web-server.ts";
import firmwareFixture from "../../fixtures/epiphan-pearl/system-firmware.json" with { type: "json" };
import storageFixture from "../../fixtures/epiphan-pearl/storage-status.json" with { type: "json" };
import storagesFixture from "../../fixtures/epiphan-pearl/storages.json" with { type: "json" };

export type PearlTimings = LiveTimings & {
  answerMs: number;
  /** The port is closed this long when the box restarts. */
  bootMs: number;
};
/** Ours; no source tells them. */
export const realTimings: PearlTimings = {
  ...{ answerMs: 8, bootMs: 70_000 },
  ...{ connectMs: 900, stopMs: 700, retryMs: 3_000, sendStallMs: 10_000 },
};

export type FakePearlOptions = {
  name: string;
  host?: string;
  port?: number;
  username?: string;
  password?: string;
  timings?: Partial<PearlTimings>;
  picture?: Partial<PictureOptions>;
  media?: "rtmp" | "pretend";
  /** `legacy`: firmware that has `/api` only, and tells less. */
  api?: "v2.0" | "legacy";
  /** `refused`: this user may use the REST interface and not the older one. `deaf`: no set counts. */
  olderKeys?: "refused" | "deaf";
  /** Not on by default, because nobody has told what a box does after a boot. */
  startsEnabledAtPowerUp?: boolean;
};

type Publisher = {
  type: "rtmp" | "rtsp" | "srt";
  rtmp: { disable_audio: boolean; url: string; stream: string; username: string; password: string };
  common: { enabled: boolean; single_touch: boolean };
  live: LiveOutput;
};

/** An Epiphan Pearl with two channels: web server, publishers, recorder, and its faults. */
export type FakePearl = {
  host: string;
  port: number;
  web: BoxWebServer;
  faults: BoxFaults & {
    reboot(): void;
    /** So quick that nobody met the closed port. */
    quickReboot(): void;
    overheat(): () => void;
  };
  /** `<channel>/<publisher>`. */
  publisher(place: string): Publisher;
  /** Adds an RTMP publisher, or one that calls by SRT, as by hand. */
  add(place: string, url: string, stream: string, type?: "rtmp" | "srt"): void;
  /** A hand at the box. */
  press(place: string, on: boolean): void;
  /** `vbitrate` by channel, as it was set. */
  bitrates: Map<string, string>;
  /** The other older keys of channel 1, as they are set. */
  encoding: Record<string, string>;
  /** There is nothing to record to: a start is taken, and nothing comes of it. */
  noStorage: boolean;
  recorderFails: boolean;
  /** What channel 1 shows, of the layouts `Hall` and `Slides`; undefined: neither. */
  layout: string | undefined;
  close(): Promise<void>;
};

const usualPicture = { width: 320, height: 180, fps: 15, gopS: 1, maxBitrateKbps: 300, source: 11 };

const usualEncoding = {
  ...{ autoframesize: "", framesize: "1920x1080", codec: "h.264", fpslimit: "30" },
  ...{ vkeyframeinterval: "2", vprofile: "100" },
};

export async function startPearl(options: FakePearlOptions): Promise<FakePearl> {
  const { password, username = "admin", api = "v2.0", name } = options;
  const timings = { ...realTimings, ...options.timings };
  const host = options.host ?? "127.0.0.1";
  const publishers = new Map<string, Publisher>();
  const timers = new Set<NodeJS.Timeout>();
  let bootedMs = performance.now() - 5_490_000;
  let heatC = 57;
  const bitrates = new Map<string, string>();
  const encoding: Record<string, string> = { ...usualEncoding };
  /** One of each channel, and one of several channels. */
  const recorders = ["1", "m1"];
  const recording = new Set<string>();
  const recorderState = (id: string) =>
    box.recorderFails ? "error" : recording.has(id) ? "started" : "stopped";

  function add(place: string, type: Publisher["type"], url = "", stream = ""): void {
    const live = new LiveOutput({
      ...{ name, host, timings, bitrateKbps: 300, media: options.media ?? "rtmp" },
      picture: { ...usualPicture, ...options.picture },
    });
    const rtmp = { disable_audio: false, url, stream, username: "", password: "" };
    publishers.set(place, { type, rtmp, common: { enabled: false, single_touch: false }, live });
  }
  add("1/0", "rtmp");
  add("1/1", "rtsp");
  add("2/0", "rtmp");

  const ok = (result?: unknown): Answer => ({
    status: 200,
    body: JSON.stringify({ status: "ok", ...(result !== undefined && { result }) }),
  });
  const notFound = (message: string): Answer => ({
    status: 404,
    body: JSON.stringify({ status: "notfound", message }),
  });
  const error = (message: string): Answer => ({
    status: 200,
    body: JSON.stringify({ status: "error", message }),
  });

  function press(place: string, on: boolean): void {
    const publisher = publishers.get(place);
    if (!publisher) return;
    publisher.common.enabled = on;
    const { live, rtmp, type } = publisher;
    if (!on) void live.stop();
    else if (type !== "rtsp") live.start({ serverUrl: rtmp.url, streamKey: rtmp.stream });
  }

  function statusOf({ live, rtmp, type }: Publisher): object {
    const words = {
      ...{ idle: "stopped", stopping: "stopped", connecting: "starting" },
      ...{ waiting: "error", connected: "started" },
    } as const;
    const isOn = live.word !== "idle";
    const statistics = {
      total: { duration: Math.floor(live.runMs / 1_000), byte_sent: live.sentBytes },
      current: { duration: 20, send_rate: 0.3 },
    };
    const old = {
      started: isOn,
      state: live.word === "stopping" ? "starting" : words[live.word],
      ...(isOn && { duration: Math.floor(live.runMs / 1_000) }),
    };
    if (api === "legacy") return old;
    const lost = `cannot push to ${rtmp.url}/${rtmp.stream} (${live.fault})`;
    return {
      is_configured: type === "rtsp" || rtmp.url !== "",
      ...old,
      ...(live.word === "connected" && { statistics }),
      ...(live.word === "waiting" && { description: lost }),
      ...(isOn && { reconnections: live.reconnections }),
    };
  }

  function publisherRequest(request: BoxRequest, place: string, rest: string): Answer {
    const publisher = publishers.get(place);
    if (!publisher) return notFound(`streamer '${place}' not found`);
    const settings = { rtmp: publisher.rtmp, type: publisher.type, common: publisher.common };
    if (rest === "status") return ok(statusOf(publisher));
    if (rest === "control/start" || rest === "control/stop") {
      const on = rest.endsWith("start");
      if (on && publisher.type === "rtmp" && publisher.rtmp.url === "")
        return error("publisher is not configured");
      press(place, on);
      return ok();
    }
    if (rest !== "settings" || api === "legacy") return notFound("no such path");
    if (request.method === "PATCH") {
      const patch = JSON.parse(request.body) as Partial<Pick<Publisher, "rtmp" | "common">>;
      if ((patch.rtmp?.url?.length ?? 0) > 500) return error(`too long: ${patch.rtmp?.url}`);
      Object.assign(publisher.rtmp, patch.rtmp);
      Object.assign(publisher.common, patch.common);
    }
    return ok(settings);
  }

  function channels(): object[] {
    return ["1", "2"].map((channel) => ({
      id: channel,
      name: `Channel ${channel}`,
      publishers: [...publishers]
        .filter(([place]) => place.startsWith(`${channel}/`))
        .map(([place, { type }]) => ({ id: place.split("/")[1], type, name: "Stream" })),
    }));
  }

  function route(request: BoxRequest, path: string): Answer {
    const one = /^\/channels\/(\w+)\/publishers\/(\w+)\/([\w/]+)$/.exec(path);
    const all = /^\/channels\/(\w+)\/publishers\/status$/.exec(path);
    if (all) {
      const ours = [...publishers].filter(([place]) => place.startsWith(`${all[1]}/`));
      if (ours.length === 0) return notFound(`channel '${all[1]}' not found`);
      return ok(
        ours.map(([place, publisher]) => ({
          ...{ id: place.split("/")[1], type: publisher.type, status: statusOf(publisher) },
        })),
      );
    }
    if (one) return publisherRequest(request, `${one[1]}/${one[2]}`, one[3] ?? "");
    if (path === "/channels") return ok(channels());
    if (path === "/channels/1/layouts" && request.url.pathname === `/api${path}`)
      return ok(
        ["Hall", "Slides"].map((layout, at) => {
          return { id: String(at + 1), name: layout, active: layout === box.layout };
        }),
      );
    if (path === "/recorders/status")
      return ok(recorders.map((id) => ({ id, status: { state: recorderState(id) } })));
    const [, recorder = "", order] = /^\/recorders\/(\w+)\/control\/(start|stop)$/.exec(path) ?? [];
    if (order !== undefined) {
      if (!recorders.includes(recorder)) return notFound(`recorder '${recorder}' not found`);
      if (order === "stop") recording.delete(recorder);
      else if (!box.noStorage) recording.add(recorder);
      return ok();
    }
    if (api === "legacy") return notFound("no such path");
    const [storage] = /(?<=^\/system\/storages\/)\w+(?=\/status$)/.exec(path) ?? [];
    if (storage === "external") return ok({ state: "nodev" });
    if (storage !== undefined) return { status: 200, body: JSON.stringify(storageFixture) };
    switch (path) {
      case "/system/control/reboot":
        void reboot();
        return ok();
      case "/system/firmware/version":
        return ok(firmwareFixture.result.version);
      case "/system/firmware":
        return ok(firmwareFixture.result);
      case "/system/storages":
        return ok(storagesFixture.result);
      case "/system/status":
        return ok({
          date: new Date().toISOString().replace(/\.\d+Z$/, "+00:00"),
          uptime: Math.floor((performance.now() - bootedMs) / 1_000),
          ...{ cpuload: 25, cpuload_high: false, cputemp: heatC, cputemp_threshold: 70 },
        });
      default:
        return notFound("no such path");
    }
  }

  /** The older interface: keys of a channel, as plain text. */
  function parameter(pathname: string, query: URLSearchParams): Answer {
    const [, channel = ""] = /^\/admin\/channel(\w+)\/[gs]et_params\.cgi$/.exec(pathname) ?? [];
    if (pathname.includes("set_params")) {
      for (const [key, value] of options.olderKeys === "deaf" ? [] : query)
        if (key === "vbitrate") bitrates.set(channel, value);
        else if (key in encoding) encoding[key] = value;
      return { status: 201, type: "text/plain", body: "" };
    }
    const all: Record<string, string> = { ...encoding, vbitrate: bitrates.get(channel) ?? "4000K" };
    const lines = [...query.keys()].flatMap((key) =>
      key in all ? [`${key} = ${all[key]}\n`] : [],
    );
    return { status: 200, type: "text/plain", body: lines.join("") };
  }

  function handle(request: BoxRequest): Answer {
    const given = Buffer.from((request.headers.authorization ?? "").slice(6), "base64").toString();
    if (password !== undefined && given !== `${username}:${password}`)
      return {
        status: 401,
        type: "text/html",
        body: "<html><body>401 Authorization Required</body></html>",
        headers: { "WWW-Authenticate": 'Basic realm="Pearl"' },
      };
    const { pathname } = request.url;
    if (api === "v2.0" && pathname.startsWith("/api/v2.0/"))
      return route(request, pathname.slice("/api/v2.0".length));
    if (pathname.startsWith("/api/") && !pathname.startsWith("/api/v"))
      return route(request, pathname.slice("/api".length));
    if (pathname.startsWith("/admin/") && options.olderKeys === "refused")
      return { status: 403, type: "text/html", body: "<html><body>403 Forbidden</body></html>" };
    if (/^\/admin\/channel\w+\/[gs]et_params\.cgi$/.test(pathname))
      return parameter(pathname, request.url.searchParams);
    return { status: 404, type: "text/html", body: "<html><body>404 Not Found</body></html>" };
  }

  const web = new BoxWebServer({
    ...{ host, handle, port: options.port ?? 0, answerMs: timings.answerMs },
  });
  const lives = () => [...publishers.values()].map(({ live }) => live);
  const faults = openFaults({ web, lives, input: () => undefined });

  async function reboot(): Promise<void> {
    await web.close();
    recording.clear();
    await Promise.all(lives().map((live) => live.cutPower()));
    const up = setTimeout(() => {
      bootedMs = performance.now();
      void web.listen();
      for (const [place, { common }] of publishers)
        if (options.startsEnabledAtPowerUp && common.enabled) press(place, true);
    }, timings.bootMs);
    timers.add(up);
  }

  await web.listen();
  const box: FakePearl = {
    host,
    get port() {
      return web.port;
    },
    web,
    faults: {
      ...faults,
      reboot: () => void reboot(),
      quickReboot: () => {
        bootedMs = performance.now();
        for (const live of lives()) void live.cutPower();
      },
      overheat: () => {
        heatC = 83;
        return () => (heatC = 57);
      },
    },
    publisher: (place) => {
      const publisher = publishers.get(place);
      if (!publisher) throw new Error(`no publisher ${place}`);
      return publisher;
    },
    add: (place, url, stream, type = "rtmp") => add(place, type, url, stream),
    press,
    bitrates,
    encoding,
    noStorage: false,
    recorderFails: false,
    layout: "Hall",
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(lives().map((live) => live.cutPower()));
      await web.close();
    },
  };
  return box;
}
