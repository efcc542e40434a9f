/** How one medium is seen from outside. */
import type { SnapshotFrom } from "xstate";
import { leftSeconds, type mediumMachine, type MediumResume } from "./medium.machine.ts";
import { endsFilesAt4GB, freeBytesOf, freeRatioOf } from "./space.ts";
import type { MediumState, MediumWord } from "./storage.contract.ts";
import { roomAdvice } from "./sentences.ts";
import { writeBytesPerSecond } from "./write-rate.ts";

export type MediumSnapshot = SnapshotFrom<typeof mediumMachine>;

export function mediumWord({ value }: MediumSnapshot): MediumWord {
  return value.word === "deciding" ? "unknown" : value.word;
}

export function mediumResume(snapshot: MediumSnapshot): MediumResume {
  const { told, level, hasToldSpace, wasPresent, unlistedSince, retiredBy } = snapshot.context;
  const isRetired = snapshot.value.word === "retired";
  return {
    ...{ told, level, hasToldSpace, wasPresent, unlistedSince, isRetired },
    ...(retiredBy !== null && { retiredBy }),
  };
}

export function mediumState(snapshot: MediumSnapshot, sinceMs: number): MediumState {
  const { context, value } = snapshot;
  const { id, reading, readAt, samples } = context;
  const state = mediumWord(snapshot);
  const figures: MediumState["figures"] = {};
  if (reading && readAt) {
    const figure = (value: number | undefined, source: string) =>
      value === undefined ? undefined : { value, atMs: readAt.wallMs, source };
    const seconds = leftSeconds(context);
    const told = {
      freeRatio: figure(freeRatioOf(reading), reading.source),
      freeBytes: figure(freeBytesOf(reading), reading.source),
      totalBytes: figure(reading.totalBytes, reading.source),
      temperatureC: figure(reading.temperatureC, reading.source),
      writeBytesPerSecond: figure(writeBytesPerSecond(samples), rateSource),
      secondsToFull: figure(Number.isFinite(seconds) ? seconds : undefined, rateSource),
    };
    Object.assign(figures, withoutUndefined(told));
  }
  return {
    id,
    ...(reading?.name !== undefined && { name: reading.name }),
    ...(reading && { kind: reading.kind, isNetwork: reading.isNetwork }),
    ...(reading?.fileSystem !== undefined && { fileSystem: reading.fileSystem }),
    state,
    ...(context.retiredBy !== null && { retiredBy: context.retiredBy }),
    sinceMs,
    figures,
    warnings: state === "retired" ? [] : warnings(snapshot, value.speed === "tooSlow"),
  };
}

/** Least squares over the samples of the last 10 min. */
const rateSource = "last 10 min";

function warnings({ context, value }: MediumSnapshot, isTooSlow: boolean): string[] {
  const { reading } = context;
  if (!reading) return [];
  const list: string[] = [];
  if (value.forecast === "soonFull") {
    list.push(`full in ${Math.max(1, Math.round(leftSeconds(context) / 60))} min`);
  }
  const room =
    value.word === "nearlyFull" || value.word === "full" ? roomAdvice(context) : undefined;
  if (room !== undefined) list.push(room);
  if (isTooSlow) list.push("cannot keep up with what is written");
  if (endsFilesAt4GB(reading.fileSystem)) list.push(`${reading.fileSystem} ends a file at 4 GB`);
  if (reading.condition === "degraded") list.push("works with less safety than it had (degraded)");
  if (reading.condition === "loading") list.push("is being mounted");
  if (reading.isWriteProtected === true) list.push("write protected");
  return list;
}

function withoutUndefined<T extends object>(fields: T): Partial<T> {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as Partial<T>;
}
