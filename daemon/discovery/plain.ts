/** As long as a name in the configuration may be. */
const mostCharacters = 120;
const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu;

/** What a stranger's box says of itself may hold anything; it is going to a terminal and to YAML. */
export function plain(text: string): string {
  const clean = text.replace(unprintable, " ").replace(/\s+/g, " ").trim();
  if (clean.length <= mostCharacters) return clean;
  // Half of a pair that was cut through is no character.
  return `${clean.slice(0, mostCharacters - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
