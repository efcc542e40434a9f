import { createSocket } from "node:dgram";
import { Mux } from "../relay/ts/mux.ts";
import type { Publisher } from "./door.ts";
import { FlvFrames } from "./flv-frames.ts";
import { Rate } from "./rate.ts";
import { openRtmpDoor } from "./rtmp-door.ts";
import type { IngestSettings, IngestSource } from "./settings.ts";
import { SpoolWriter } from "./spool-writer.ts";
import type { IngestStatus } from "./status.ts";

const tellEveryMs = 500;
const silentAfterMs = 1_500;

type Settings = IngestSettings & { source: IngestSource & { kind: "rtmp" }; spool: string };

/**
 * Takes one box in and hands what it sends to the relay, frame by frame and with the times it has:
 * by these the relay knows what belongs together. What it says of itself is what an ingest says.
 */
export class Receiver {
  readonly #settings: Settings;
  readonly #socket = createSocket("udp4");
  readonly #rate = new Rate();
  readonly #spool: SpoolWriter;
  /** For as long as the process lives: its counters go on from one publisher to the next. */
  readonly #mux = new Mux([]);
  #publisher: Publisher | undefined;
  #why: string | null = null;
  #movedAtMs: number | undefined;
  #epochs = 0;
  #bytes = 0;
  #frames = 0;
  #refused: IngestStatus["refused"] = { count: 0, last: null };

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#spool = new SpoolWriter(settings.spool);
  }

  /** Rejects when it cannot even wait for a publisher. */
  async run(): Promise<void> {
    this.#socket.on("error", () => undefined).unref();
    setInterval(() => this.#tell(), tellEveryMs);
    let flv: FlvFrames | undefined;
    const door = openRtmpDoor(
      this.#settings.source,
      {
        began: (publisher) => {
          this.#publisher = publisher;
          this.#why = null;
          this.#rate.forget();
          flv = this.#begin();
          this.#tell();
        },
        headers: () => undefined,
        tag: (bytes) => flv?.tag(bytes),
        ended: () => {
          this.#publisher = undefined;
          this.#movedAtMs = undefined;
          this.#why = "the publisher left";
          this.#tell();
        },
      },
      ({ from, why }) => {
        this.#refused = { count: this.#refused.count + 1, last: { atMs: Date.now(), from, why } };
        this.#tell();
      },
    );
    await door.opened;
    this.#tell();
  }

  #begin(): FlvFrames {
    let begun = false;
    return new FlvFrames({
      take: (frame, streams) => {
        this.#mux.setStreams(streams);
        const bytes = this.#mux.write(frame);
        this.#bytes += bytes.length;
        if (frame.track === 0) this.#frames += 1;
        if (!begun) this.#epochs += 1;
        begun = true;
        this.#movedAtMs = performance.now();
        try {
          this.#spool.write(bytes);
          this.#why = null;
        } catch (error) {
          this.#why = `the relay does not get it: ${(error as Error).message}`;
        }
      },
      wrong: (why) => (this.#why = why),
    });
  }

  #quietMs(): number | null {
    return this.#movedAtMs === undefined ? null : Math.round(performance.now() - this.#movedAtMs);
  }

  #state(): IngestStatus["state"] {
    const quietMs = this.#quietMs();
    if (quietMs === null) return this.#publisher ? "silent" : "waiting";
    return quietMs > silentAfterMs ? "silent" : "receiving";
  }

  #tell(): void {
    const { run, statusPort } = this.#settings;
    this.#rate.note({ atMs: performance.now(), bytes: this.#bytes, frames: this.#frames });
    const rate = this.#publisher && this.#rate.now();
    const status: IngestStatus = {
      run,
      state: this.#state(),
      why: this.#why,
      publisher: this.#publisher ?? null,
      epochs: this.#epochs,
      bytes: this.#bytes,
      frames: this.#frames,
      quietMs: this.#quietMs(),
      bitrateBps: rate?.bitrateBps ?? null,
      framesPerSecond: rate?.framesPerSecond ?? null,
      video: null,
      audio: null,
      readers: 0,
      readerDrops: 0,
      refused: this.#refused,
    };
    this.#socket.send(JSON.stringify(status), statusPort, "127.0.0.1");
  }
}
