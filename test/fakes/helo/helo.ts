import { createHash } from "node:crypto";
import { openAlarms } from "./alarms.ts";
import { EventConnections } from "./events.ts";
import { openFaults, type HeloFaults } from "./faults.ts";
import { Heat, usualHeat, type HeatOptions } from "./heat.ts";
import { WebServer } from "./http-server.ts";
import type { PictureOptions } from "../box/media.ts";
import { catalogue, fullId, Parameters, type HeloModel } from "./parameters.ts";
import { Media, type MediaOptions, type Slot } from "./media.ts";
import { Recording } from "./recording.ts";
import { openRoutes, type BadSetReply, type Clip, type UnknownReply } from "./routes.ts";
import { Scheduler } from "./scheduler.ts";
import { Sessions } from "./sessions.ts";
import { StateModel } from "./state-model.ts";
import { duration, Streaming } from "./streaming.ts";
import { realTimings, Timers, type HeloTimings } from "./timings.ts";

export type HeloOptions = {
  /** A HELO Plus has two streams and other parameters; `classic` when left out. */
  model?: HeloModel;
  /** `SystemName`, and the name burned into the picture. */
  name: string;
  /** Loopback address to listen on and to push from. */
  host?: string;
  /** 0: any free port; it stays the same over reboots. */
  port?: number;
  /** Made from the name when left out. */
  serialNumber?: string;
  /** With a password the box wants a login from the start (`Authentication` 1). */
  password?: string;
  timings?: Partial<HeloTimings>;
  /** `running`: on for long and idle (default). `cold`: power is off, call `power.on()`. */
  start?: "running" | "cold";
  /** The three things that let a box start by itself; all on, as found in the field. */
  selfStart?: { autoRecover?: boolean; powerUpStream?: boolean; scheduler?: boolean };
  /** Values of any parameters at the start, without the prefix: `{ StreamType: "0" }`. */
  parameters?: Record<string, string>;
  picture?: Partial<PictureOptions>;
  /** The card in its slot. */
  media?: Partial<MediaOptions>;
  /** A stick in its USB port, and shares; none when left out. */
  otherMedia?: Partial<Record<Exclude<Slot, "sd">, Partial<MediaOptions>>>;
  heat?: Partial<HeatOptions>;
  /** The device's clock against ours. */
  clock?: { offsetMs?: number; driftPpm?: number };
  badSetReply?: BadSetReply;
  unknownReply?: UnknownReply;
  snapshotOnConnect?: boolean;
};

/** A HELO that can be handled like the box: wires, buttons, power, and its web server. */
export type FakeHelo = {
  url: string;
  host: string;
  port: number;
  serialNumber: string;
  /** With or without `eParamID_`. */
  get(paramId: string): string;
  /** As at the front panel's menu: checked like any set, throws when the box would refuse. */
  set(paramId: string, value: string | number): void;
  faults: HeloFaults;
  /** The power cable. Off leaves its connections half open, as pulling a plug does. */
  power: { off(): Promise<void>; on(): void; state(): "off" | "booting" | "running" };
  /** The second stream of a HELO Plus, as its own page would start and stop it. */
  secondStream(on: boolean): void;
  pressStart(): void;
  pressStop(): void;
  /** Puts an event into the box's calendar. */
  schedule(event: { startsInMs: number; lastsMs: number }): void;
  /** The encoder process, if one runs; `sinceMs` is missing until the server has accepted. */
  streaming(): { pid: number; sinceMs: number | undefined; target: string } | undefined;
  /** The files on a medium, whatever the box shows, with one that is being written. */
  recorded(slot: Slot): Clip[];
  /** Settles when the parameter has the value; rejects after `withinMs` (default 10 s). */
  until(paramId: string, value: string, withinMs?: number): Promise<void>;
  close(): Promise<void>;
};

const usualPicture = { width: 320, height: 180, fps: 15, gopS: 1, maxBitrateKbps: 300 };

function identity(options: HeloOptions) {
  const digest = createHash("sha1").update(options.name).digest();
  const serialNumber = options.serialNumber ?? `0HE${digest.readUInt32BE(0) % 1_000_000}`;
  const mac = [
    "02",
    ...[...digest.subarray(4, 9)].map((byte) => byte.toString(16).padStart(2, "0")),
  ];
  return { serialNumber, mac: mac.join(":"), source: digest.readUInt8(10) % 64 };
}

