import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { SiteConfig } from "../../config/site.schema.ts";
import type { Box } from "./scan.ts";

/** An entry of the site's file, and where its box is. */
type Configured = {
  section: Box["section"];
  id: string;
  address: string;
  port: unknown;
  options: Readonly<Record<string, unknown>>;
};
export type KnownBoxes = {
  /** Ids that the file has given away. */
  ids: ReadonlySet<string>;
  /** Entries of the file that are this box, or this one of its outlets. */
  entriesOf(box: Box, keys: Readonly<Record<string, unknown>>): string[];
};

export const noneKnown: KnownBoxes = { ids: new Set(), entriesOf: () => [] };

export const entriesOfAny = (box: Box, known: KnownBoxes): string[] => [
  ...new Set(box.entries.flatMap(({ keys }) => known.entriesOf(box, keys))),
];

/** What the site's file names already. A host whose name means no address now is none of the boxes. */
export async function knownBoxes({
  encoders,
  outlets,
  storages,
}: Pick<SiteConfig, "encoders" | "outlets" | "storages">): Promise<KnownBoxes> {
  const entries = (
    await Promise.all(
      Object.entries({ encoders, outlets, storages }).flatMap(([section, list]) =>
        list.map(async ({ id, options: given }): Promise<Configured> => {
          const options = given as Configured["options"];
          const { host, port } = options;
          const address = typeof host === "string" ? await addressOf(host) : "";
          return { section: section as Box["section"], id, address, port, options };
        }),
      ),
    )
  ).filter(({ address }) => address !== "");
  return {
    ids: new Set([encoders, outlets, storages].flatMap((list) => list.map(({ id }) => id))),
    entriesOf: (box, keys) =>
      entries
        .filter(
          ({ section, address, port, options }) =>
            section === box.section &&
            address === box.address &&
            port === box.port &&
            options["outlet"] === keys["outlet"],
        )
        .map(({ id }) => id),
  };
}

async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  const found = await lookup(host, { family: 4 }).catch(() => undefined);
  return found?.address ?? "";
}
