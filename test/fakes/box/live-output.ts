import type { LineFault } from "./forwarder.ts";
import { Push, type PictureOptions, type PushFault } from "./media.ts";

export type LiveTimings = {
  /** From the start to the first packet, at least. */
  connectMs: number;
  /** From the stop to the last packet. */
  stopMs: number;
  /** A connection that was lost or refused is tried again after this long. */
  retryMs: number;
  /** A server that takes no byte for this long counts as lost. */
  sendStallMs: number;
};

export type LiveOptions = {
  name: string;
  /** Loopback address to push from. */
  host: string;
  picture: PictureOptions;
  bitrateKbps: number;
  timings: LiveTimings;
  /** `pretend`: no encoder process; connected after `connectMs`. For what needs no picture. */
  media: "rtmp" | "pretend";
};

/** `waiting`: it will be tried again. */
export type LiveWord = "idle" | "connecting" | "connected" | "waiting" | "stopping";

/**
 * One push of a simulated box: connects, is connected, loses the connection, tries again for ever
 * until it is stopped. With `media: "rtmp"` an ffmpeg really publishes.
 */
export class LiveOutput {
  readonly #options: LiveOptions;
  #target: { serverUrl: string; streamKey: string } | undefined;
  #word: LiveWord = "idle";
  #push: Push | undefined;
  #timer: NodeJS.Timeout | undefined;
  #connectedAtMs = 0;
  #frozenAtMs: number | undefined;
  #line: LineFault = { cut: false };
  #input = true;
  /** Why the last attempt came to its end. */
  fault: PushFault | undefined;
  /** How often a connection that stood was lost. */
  reconnections = 0;
  /** The server shows us the door. */
  refused = false;
  nameServerDown = false;
  /** A connection does not live longer than this (encoder-devices.md §5 item 16). */
  losesAfterMs: number | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  get word(): LiveWord {
    return this.#word;
  }

  get pid(): number | undefined {
    return this.#push?.pid;
  }

  get isWanted(): boolean {
    return this.#target !== undefined;
  }

  /** Since the server accepted us; stands still while the encoder does. */
  get runMs(): number {
    if (this.#word !== "connected") return 0;
    return (this.#frozenAtMs ?? performance.now()) - this.#connectedAtMs;
  }

  get frames(): number {
    return Math.floor((this.runMs / 1_000) * this.#options.picture.fps);
  }

  get sentBytes(): number {
    return this.#push?.sentBytes ?? Math.floor((this.runMs * this.#options.bitrateKbps) / 8);
  }

  set frozen(frozen: boolean) {
    this.#frozenAtMs = frozen ? performance.now() : undefined;
    if (this.#push !== undefined) this.#push.frozen = frozen;
  }

  set line(line: LineFault) {
    this.#line = line;
    if (this.#push !== undefined) this.#push.line = line;
  }

  set input(input: boolean) {
    this.#input = input;
    if (this.#push !== undefined) this.#push.view = this.#view();
  }

  start(target: { serverUrl: string; streamKey: string }): void {
    if (this.#target !== undefined) return;
    this.#target = target;
    this.fault = undefined;
    this.#attempt();
  }

  /** Settles when the last packet has left. */
  async stop(): Promise<void> {
    if (this.#word === "idle") return;
    this.#target = undefined;
    clearTimeout(this.#timer);
    this.#word = "stopping";
    await new Promise((done) => setTimeout(done, this.#options.timings.stopMs));
    const push = this.#push;
    this.#push = undefined;
    await push?.stop();
    if (this.#target === undefined) this.#word = "idle";
  }

  /** The server closes the connection on us. */
  lose(): void {
    if (this.#push) this.#push.kick();
    else if (this.#word === "connected") this.#lost("lost");
  }

  #view() {
    return { testPattern: !this.#input, silent: !this.#input };
  }

  #attempt(): void {
    const target = this.#target;
    if (target === undefined) return;
    const { name, host, picture, bitrateKbps, timings, media } = this.#options;
    this.#word = "connecting";
    if (media === "pretend") {
      const fault = this.refused ? "refused" : this.#line.cut ? "unreachable" : undefined;
      this.#timer = setTimeout(
        () => (fault ? this.#lost(fault) : this.#connected()),
        timings.connectMs,
      );
      return;
    }
    const push: Push = new Push({
      ...{ name, from: host, ...target, bitrateKbps, picture },
      ...{ view: this.#view(), line: this.#line, refused: this.refused },
      nameServerDown: this.nameServerDown,
      connectMs: timings.sendStallMs,
      stallMs: timings.sendStallMs,
      onBacklog: () => undefined,
      onPublishing: () => {
        if (this.#push === push) this.#connected();
      },
      onFault: (fault) => {
        if (this.#push !== push) return;
        this.#push = undefined;
        this.#lost(fault);
      },
    });
    this.#push = push;
  }

  #connected(): void {
    this.#word = "connected";
    this.#connectedAtMs = performance.now();
    this.fault = undefined;
    if (this.losesAfterMs === undefined) return;
    this.#timer = setTimeout(() => this.lose(), this.losesAfterMs);
  }

  #lost(fault: PushFault): void {
    if (this.#target === undefined) return;
    if (this.#word === "connected") this.reconnections += 1;
    this.fault = fault;
    this.#word = "waiting";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#attempt(), this.#options.timings.retryMs);
  }

  /** Power cut: the process is gone at once, the server hears nothing. */
  async cutPower(): Promise<void> {
    this.#target = undefined;
    clearTimeout(this.#timer);
    const push = this.#push;
    this.#push = undefined;
    this.#word = "idle";
    (await push?.abandon())?.close();
  }
}
