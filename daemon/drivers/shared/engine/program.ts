import type { Refusal } from "../../../../machines/encoder/reading.ts";
import type { ProgressBlock } from "./progress.ts";
import type { Publication } from "./publication.ts";

/** What a program must be able to say and do to be run as an engine; all else is the engine's. */
export type Program = {
  /** As people call it. */
  name: string;
  /** Its executable by absolute path, and what always stands before its arguments. */
  command: readonly string[];
  /** @throws DriverError `notPossible` when this output cannot be built; never quotes the key */
  arguments(publication: Publication): string[];
  /** What its input is opened with. */
  inputSecrets: readonly string[];
  /** How a secret is spelled in its arguments, so that it is hidden when it quotes them. */
  spellings(secret: string): string[];
  /** What it makes, for telling a backlog in the network; undefined = not known. */
  bitrateBps: number | undefined;
  progress: {
    /** A datagram comes at least this often while output advances, ms. */
    everyMs: number;
    /** Reads the datagrams of one run. What is none of its own is undefined. */
    reader(): (datagram: Buffer) => ProgressBlock | undefined;
  };
  /** The lines it said last on stderr as what an operator should read, the most telling ones. */
  lastWords: (lines: readonly string[]) => string[];
  /** Whether the far end did not take a publication to this address, by these lines. */
  refusalIn: (lines: readonly string[], address: string) => Refusal | undefined;
};
