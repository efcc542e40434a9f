import type { Alarms } from "./alarms.ts";
import type { Forwarder, LineFault } from "../box/forwarder.ts";
import { Push, type PictureOptions, type PushFault, type PushView } from "../box/media.ts";
import type { Parameters } from "./parameters.ts";
import type { HeloTimings, Timers } from "./timings.ts";

/** Words of `ReplicatorStreamState`. */
export const streamState = {
  uninitialized: 0,
  idle: 1,
  streaming: 2,
  failingInIdle: 3,
  failingInStream: 4,
};

export type StreamingContext = {
  name: string;
  host: string;
  picture: PictureOptions;
  parameters: Parameters;
  alarms: Alarms;
  timings: HeloTimings;
  timers: Timers;
};

/** Duration as the device writes it: `DD:HH:MM:SS`. */
export function duration(ms: number): string {
  const s = Math.floor(ms / 1000);
  const parts = [s / 86400, (s / 3600) % 24, (s / 60) % 60, s % 60];
  return parts.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
}

/** The stream half of the replicator: one output, wanted or not, tried again or not. */
export class Streaming {
  readonly #box: StreamingContext;
  #push: Push | undefined;
  #wanted = false;
  #sinceMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #line: LineFault = { cut: false };
  #frozen = false;
  #ghosts: Forwarder[] = [];
  #keyRefused = false;
  nameServerDown = false;

