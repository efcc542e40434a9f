import { createSocket } from "node:dgram";
import type { Readable } from "node:stream";
import { Rate } from "../ingest/rate.ts";
import type { ElementaryStream, Frame } from "../relay/frame.ts";
import { FrameReader } from "../relay/frame-reader.ts";
import { usualWatchdogMs } from "../relay/settings.ts";
import { CdnPush } from "./cdn-push.ts";
import { Conformity } from "./conformity/conformity.ts";
import { HlsOutput, listName } from "./hls-output.ts";
import { LadderOutput, mpdName } from "./ladder-output.ts";
import { pushArguments, pushForm } from "./push-arguments.ts";
import { PushOutput } from "./push-output.ts";
import { RtpPackets } from "./rtp-packets.ts";
import { RecordingOutput } from "./recording-output.ts";
import { Segmenter } from "./segmenter.ts";
import { serve } from "./serve.ts";
import type { OutputSettings, OutputTarget } from "./settings.ts";
import type { OutputStatus } from "./status.ts";

const tellEveryMs = 500;
const lookAtDiskEveryMs = 5_000;
/** A relay that begins anew is silent for half a second. */
const quietAfterMs = 2_000;
/** Who reads a list asks for it once a target duration. */
const readsWithin = 3;

/** A player begins so many target durations before the end of a list (RFC 8216, 6.3.3). */
const playersWait = 3;

/** What becomes of the frames. */
type Way = {
  take(frame: Frame, streams: ElementaryStream[]): void;
  figures(): Pick<OutputStatus, "why" | "segments" | "readers" | "droppedPictures" | "conformity">;
};
type Failed = (why: string) => void;

/**
 * One output of a relayed stream, for as long as the process lives. What the relay selected comes
 * through a pipe that this process holds open itself: the end of the relay is not its end, and a
 * far end that takes nothing keeps nobody else waiting.
 */
export class Output {
  readonly #settings: OutputSettings;
  readonly #socket = createSocket("udp4");
  readonly #rate = new Rate();
  #bytes = 0;
  #pictures = 0;
  #pictureAtMs: number | undefined;

  constructor(settings: OutputSettings) {
    this.#settings = settings;
  }