export async function startHelo(options: HeloOptions): Promise<FakeHelo> {
  const host = options.host ?? "127.0.0.1";
  const timings = { ...realTimings, ...options.timings };
  const heatOptions = { ...usualHeat, ...options.heat };
  const { serialNumber, mac, source } = identity(options);
  const bootedMs = performance.now();
  const wallMs = Date.now();
  const now = () => {
    const passedMs = performance.now() - bootedMs;
    // With `TimeSource` Automatic the box has the right time; switching to it is a jump.
    const automatic = parameters.read("TimeSource") === "1";
    const { offsetMs = 0, driftPpm = 0 } = automatic ? {} : (options.clock ?? {});
    return wallMs + offsetMs + passedMs * (1 + driftPpm / 1_000_000);
  };
  const {
    autoRecover = true,
    powerUpStream = true,
    scheduler: scheduled = true,
  } = options.selfStart ?? {};
  const parameters = new Parameters(
    {
      SystemName: options.name,
      FormattedSerialNumber: serialNumber,
      MACAddress: mac,
      IPAddress_Actual: host,
      CurrentlyRunningImageVersion: "4.3.0.8-12r",
      AutoRecoverStreaming: autoRecover ? "1" : "0",
      PowerUpState: powerUpStream ? "2" : "0",
      SchedulerEnabled: scheduled ? "1" : "0",
      Authentication: options.password === undefined ? "0" : "1",
      ...options.parameters,
    },
    options.model,
  );

  const names = new Map(catalogue.map(({ id, name }) => [id, name]));
  const alarms = openAlarms(
    (id) => names.get(id) ?? id,
    (id, value) => parameters.write(id, value),
  );
  const timers = new Timers();
  const sessions = new Sessions(timings.sessionMs);
  const events = new EventConnections(timings.eventWaitMs);
  parameters.onChange((id, value) => events.changed(id, value));
  const heat = new Heat(heatOptions, parameters, alarms);
  const media = new Media({
    ...{ parameters, alarms, timings, timers },
    media: { sd: { ...options.media }, ...options.otherMedia },
  });
  const recording = new Recording(parameters, alarms, timings, timers, media);
  const picture = { ...usualPicture, source, ...options.picture };
  const box = { name: options.name, host, picture, parameters, alarms, timings, timers };
  const streaming = new Streaming(box);
  const scheduler: Scheduler = new Scheduler({
    parameters,
    alarms,
    now,
    command: (command) => model.command(command),
  });
  const handle = openRoutes({
    parameters,
    sessions,
    events,
    password: options.password ?? "",
    badSetReply: () => options.badSetReply ?? "unchanged",
    unknownReply: options.unknownReply ?? "notFound",
    snapshotOnConnect: options.snapshotOnConnect ?? false,
    set: (id, value) => model.set(id, value),
    clips: { list: () => recording.clips(), remove: (name) => recording.remove(name) },
  });
  const web = new WebServer({ host, port: options.port ?? 0, timings, now, handle });
  const model: StateModel = new StateModel({
    ...{ parameters, alarms, timings, timers, streaming, recording },
    ...{ heat, scheduler, sessions, events, web },
  });
  await web.listen();
  if (options.start === "cold") await web.close();
  else await model.alreadyRunning();
  const { nearOverC, overC } = heatOptions;
  let secondStream: NodeJS.Timeout | undefined;
  const faults = openFaults({
    ...{ web, model, streaming, recording, media, heat, parameters, alarms },
    ...{ nearOverC, overC },
  });

  return {
    url: `http://${host}:${web.port}`,
    host,
    port: web.port,
    serialNumber,
    get: (paramId) => parameters.read(paramId),
    set: (paramId, value) => {
      const fault = parameters.fault(paramId, String(value));
      if (fault !== undefined) throw new Error(`${fullId(paramId)} = ${value}: ${fault}`);
      model.set(fullId(paramId), String(value));
    },
    faults,
    power: {
      off: () => model.powerOff(),
      on: () => model.powerOn(),
      state: () => model.power,
    },
    secondStream: (on) => {
      timers.cancel(secondStream);
      parameters.write("Stream2_Duration", duration(0));
      const sinceMs = performance.now();
      if (!on) return;
      secondStream = timers.every(timings.tickMs, () =>
        parameters.write("Stream2_Duration", duration(performance.now() - sinceMs)),
      );
    },
    pressStart: () => faults.frontPanel("stream"),
    pressStop: () => faults.frontPanel("stopStream"),
    schedule: ({ startsInMs, lastsMs }) => {
      const startsAtMs = now() + startsInMs;
      scheduler.add({ startsAtMs, endsAtMs: startsAtMs + lastsMs });
    },
    streaming: () => streaming.current(),
    recorded: (slot) => recording.recorded(slot),
    until: (paramId, value, withinMs = 10_000) => until(parameters, paramId, value, withinMs),
    close: async () => {
      faults.clearAll();
      model.close();
      scheduler.close();
      await Promise.all([streaming.quit(), web.close()]);
      streaming.dropGhosts();
    },
  };
}

function until(parameters: Parameters, id: string, value: string, withinMs: number): Promise<void> {
  if (parameters.read(id) === value) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      stopListening();
      const is = parameters.read(id);
      reject(new Error(`${fullId(id)} is ${is}, not ${value}, after ${withinMs} ms`));
    }, withinMs);
    const stopListening = parameters.onChange((changed, now) => {
      if (changed !== fullId(id) || now !== value) return;
      clearTimeout(late);
      stopListening();
      resolve();
    });
  });
}
