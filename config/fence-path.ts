/** Is the way to an outlet worth something when its box is in trouble? Known from the file alone. */
import type { SiteConfig } from "./site.schema.ts";

/** Sentences for the start log, `--check` and the site's warnings. */
export function fencePathWarnings({ encoders, outlets }: SiteConfig): string[] {
  return encoders.flatMap(({ id, outlet: outletId, network }) => {
    const outlet = outlets.find((known) => known.id === outletId);
    if (!outlet || network === undefined || outlet.network === undefined) return [];
    return network === outlet.network
      ? [
          `${id} and its outlet ${outlet.id} hang on the same switch (${network}): when that fails, neither answers`,
        ]
      : [];
  });
}
