import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import type { Scan } from "../../machines/content/scan.ts";
import { lookAtScan } from "../scan/look-at-scan.ts";
import { fetchArguments, isFetchable, pumpArguments, type Read } from "./arguments.ts";
import { captureWords } from "./capture.ts";
import { givesWayAfterMs, type Publisher } from "./door.ts";
import { type HlsSource, openHlsSource } from "./hls-source.ts";
import { Pump } from "./pump.ts";
import { Rate } from "./rate.ts";
import { type Readers, readersOf } from "./readers.ts";
import { Clocks, RtpFeed } from "./rtp-feed.ts";
import { GroupClock } from "./group-clock.ts";
import { openNginxDoorman } from "./nginx-doorman.ts";
import { openRtmpDoor } from "./rtmp-door.ts";
import { hasDoor, type IngestSettings, type IngestSource, secretsOf } from "./settings.ts";
import { SpliceSpool } from "./splice-spool.ts";
import { SpliceTap } from "./splice-tap.ts";
import { SpoolWriter } from "./spool-writer.ts";
import type { IngestStatus } from "./status.ts";
import { openGuardedRtsp } from "../web-guard/guarded-rtsp.ts";
import { openWhipDoor } from "./whip-door.ts";

const tellEveryMs = 500;
const tellSplicesEveryMs = 900;
/** ffmpeg says every half second how far it is: three of these. */
const silentAfterMs = 1_500;
/** A source that comes back after so long may have other times: it is read anew. */
const readAnewAfterMs = 5_000;
const askAnewAfterMs = 30_000;
/** By then an nginx that is not there has been told. */
const dialledAfterMs = 5_000;
/** Segments may be late by more than their length. */
const playlistStandsAfterMs = 15_000;
const lookAtClockEveryMs = 5_000;
const firstLookAfterMs = 3_000;
const lookAgainMs = { unsure: 20_000, sure: 5 * 60_000 };
const roomy = "fifo_size=50000&overrun_nonfatal=1&buffer_size=4194304";
const againMs = { first: 250, most: 5_000 };
/** MPEG-TS counts to 2^33 at 90 kHz. */
const turnS = 2 ** 33 / 90_000;
/** As much of a publisher's media may wait for ffmpeg. */
const mostWaitingBytes = 32 * 1024 * 1024;

/**
 * One programme from its source to the group, for as long as the process lives. The times of what
 * it sends go by the clock of this host: whoever publishes next goes on after the one before.
 */
export class Ingest {
  readonly #settings: IngestSettings;
  /** Where it goes in place of the group. */
  readonly #spool: SpoolWriter | undefined;
  /** Where the splice information of the source goes. */
  readonly #splices: SpliceSpool | undefined;
  #tap: SpliceTap | undefined;
  #toldSplicesMs = -Infinity;
  readonly #socket = createSocket("udp4");
  readonly #rate = new Rate();
  #pump: Pump | undefined;
  #publisher: Publisher | undefined;
  #headers: Buffer | undefined;
  /** What a publisher by WebRTC sends goes to the pump by this. */
  #feedBy: (() => RtpFeed) | undefined;
  #rtp: RtpFeed | undefined;
  /** The next tag for the pump must be a keyframe, after the headers. */
  #needsKeyframe = false;
  #againMs = againMs.first;
  /** A test pattern has its name and the clock in the picture. */
  #text = true;
  #hls: HlsSource | undefined;
  /** By which ffmpeg gets to an RTSP server. */
  #guardedUrl: string | undefined;
  #why: string | null = null;
  /** It could not be had when it was last tried. */
  #failed = false;
  #endedAtS = 0;
  #before = { bytes: 0, frames: 0 };
  readonly #past = new WeakSet<Pump>();
  /** The last that has passed something on. */
  #begun: Pump | undefined;
  #epochs = 0;
  /** Since when it is looked how the pictures are made up, and what was seen last. */
  #look: { atMs: number; ended: boolean; tried: boolean } | undefined;
  #seen: Scan | null = null;
  /** Without those who look how the pictures are made up, and at their times. */
  #readers: Readers = { readers: 0, readerDrops: 0 };
  #refused: IngestStatus["refused"] = { count: 0, last: null };
  readonly #clock: GroupClock;
  #lookedAtClockMs = -Infinity;

  constructor(settings: IngestSettings) {
    this.#settings = settings;
    this.#clock = new GroupClock(settings.group);
    this.#spool = settings.spool === undefined ? undefined : new SpoolWriter(settings.spool);
    this.#splices = settings.splices === undefined ? undefined : new SpliceSpool(settings.splices);
  }

