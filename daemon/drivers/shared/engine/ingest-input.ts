import { DriverError } from "../../driver.ts";

/** Where an ingest is heard on this host: the daemon writes it into an encoder's input. */
export type IngestGroup = { address: string; port: number };

/**
 * @throws DriverError `notPossible` where nobody has written it in
 */
export function groupOf(input: { ingest: string; group?: IngestGroup }): IngestGroup {
  if (!input.group) throw new DriverError("notPossible", `there is no ingest ${input.ingest}`);
  return input.group;
}

/** Options of an encoder with the group that its input is heard at, where that is an ingest. */
export function withGroup(options: unknown, find: (ingest: string) => IngestGroup): unknown {
  const ingest = ingestIn(options);
  if (ingest === undefined) return options;
  const { input } = options as { input: object };
  return { ...(options as object), input: { ...input, group: find(ingest) } };
}

/** The ingest that an encoder takes its picture from. */
export function ingestIn(options: unknown): string | undefined {
  const { input } = (options ?? {}) as { input?: { kind?: unknown; ingest?: unknown } };
  return input?.kind === "ingest" ? String(input.ingest) : undefined;
}
