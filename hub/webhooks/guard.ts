/**
 * Where the hub may be sent by a URL that somebody typed: the internet, and what the operator
 * names. Everything else is the hub's own network, and a way for a key to look around in it.
 */
import { lookup as resolve } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Not the internet: the IANA special-purpose registries for IPv4 and IPv6
 * (https://www.iana.org/assignments/iana-ipv4-special-registry).
 */
const special = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"],
  ...["198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
  ...["::/128", "::1/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64"],
  ...["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7"],
  ...["fe80::/10", "fec0::/10", "ff00::/8"],
];

export class ForbiddenAddressError extends Error {
  override readonly name = "ForbiddenAddressError";
  constructor(address: string) {
    super(`${address} is not on the internet; the hub's \`webhooks.allow\` names other networks`);
  }
}

export type Guard = {
  isAllowed(address: string): boolean;
  /** For `http.request`: what is connected to is what was looked at. */
  lookup: LookupFunction;
  /** An address in the URL itself is never looked up. @throws ForbiddenAddressError */
  check(url: URL): void;
};

/** @param allowed networks or addresses, for example `10.1.0.0/16` */
export function openGuard(allowed: readonly string[]): Guard {
  const closed = listOf(special);
  const open = listOf(allowed);
  const isAllowed = (address: string) => {
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    // Node compares an IPv4 address within IPv6 with IPv4 rules as well.
    return open.check(address, family) || !closed.check(address, family);
  };
  return {
    isAllowed,
    check(url) {
      const host = url.hostname.replace(/^\[|\]$/g, "");
      if (isIP(host) !== 0 && !isAllowed(host)) throw new ForbiddenAddressError(host);
    },
    lookup(hostname, options, callback) {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error) return void callback(error, "", 0);
        const forbidden = addresses.find(({ address }) => !isAllowed(address));
        if (forbidden) return void callback(new ForbiddenAddressError(forbidden.address), "", 0);
        if (options.all === true) return void callback(null, addresses);
        const [first] = addresses;
        callback(null, first?.address ?? "", first?.family ?? 0);
      });
    },
  };
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
