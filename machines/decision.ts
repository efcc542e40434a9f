/** What a machine decided, as it becomes one row of the event journal. */
export type Decision = {
  type: EventType;
  severity: "info" | "warning" | "critical";
  /** One sentence for people. */
  message: string;
  data?: Record<string, unknown>;
};

/** The machine's way to tell: `emit(decided({...}))`. */
export type Decided = { type: "decided"; decision: Decision };
export const decided = (decision: Decision): Decided => ({ type: "decided", decision });

export const eventTypes = [
  "site.started",
  "site.deciderImpaired",
  "site.deciderRecovered",
  "site.journal",
  "site.rolledBack",
  "site.clock",
  "site.clockJump",
  "site.sourceFault",
  "command.accepted",
  "command.done",
  "command.refused",
  "encoder.link",
  "encoder.breaker",
  "encoder.connection",
  "encoder.thermal",
  "encoder.power",
  "encoder.repair",
  "encoder.service",
  "encoder.input",
  "encoder.clock",
  "encoder.output",
  "encoder.replaced",
  "encoder.rebooted",
  "encoder.selfStart",
  "encoder.rogue",
  "encoder.changedElsewhere",
  "encoder.anotherController",
  "encoder.benched",
  "encoder.drift",
  "encoder.sync",
  "encoder.released",
  "encoder.exercise",
  "destination.changed",
  "storage.changed",
  "storage.slow",
  "storage.soonFull",
  "storage.fileSystem",
  "storage.rebootCycle",
  "storage.recording",
  "key.granted",
  "key.refused",
  "key.released",
  "key.adopted",
  "stream.carriage",
  "stream.content",
  "stream.compared",
  "stream.carrier",
  "stream.suspect",
  "stream.understudy",
  "stream.fenced",
  "stream.fenceUnproven",
  "stream.takingOver",
  "stream.startFailed",
  "stream.latched",
  "stream.onAir",
  "stream.needsHuman",
  "stream.stopped",
  "stream.incident",
  "stream.windowBegan",
  "stream.windowEnded",
  "stream.offDuty",
  "stream.startMissed",
  "stream.startedLate",
  "stream.lineUp",
  "stream.windowAdded",
  "stream.windowRemoved",
  "site.changeFreeze",
  "site.freezeOverridden",
] as const;
export type EventType = (typeof eventTypes)[number];
