import { LiveOutput, type LiveOptions } from "../box/live-output.ts";
import settingsFixture from "../../fixtures/magewell/get-settings.json" with { type: "json" };

export type Entry = {
  id: number;
  type: number;
  name: string;
  "is-use": 0 | 1;
  url: string;
  key: string;
  [more: string]: string | number;
};

/** Results of one live session as a box tells them (encoder-devices.md §2.1). */
const liveResult = {
  ...{ idle: 0, stopping: 0, connected: 22, connecting: 23, waiting: 24 },
} as const;

/** The list of streaming servers, at most 16, and what each of them is sending. */
export class Entries {
  readonly #all = new Map<number, { entry: Entry; live: LiveOutput }>();
  readonly #live: Omit<LiveOptions, "name">;
  /** `start-live` was given and `stop-live` was not. */
  isLiving = false;

  constructor(live: Omit<LiveOptions, "name">) {
    this.#live = live;
    const [first] = settingsFixture["stream-server"];
    if (first) this.#put({ ...(first as unknown as Entry), "is-use": 0, url: "", key: "" });
    this.#put({ id: 1, type: 121, name: "SRT Listener", "is-use": 1, url: "", key: "" });
  }

  #put(entry: Entry): void {
    const live = this.#all.get(entry.id)?.live;
    this.#all.set(entry.id, {
      entry,
      live: live ?? new LiveOutput({ ...this.#live, name: entry.name }),
    });
  }

  get(id: number) {
    return this.#all.get(id);
  }

  list(): Entry[] {
    return [...this.#all.values()].map(({ entry }) => entry);
  }

  lives(): LiveOutput[] {
    return [...this.#all.values()].map(({ live }) => live);
  }

  /** @returns a `result`: 0, −10 parameters, −14 no such entry, −16 the list is full */
  add(fields: Partial<Entry>): number {
    if (this.#all.size >= 16) return -16;
    const id = Math.max(...this.#all.keys()) + 1;
    const entry: Entry = { type: 0, name: "", "is-use": 0, url: "", key: "", ...fields, id };
    return this.#accept(entry);
  }

  set(id: number, fields: Partial<Entry>): number {
    const known = this.#all.get(id);
    if (!known) return -14;
    if (known.live.isWanted) return -9;
    return this.#accept({ ...known.entry, ...fields, id });
  }

  /** Names and addresses are checked as documented; two alike RTMP entries are refused. */
  #accept(entry: Entry): number {
    if (!/^[\w.\-+'[\]()][\w.\-+'[\]() ]{0,31}$/.test(entry.name)) return -10;
    if (entry.type === 0 && !/^rtmps?:\/\/./.test(entry.url)) return -10;
    const alike = this.list().some(
      ({ id, type, url, key }) =>
        id !== entry.id && type === 0 && url === entry.url && key === entry.key,
    );
    if (alike) return -10;
    this.#put(entry);
    return 0;
  }

  enable(id: number, isUse: boolean): number {
    const known = this.#all.get(id);
    if (!known) return -14;
    if ((known.entry["is-use"] === 1) === isUse) return 1;
    known.entry["is-use"] = isUse ? 1 : 0;
    this.follow();
    return 0;
  }

  /** Sends what is switched on while the box is live; only RTMP is simulated. */
  follow(): void {
    for (const { entry, live } of this.#all.values()) {
      if (entry.type !== 0) continue;
      const shallSend = this.isLiving && entry["is-use"] === 1 && entry.url !== "";
      if (shallSend) live.start({ serverUrl: entry.url, streamKey: entry.key });
      else void live.stop();
    }
  }

  status() {
    return [...this.#all.values()].map(({ entry, live }) => ({
      id: entry.id,
      type: entry.type,
      "is-use": entry["is-use"],
      "is-skd-running": 0,
      name: entry.name,
      "run-ms": Math.floor(live.runMs),
      // What was refused is tried again, and says so in between.
      result: live.fault === "refused" && live.word === "waiting" ? 30 : liveResult[live.word],
      "stream-index": 0,
      "inst-bps": live.word === "connected" ? this.#live.bitrateKbps * 1_000 : 0,
      "video-frames-totoal": live.frames,
      "audio-frames-totoal": live.frames,
      "video-frames-dropped": 0,
      "audio-frames-dropped": 0,
    }));
  }

  async quit(): Promise<void> {
    this.isLiving = false;
    await Promise.all(this.lives().map((live) => live.stop()));
  }

  async cutPower(): Promise<void> {
    this.isLiving = false;
    await Promise.all(this.lives().map((live) => live.cutPower()));
  }
}
