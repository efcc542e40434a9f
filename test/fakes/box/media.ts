import { spawn, type ChildProcess } from "node:child_process";
import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import { createInterface } from "node:readline";
import { cleanAac } from "../beeps.ts";
import { barCodeFilter } from "../picture.ts";
import { Forwarder, type LineFault } from "./forwarder.ts";

/** What the simulator really encodes, whatever 1080p60 at 20 Mbit/s its settings may say. */
export type PictureOptions = {
  width: number;
  height: number;
  fps: number;
  gopS: number;
  /** The configured bitrate is used up to this. */
  maxBitrateKbps: number;
  /** Number in the bar code, 0..63: which box made this picture. */
  source: number;
  /** What stands at the input; a picture of its own when left out. */
  feed?: Feed;
};

/** A programme that comes over a cable, as to boxes side by side: each encodes the same frames. */
export type Feed = {
  /** MPEG-TS by UDP, for this box alone. */
  url: string;
  /** How much faster its clock runs, millionths. */
  ppm?: number;
  /** Where its timestamps begin, s. */
  originS?: number;
};

/** Why a push could not be made or came to its end without being asked. */
export type PushFault = "nameNotFound" | "unreachable" | "refused" | "lost" | "stalled";

export type PushOptions = {
  /** Burned into the picture. */
  name: string;
  /** Loopback address the server sees. */
  from: string;
  /** `rtmp://host[:port]/app`, or `srt://host:port?passphrase=…`, whose line knows no faults. */
  serverUrl: string;
  streamKey: string;
  bitrateKbps: number;
  picture: PictureOptions;
  view: PushView;
  line: LineFault;
  /** The server takes the connection and then shows us the door. */
  refused: boolean;
  /** No name server answers; addresses still work. */
  nameServerDown: boolean;
  connectMs: number;
  stallMs: number;
  onPublishing: () => void;
  /** Called once, unless `stop` or `abandon` came first. */
  onFault: (fault: PushFault) => void;
  onBacklog: () => void;
};

/** What the viewer gets: the camera or the box's test pattern; with or without sound. */
export type PushView = { testPattern: boolean; silent: boolean };

const font = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf";

/** A colour of its own for each source, so that people see a switch too. */
function cameraColour(source: number): string {
  const channel = (turn: number) => 40 + Math.round(70 * (1 + Math.sin(source * 1.7 + turn)));
  const hex = [0, 2, 4].map((turn) => channel(turn).toString(16).padStart(2, "0"));
  return `0x${hex.join("")}`;
}

/** Pictures and sound of the box; `pick` and `level` are switched while it runs. */
function inputArguments({ name, picture, view }: PushOptions): string[] {
  if (picture.feed) return feedArguments(picture.feed);
  const { width, height, fps, source } = picture;
  const size = `s=${width}x${height}:r=${fps}`;
  const label = name.replace(/[^A-Za-z0-9 _.-]/g, "_");
  const text = `drawtext=fontfile=${font}:fontcolor=white:box=1:boxcolor=black@0.6`;
  const line = Math.max(12, Math.round(height / 10));
  const camera = [
    "drawgrid=w=iw/8:h=ih/4:color=white@0.3",
    "drawbox=x='mod(t*iw/4,iw)':y=ih*0.55:w=iw/16:h=ih/12:color=yellow:t=fill",
  ].join(",");
  const video = [
    `[0:v]${camera}[camera]`,
    `[camera][1:v]streamselect@pick=inputs=2:map=${view.testPattern ? 1 : 0}`,
  ].join(";");
  const words = [
    `${text}:fontsize=${line}:x=8:y=8:text='${label}'`,
    `${text}:fontsize=${line}:x=8:y=${12 + line}:text='%{gmtime\\:%H\\\\\\:%M\\\\\\:%S}'`,
  ].join(",");
  const graph = `${video},${words},${barCodeFilter({ fps, source })},format=yuv420p[v]`;
  const sound = `[2:a]volume@level=${view.silent ? 0 : 1}[a]`;
  // prettier-ignore
  return [
    "-re", "-f", "lavfi", "-i", `color=c=${cameraColour(source)}:${size}`,
    "-re", "-f", "lavfi", "-i", `testsrc2=${size}`,
    "-re", "-f", "lavfi", "-i", `sine=frequency=${330 + source * 20}:beep_factor=3:r=44100`,
    "-filter_complex", `${graph};${sound}`, "-map", "[v]", "-map", "[a]",
  ];
}

