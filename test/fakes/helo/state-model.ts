import type { Alarms } from "./alarms.ts";
import type { EventConnections } from "./events.ts";
import type { Heat } from "./heat.ts";
import type { WebServer } from "./http-server.ts";
import type { Parameters } from "./parameters.ts";
import type { Recording } from "./recording.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Sessions } from "./sessions.ts";
import { streamState, type Streaming } from "./streaming.ts";
import type { HeloTimings, Timers } from "./timings.ts";

/** Words of `SystemState`. */
const systemState = { uninitialized: 0, running: 4, shuttingDown: 8 };

export type Parts = {
  parameters: Parameters;
  alarms: Alarms;
  timings: HeloTimings;
  timers: Timers;
  streaming: Streaming;
  recording: Recording;
  heat: Heat;
  scheduler: Scheduler;
  sessions: Sessions;
  events: EventConnections;
  /** Port of the web server as it should be; a fault may keep it closed. */
  web: WebServer;
};

/** Power, boot and commands: what makes one device of the parts. */
export class StateModel {
  readonly #box: Parts;
  readonly #presets = new Map<number, Map<string, string>>();
  #power: "off" | "booting" | "running" = "off";
  #inputPresent = true;
  #portBlocked = false;
  #ticker: NodeJS.Timeout | undefined;
  #lastTickMs = performance.now();

  constructor(box: Parts) {
    this.#box = box;
  }

  get power(): "off" | "booting" | "running" {
    return this.#power;
  }

  /** A box that has been on for long: nothing starts by itself now. */
  async alreadyRunning(): Promise<void> {
    await this.#openPort();
    this.#run();
  }

