import type { KnownTarget } from "../driver.ts";

/** Which of the known destinations an address with this key is. */
export function targetAt(
  url: string,
  key: string,
  known: readonly KnownTarget[],
): { destination: string } | "elsewhere" {
  const match = known.find(
    ({ address, streamKey }) => sameAddress(address, url) && streamKey === key,
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
