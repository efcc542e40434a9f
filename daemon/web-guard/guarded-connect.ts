/**
 * Where the ingest may be led by what a server answers (a playlist, a redirect): the internet, and
 * the server that the operator named. Everything else is this site's own network.
 */
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { BlockList, connect, isIP, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { specialNetworks } from "../../config/special-networks.ts";

/** Rejects where it may not go, or does not get. */
export type Connect = (host: string, port: number) => Promise<Socket>;

export type Place = { host: string; port: number };

export const placeOf = ({ hostname, port, protocol }: URL): Place => ({
  host: hostname.replace(/^\[|\]$/g, ""),
  port: Number(port || (protocol === "https:" ? 443 : 80)),
});

export class OwnNetworkError extends Error {
  override readonly name = "OwnNetworkError";
}

const connectWithinMs = 5_000;
/** Nothing went either way for so long. */
const idleMs = 10_000;

const special = new BlockList();
for (const network of specialNetworks) {
  const [address = "", bits] = network.split("/");
  special.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** Also an address that the whole internet knows, when it is this host's own. */
export function isOwnNetwork(address: string): boolean {
  if (special.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")) return true;
  return Object.values(networkInterfaces())
    .flat()
    .some((own) => own?.address === address);
}

/**
 * @param own what the operator wrote: may be within this site's network, at this port only. One that
 * was on the internet when it was first asked for is not followed from there into this network.
 */
export function guardedConnect(
  own: Place,
  by = { resolve: async (host: string) => (await lookup(host)).address, dial: connect },
): Connect {
  let isOwnInside: boolean | undefined;
  return async (host, port) => {
    // Connected to is what was looked at: a name that says something else next time gains nothing.
    const address = await by.resolve(host);
    const isInside = isOwnNetwork(address);
    const isOwn = host === own.host && port === own.port;
    if (isOwn) isOwnInside ??= isInside;
    if (isInside && !(isOwn && isOwnInside)) {
      const at = address === host ? host : `${host} (${address})`;
      throw new OwnNetworkError(`${at} is within this site's own network`);
    }
    const socket = by.dial({ host: address, port, timeout: connectWithinMs });
    socket.on("timeout", () => socket.destroy(new Error(`${host}:${port} does not answer`)));
    await once(socket, "connect");
    return socket.setTimeout(idleMs);
  };
}
