/** A key shorter than this is no secret, and hiding it would hide half of every message. */
const leastLength = 4;

/**
 * The `sed` script that takes a stream key out of what a program says, also where a server quotes
 * only its name or only its token.
 * @param spellings the key as it stands in the program's arguments, where that differs
 */
export function hidingScript(streamKey: string, spellings: readonly string[] = []): string {
  const parts = streamKey.split(/[?&=/]/).filter((part) => part.length >= 8);
  return [...spellings, streamKey, ...parts]
    .filter((secret) => secret.length >= leastLength)
    .map((secret) => `s/${secret.replace(/[\\/.*[\]^$]/g, "\\$&")}/[key]/g`)
    .concat("s/$//")
    .join(";");
}
