import { isIPv4 } from "node:net";

/** A range that is not looked at, or not without being asked for; the message says how. */
export class RangeRefused extends Error {
  override readonly name = "RangeRefused";
}

/** Without `--allow-large`: a /22, about what one building has. */
export const mostAddresses = 1_024;
/** With it: a /16. More is nobody's site. */
const mostEver = 65_536;

const privateRanges = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "100.64.0.0/10",
].map((range) => rangeOf(range)!);

/**
 * The addresses of the ranges that the operator named, in order and each once. Network and
 * broadcast address are left out from /30 up.
 * @param ranges `192.0.2.0/24` or one address
 * @throws RangeRefused with a sentence for the operator
 */
export function addressesOf(
  ranges: readonly string[],
  allow: { public?: boolean; large?: boolean } = {},
): string[] {
  const parsed = ranges.map((text) => {
    const range = rangeOf(text);
    if (range === undefined) {
      const what = text.includes(":") ? "IPv6 ranges are too large to look through; " : "";
      throw new RangeRefused(`${text}: ${what}must be an IPv4 range like 192.168.10.0/24`);
    }
    return { text, ...range };
  });
  for (const { text, first, last } of parsed) {
    const isPrivate = privateRanges.some((r) => first >= r.first && last <= r.last);
    if (!isPrivate && !allow.public)
      throw new RangeRefused(
        `${text} holds public addresses, which may be other people's; if all of it is yours, say --allow-public`,
      );
  }
  const count = parsed.reduce((sum, { first, last }) => sum + (last - first + 1), 0);
  if (count > mostEver)
    throw new RangeRefused(`${count} addresses are more than any site has; name smaller ranges`);
  if (count > mostAddresses && !allow.large)
    throw new RangeRefused(
      `${count} addresses take long; name smaller ranges, or say --allow-large (up to ${mostEver})`,
    );
  const numbers = parsed.flatMap(({ first, last }) => {
    const isSubnet = last - first >= 3;
    const length = last - first + 1 - (isSubnet ? 2 : 0);
    return Array.from({ length }, (_, at) => first + (isSubnet ? 1 : 0) + at);
  });
  return [...new Set(numbers)].map(textOf);
}

function rangeOf(text: string): { first: number; last: number } | undefined {
  const [address = "", length = "32", ...more] = text.split("/");
  if (!isIPv4(address) || !/^(\d|[12]\d|3[0-2])$/.test(length) || more.length > 0) return undefined;
  const size = 2 ** (32 - Number(length));
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = Math.floor(number / size) * size;
  return { first, last: first + size - 1 };
}

const textOf = (number: number) =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
