/** What a stranger's box says of itself may hold anything; it is going to a terminal and to YAML. */
const mostCharacters = 120;
const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu;

export function plain(text: string): string {
  const clean = text.replace(unprintable, " ").replace(/\s+/g, " ").trim();
  return clean.length > mostCharacters ? `${clean.slice(0, mostCharacters)}…` : clean;
}
