import type { SiteConfig } from "../../config/site.schema.ts";
import { vendors } from "../drivers/index.ts";
import { ingestIn } from "../drivers/shared/engine/ingest-input.ts";
import { type Group, groupOf } from "../ingest/group.ts";
import type { RelayedStream } from "../relays/with-relays.ts";

/** Where the pictures of an encoder and those of its source are, or why they cannot be compared. */
export type Subject = { group: Group; spool: string } | { because: string };
export type Subjects = {
  stream: string;
  everyMs: number;
  /** In memory. */
  folder: string;
  of: ReadonlyMap<string, Subject>;
};

/** Of each stream that is to be looked at so. */
export function subjectsOf(
  config: Pick<SiteConfig, "site" | "stateDir" | "encoders" | "streams">,
  relays: readonly Pick<RelayedStream, "stream" | "memory" | "inputs">[],
): Subjects[] {
  return relays.flatMap(({ stream, memory, inputs }) => {
    const { everyMs } = config.streams.find(({ id }) => id === stream)!.content.quality;
    if (everyMs === null) return [];
    const of = inputs.map(({ encoder, spool }) => [encoder, subject(encoder, spool)] as const);
    return [{ stream, everyMs, folder: memory, of: new Map(of) }];
  });

  function subject(id: string, spool: string): Subject {
    const { driver, options } = config.encoders.find((encoder) => encoder.id === id)!;
    const { video } = options as { video?: { codec?: string } };
    const ingest = ingestIn(options);
    if (vendors[driver]?.feedsRelay !== "spool") return { because: `${id} has a clock of its own` };
    if (ingest === undefined) return { because: `${id} reads its source from no ingest` };
    if (video?.codec === "copy") return { because: `${id} passes on what comes in` };
    return { group: groupOf(config, ingest), spool };
  }
}