  /** Rejects when it cannot even wait for a publisher. */
  async run(): Promise<void> {
    const { source } = this.#settings;
    this.#socket.on("error", () => undefined).unref();
    setInterval(() => this.#beat(), tellEveryMs);
    if (source.kind === "rtmp") await this.#openDoor(source);
    else if (source.kind === "whip") await this.#openWhipDoor(source);
    else if (source.kind === "nginx-rtmp") await this.#openNginx(source);
    else {
      if (source.kind === "hls") this.#hls = await openHlsSource(source, this.#keptAway);
      this.#read(source.kind === "rtsp" ? await this.#guarded(source) : source);
    }
    this.#tell();
  }

  async #openDoor(source: IngestSource & { kind: "rtmp" }): Promise<void> {
    const door = openRtmpDoor(
      source,
      {
        began: (publisher) => {
          this.#headers = undefined;
          this.#began(publisher, { kind: "flv" });
        },
        headers: (bytes) => (this.#headers = bytes),
        tag: (bytes, isKeyframe) => this.#feed(bytes, isKeyframe),
        ended: () => this.#left(),
      },
      ({ from, why }) => this.#refuse(from, why),
    );
    await door.opened;
  }

  async #openWhipDoor(source: IngestSource & { kind: "whip" }): Promise<void> {
    let clocks = new Clocks();
    await openWhipDoor(
      this.#settings.ingest,
      source,
      {
        began: (publisher, sends) => {
          const own = (clocks = new Clocks());
          this.#feedBy = () => new RtpFeed({ ...sends, clocks: own });
          this.#began(publisher, { kind: "webrtc", hasSound: sends.hasSound });
        },
        packet: (track, packet) => {
          clocks.packet(track, packet);
          this.#rtp?.packet(track, packet);
        },
        report: (track, report) => clocks.report(track, report),
        ended: () => this.#left(),
      },
      ({ from, why }) => this.#refuse(from, why),
    );
  }

  /** Whom nginx lets in is decided here, and what it has is read anew with each publisher. */
  async #openNginx(source: IngestSource & { kind: "nginx-rtmp" }): Promise<void> {
    const read = () => source.streamKey !== null && this.#read(source);
    if (source.authorise) {
      await openNginxDoorman(source, {
        current: () => {
          const quietMs = this.#quietMs();
          return quietMs !== null && quietMs < givesWayAfterMs ? this.#publisher : undefined;
        },
        let: (publisher) => {
          this.#publisher = publisher;
          if (this.#begun === this.#pump) read();
        },
        left: () => {
          this.#publisher = undefined;
          this.#why = "the publisher left";
          read();
        },
        refused: (from, why) => this.#refuse(from, why),
      });
    }
    read();
  }

  async #guarded(source: IngestSource & { kind: "rtsp" }): Promise<Read> {
    this.#guardedUrl = await openGuardedRtsp(source.url, this.#keptAway);
    return { ...source, url: this.#guardedUrl };
  }

  readonly #keptAway = (where: string, why: string) => this.#refuse(where, `is not asked: ${why}`);