  /** @param failed it cannot do its work at all */
  run(pipe: Readable, failed: Failed): void {
    this.#socket.on("error", () => undefined).unref();
    const way = wayOf(this.#settings, failed);
    const reader = new FrameReader((frame) => {
      if (frame.track === 0) {
        this.#pictures++;
        this.#pictureAtMs = performance.now();
      }
      way.take(frame, reader.streams);
    }, true);
    pipe.on("data", (bytes: Buffer) => {
      this.#bytes += bytes.length;
      reader.feed(bytes, performance.now());
    });
    pipe.once("error", ({ message }) => failed(message));
    setInterval(() => this.#tell(way), tellEveryMs);
    this.#tell(way);
  }

  #tell(way: Way): void {
    const { run, statusPort, watchdogMs = 0 } = this.#settings;
    const atMs = performance.now();
    this.#rate.note({ atMs, bytes: this.#bytes, frames: this.#pictures });
    const quietMs = this.#pictureAtMs === undefined ? null : Math.round(atMs - this.#pictureAtMs);
    const comes = quietMs !== null && quietMs < quietAfterMs + watchdogMs;
    const figures = way.figures();
    const status: OutputStatus = {
      run,
      state: figures.why !== null ? "failing" : comes ? "sending" : "waiting",
      bytes: this.#bytes,
      pictures: this.#pictures,
      quietMs,
      bitrateBps: this.#rate.now()?.bitrateBps ?? null,
      ...figures,
      why: figures.why === null ? null : forOperators(figures.why),
    };
    this.#socket.send(JSON.stringify(status), statusPort, "127.0.0.1");
  }
}

/**
 * What the unit of the daemon does not let it write to is read-only to it, whatever it is to others. Of
 * a folder to be made there Node says that its parents are missing, which it would make.
 */
export const forOperators = (why: string): string =>
  /^EROFS:|^ENOENT:.*, mkdir '/.test(why)
    ? `${why} (does the unit allow it? see ReadWritePaths in the README)`
    : why;

function wayOf({ target, watchdogMs }: OutputSettings, failed: Failed): Way {
  if (target.kind === "hls" || target.kind === "ladder") return hls(target, watchdogMs, failed);
  if (target.kind === "recording") return recording(target, watchdogMs);
  const secret = target.kind === "rtmp" ? target.streamKey : undefined;
  const passphrase = target.kind === "srt" ? target.passphrase : undefined;
  const push = new PushOutput(
    pushArguments(target),
    [secret, passphrase].filter((one) => one !== undefined),
    pushForm(target),
    target.kind === "rtp" ? new RtpPackets() : undefined,
  );
  return {
    take: (frame, streams) => push.take(frame, streams, performance.now()),
    figures() {
      const { why, droppedPictures } = push;
      return { why, droppedPictures, segments: null, readers: null, conformity: null };
    },
  };
}

function hls(
  target: OutputTarget & { kind: "hls" | "ladder" },
  watchdogMs: number | undefined,
  failed: Failed,
): Way {
  const isLadder = target.kind === "ladder";
  const areSlides = (watchdogMs ?? 0) > usualWatchdogMs;
  const output = isLadder
    ? new LadderOutput({ ...target, areSlides, nowMs: Date.now })
    : new HlsOutput({ ...target, nowMs: Date.now });
  const needsSound = isLadder || target.container === "fmp4";
  const { segmentMs } = target;
  const segmenter = new Segmenter({ segmentMs, needsSound, watchdogMs, sink: output });
  const readers = new Map<string, number>();
  if (target.listen) {
    const { host, port } = target.listen;
    const server = serve({
      ...{ folder: target.folder, tokenSha256: target.tokenSha256 },
      offers: (name) => output.offers(name),
      read: (address) => readers.set(address, performance.now()),
    });
    server.once("error", ({ message }) => failed(message));
    server.listen(port, host);
  }
  const push =
    target.push &&
    new CdnPush({
      ...{ to: target.push, folder: target.folder, offered: () => output.offered },
      lateAfterMs: playersWait * target.targetS * 1_000,
    });
  const conformity = new Conformity({
    ...{ folder: target.folder, entry: listName, ...(isLadder && { manifest: mpdName }) },
    ...{ windowMs: target.windowMs, nowMs: () => performance.now() },
  });
  let written = output.list.next;
  return {
    take(frame, streams) {
      segmenter.take(frame, streams, Date.now());
      if (output.list.next === written) return;
      written = output.list.next;
      push?.changed();
      void conformity.written();
    },
    figures() {
      for (const [address, readAtMs] of readers) {
        const agoMs = performance.now() - readAtMs;
        if (agoMs > readsWithin * target.targetS * 1_000) readers.delete(address);
      }
      const segments = output.list.state.segments.length;
      const why = output.why ?? push?.why ?? null;
      const common = { why, segments, readers: readers.size, droppedPictures: null };
      return { ...common, conformity: conformity.reading };
    },
  };
}

function recording(
  target: OutputTarget & { kind: "recording" },
  watchdogMs: number | undefined,
): Way {
  const output = new RecordingOutput(target, Date.now);
  const segmenter = new Segmenter({
    ...{ segmentMs: target.fileMs, needsSound: target.container === "fmp4", watchdogMs },
    sink: output,
  });
  setInterval(() => {
    // The next file is begun when there is room again.
    if (!output.look() || output.why !== null) segmenter.interrupt();
  }, lookAtDiskEveryMs);
  return {
    take: (frame, streams) => segmenter.take(frame, streams, Date.now()),
    figures: () => {
      const { why, files } = output;
      const segments = files.length;
      return { why, segments, readers: null, droppedPictures: null, conformity: null };
    },
  };
}