  /** Power on: silence, then the web server, then `SystemState` 1, 2, 3, 4. */
  powerOn(): void {
    if (this.#power === "off") this.#boot(this.#box.timings.bootMs);
  }

  /** Power cut: every connection stays half open. */
  async powerOff(): Promise<void> {
    this.#down();
    await Promise.all([this.#box.streaming.cutPower(), this.#box.web.close()]);
  }

  /** `Reboot` 1: streams end properly, the port closes, memory forgets what is ephemeral. */
  async reboot(): Promise<void> {
    this.#down();
    await Promise.all([this.#box.streaming.quit(), this.#box.web.close()]);
    this.#boot(this.#box.timings.rebootMs);
  }

  /** A checked set, by HTTP or by the front panel. */
  set(id: string, value: string): void {
    const { parameters, streaming, recording } = this.#box;
    switch (id) {
      case "eParamID_ReplicatorCommand":
        return this.command(Number(value));
      case "eParamID_Reboot":
        this.#box.timers.after(10, () => void this.reboot());
        return;
      case "eParamID_RegisterRecall":
        parameters.write(id, value);
        return this.#recall(Number(value));
      case "eParamID_RegisterSave":
        parameters.write(id, value);
        this.#presets.set(Number(value), parameters.presetValues());
        return parameters.write("RegisterSaveResult", "2");
      case "eParamID_MediaState":
        parameters.write(id, value);
        parameters.write("MediaStateDebounced", value);
        if (value !== "1") return;
        // In Data-LAN the unit neither records nor streams.
        streaming.stop();
        return recording.stop();
      case "eParamID_StorageCommand":
        return recording.storageCommand(Number(value));
      case "eParamID_VideoInSelect":
        parameters.write(id, value);
        return this.#showInput();
      case "eParamID_SchedulerEnabled":
        parameters.write(id, value);
        return this.#box.scheduler.review();
      default:
        parameters.write(id, value);
    }
  }

  /** `ReplicatorCommand`; commands before the box runs or in Data-LAN change nothing. */
  command(command: number): void {
    const { parameters, streaming, recording } = this.#box;
    if (this.#power !== "running") return;
    const linked = parameters.read("LinkStartStop") === "1";
    const dataLan = parameters.read("MediaState") === "1";
    const record = command === 1 || (linked && command === 3);
    const stream = command === 3 || (linked && command === 1);
    if (record && !dataLan) recording.start();
    if (stream && !dataLan) streaming.start();
    if (command === 2 || (linked && command === 4)) recording.stop();
    if (command === 4 || (linked && command === 2)) streaming.stop();
    if (command === 5) void this.#shutDown("3");
  }

  set input(present: boolean) {
    this.#inputPresent = present;
    this.#showInput();
  }

  /** The port refuses while the media goes on. */
  async blockPort(blocked: boolean): Promise<void> {
    this.#portBlocked = blocked;
    if (blocked) await this.#box.web.close();
    else if (this.#power === "running") await this.#box.web.listen();
  }

  close(): void {
    this.#down();
  }

  #boot(silentMs: number): void {
    const { parameters, timings, timers, streaming } = this.#box;
    this.#power = "booting";
    parameters.forgetEphemeral();
    const stepMs = timings.initialiseMs / 3;
    const state = (value: number) => parameters.write("SystemState", String(value));
    timers.after(silentMs, () => {
      streaming.dropGhosts();
      state(1);
      void this.#openPort();
    });
    timers.after(silentMs + stepMs, () => state(2));
    timers.after(silentMs + 2 * stepMs, () => state(3));
    timers.after(silentMs + 3 * stepMs, () => {
      this.#run();
      timers.after(timings.powerUpActionMs, () => this.#powerUpAction());
    });
  }

  #run(): void {
    const { parameters, recording, heat, timings, timers, scheduler } = this.#box;
    this.#power = "running";
    const values = {
      SystemState: systemState.running,
      ReplicatorState: 3,
      MediaManagerState: 3,
      FirmwareStatus: 2,
      NetworkConnected: 1,
      ReplicatorStreamState: streamState.idle,
      InterfaceSetupState: 2,
    };
    for (const [id, value] of Object.entries(values)) parameters.write(id, String(value));
    parameters.write("LinkState", "1000 Mbps Full Duplex");
    recording.boot();
    heat.show();
    this.#showInput();
    this.#lastTickMs = performance.now();
    this.#ticker = timers.every(timings.tickMs, () => this.#tick());
    scheduler.powerUp();
  }

  /** The scheduler wins over `PowerUpState` when it has something to do. */
  #powerUpAction(): void {
    const { parameters, scheduler, alarms } = this.#box;
    const action = parameters.number("PowerUpState");
    if (scheduler.eventActive()) {
      if (action !== 0) alarms.raise("Scheduler_Takes_Priority_Alarm");
      return scheduler.review();
    }
    if (action === 1 || action === 3) this.command(1);
    if (action === 2 || action === 3) this.command(3);
  }

  #down(): void {
    const { timers, recording, sessions, events } = this.#box;
    this.#power = "off";
    timers.clear();
    this.#ticker = undefined;
    recording.cutPower();
    sessions.forgetAll();
    events.forgetAll();
  }

  async #openPort(): Promise<void> {
    if (!this.#portBlocked) await this.#box.web.listen();
  }

  #tick(): void {
    const { streaming, recording, heat, timings } = this.#box;
    const now = performance.now();
    const passedMs = now - this.#lastTickMs;
    this.#lastTickMs = now;
    streaming.tick();
    recording.tick(passedMs);
    const encoders = (streaming.current() === undefined ? 0 : 1) + (recording.active ? 1 : 0);
    if (heat.tick(passedMs, timings.thermalMs, { encoders })) void this.#shutDown("4");
  }

  /** Off for good: only a power cycle brings it back. */
  async #shutDown(message: "3" | "4"): Promise<void> {
    const { parameters, timings, timers, streaming, web } = this.#box;
    if (this.#ticker === undefined) return;
    timers.cancel(this.#ticker);
    this.#ticker = undefined;
    parameters.write("ShutdownMessageII", message);
    parameters.write("SystemState", String(systemState.shuttingDown));
    timers.after(timings.shutdownMs, () => {
      this.#down();
      void Promise.all([streaming.quit(), web.close()]);
    });
  }

  #showInput(): void {
    const { parameters, alarms, streaming, recording } = this.#box;
    const pattern = parameters.read("VideoInSelect") === "2";
    const present = this.#inputPresent || pattern;
    const format1080p30 = "18";
    parameters.write("DetectInputFormat", present ? format1080p30 : "0");
    parameters.write("HDMIInputFormat", this.#inputPresent ? format1080p30 : "0");
    if (present) return alarms.clear("No_Video_Input_Alarm");
    alarms.raise("No_Video_Input_Alarm");
    if (parameters.read("LossOfVideoRecordBehavior") !== "0") return;
    streaming.stop();
    recording.stop();
  }

  #recall(preset: number): void {
    const { parameters, timings, timers } = this.#box;
    parameters.write("RegisterRecallResult", "1");
    timers.after(timings.recallMs, () => {
      const kept = this.#presets.get(preset);
      for (const [id, value] of kept ?? []) parameters.write(id, value);
      parameters.write("RegisterRecallResult", kept === undefined ? "4" : "2");
    });
  }
}
