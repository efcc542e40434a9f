import { createSocket } from "node:dgram";
import type { Readable } from "node:stream";
import { FrameReader } from "../relay/frame-reader.ts";
import { Rate } from "../ingest/rate.ts";
import { HlsOutput } from "./hls-output.ts";
import { Segmenter } from "./segmenter.ts";
import { serve } from "./serve.ts";
import type { OutputSettings } from "./settings.ts";
import type { OutputStatus } from "./status.ts";

const tellEveryMs = 500;
/** A relay that begins anew is silent for half a second. */
const quietAfterMs = 2_000;
/** Who reads a list asks for it once a target duration. */
const readsWithin = 3;

/**
 * One output of a relayed stream, for as long as the process lives. What the relay selected comes
 * through a pipe that this process holds open itself: the end of the relay is not its end, and a
 * far end that takes nothing keeps nobody else waiting.
 */
export class Output {
  readonly #settings: OutputSettings;
  readonly #socket = createSocket("udp4");
  readonly #rate = new Rate();
  readonly #hls: HlsOutput;
  readonly #segmenter: Segmenter;
  readonly #readers = new Map<string, number>();
  #bytes = 0;
  #pictures = 0;
  #pictureAtMs: number | undefined;

  constructor(settings: OutputSettings) {
    this.#settings = settings;
    const { target } = settings;
    this.#hls = new HlsOutput({ ...target, nowMs: Date.now });
    this.#segmenter = new Segmenter({
      ...{ segmentMs: target.segmentMs, needsSound: target.container === "fmp4" },
      sink: this.#hls,
    });
  }

  /** @param failed it cannot do its work at all */
  run(pipe: Readable, failed: (why: string) => void): void {
    const { target } = this.#settings;
    this.#socket.on("error", () => undefined).unref();
    const reader = new FrameReader((frame) => {
      if (frame.track === 0) {
        this.#pictures++;
        this.#pictureAtMs = performance.now();
      }
      this.#segmenter.take(frame, reader.streams, Date.now());
    });
    pipe.on("data", (bytes: Buffer) => {
      this.#bytes += bytes.length;
      reader.feed(bytes, performance.now());
    });
    pipe.once("error", ({ message }) => failed(message));
    if (target.listen) {
      const { host, port } = target.listen;
      const server = serve({
        ...{ folder: target.folder, tokenSha256: target.tokenSha256 },
        offers: (name) => this.#hls.offers(name),
        read: (address) => this.#readers.set(address, performance.now()),
      });
      server.once("error", ({ message }) => failed(message));
      server.listen(port, host);
    }
    setInterval(() => this.#tell(), tellEveryMs);
    this.#tell();
  }

  #tell(): void {
    const { run, statusPort, target } = this.#settings;
    const atMs = performance.now();
    this.#rate.note({ atMs, bytes: this.#bytes, frames: this.#pictures });
    const quietMs = this.#pictureAtMs === undefined ? null : Math.round(atMs - this.#pictureAtMs);
    const comes = quietMs !== null && quietMs < quietAfterMs;
    const { why, list } = this.#hls;
    for (const [address, readAtMs] of this.#readers) {
      if (atMs - readAtMs > readsWithin * target.targetS * 1_000) this.#readers.delete(address);
    }
    const status: OutputStatus = {
      run,
      state: why !== null ? "failing" : comes ? "sending" : "waiting",
      why,
      bytes: this.#bytes,
      pictures: this.#pictures,
      quietMs,
      bitrateBps: this.#rate.now()?.bitrateBps ?? null,
      segments: list.state.segments.length,
      readers: this.#readers.size,
    };
    this.#socket.send(JSON.stringify(status), statusPort, "127.0.0.1");
  }
}
