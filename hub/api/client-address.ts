/** Who is connected, where the framework is not asked: sockets that are upgraded. */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

const familyOf = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");
/** IPv4 as a socket that listens on both has it. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, "");

/**
 * @param trusted addresses and networks of proxies whose word for whom they speak is believed
 * @returns as fastify's `request.ip`: the last address that is not one of those
 */
export function clientAddress(trusted: readonly string[]) {
  const proxies = new BlockList();
  for (const one of trusted) {
    const [address = "", bits] = one.split("/");
    if (bits === undefined) proxies.addAddress(address, familyOf(address));
    else proxies.addSubnet(address, Number(bits), familyOf(address));
  }
  return ({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">): string => {
    const said = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
    const hops = said.map((one) => plain(one.trim())).filter((one) => isIP(one) !== 0);
    let address = plain(socket.remoteAddress ?? "unknown");
    while (isIP(address) !== 0 && proxies.check(address, familyOf(address))) {
      const before = hops.pop();
      if (before === undefined) break;
      address = before;
    }
    return address;
  };
}
