/**
 * Where the hub may be sent by a URL that somebody typed: the internet, and what the operator
 * names. Everything else is the hub's own network, and a way for a key to look around in it.
 */
import { lookup as resolve } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { specialNetworks } from "../../config/special-networks.ts";

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
  const closed = listOf(specialNetworks);
  const open = listOf(allowed);
  const isAllowed = (address: string) => {
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
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
