import type { Alarms } from "./alarms.ts";
import { isUsable, type Media, type Path, pathNames, paths, type Slot } from "./media.ts";
import type { Parameters } from "./parameters.ts";
import type { Clip } from "./routes.ts";
import { duration } from "./streaming.ts";
import type { HeloTimings, Timers } from "./timings.ts";

/** Words of `ReplicatorRecordState`, and of the state of each path. */
const recordState = { idle: 1, recording: 2, failingInIdle: 3, failingInRecord: 4 };

type Take = { clip: Clip; slot: Slot; sinceMs: number };

/**
 * The record half of the replicator: it writes to two paths at once, the second of which is off by
 * default, and falls over when the last of them does. Nothing is written to a real disk.
 */
export class Recording {
  readonly #parameters: Parameters;
  readonly #alarms: Alarms;
  readonly #timings: HeloTimings;
  readonly #timers: Timers;
  readonly #media: Media;
  #clips: (Clip & { slot: Slot })[] = [];
  /** What each path writes now. */
  readonly #takes: Partial<Record<Path, Take>> = {};
  #timer: NodeJS.Timeout | undefined;
  #numbered = 0;

  constructor(
    parameters: Parameters,
    alarms: Alarms,
    timings: HeloTimings,
    timers: Timers,
    media: Media,
  ) {
    this.#parameters = parameters;
    this.#alarms = alarms;
    this.#timings = timings;
    this.#timers = timers;
    this.#media = media;
    const destinations: string[] = pathNames.map((path) => `eParamID_${paths[path].destination}`);
    parameters.onChange((id) => {
      if (destinations.includes(id)) this.#review();
    });
  }

  get active(): boolean {
    return pathNames.some((path) => this.#takes[path] !== undefined);
  }

  /** Of the medium that the primary path leads to, as the device's page shows them. */
  clips(): Clip[] {
    const shown = this.#media.at("primary");
    return this.#clips
      .filter(({ slot }) => slot === shown)
      .map(({ clipname, sizeBytes }) => ({ clipname, sizeBytes }));
  }

  /** What lies on this medium; for tests that look into it. */
  recorded(slot: Slot): Clip[] {
    const running = Object.values(this.#takes).map((take) => ({ ...take.clip, slot: take.slot }));
    return [...this.#clips, ...running].filter((clip) => clip.slot === slot);
  }

  remove(name: string): void {
    const shown = this.#media.at("primary");
    const gone = this.#clips.filter(
      (clip) => clip.slot === shown && (name === "*" || clip.clipname === name),
    );
    this.#clips = this.#clips.filter((clip) => !gone.includes(clip));
    for (const { sizeBytes, slot } of gone) this.#media.of(slot).unusedBytes += sizeBytes;
    this.#mediaUpdated();
    this.#media.show();
  }

  /** The box runs: nothing is recorded, everything is mounted. */
  boot(): void {
    this.#media.boot();
    this.#media.show();
    this.#rest();
  }

  start(): void {
    if (this.active) return;
    this.#timers.cancel(this.#timer);
    this.#timer = this.#timers.after(this.#timings.recordStartMs, () => {
      const ready = pathNames.flatMap((path) => {
        const slot = this.#media.at(path);
        return slot && isUsable(this.#media.of(slot)) ? [{ path, slot }] : [];
      });
      if (ready.length === 0) {
        this.#alarms.raise("RecordingFailedAlarm");
        return this.#show(recordState.failingInIdle);
      }
      const clipname = `${this.#parameters.read("FilenamePrefix")}_${++this.#numbered}.mov`;
      for (const { path, slot } of ready) {
        this.#takes[path] = { clip: { clipname, sizeBytes: 0 }, slot, sinceMs: Date.now() };
        if (this.#media.of(slot).tooSlow) this.#beSlow(path);
      }
      this.#parameters.write("RecordingFilename", clipname);
      this.#alarms.clear("RecordingFailedAlarm");
      this.#show(recordState.recording);
    });
  }

  stop(): void {
    this.#timers.cancel(this.#timer);
    this.#timer = this.#timers.after(this.#timings.recordStartMs, () => {
      for (const path of pathNames) this.#endTake(path);
      this.#alarms.clear("RecordingFailedAlarm");
      this.#alarms.clear("Media_Too_Slow_Alarm");
      this.#media.review();
      this.#rest();
    });
  }

