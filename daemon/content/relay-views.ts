import { join } from "node:path";
import type { SiteConfig } from "../../config/site.schema.ts";
import type { RelayedStream } from "../relays/with-relays.ts";
import type { Still } from "./arguments.ts";

/** What an encoder brings to the relay of a stream, as it can be seen without asking anybody. */
export type RelayView = {
  stream: string;
  encoder: string;
  spool: string;
  still: Still | undefined;
};

/** How far two encoders of one programme may be apart in time, ms. */
export const apartAtMostMs = 3_000;

/** Wherever a relay takes pictures in. An encoder with a `preview` is seen there. */
export function relayViews(
  { encoders, streams, thumbnails }: Pick<SiteConfig, "encoders" | "streams" | "thumbnails">,
  relays: readonly Pick<RelayedStream, "stream" | "memory" | "inputs">[],
): RelayView[] {
  const { everyMs, width: widthPx } = thumbnails;
  const hasPreview = (id: string) => encoders.find((box) => box.id === id)?.preview !== undefined;
  return relays.flatMap(({ stream, memory, inputs }) => {
    const { content } = streams.find(({ id }) => id === stream)!;
    if (everyMs === null && isOfNoInterest(content)) return [];
    return inputs
      .filter(({ encoder }) => !hasPreview(encoder))
      .map(({ encoder, spool }) => {
        const path = join(memory, `${encoder}.jpg`);
        return {
          stream,
          encoder,
          spool,
          still: everyMs === null ? undefined : { path, everyMs, widthPx },
        };
      });
  });
}

const isOfNoInterest = (content: SiteConfig["streams"][number]["content"]): boolean =>
  content.compareEveryMs === null &&
  [content.black, content.frozen, content.silent, content.loudness].every((of) => of.do === "off");