  constructor(box: StreamingContext) {
    this.#box = box;
    box.parameters.onChange((id, value) => {
      if (id === "eParamID_AutoRecoverStreaming" && value === "1") this.#retryLater();
      if (/ParamID_(AVMute|DetectInputFormat|VideoInSelect)$/.test(id) && this.#push !== undefined)
        this.#push.view = this.#view();
    });
  }

  get state(): number {
    return this.#box.parameters.number("ReplicatorStreamState");
  }

  /** The push as it is now; undefined while no encoder process runs. */
  current(): { pid: number; sinceMs: number | undefined; target: string } | undefined {
    const pid = this.#push?.pid;
    if (pid === undefined) return undefined;
    return { pid, sinceMs: this.#sinceMs, target: this.#box.parameters.read("Encoder2StreamURI") };
  }

  set line(line: LineFault) {
    this.#line = line;
    if (this.#push !== undefined) this.#push.line = line;
  }

  /** The far end has withdrawn our key: it ends the stream and refuses each new attempt. */
  set keyRefused(refused: boolean) {
    this.#keyRefused = refused;
    if (refused) this.#push?.kick();
  }

  get line(): LineFault {
    return this.#line;
  }

  set frozen(frozen: boolean) {
    this.#frozen = frozen;
    if (this.#push !== undefined) this.#push.frozen = frozen;
  }

  /** This run stands still; the next one does not. */
  hang(): void {
    if (this.#push !== undefined) this.#push.frozen = true;
  }

  /** Command 3, whoever gives it. Accepted in every state; changes nothing while it runs. */
  start(): void {
    const { parameters, timings, timers, alarms } = this.#box;
    this.#wanted = true;
    if (this.#push !== undefined) return;
    timers.cancel(this.#timer);
    if (!this.#hasTarget()) {
      this.#timer = timers.after(timings.streamStartMs, () => {
        this.#wanted = false;
        alarms.raise("StreamingFailedAlarm", "No destination");
        parameters.write("ReplicatorStreamState", String(streamState.failingInIdle));
      });
      return;
    }
    this.#timer = timers.after(timings.streamStartMs, () => this.#attempt());
  }

  /** Command 4. State 1 shows only after the last byte has left. */
  stop(): void {
    const { timings, timers } = this.#box;
    this.#wanted = false;
    timers.cancel(this.#timer);
    this.#timer = timers.after(timings.streamStopMs, () => void this.#finish());
  }

  /** Ends the push politely, as for a reboot. */
  async quit(): Promise<void> {
    this.#wanted = false;
    this.#box.timers.cancel(this.#timer);
    const push = this.#push;
    this.#push = undefined;
    this.#sinceMs = undefined;
    await push?.stop();
  }

  /** Power cut: the server is left with a half-open connection until the box is up again. */
  async cutPower(): Promise<void> {
    this.#wanted = false;
    const push = this.#push;
    this.#push = undefined;
    this.#sinceMs = undefined;
    const ghost = await push?.abandon();
    if (ghost !== undefined) this.#ghosts.push(ghost);
  }

  /** A box that came back answers packets of its former connections with RST. */
  dropGhosts(): void {
    for (const ghost of this.#ghosts.splice(0)) ghost.close("reset");
  }

  tick(): void {
    if (this.#sinceMs === undefined) return;
    this.#box.parameters.write("StreamingDuration", duration(Date.now() - this.#sinceMs));
  }

  #view(): PushView {
    const { parameters } = this.#box;
    const muted = parameters.read("AVMute") === "1";
    const noInput = parameters.read("DetectInputFormat") === "0";
    const chosen = parameters.read("VideoInSelect") === "2";
    return { testPattern: muted || noInput || chosen, silent: muted || noInput };
  }

  #hasTarget(): boolean {
    const { parameters } = this.#box;
    return !this.#pushes() || parameters.read("RTMPServerURL") !== "";
  }

  /** RTSP and HLS are served by the device itself, UDP-TS is not simulated: no push there. */
  #pushes(): boolean {
    return this.#box.parameters.read("StreamType") === "0";
  }

  #attempt(): void {
    const { parameters, timings, timers, alarms, name, host, picture } = this.#box;
    if (!this.#pushes()) return this.#publishing();
    const startedMs = Date.now();
    const serverUrl = parameters.read("RTMPServerURL");
    const push: Push = new Push({
      name,
      from: host,
      serverUrl,
      streamKey: parameters.read("RTMPStreamName"),
      refused: this.#keyRefused,
      nameServerDown: this.nameServerDown,
      bitrateKbps: parameters.number("StreamingVideoBitrate"),
      picture,
      view: this.#view(),
      line: this.#line,
      connectMs: timings.unreachableMs,
      stallMs: timings.sendStallMs,
      onPublishing: () => this.#push === push && this.#publishing(),
      onBacklog: () => this.#fallBehind(),
      onFault: (fault) => {
        if (this.#push !== push) return;
        const givenUpMs = fault === "nameNotFound" ? timings.nameFailureMs : timings.unreachableMs;
        const early = fault === "lost" || fault === "stalled" || fault === "refused";
        const waitMs = early ? 0 : Math.max(0, startedMs + givenUpMs - Date.now());
        this.#timer = timers.after(waitMs, () => this.#failed(fault));
      },
    });
    if (this.#frozen) push.frozen = true;
    this.#push = push;
    parameters.write("Encoder2StreamURI", serverUrl);
    alarms.clear("NetworkNameNotFoundAlarm");
  }

  #publishing(): void {
    const { parameters, alarms } = this.#box;
    this.#sinceMs = Date.now();
    alarms.clear("StreamingFailedAlarm");
    parameters.write("StreamingDuration", duration(0));
    const size = `${parameters.read("StreamingWidth")}x${parameters.read("StreamingHeight")}`;
    const rate = `${parameters.number("StreamingVideoBitrate") / 1000} Mbps`;
    parameters.write("StreamingFormat", `${size} ${rate}`);
    parameters.write("ReplicatorStreamState", String(streamState.streaming));
  }

  #failed(fault: PushFault): void {
    const { parameters, alarms } = this.#box;
    this.#push = undefined;
    this.#sinceMs = undefined;
    if (fault === "nameNotFound") alarms.raise("NetworkNameNotFoundAlarm");
    alarms.raise("StreamingFailedAlarm");
    parameters.write("ReplicatorStreamState", String(streamState.failingInStream));
    this.#retryLater();
  }

  #retryLater(): void {
    const { parameters, timings, timers } = this.#box;
    if (!this.#wanted || this.#push !== undefined) return;
    if (this.state !== streamState.failingInStream) return;
    timers.cancel(this.#timer);
    this.#timer = timers.after(timings.recoverMs, () => {
      if (this.#wanted && parameters.read("AutoRecoverStreaming") === "1") this.#attempt();
    });
  }

  #fallBehind(): void {
    const { parameters, alarms } = this.#box;
    alarms.raise("Network_Too_Slow_Alarm");
    alarms.raise("Dropped_Frames_Alarm");
    if (parameters.read("StreamingDroppedFrameBhvr") === "1") this.stop();
  }

  async #finish(): Promise<void> {
    const { parameters, alarms } = this.#box;
    const push = this.#push;
    this.#push = undefined;
    this.#sinceMs = undefined;
    await push?.stop();
    if (this.#push !== undefined || this.state === streamState.uninitialized) return;
    parameters.write("ReplicatorStreamState", String(streamState.idle));
    parameters.write("StreamingDuration", duration(0));
    parameters.write("Encoder2StreamURI", "");
    for (const id of ["StreamingFailedAlarm", "NetworkNameNotFoundAlarm"]) alarms.clear(id);
    for (const id of ["Network_Too_Slow_Alarm", "Dropped_Frames_Alarm"]) alarms.clear(id);
    if (this.#wanted) this.start();
  }
}