function feedArguments({ url, ppm = 0, originS = 0 }: Feed): string[] {
  const pace = `PTS*${1 + ppm / 1e6}`;
  // prettier-ignore
  return [
    "-fflags", "nobuffer", "-probesize", "200000", "-analyzeduration", "500000",
    "-i", `${url}?fifo_size=50000&overrun_nonfatal=1`,
    "-filter_complex", `[0:v]setpts=${pace},format=yuv420p[v];[0:a]asetpts=${pace}[a]`,
    "-map", "[v]", "-map", "[a]", "-fps_mode", "passthrough", "-enc_time_base:v", "1:90000",
    "-output_ts_offset", String(originS),
  ];
}

function encoderArguments({ picture, bitrateKbps }: PushOptions): string[] {
  const { fps, gopS, maxBitrateKbps } = picture;
  const rate = `${Math.min(bitrateKbps, maxBitrateKbps)}k`;
  const gop = String(Math.round(fps * gopS));
  // prettier-ignore
  return [
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1",
    "-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-g", gop, "-keyint_min", gop,
    "-sc_threshold", "0", ...(picture.feed ? cleanAac : ["-c:a", "aac", "-b:a", "64k", "-ac", "1"]),
  ];
}

/** `rtmp://host:1935/live` in parts; undefined when it is no RTMP address. */
export function readServerUrl(text: string) {
  const match = /^rtmp:\/\/(\[[^\]]+\]|[^:/]+)(?::(\d{1,5}))?\/(.+?)\/?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, host = "", port = "1935", app = ""] = match;
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port), app };
}

/** True when somebody listens there. */
function listens(from: string, address: string, port: number, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const own = address.startsWith("127.") ? { localAddress: from } : {};
    const socket = connect({ host: address, port, timeout: withinMs, ...own });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
}

/** One attempt to publish: an ffmpeg, and the line it sends through. */
export class Push {
  readonly #options: PushOptions;
  #forwarder: Forwarder | undefined;
  #child: ChildProcess | undefined;
  #closed: Promise<void> = Promise.resolve();
  #over = false;
  #publishing = false;
  #writtenBytes = 0;
  #frozen = false;
  #view: PushView;
  #line: LineFault;

