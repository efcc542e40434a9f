/** A key shorter than this is no secret, and hiding it would hide half of every message. */
const leastLength = 4;

/**
 * The `sed` script that takes secrets out of what a program says, also where a server quotes only
 * the name or only the token of a stream key.
 * @param secrets as they stand in the program's arguments, also where that is another spelling
 */
export function hidingScript(secrets: readonly string[]): string {
  const parts = secrets.flatMap((secret) => secret.split(/[?&=/]/)).filter((p) => p.length >= 8);
  // The longest first: one may be a part of another.
  return [...new Set([...secrets, ...parts])]
    .sort((a, b) => b.length - a.length)
    .filter((secret) => secret.length >= leastLength)
    .map((secret) => `s/${secret.replace(/[\\/.*[\]^$]/g, "\\$&")}/[key]/g`)
    .concat("s/$//")
    .join(";");
}
