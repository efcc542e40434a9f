import { createHash } from "node:crypto";
import type { PublishTarget } from "../../driver.ts";
import type { EngineRecord } from "./engine-directory.ts";
import type { Program } from "./program.ts";
import { hidingScript } from "./secret.ts";

export type EngineTimes = {
  /** Output that stands still this long is frozen. */
  suspectAfterMs: number;
  /** After a start nothing is judged for this long. */
  firstFrameGraceMs: number;
  /** A healthy program may take this long to say goodbye to the far end before it is killed. */
  stopGraceMs: number;
};

/** What an engine is given. */
export type EngineSurroundings = {
  encoder: string;
  stateDir: string;
  program: Program;
  times: EngineTimes;
  launcher: string;
  now: () => number;
  /** Something that an operator would see has changed. */
  changed: () => void;
};

/** @throws DriverError `notPossible` */
export function argumentsOf(
  { program, encoder }: EngineSurroundings,
  target: PublishTarget,
  progressPort: number,
): string[] {
  return program.arguments({ ...target, encoder, progressPort });
}

/** Of the arguments as they would be with another key: a secret leaves no trace on disk. */
export function fingerprintOf(
  around: EngineSurroundings,
  target: PublishTarget,
  progressPort: number,
): string {
  const argv = argumentsOf(around, { ...target, streamKey: "key" }, progressPort);
  return createHash("sha256").update(argv.join("\0")).digest("hex");
}

/** What the launcher is started with. */
export function commandOf(
  around: EngineSurroundings,
  folder: string,
  { run, progressPort }: EngineRecord,
  target: PublishTarget,
): string[] {
  const { launcher, program } = around;
  const hide = hidingScript(target.streamKey, program.keySpellings(target.streamKey));
  return [
    ...["/bin/sh", launcher, folder, run, hide],
    ...program.command,
    ...argumentsOf(around, target, progressPort),
  ];
}
