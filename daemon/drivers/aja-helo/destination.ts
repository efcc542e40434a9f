import type { OutputReading } from "../../../machines/encoder/reading.ts";
import type { KnownTarget } from "../driver.ts";
import { targetAt } from "../shared/address.ts";
import { streamTypeRtmp } from "./parameters.ts";

/** What a unit is configured to publish to. `undefined` fields were not read. */
export type Configured = {
  streamType?: string | undefined;
  url?: string | undefined;
  streamName?: string | undefined;
};

/**
 * Which of the known destinations this is; undefined while a part of it is not known. A unit at
 * rest is judged by what it would publish to. The factory default is HLS with no address: none.
 */
export function targetOf(
  { streamType, url, streamName }: Configured,
  streaming: boolean,
  known: KnownTarget[],
): OutputReading["target"] {
  const otherType = streamType !== undefined && streamType !== streamTypeRtmp;
  if (otherType && streaming) return "elsewhere";
  if (url === undefined) return undefined;
  if (url === "") return "none";
  if (otherType) return "elsewhere";
  if (streamType === undefined || streamName === undefined) return undefined;
  return targetAt(url, streamName, known);
}
