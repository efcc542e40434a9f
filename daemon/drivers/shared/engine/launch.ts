import { createHash, randomUUID } from "node:crypto";
import type { EncoderSettings } from "../../../../machines/encoder/settings.ts";
import type { KnownTarget, PublishTarget } from "../../driver.ts";
import { bootId, type EngineExit, type EngineRecord } from "./engine-directory.ts";
import type { Group } from "./cgroups.ts";
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

/** A frame may be late by one and a half: a session may want fewer a second than is configured. */
export const patienceMs = (suspectAfterMs: number, framesPerSecond = Infinity): number =>
  Math.max(suspectAfterMs, 2_500 / framesPerSecond);

/** What is run, and what that makes of its input. */
export type Made = { program: Program; settings: EncoderSettings };

/** Of what may make its picture, what does, and why that. */
export type Choice = { by: string; because?: string };

/** Where and as what it is to publish, as far as that is known. */
export type Wanted = { [K in keyof PublishTarget]?: PublishTarget[K] | undefined };

/** How a run ended that nobody had asked to end, or that was ended since it stood still. */
export type RunEnd = {
  by: string;
  exit: EngineExit;
  /** What it said last. */
  lines: readonly string[];
  /** The far end did not take it. */
  wasRefused: boolean;
  hadBegun: boolean;
};

/** What an engine is given. */
export type EngineSurroundings = {
  encoder: string;
  stateDir: string;
  /**
   * As it is to be run now: with the settings of a session, else as it is configured.
   * @param by what it was chosen for; left out, the choice is made
   */
  made: (target?: Wanted, by?: string) => Made & Partial<Choice>;
  /** @returns whether what made its picture is to blame, and the next start is by something else */
  blames: (end: RunEnd) => boolean;
  knownTargets: () => readonly KnownTarget[];
  times: EngineTimes;
  launcher: string;
  /** What it may take of the host. */
  group: Group;
  now: () => number;
  /** Something that an operator would see has changed. */
  changed: () => void;
};

/** @throws DriverError `notPossible` */
export function argumentsOf(
  { made, encoder }: EngineSurroundings,
  target: PublishTarget,
  progressPort: number,
  by?: string,
): string[] {
  return made(target, by).program.arguments({ ...target, encoder, progressPort });
}

/** What is written down of a start before it is made. */
export function recordOf(
  around: EngineSurroundings,
  target: PublishTarget,
  progressPort: number,
  highest: EngineRecord["highest"],
): EngineRecord {
  const { stream, destination, address, keyGeneration, settings } = target;
  const { program, settings: makes, by, because } = around.made(target);
  return {
    ...{ run: randomUUID(), bootId, stream, destination, address, keyGeneration },
    ...(settings && { settings }),
    ...{ makes, program: program.name },
    ...(by !== undefined && { by }),
    ...(because !== undefined && { because }),
    progressPort,
    argvFingerprint: fingerprintOf(around, target, progressPort, by),
    endSeen: false,
    highest,
  };
}

/** Of the arguments as they would be with other secrets: a secret leaves no trace on disk. */
export function fingerprintOf(
  around: EngineSurroundings,
  target: Omit<PublishTarget, "streamKey">,
  progressPort: number,
  by?: string,
): string {
  const { srt } = target;
  const bareTarget = {
    ...{ ...target, streamKey: "key" },
    ...(srt?.passphrase !== undefined && { srt: { ...srt, passphrase: "passphrase" } }),
  };
  const argv = argumentsOf(around, bareTarget, progressPort, by).join("\0");
  const { program } = around.made(target, by);
  const bare = program.inputSecrets
    .flatMap((secret) => [...program.spellings(secret), secret])
    .reduce((text, secret) => text.replaceAll(secret, "key"), argv);
  return createHash("sha256").update(bare).digest("hex");
}

/** What is run to make a start: the launcher with all it needs. */
export function commandOf(
  around: EngineSurroundings,
  folder: string,
  { run, progressPort, by }: EngineRecord,
  target: PublishTarget,
): string[] {
  const { launcher, group } = around;
  const { program } = around.made(target, by);
  const hide = hidingScript(
    [target.streamKey, target.srt?.passphrase ?? "", ...program.inputSecrets].flatMap((secret) => [
      ...[secret, ...program.spellings(secret)],
    ]),
  );
  return [
    ...["/bin/sh", launcher, folder, run, hide],
    ...(group.nice > 0 ? ["nice", "-n", String(group.nice)] : []),
    ...program.command,
    ...argumentsOf(around, target, progressPort, by),
  ];
}
