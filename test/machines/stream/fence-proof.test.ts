import { expect, test } from "vitest";
import type { FenceEvidence } from "../../../machines/stream/fence-evidence.ts";
import { certificateFrom, sentenceOf } from "../../../machines/stream/fence-proof.ts";

function levelOf(...evidence: FenceEvidence[]): number | null {
  const of = { encoder: "a", output: "stream-1", destination: "far" };
  const p = { ...of, noPublisherProofMs: 30_000, isAlone: false, atMs: 0 };
  return certificateFrom(evidence, p)?.level ?? null;
}
const device = (reads: number, selfStartOff: boolean) => ({
  kind: "deviceNotStreaming" as const,
  reads,
  selfStartOff,
  atMs: 0,
});
const gone = (lockFree: boolean, unsentBytes: number): FenceEvidence => ({
  kind: "processGone",
  lockFree,
  unsentBytes,
  atMs: 0,
});
const absent = (forMs: number): FenceEvidence => ({
  kind: "noPublisher",
  forMs,
  observer: "statistics",
  atMs: 0,
});

test("no answer proves nothing", () => expect(levelOf()).toBeNull());

test("level 1: a device has to say it twice, and must not start by itself", () => {
  expect(levelOf(device(1, true))).toBeNull();
  expect(levelOf(device(2, false))).toBeNull();
  expect(levelOf(device(2, true))).toBe(1);
});

test("level 2: the lock is free and not one byte is still being sent", () => {
  expect(levelOf(gone(false, 0))).toBeNull();
  expect(levelOf(gone(true, 1))).toBeNull();
  expect(levelOf(gone(true, 0))).toBe(2);
});

test("level 3: no publisher for 30 s, or the key is blocked", () => {
  expect(levelOf(absent(29_999))).toBeNull();
  expect(levelOf(absent(30_000))).toBe(3);
  expect(levelOf({ kind: "keyBlocked", observer: "statistics", atMs: 0 })).toBe(3);
});

test("level 4: the outlet is off, read back", () => {
  expect(levelOf({ kind: "outletOff", isSpoofable: false, outlet: "pdu-1/3", atMs: 0 })).toBe(4);
});

test("the strongest proof counts; weak evidence neither adds up nor spoils it", () => {
  expect(levelOf(device(1, true), gone(true, 1), absent(29_999))).toBeNull();
  expect(levelOf(device(1, false), absent(30_000))).toBe(3);
});

test("what goes down with a stream is named in the proof", () => {
  expect(sentenceOf({ ...device(2, true), endedToo: ["record-1"] })).toBe(
    'the device said "not streaming" 2 times after a stop, and starts nothing by itself; ' +
      "with it went record-1",
  );
});