  #began(publisher: Publisher, read: Read): void {
    this.#publisher = publisher;
    this.#why = null;
    this.#read(read);
  }

  #left(): void {
    this.#publisher = undefined;
    this.#why = "the publisher left";
    this.#rtp?.close();
    this.#rtp = undefined;
    this.#pump?.finish();
  }

  #refuse(from: string, why: string): void {
    this.#refused = { count: this.#refused.count + 1, last: { atMs: Date.now(), from, why } };
    this.#tell();
  }

  #feed(bytes: Buffer, isKeyframe: boolean): void {
    const pump = this.#pump;
    if (!pump || pump.hasEnded) return;
    if (this.#needsKeyframe) {
      if (!isKeyframe || !this.#headers) return;
      this.#needsKeyframe = false;
      pump.feed.write(this.#headers);
    }
    pump.feed.write(bytes);
    if (pump.feed.writableLength > mostWaitingBytes) pump.kill();
  }

  #read(read: Read): void {
    const { ingest, source } = this.#settings;
    const group = this.#spool ? undefined : this.#settings.group;
    const before = this.#pump;
    if (before) this.#count(before);
    before?.kill();
    const beginS = Math.max(uptimeS(), this.#endedAtS + 0.1);
    const beginMs = Math.round((beginS % turnS) * 1_000);
    const fetch = this.#splices && isFetchable(read) ? this.#lookThrough(read) : undefined;
    const passed: Read = fetch ? { kind: "mpegts", from: fetch.from } : read;
    const to = { ingest, group, beginS: beginMs / 1_000, text: this.#text };
    const argv = pumpArguments(passed, to);
    this.#rate.forget();
    this.#needsKeyframe = read.kind === "flv";
    const pump: Pump = new Pump(argv, {
      isMade: read.kind === "testPattern" || read.kind === "capture",
      secrets: secretsOf(source),
      proxyPort: this.#hls?.proxyPort,
      takes: this.#spool && ((packets) => this.#toSpool(packets)),
      fetch,
      starts: (atS) => fetch?.starts(beginMs, atS),
      moved: () => this.#moved(pump),
      refused: (why) => this.#refuse("a caller", `is not let in: ${why}`),
      ended: () => this.#ended(pump, read, beginS),
    });
    this.#pump = pump;
    this.#rtp?.close();
    this.#rtp = undefined;
    if (read.kind !== "webrtc") return;
    this.#rtp = this.#feedBy?.();
    pump.feed.end(this.#rtp?.description);
  }

  /** Splice information is looked for in what is read, before ffmpeg leaves it away. */
  #lookThrough(read: Parameters<typeof fetchArguments>[0]) {
    const tap = new SpliceTap({
      take: (section, stands) => this.#trying(() => this.#splices!.write(section, stands)),
      // Read anew it is known again.
      jumped: () => this.#tap === tap && this.#pump?.kill(),
    });
    this.#tap = tap;
    return {
      from: read.kind,
      argv: fetchArguments(read),
      passes: (bytes: Buffer) => tap.feed(bytes),
      /** By so much ffmpeg moves what it reads: both are whole µs to it. */
      starts(beginMs: number, atS: number) {
        tap.offset = beginMs * 90 - Math.round(atS * 90_000);
      },
    };
  }

  #trying(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#why = `the relay does not get its splice information: ${(error as Error).message}`;
    }
  }

  #toSpool(packets: Buffer): void {
    try {
      this.#spool?.write(packets);
    } catch (error) {
      this.#why = `the relay does not get it: ${(error as Error).message}`;
    }
  }

  #moved(pump: Pump): void {
    if (pump !== this.#pump) return;
    const { bytes, frames } = pump;
    this.#rate.note({ atMs: performance.now(), bytes, frames });
    // What is left of a publisher who is gone is no news.
    if (bytes === 0 || (hasDoor(this.#settings.source) && !this.#publisher)) return;
    this.#againMs = againMs.first;
    this.#failed = false;
    this.#why = null;
  }

  #ended(pump: Pump, read: Read, beginS: number): void {
    this.#count(pump);
    this.#endedAtS = Math.max(this.#endedAtS, beginS + pump.outTimeS);
    if (pump !== this.#pump) return;
    this.#pump = undefined;
    const hadMedia = pump.bytes > 0;
    if (read.kind === "flv" || read.kind === "webrtc") {
      // Whoever publishes goes on and does not notice.
      if (this.#publisher) setTimeout(() => this.#publisher && this.#read(read), againMs.first);
      return this.#tell();
    }
    const waitsForCaller =
      read.kind === "nginx-rtmp" || (read.kind === "srt" && read.mode === "listener");
    this.#failed = !(hadMedia && waitsForCaller);
    this.#why = hadMedia && waitsForCaller ? "the publisher left" : this.#lastWords(pump);
    // A host without fonts has its pattern without a clock.
    if (read.kind === "testPattern" && !hadMedia) this.#text = !this.#text;
    this.#againMs = hadMedia ? againMs.first : Math.min(2 * this.#againMs, againMs.most);
    if (this.#hls && this.#begun) {
      void this.#hls.moves((why) => (this.#why = why)).then(() => this.#read(read));
    } else setTimeout(() => this.#read(read), this.#againMs);
    this.#tell();
  }

  /** With the address that people know. */
  #lastWords({ lastWords = "it ended" }: Pump): string {
    const { source } = this.#settings;
    if (source.kind === "capture") return captureWords(lastWords);
    if (source.kind !== "rtsp" || this.#guardedUrl === undefined) return lastWords;
    return lastWords.replaceAll(hostOf(this.#guardedUrl), hostOf(source.url));
  }

  /** What it has passed on, once. */
  #count(pump: Pump): void {
    if (this.#past.has(pump)) return;
    this.#past.add(pump);
    this.#before.bytes += pump.bytes;
    this.#before.frames += pump.frames;
  }

  #quietMs(): number | null {
    const { movedAtMs } = this.#pump ?? {};
    return movedAtMs === undefined ? null : Math.round(performance.now() - movedAtMs);
  }

  #beat(): void {
    const { source } = this.#settings;
    const quietMs = this.#quietMs();
    // Of an nginx the next publisher would come with other times on the same connection.
    const patienceMs = source.kind === "nginx-rtmp" ? givesWayAfterMs : readAnewAfterMs;
    if (this.#hls) {
      // ffmpeg goes on asking for a list that leads to nothing.
      const { movedAtMs, beganAtMs = Infinity } = this.#pump ?? {};
      if (performance.now() - (movedAtMs ?? beganAtMs) > playlistStandsAfterMs) this.#pump?.kill();
    } else if (source.kind === "nginx-rtmp" && quietMs === null) {
      // It says nothing while nobody publishes, nor when it is gone without a word.
      const forMs = performance.now() - (this.#pump?.beganAtMs ?? Infinity);
      if (forMs > askAnewAfterMs && source.streamKey !== null) this.#read(source);
      else if (forMs > dialledAfterMs) this.#failed = false;
    } else if (!hasDoor(source) && quietMs !== null && quietMs > patienceMs) {
      this.#why = `nothing came for ${Math.round(quietMs / 1_000)} s`;
      this.#read(source);
    }
    this.#lookAtScan();
    this.#tellSplices();
    this.#tell();
    this.#lookAtClock();
  }

  #lookAtClock(): void {
    const nowMs = performance.now();
    if (this.#spool || nowMs - this.#lookedAtClockMs < lookAtClockEveryMs) return;
    if (this.#state() !== "receiving") return;
    this.#lookedAtClockMs = nowMs;
    this.#clock.look();
  }

  #tellSplices(): void {
    const isThere = this.#tap?.isThere;
    const nowMs = performance.now();
    if (isThere === undefined || nowMs - this.#toldSplicesMs < tellSplicesEveryMs) return;
    this.#toldSplicesMs = nowMs;
    this.#trying(() => this.#splices?.tell(isThere));
  }

  /** Now and then: what is combed costs a picture, whatever its flags say. */
  #lookAtScan(): void {
    const last = this.#look;
    const againMs = this.#seen === null && last?.tried ? lookAgainMs.unsure : lookAgainMs.sure;
    const isDue = last?.ended === true && performance.now() - last.atMs >= againMs;
    if (!isDue || this.#state() !== "receiving" || this.#settings.source.kind === "testPattern")
      return;
    const { address, port } = this.#settings.group;
    const look = { atMs: performance.now(), ended: false, tried: true };
    this.#look = look;
    const epoch = this.#epochs;
    const from = `udp://${address}:${port}?localaddr=127.0.0.1&reuse=1&timeout=5000000&${roomy}`;
    const input = ["-protocol_whitelist", "udp", "-f", "mpegts", "-i", from];
    void lookAtScan(input).then((seen) => {
      look.ended = true;
      // What is not sure is as it was.
      if (seen && epoch === this.#epochs) this.#seen = seen;
    });
  }

  #state(): IngestStatus["state"] {
    const quietMs = this.#quietMs();
    if (quietMs !== null) return quietMs > silentAfterMs ? "silent" : "receiving";
    return this.#failed ? "failing" : "waiting";
  }

  #tell(): void {
    const { run, group, statusPort } = this.#settings;
    const pump = this.#pump;
    if (pump && pump.bytes > 0 && pump !== this.#begun) {
      this.#begun = pump;
      this.#epochs += 1;
      this.#seen = null;
      this.#clock.forget();
      this.#lookedAtClockMs = -Infinity;
      // Others join the group now: they come first.
      this.#look = {
        atMs: performance.now() + firstLookAfterMs - lookAgainMs.sure,
        ended: true,
        tried: false,
      };
    }
    const rate = this.#rate.now();
    if (this.#look?.ended !== false && !this.#clock.isLooking) this.#readers = readersOf(group);
    const status: IngestStatus = {
      run,
      state: this.#state(),
      why: this.#why,
      publisher: this.#publisher ?? null,
      epochs: this.#epochs,
      bytes: this.#before.bytes + (pump?.bytes ?? 0),
      frames: this.#before.frames + (pump?.frames ?? 0),
      quietMs: this.#quietMs(),
      bitrateBps: rate?.bitrateBps ?? null,
      framesPerSecond: rate?.framesPerSecond ?? null,
      video: pump?.video ?? null,
      audio: pump?.sounds[0] ?? null,
      sounds: pump?.sounds ?? [],
      scan: { told: pump?.video?.scan ?? null, seen: this.#seen },
      clock: this.#clock.clock,
      ...this.#readers,
      refused: this.#refused,
    };
    this.#socket.send(JSON.stringify(status), statusPort, "127.0.0.1");
  }
}

/** Goes on while processes come and go, and is never set. */
const uptimeS = () => Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]);
const hostOf = (url: string) => new URL(url).host;