  /** The file of a recording that lost its power is gone. */
  cutPower(): void {
    for (const path of pathNames) delete this.#takes[path];
  }

  tick(passedMs: number): void {
    if (!this.active) return;
    const due = Math.ceil((this.#parameters.number("RecordingVideoBitrate") * passedMs) / 8);
    for (const path of pathNames) {
      const take = this.#takes[path];
      if (!take) continue;
      const medium = this.#media.of(take.slot);
      const bytes = Math.min(due, medium.unusedBytes);
      take.clip.sizeBytes += bytes;
      medium.unusedBytes -= bytes;
      this.#parameters.write("RecordingDuration", duration(Date.now() - take.sinceMs));
    }
    this.#media.show();
    this.#fallWhereUseless();
  }

  /** 1 acquire, 2 release, 5 and 6 of the secondary path. What is recorded there ends. */
  storageCommand(command: number): void {
    const path = ({ 1: "primary", 2: "primary", 5: "secondary", 6: "secondary" } as const)[command];
    if (path === undefined) return;
    if (command === 1 || command === 5) return this.#media.acquire(path);
    if (this.#takes[path]) this.#fall(path);
    this.#media.release(path);
    if (!this.active) this.#rest();
  }

  /** Something has happened to the medium in this slot. */
  changed(slot: Slot): void {
    const path = this.#pathTo(slot);
    if (!this.#media.of(slot).present && path) {
      this.#media.of(slot).lost = true;
      this.#alarms.raise("Storage_Removed_Alarm");
      delete this.#takes[path];
      this.#fall(path);
    }
    this.#media.show();
    if (path && this.#media.of(slot).tooSlow) this.#beSlow(path);
    this.#fallWhereUseless();
    const isAtRest = [recordState.idle, recordState.failingInIdle].includes(
      this.#parameters.number("ReplicatorRecordState"),
    );
    if (isAtRest) this.#rest();
  }

  #pathTo(slot: Slot): Path | undefined {
    return pathNames.find((path) => this.#takes[path]?.slot === slot);
  }

  /** The alarm first; the recording is cut off when it lasts. */
  #beSlow(path: Path): void {
    const take = this.#takes[path];
    this.#alarms.raise("Media_Too_Slow_Alarm");
    this.#timers.after(this.#timings.slowAbortMs, () => {
      if (take && this.#takes[path] === take && this.#media.of(take.slot).tooSlow) {
        this.#fall(path);
      }
    });
  }

  #fallWhereUseless(): void {
    for (const path of pathNames) {
      const take = this.#takes[path];
      if (take && !isUsable(this.#media.of(take.slot))) this.#fall(path);
    }
  }

  /** While it records, a new destination waits for the next recording. */
  #review(): void {
    if (this.active) return;
    this.#media.review();
  }

  #rest(): void {
    const isReady = pathNames.some((path) => {
      const slot = this.#media.at(path);
      return slot !== undefined && this.#media.of(slot).present && !this.#media.of(slot).lost;
    });
    this.#show(isReady ? recordState.idle : recordState.failingInIdle);
  }

  #fall(path: Path): void {
    this.#endTake(path);
    this.#alarms.raise("RecordingFailedAlarm");
    this.#parameters.write(paths[path].state, String(recordState.failingInRecord));
    if (this.active) return;
    this.#show(recordState.failingInRecord);
    this.#media.review();
  }

  #endTake(path: Path): void {
    const take = this.#takes[path];
    if (take === undefined) return;
    delete this.#takes[path];
    this.#clips.push({ ...take.clip, slot: take.slot });
    this.#mediaUpdated();
  }

  #mediaUpdated(): void {
    this.#parameters.write("MediaUpdated", String(this.#parameters.number("MediaUpdated") + 1));
  }

  #show(state: number): void {
    this.#parameters.write("ReplicatorRecordState", String(state));
    for (const path of pathNames) {
      const isOn = path === "primary" || this.#media.at(path) !== undefined;
      const own =
        state === recordState.recording && !this.#takes[path] ? recordState.failingInIdle : state;
      this.#parameters.write(paths[path].state, String(isOn ? own : recordState.idle));
    }
  }
}
