import type { Alarms } from "./alarms.ts";
import type { Parameters } from "./parameters.ts";
import type { Clip } from "./routes.ts";
import { duration } from "./streaming.ts";
import type { HeloTimings, Timers } from "./timings.ts";

/** Words of `ReplicatorRecordState`. */
const recordState = { idle: 1, recording: 2, failingInIdle: 3, failingInRecord: 4 };

export type MediaOptions = { present: boolean; totalBytes: number; unusedBytes: number };
export const usualMedia: MediaOptions = {
  present: true,
  totalBytes: 64_000_000_000,
  unusedBytes: 60_000_000_000,
};

/** The record half of the replicator and its card. Nothing is written to a real disk. */
export class Recording {
  readonly #parameters: Parameters;
  readonly #alarms: Alarms;
  readonly #timings: HeloTimings;
  readonly #timers: Timers;
  readonly #card: MediaOptions;
  #clips: Clip[] = [];
  #current: (Clip & { sinceMs: number }) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #takes = 0;

  constructor(
    parameters: Parameters,
    alarms: Alarms,
    timings: HeloTimings,
    timers: Timers,
    card: MediaOptions,
  ) {
    this.#parameters = parameters;
    this.#alarms = alarms;
    this.#timings = timings;
    this.#timers = timers;
    this.#card = { ...card };
  }

  get active(): boolean {
    return this.#current !== undefined;
  }

  clips(): Clip[] {
    return [...this.#clips];
  }

  remove(name: string): void {
    const gone = this.#clips.filter(({ clipname }) => name === "*" || clipname === name);
    this.#clips = this.#clips.filter((clip) => !gone.includes(clip));
    for (const { sizeBytes } of gone) this.#card.unusedBytes += sizeBytes;
    this.#mediaUpdated();
    this.showCard();
  }

  /** The state at rest: 3 without usable media, as a real unit showed it. */
  rest(): void {
    const state = this.#card.present ? recordState.idle : recordState.failingInIdle;
    this.#show(state);
  }

  /** Writes what the box knows of its card, and raises or clears the level alarms. */
  showCard(): void {
    const { present, totalBytes, unusedBytes } = this.#card;
    const percent = present ? Math.min(99, Math.floor((100 * unusedBytes) / totalBytes)) : 0;
    const known = (value: number) => String(present ? Math.max(0, Math.floor(value)) : 0);
    const values = {
      CurrentMediaAvailable: String(percent),
      CurrentMediaUnusedBytes: known(unusedBytes),
      CurrentMediaTotalBytes: known(totalBytes),
      CurrentMediaMounted: present ? "1" : "0",
      MediaRecordReady: present && unusedBytes > 0 ? "1" : "0",
      FilesystemType: present ? "exfat" : "",
      VolumeName: present ? "HELO" : "",
    };
    for (const [id, value] of Object.entries(values)) this.#parameters.write(id, value);
    const network = this.#parameters.number("RecordingDestination") >= 2;
    this.#alarm("Media_Low_Alarm", present && percent <= (network ? 7 : 15));
    this.#alarm("Media_Full_Alarm", present && unusedBytes <= 0);
    this.#alarm("No_Media_Installed_Alarm", !present);
  }

  start(): void {
    if (this.#current !== undefined) return;
    this.#timers.cancel(this.#timer);
    this.#timer = this.#timers.after(this.#timings.recordStartMs, () => {
      if (!this.#card.present || this.#card.unusedBytes <= 0) {
        this.#alarms.raise("RecordingFailedAlarm");
        return this.#show(recordState.failingInIdle);
      }
      const prefix = this.#parameters.read("FilenamePrefix");
      const clipname = `${prefix}_${++this.#takes}.mov`;
      this.#current = { clipname, sizeBytes: 0, sinceMs: Date.now() };
      this.#parameters.write("RecordingFilename", clipname);
      this.#alarms.clear("RecordingFailedAlarm");
      this.#show(recordState.recording);
    });
  }

  stop(): void {
    this.#timers.cancel(this.#timer);
    this.#timer = this.#timers.after(this.#timings.recordStartMs, () => {
      this.#endClip();
      this.#alarms.clear("RecordingFailedAlarm");
      this.rest();
    });
  }

  /** The file of a recording that lost its power is gone. */
  cutPower(): void {
    this.#current = undefined;
  }

  tick(passedMs: number): void {
    const current = this.#current;
    if (current === undefined) return;
    const due = Math.ceil((this.#parameters.number("RecordingVideoBitrate") * passedMs) / 8);
    const bytes = Math.min(due, this.#card.unusedBytes);
    current.sizeBytes += bytes;
    this.#card.unusedBytes -= bytes;
    this.#parameters.write("RecordingDuration", duration(Date.now() - current.sinceMs));
    this.showCard();
    if (this.#card.unusedBytes === 0) this.#fall();
  }

  /** Someone pulls the card; while recording only a reboot helps afterwards. */
  pullCard(): void {
    const wasRecording = this.#current !== undefined;
    this.#card.present = false;
    this.showCard();
    if (!wasRecording) return this.rest();
    this.#alarms.raise("Storage_Removed_Alarm");
    this.#current = undefined;
    this.#fall();
  }

  insertCard(): void {
    this.#card.present = true;
    this.showCard();
    if (this.#parameters.number("ReplicatorRecordState") === recordState.failingInIdle) this.rest();
  }

  #fall(): void {
    this.#endClip();
    this.#alarms.raise("RecordingFailedAlarm");
    this.#show(recordState.failingInRecord);
  }

  #endClip(): void {
    if (this.#current === undefined) return;
    const { clipname, sizeBytes } = this.#current;
    this.#current = undefined;
    this.#clips.push({ clipname, sizeBytes });
    this.#mediaUpdated();
  }

  #mediaUpdated(): void {
    this.#parameters.write("MediaUpdated", String(this.#parameters.number("MediaUpdated") + 1));
  }

  #show(state: number): void {
    this.#parameters.write("ReplicatorRecordState", String(state));
    this.#parameters.write("ReplicatorPrimaryRecState", String(state));
  }

  #alarm(id: string, raised: boolean): void {
    const isRaised = Buffer.from(this.#parameters.read(id), "base64")[1] === 1;
    if (raised && !isRaised) this.#alarms.raise(id);
    if (!raised && isRaised) this.#alarms.clear(id);
  }
}
