/**
 * Addresses are logged, published and quoted by programs, so what lets us in stands beside them.
 * @param under the keys that hold what was written into the address
 * @returns what is wrong with it, without repeating it; undefined: nothing of that kind
 */
export function whyNotBare(
  address: unknown,
  under: { login: string; query: string },
): string | undefined {
  if (typeof address !== "string") return undefined;
  if (/^\w+:\/\/[^/?#]*@/.test(address)) {
    return `must not hold a user name or password, write them under ${under.login}`;
  }
  if (!/[?#]/.test(address)) return undefined;
  return `must end before the ?, write what follows under ${under.query}`;
}
