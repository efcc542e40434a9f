/** What is told of a medium, in words for people. */
import type { Decision } from "../decision.ts";
import type { MediumWord } from "./storage.contract.ts";
import type { MediumReading } from "./medium.ts";
import { freeRatioOf, roomToMake, type StorageLevels } from "./space.ts";

/** As much of a medium as can be told of it. */
type Told = {
  id: string;
  owner: string;
  reading: MediumReading | undefined;
  levels: StorageLevels;
  wasPresent: boolean;
  /** What was told of it last. */
  told: MediumWord | null;
};

export function wordDecision(medium: Told, word: MediumWord): Decision {
  const { reading } = medium;
  const ratio = reading && freeRatioOf(reading);
  const free = ratio === undefined ? "" : `, ${(100 * ratio).toFixed(1)} % free`;
  const room = roomAdvice(medium);
  const detail: Record<MediumWord, string> = {
    unknown: "cannot be read now",
    healthy: `is healthy${free}`,
    filling: `fills${free}`,
    nearlyFull: `is nearly full${free}: ${room ?? "make room"}, or record elsewhere`,
    full: `is full${free}: nothing can be recorded on it${room ? `; ${room}` : ""}`,
    failing: `is ${reading?.condition === "notSuitable" ? "not suitable for recording" : (reading?.condition ?? "failing")}`,
    missing: "is missing",
    readOnly: "is write protected: nothing can be recorded on it",
    retired: "is out of use",
  };
  return {
    type: "storage.changed",
    severity: severityOf(medium, word),
    message: `${medium.owner}: ${medium.id} ${detail[word]}`,
    data: {
      medium: medium.id,
      state: word,
      was: medium.told,
      ...(ratio !== undefined && { freeRatio: ratio }),
      ...(reading !== undefined && { condition: reading.condition }),
    },
  };
}

/** `delete 4.2 GB to have 17 % free`; undefined where there is no need, or nobody can tell. */
export function roomAdvice({ reading, levels }: Pick<Told, "reading" | "levels">) {
  const room = reading && roomToMake(reading, levels);
  return (
    room && `delete ${sizeWords(room.bytes)} to have ${Math.round(100 * room.freeRatio)} % free`
  );
}

const sizeWords = (bytes: number) =>
  bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

function severityOf({ wasPresent }: Told, word: MediumWord): Decision["severity"] {
  switch (word) {
    case "full":
    case "failing":
      return "critical";
    // A slot that never had a card is how the box was set up; one that loses it is a fault.
    case "missing":
      return wasPresent ? "critical" : "info";
    case "nearlyFull":
    case "readOnly":
    case "unknown":
      return "warning";
    case "healthy":
    case "filling":
    case "retired":
      return "info";
  }
}

export function slowSentence({ id, owner }: Told, isSlow: boolean): Decision {
  return {
    type: "storage.slow",
    severity: isSlow ? "warning" : "info",
    message: isSlow
      ? `${owner}: ${id} cannot keep up with what is written: lower the record bit rate, or record elsewhere`
      : `${owner}: ${id} keeps up again`,
    data: { medium: id, isTooSlow: isSlow },
  };
}

/** @param rate bytes per second */
export function soonFullSentence({ id, owner }: Told, seconds: number, rate: number): Decision {
  const minutes = Math.max(1, Math.round(seconds / 60));
  const hourly = sizeWords(3_600 * rate);
  return {
    type: "storage.soonFull",
    severity: "warning",
    message: `${owner}: ${id} is full in ${minutes} min at the present rate: delete ${hourly} for each further hour, or record with less`,
    data: { medium: id, secondsToFull: Math.round(seconds) },
  };
}

export function fileSystemSentence({ id, owner }: Told, fileSystem: string): Decision {
  return {
    type: "storage.fileSystem",
    severity: "warning",
    message: `${owner}: ${id} has ${fileSystem}, which ends a file at 4 GB: format it as exFAT, or record in shorter clips`,
    data: { medium: id, fileSystem },
  };
}
