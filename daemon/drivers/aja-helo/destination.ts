import type { OutputReading } from "../../../machines/encoder/reading.ts";
import type { KnownTarget } from "../driver.ts";
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
  const match = known.find(
    ({ address, streamKey }) => sameAddress(address, url) && streamKey === streamName,
  );
  return match ? { destination: match.destination } : "elsewhere";
}

export const sameAddress = (a: string, b: string) => plain(a) === plain(b);

/** Scheme and host do not mind case, 1935 is RTMP's own port, a slash at the end says nothing. */
function plain(address: string): string {
  const trimmed = address.trim().replace(/\/+$/, "");
  const parts = /^([a-z]+):\/\/([^/]+)(.*)$/i.exec(trimmed);
  if (!parts) return trimmed;
  const [, scheme = "", host = "", path = ""] = parts;
  return `${scheme.toLowerCase()}://${host.toLowerCase().replace(/:1935$/, "")}${path}`;
}

/** An alarm may quote the URL it could not reach, and the key is part of that. */
export function withoutSecrets(text: string, secrets: (string | undefined)[]): string {
  return secrets
    .filter((secret) => secret !== undefined && secret !== "")
    .reduce<string>((left, secret) => left.replaceAll(secret ?? "", "(key)"), text);
}
