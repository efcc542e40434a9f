/**
 * How an encoder hands its transport stream to the relay of its host: in a few files of a folder on
 * a tmpfs, which it fills in turn. Nobody has to read them, so an encoder never waits and nothing is
 * lost while the relay begins again; what is kept is bounded by the files, not by who reads.
 */

/** The files of a folder, in the order in which they are filled; then the first is begun anew. */
export const spoolFiles = ["0.ts", "1.ts", "2.ts", "3.ts"] as const;
/** How long one is written to by the clock on the wall, s; three of them are always whole. */
export const spoolFileS = 3;
