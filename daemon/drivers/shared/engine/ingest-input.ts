import { DriverError } from "../../driver.ts";

/** Where an ingest is heard on this host: the daemon writes it into an encoder's input. */
export type IngestGroup = { address: string; port: number };

/** Where an engine publishes to that only rehearses its start. */
export const rehearsalEnd = "rehearsal";

type IngestInput = {
  ingest?: string | undefined;
  group?: IngestGroup;
  /** Of a spare that takes what its stream takes: by where it publishes to. */
  groups?: Readonly<Record<string, IngestGroup>>;
};

/**
 * @throws DriverError `notPossible` where nobody has written it in
 */
export function groupOf({ ingest, group, groups }: IngestInput, destination = ""): IngestGroup {
  const found = group ?? groups?.[destination];
  if (found) return found;
  const which = ingest ?? `of the stream that publishes to ${destination}`;
  throw new DriverError("notPossible", `there is no ingest ${which}`);
}

/**
 * Options of an encoder with the group that its input is heard at, where that is an ingest.
 * @param streams by where they publish to: the ingest of each that it is a spare of
 */
export function withGroup(
  options: unknown,
  find: (ingest: string) => IngestGroup,
  streams: ReadonlyMap<string, string> = new Map(),
): unknown {
  if (!takesAnIngest(options)) return options;
  const { input } = options as { input: object };
  const ingest = ingestIn(options);
  const [first] = streams.values();
  const heard =
    ingest !== undefined
      ? { group: find(ingest) }
      : {
          groups: Object.fromEntries([
            ...(first === undefined ? [] : [[rehearsalEnd, find(first)]]),
            ...[...streams].map(([destination, of]) => [destination, find(of)]),
          ]) as IngestInput["groups"],
        };
  return { ...(options as object), input: { ...input, ...heard } };
}

const inputIn = (options: unknown) =>
  ((options ?? {}) as { input?: { kind?: unknown; ingest?: string } }).input;
const takesAnIngest = (options: unknown): boolean => inputIn(options)?.kind === "ingest";

/** The ingest that an encoder takes its picture from. */
export const ingestIn = (options: unknown): string | undefined =>
  takesAnIngest(options) ? inputIn(options)?.ingest : undefined;

/** It has none of its own: it takes what the stream takes that it covers. */
export const takesAnyIngest = (options: unknown): boolean =>
  takesAnIngest(options) && ingestIn(options) === undefined;