  constructor(options: PushOptions) {
    this.#options = options;
    this.#view = options.view;
    this.#line = options.line;
    // Not before the caller holds this push: a fault may be known at once.
    queueMicrotask(() => void this.#open());
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get sentBytes(): number {
    return this.#forwarder?.sentBytes ?? this.#writtenBytes;
  }

  set line(line: LineFault) {
    this.#line = line;
    if (this.#forwarder !== undefined) this.#forwarder.fault = line;
  }

  /** Changes picture and sound without touching the connection. */
  set view(view: PushView) {
    this.#view = view;
    // ffmpeg's keyboard: "c<target> <when> <command> <argument>", -1 = now.
    this.#child?.stdin?.write(`cstreamselect@pick -1 map ${view.testPattern ? 1 : 0}\n`);
    this.#child?.stdin?.write(`cvolume@level -1 volume ${view.silent ? 0 : 1}\n`);
  }

  /** SIGSTOP: the connection stays, nothing moves. */
  set frozen(frozen: boolean) {
    this.#frozen = frozen;
    this.#child?.kill(frozen ? "SIGSTOP" : "SIGCONT");
  }

  /** Says goodbye to the server and settles when the process has gone. */
  async stop(): Promise<void> {
    this.#over = true;
    const child = this.#child;
    if (child !== undefined) {
      if (this.#frozen || this.#line.cut) child.kill("SIGKILL");
      else child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 1_000);
      await this.#closed;
      clearTimeout(late);
    }
    this.#forwarder?.close();
  }

  /** Power cut: the process is gone at once and the server hears nothing. */
  async abandon(): Promise<Forwarder | undefined> {
    this.#over = true;
    this.#forwarder?.abandon();
    this.#child?.kill("SIGKILL");
    await this.#closed;
    return this.#forwarder;
  }

  /** The server closes the connection on us. */
  kick(): void {
    this.#fail("lost");
  }

  async #open(): Promise<void> {
    const { serverUrl, from, connectMs, refused, nameServerDown } = this.#options;
    if (serverUrl.startsWith("srt://")) return this.#start(["-f", "mpegts", serverUrl]);
    const server = readServerUrl(serverUrl);
    if (server === undefined) return this.#fail("unreachable");
    if (nameServerDown && isIP(server.host) === 0) return this.#fail("nameNotFound");
    let address: string;
    try {
      ({ address } = await lookup(server.host, { family: 4 }));
    } catch {
      return this.#fail("nameNotFound");
    }
    const reached = !this.#line.cut && (await listens(from, address, server.port, connectMs));
    if (this.#over) return;
    if (!reached) return this.#fail("unreachable");
    if (refused) return this.#fail("refused");
    const forwarder = new Forwarder({
      from,
      address,
      port: server.port,
      stallMs: this.#options.stallMs,
      onStalled: () => this.#fail("stalled"),
      onBacklog: this.#options.onBacklog,
    });
    forwarder.fault = this.#line;
    const port = await forwarder.listen();
    if (this.#over) return forwarder.close();
    this.#forwarder = forwarder;
    // prettier-ignore
    this.#start([
      "-f", "flv", "-flvflags", "no_duration_filesize",
      "-rtmp_app", server.app, "-rtmp_playpath", this.#options.streamKey,
      "-rtmp_tcurl", `rtmp://${server.host}:${server.port}/${server.app}`,
      `rtmp://127.0.0.1:${port}/${server.app}/x`,
    ]);
  }

  #start(output: readonly string[]): void {
    const { view } = this.#options;
    // The kernel ends the encoder with the simulator, even when that is killed with -9.
    // A box has a processor of its own: where we may, ours comes first on a busy machine.
    const ffmpeg = [
      "--pdeathsig",
      "KILL",
      "nice",
      "-n",
      "-10",
      "ffmpeg",
      "-hide_banner",
      "-v",
      "error",
      "-nostats",
    ];
    const progress = ["-progress", "pipe:1", "-stats_period", "0.1"];
    const child = spawn(
      "setpriv",
      // prettier-ignore
      [...ffmpeg, ...progress, ...inputArguments(this.#options), ...encoderArguments(this.#options), ...output],
      { stdio: ["pipe", "pipe", "ignore"] },
    );
    this.#child = child;
    this.#closed = new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("close", () => resolve());
    });
    child.stdin.on("error", () => child.stdin.destroy());
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#writtenBytes = Number(/^total_size=(\d+)/.exec(line)?.[1] ?? this.#writtenBytes);
      // The first packet leaves only after the server has accepted the publisher.
      if (this.#publishing || this.#over || !/^total_size=[1-9]/.test(line)) return;
      this.#publishing = true;
      if (this.#view !== view) this.view = this.#view;
      this.#options.onPublishing();
    });
    void this.#closed.then(() => this.#fail(this.#publishing ? "lost" : "refused"));
    if (this.#frozen) this.frozen = true;
  }

  #fail(fault: PushFault): void {
    if (this.#over) return;
    this.#over = true;
    this.#child?.kill("SIGKILL");
    this.#forwarder?.close();
    this.#options.onFault(fault);
  }
}
