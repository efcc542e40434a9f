import type { Alarms } from "./alarms.ts";
import type { Heat } from "./heat.ts";
import type { Nonsense, WebServer } from "./http-server.ts";
import type { Parameters } from "./parameters.ts";
import type { Media, MediaOptions, Slot } from "./media.ts";
import type { Recording } from "./recording.ts";
import type { StateModel } from "./state-model.ts";
import type { Streaming } from "./streaming.ts";

/** Ends the fault it was given for; calling it twice is harmless. */
export type Undo = () => void;

/** What can go wrong with a box, on demand. Each returns its undo where one makes sense. */
export type HeloFaults = {
  /** The web server accepts and reads, and never answers. Undo resets what hangs. */
  hang(): Undo;
  /** Every request is answered with RST; open connections are reset now. */
  resetConnections(): Undo;
  /** Each answer takes this much longer, ms. */
  slow(ms: number): Undo;
  /** Answers that are no answers; see {@link Nonsense}. */
  nonsense(kind: Nonsense): Undo;
  /** Each answer ends its connection, as older AJA units do. Not an error for a good client. */
  closeAfterAnswer(): Undo;
  /** Somebody or something restarts the box. */
  reboot(): void;
  /** Heat: `near` raises the alarm, `shutdown` also makes the box switch itself off for good. */
  overTemperature(stage?: "near" | "shutdown"): Undo;
  /** The cable at the input comes off. */
  dropInput(): Undo;
  /** The card (or the stick, or the share) is pulled; undo puts it back. */
  pullCard(slot?: Slot): Undo;
  /** Nothing can be written to the medium any more; undo slides the tab back. */
  protectCard(slot?: Slot): Undo;
  /** The medium is broken; undo puts a sound one in its place. */
  damageCard(slot?: Slot): Undo;
  /** The medium does not keep up; a recording on it is cut off after a while. */
  slowCard(slot?: Slot): Undo;
  /** So much is left on the medium; undo makes as much room as there was. */
  fillCard(leftBytes: number, slot?: Slot): Undo;
  /** The server stops accepting our key: the running stream breaks and retries are refused. */
  refuseKey(): Undo;
  /** After our stop the box starts to stream again by itself, every `afterMs` (default 500). */
  autoRecoverFighting(afterMs?: number): Undo;
  /** A hand at the front panel. `FrontPanelLock` is respected. */
  frontPanel(button: "stream" | "stopStream" | "record" | "stopRecord"): void;
  /** The encoder process stands still (SIGSTOP): connection up, nothing moves, state still 2. */
  freezeMedia(): Undo;
  /** The same, and whoever stops it and starts it again has put it right. */
  hangEncoder(): void;
  /** The web server's port refuses, the media goes on. */
  unreachable(): Undo;
  /** The line to the server swallows everything and says nothing. */
  cutMedia(): Undo;
  /** The line to the server carries only this much, bit/s. */
  throttleMedia(bitsPerS: number): Undo;
  /** No name server answers: names of servers are not found, nor is the NTP server's. */
  nameServerDown(): Undo;
  /** Ends every fault. */
  clearAll(): void;
};

export type FaultContext = {
  web: WebServer;
  model: StateModel;
  streaming: Streaming;
  recording: Recording;
  media: Media;
  heat: Heat;
  parameters: Parameters;
  alarms: Alarms;
  nearOverC: number;
  overC: number;
};

const panelCommands = { stream: 3, stopStream: 4, record: 1, stopRecord: 2 };

export function openFaults(box: FaultContext): HeloFaults {
  const { web, model, streaming, recording, media, heat, parameters, alarms } = box;
  const active = new Set<Undo>();

  function begin(end: () => void): Undo {
    const undo = () => {
      if (active.delete(undo)) end();
    };
    active.add(undo);
    return undo;
  }

  function harm(change: Partial<MediaOptions>, slot: Slot = "sd"): Undo {
    const medium = media.of(slot);
    const before = { ...medium };
    Object.assign(medium, change);
    recording.changed(slot);
    return begin(() => {
      for (const key of Object.keys(change) as (keyof MediaOptions)[]) {
        Object.assign(medium, { [key]: before[key] });
      }
      recording.changed(slot);
    });
  }

  return {
    hang: () => {
      web.faults.hang = true;
      return begin(() => {
        web.faults.hang = false;
        web.resetConnections();
      });
    },
    resetConnections: () => {
      web.faults.reset = true;
      web.resetConnections();
      return begin(() => (web.faults.reset = false));
    },
    slow: (ms) => {
      web.faults.slowMs = ms;
      return begin(() => (web.faults.slowMs = 0));
    },
    nonsense: (kind) => {
      web.faults.nonsense = kind;
      return begin(() => (web.faults.nonsense = undefined));
    },
    closeAfterAnswer: () => {
      web.faults.closeAfterAnswer = true;
      return begin(() => (web.faults.closeAfterAnswer = false));
    },
    reboot: () => void model.reboot(),
    overTemperature: (stage = "near") => {
      const goalC = stage === "near" ? (box.nearOverC + box.overC) / 2 : box.overC + 5;
      heat.hold(goalC);
      return begin(() => heat.release());
    },
    dropInput: () => {
      model.input = false;
      return begin(() => (model.input = true));
    },
    pullCard: (slot) => harm({ present: false }, slot),
    protectCard: (slot) => harm({ writeProtected: true }, slot),
    damageCard: (slot) => harm({ damaged: true }, slot),
    slowCard: (slot) => harm({ tooSlow: true }, slot),
    fillCard: (unusedBytes, slot) => harm({ unusedBytes }, slot),
    refuseKey: () => {
      streaming.keyRefused = true;
      return begin(() => (streaming.keyRefused = false));
    },
    autoRecoverFighting: (afterMs = 500) => {
      const timer = setInterval(() => {
        if (parameters.read("ReplicatorStreamState") === "1") model.command(3);
      }, afterMs);
      return begin(() => clearInterval(timer));
    },
    frontPanel: (button) => {
      if (parameters.read("FrontPanelLock") !== "1") model.command(panelCommands[button]);
    },
    freezeMedia: () => {
      streaming.frozen = true;
      return begin(() => (streaming.frozen = false));
    },
    hangEncoder: () => streaming.hang(),
    unreachable: () => {
      void model.blockPort(true);
      return begin(() => void model.blockPort(false));
    },
    cutMedia: () => {
      streaming.line = { ...streaming.line, cut: true };
      return begin(() => (streaming.line = { ...streaming.line, cut: false }));
    },
    throttleMedia: (bitsPerS) => {
      streaming.line = { ...streaming.line, limitBps: bitsPerS };
      return begin(() => (streaming.line = { ...streaming.line, limitBps: undefined }));
    },
    nameServerDown: () => {
      streaming.nameServerDown = true;
      if (parameters.read("TimeSource") === "1") alarms.raise("NTPNameResolutionFailureAlarm");
      return begin(() => {
        streaming.nameServerDown = false;
        alarms.clear("NTPNameResolutionFailureAlarm");
      });
    },
    clearAll: () => {
      for (const undo of [...active]) undo();
    },
  };
}
