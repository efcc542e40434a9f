/** What a site says, in the contract's words, with as little as a test cares about. */
import type { EncoderState } from "../../machines/encoder/encoder.contract.ts";
import type { SiteEvent, SiteInfo } from "../../machines/site/site.contract.ts";
import type { StorageState } from "../../machines/storage/storage.contract.ts";
import type { Incident, StreamState } from "../../machines/stream/stream.contract.ts";

export const atMs = Date.UTC(2026, 0, 5, 10);
const published = { epoch: "e1", seq: 0, session: "s1", atMs };

export function info(over: Partial<SiteInfo> = {}): SiteInfo {
  return {
    site: "studio",
    epoch: "e1",
    session: "s1",
    contractMinor: 0,
    version: "0.1.0",
    bootId: "b1",
    startedAtMs: atMs,
    seq: 0,
    inventory: [
      { kind: "encoder", id: "helo-a", name: "HELO A" },
      { kind: "stream", id: "main" },
    ],
    ...over,
  };
}

export function encoder(over: Partial<EncoderState> = {}): EncoderState {
  return {
    ...published,
    id: "helo-a",
    identity: { vendor: "aja-helo" },
    link: "reachable",
    detection: { silentWithinMs: 11_500, unreachableWithinMs: 30_500 },
    connection: { breaker: "closed", healthScore: 92, requestPressure: 40 },
    thermal: "normal",
    thermalStep: 0,
    service: "inService",
    input: "good",
    outputs: [],
    figures: {
      temperatureC: { value: 61.5, atMs, source: "device" },
      bitrateBps: { value: 4_000_000, atMs, source: "device" },
    },
    warnings: [],
    ...over,
  };
}

export function stream(over: Partial<StreamState> = {}): StreamState {
  return {
    ...published,
    id: "main",
    carriage: "onAir",
    carrier: "carried",
    understudy: "ready",
    destination: "far-end",
    takeover: "exclusive",
    encoder: "helo-a",
    output: "stream-1",
    understudyEncoder: null,
    encoders: ["helo-a"],
    keyGeneration: 1,
    sinceMs: atMs,
    because: "publishing since the start",
    incident: null,
    eventEndsAtMs: null,
    budgetLeft: 2,
    legs: [],
    ...over,
  };
}

/** A card that fills and a slot that cannot be read now. */
export function storage(over: Partial<StorageState> = {}): StorageState {
  const figure = (value: number) => ({ value, atMs, source: "device" });
  return {
    ...published,
    id: "helo-a",
    state: "nearlyFull",
    media: [
      {
        ...{ id: "sd", state: "nearlyFull", sinceMs: atMs, warnings: [] },
        figures: { freeRatio: figure(0.125), secondsToFull: figure(725) },
      },
      {
        ...{ id: "usb", state: "unknown", sinceMs: atMs, warnings: [] },
        figures: { freeRatio: figure(0.5) },
      },
    ],
    warnings: [],
    ...over,
  };
}

export function event(seq: number, over: Partial<SiteEvent> = {}): SiteEvent {
  return {
    epoch: "e1",
    seq,
    session: "s1",
    atMs: atMs + seq,
    type: "stream.suspect",
    subject: { kind: "stream", id: "main" },
    severity: "warning",
    message: `decision ${seq}`,
    data: {},
    ...over,
  };
}

export function incident(over: Partial<Incident> = {}): Incident {
  return {
    id: "inc-1",
    stream: "main",
    cause: "processExited",
    openedAtMs: atMs,
    closedAtMs: atMs + 2_000,
    outcome: "tookOver",
    from: "helo-a",
    to: "helo-b",
    offAirMs: 1_800,
    segments: { detectMs: 300, decideMs: 1, fenceMs: 400, startMs: 900, confirmMs: 199 },
    certificate: null,
    timeline: [{ atMs, what: "the far end went quiet" }],
    ...over,
  };
}
