import type { LiveOutput } from "./live-output.ts";
import type { BoxWebServer, Nonsense } from "./web-server.ts";

/** Ends the fault it was given for; calling it twice is harmless. */
export type Undo = () => void;

/** What can go wrong with any of these boxes, on demand. */
export type BoxFaults = {
  /** The web server accepts and reads, and never answers. */
  hang(): Undo;
  /** Every request is answered with RST. */
  resetConnections(): Undo;
  /** Each answer takes this much longer, ms. */
  slow(ms: number): Undo;
  /** Each answer leaves byte by byte, this far apart, ms. */
  drip(ms: number): Undo;
  nonsense(kind: Nonsense): Undo;
  /** No connection to the far end lives longer than this, ms. */
  loseOften(afterMs: number): Undo;
  /** The far end stops accepting our key. */
  refuseKey(): Undo;
  /** The encoder stands still: connection up, nothing moves. */
  freezeMedia(): Undo;
  /** The cable at the input comes off. */
  dropInput(): Undo;
};

export function openFaults(box: {
  web: BoxWebServer;
  lives: () => Iterable<LiveOutput>;
  input: (input: boolean) => void;
}): BoxFaults {
  const { web, lives } = box;
  const each = (act: (live: LiveOutput) => void) => {
    for (const live of lives()) act(live);
  };
  return {
    hang: () => {
      web.faults.hang = true;
      return () => {
        web.faults.hang = false;
        web.resetConnections();
      };
    },
    resetConnections: () => {
      web.faults.reset = true;
      web.resetConnections();
      return () => (web.faults.reset = false);
    },
    slow: (ms) => {
      web.faults.slowMs = ms;
      return () => (web.faults.slowMs = 0);
    },
    drip: (ms) => {
      web.faults.dripMs = ms;
      return () => (web.faults.dripMs = 0);
    },
    nonsense: (kind) => {
      web.faults.nonsense = kind;
      return () => (web.faults.nonsense = undefined);
    },
    loseOften: (afterMs) => {
      each((live) => {
        live.losesAfterMs = afterMs;
        live.lose();
      });
      return () => each((live) => (live.losesAfterMs = undefined));
    },
    refuseKey: () => {
      each((live) => {
        live.refused = true;
        live.lose();
      });
      return () => each((live) => (live.refused = false));
    },
    freezeMedia: () => {
      each((live) => (live.frozen = true));
      return () => each((live) => (live.frozen = false));
    },
    dropInput: () => {
      box.input(false);
      each((live) => (live.input = false));
      return () => {
        box.input(true);
        each((live) => (live.input = true));
      };
    },
  };
}
