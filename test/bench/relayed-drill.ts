/** A relayed stream under measurement: what its far end gets while its encoders die and freeze. */
import { join } from "node:path";
import type { FarEnd } from "../fakes/rtmp-far-end/far-end.ts";
import { messageType } from "../fakes/rtmp-far-end/chunk-stream.ts";
import { carriers } from "../e2e/off-air.ts";
import { Facility, type FacilityOptions, kill, until } from "../e2e/facility.ts";
import { type SharedSource, startSharedSource } from "../e2e/shared-source.ts";
import { copyWhole } from "../fakes/flv-tags.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { decodeBarCodes, framesBetween } from "../fakes/picture.ts";
import { monoMs, pause } from "./drill.ts";
import { type Gap, gapAround } from "./gaps.ts";

export const fps = 30;
export const frameMs = 1_000 / fps;
const gopMs = 1_000;
/** More than a GOP, what a relay holds back, and its watchdog. */
const windowMs = 4_000;

/** `gop-atomic`: two ffmpegs of one source. `delay-line`: two boxes with clocks and GOPs of their own. */
export type Pair = "gop-atomic" | "delay-line";
export type Fault = "kill" | "freeze";

const quickBoxes = {
  ...{ streamStartMs: 200, streamStopMs: 200, recoverMs: 1_000, unreachableMs: 2_000 },
  ...{ sendStallMs: 3_000, bootMs: 2_000, initialiseMs: 500, powerUpActionMs: 500 },
  rebootMs: 3_000,
};

/** When pictures come to any far end, as they come. */
export function picturesAt(farEnd: FarEnd): number[] {
  const cameMs: number[] = [];
  farEnd.onMedia((_, { type, payload }) => {
    const isHeader = payload[1] === 0;
    if (type === messageType.video && !isHeader) cameMs.push(monoMs());
  });
  return cameMs;
}

export class RelayedDrill {
  readonly facility: Facility;
  readonly #source: SharedSource;
  readonly #cameMs: number[];

  private constructor(facility: Facility, source: SharedSource) {
    this.facility = facility;
    this.#source = source;
    this.#cameMs = picturesAt(facility.farEnd);
  }

  /** It is on air, and both encoders bring pictures. */
  static async begin(pair: Pair, more: FacilityOptions = {}): Promise<RelayedDrill> {
    const source = await startSharedSource(2, fps);
    const of = pair === "gop-atomic" ? software : box;
    const facility = await Facility.build({
      encoders: { a: of(source.url(0), -1), b: of(source.url(1), 1) },
      stream: {
        path: "relayed",
        ...(pair === "delay-line" && { relay: { host: "127.0.0.1", port: await freePort() } }),
      },
      farEnd: { behaviour: "refuseSecond", record: true },
      ...more,
    });
    const drill = new RelayedDrill(facility, source);
    try {
      facility.startDaemon();
      await facility.untilOnAir("main-relay");
      await facility.untilTold("stream.onAir");
      await drill.untilHot();
    } catch (error) {
      await drill.close();
      throw error;
    }
    return drill;
  }

  /**
   * Strikes the carrier at any moment of a GOP. Nothing is asked meanwhile of whoever is measured.
   * {@link untilHot} comes before the next.
   */
  async strike(fault: Fault): Promise<Gap> {
    const carrier = this.#selected();
    await pause(windowMs + Math.random() * gopMs);
    const struckMs = monoMs();
    const end = this.#hit(carrier, fault);
    await pause(windowMs);
    end?.();
    return gapAround(this.#cameMs, struckMs, windowMs);
  }

  /** Kills what sends to the far end; only once: whose relay dies again and again is given time. */
  async strikeRelay(): Promise<Gap> {
    await pause(windowMs + Math.random() * gopMs);
    const pid = this.facility.relayPid();
    const struckMs = monoMs();
    kill(pid);
    await pause(windowMs);
    return gapAround(this.#cameMs, struckMs, windowMs);
  }

  #hit(carrier: string, fault: Fault): (() => void) | undefined {
    const helo = this.facility.helos[carrier];
    if (helo && fault === "freeze") return helo.faults.freezeMedia();
    const pid = helo ? helo.streaming()!.pid : this.facility.enginePid(carrier);
    kill(pid, fault === "kill" ? "SIGKILL" : "SIGSTOP");
    return undefined;
  }

  /** Both bring pictures, and have for so long that one can be gone over to. */
  async untilHot(): Promise<void> {
    const isHot = (encoder: string) => {
      const ofLeg = (message: string) => message.startsWith(`main-relay-${encoder}: `);
      const last = this.facility.told("stream.feed").findLast(({ message }) => ofLeg(message));
      return /carries it|is fine again/.test(last?.message ?? "") && this.#boxIsSteady(encoder);
    };
    await until("both bring pictures", () => ["a", "b"].every(isHot), 120_000);
    await pause(2 * gopMs);
  }

  /** The relay has to know by how much later a box comes. */
  #boxIsSteady(encoder: string): boolean {
    const helo = this.facility.helos[encoder];
    return helo === undefined || Date.now() - (helo.streaming()?.sinceMs ?? Infinity) > 10_000;
  }

  #selected(): string {
    const { data } = this.facility.told("stream.relay").at(-1)!;
    if (typeof data["selected"] !== "string") throw new Error("the relay sends nobody's pictures");
    return data["selected"];
  }

  /** How often it went over from one encoder to the other. */
  switches(): number {
    const selected = this.facility.told("stream.relay").map(({ data }) => data["selected"]);
    return selected.filter((to, n) => n > 0 && to !== selected[n - 1]).length;
  }

  /** Read back from what the far end got, which was one connection: pictures missing or doubled. */
  async picturesOff(): Promise<number> {
    const [one, ...others] = carriers(this.facility);
    if (others.length > 0) throw new Error("the far end saw more than one connection");
    const file = join(this.facility.folder, "whole.flv");
    copyWhole(one!.recordingPath!, file);
    const codes = await decodeBarCodes(file);
    const came = this.#cameMs.length;
    if (codes.length < 0.9 * came) throw new Error(`${codes.length} of ${came} pictures are read`);
    return codes
      .slice(1)
      .map(({ frame }, n) => Math.abs(framesBetween(codes[n]!.frame, frame) - 1))
      .reduce((sum, off) => sum + off, 0);
  }

  async close(): Promise<void> {
    await this.facility.close();
    await this.#source.close();
  }
}

const software = (url: string) => ({
  driver: "ffmpeg" as const,
  config: {
    input: { kind: "udp", url },
    video: {
      ...{ width: 320, height: 180, framesPerSecond: fps, bitrate: "400kbps" },
      ...{ gopSeconds: gopMs / 1_000, preset: "ultrafast", threads: 1 },
    },
    audio: { codec: "copy" },
  },
});

const box = (url: string, side: -1 | 1) => ({
  driver: "aja-helo" as const,
  timings: quickBoxes,
  polling: { normal: "1s" },
  picture: {
    ...{ fps, gopS: gopMs / 1_000 },
    feed: { url, ppm: side * 50, originS: side > 0 ? 95_400 : 0 },
  },
});
