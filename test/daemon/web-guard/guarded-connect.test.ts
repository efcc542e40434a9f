import { once } from "node:events";
import { type AddressInfo, connect, createServer, type NetConnectOpts } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import {
  guardedConnect,
  isOwnNetwork,
  placeOf,
} from "../../../daemon/web-guard/guarded-connect.ts";

const onTheInternet = "8.8.4.4";

/** Names that say what they are told to, and a server in place of whatever is connected to. */
async function aWay(address: string, addresses: Record<string, string[]>) {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const dialled: string[] = [];
  const guarded = guardedConnect(placeOf(new URL(address)), {
    resolve: (host) => {
      const [first = host, ...later] = addresses[host] ?? [];
      if (later.length > 0) addresses[host] = later;
      return Promise.resolve(first);
    },
    dial: ((options: NetConnectOpts & { host: string }) => {
      dialled.push(options.host);
      return connect((server.address() as AddressInfo).port, "127.0.0.1");
    }) as typeof connect,
  });
  const go = async (host: string, port: number) => void (await guarded(host, port)).destroy();
  return { dialled, go };
}
const refusal = /is within this site's own network/;

test("it connects to the address that was looked at, not to the name", async () => {
  const { go, dialled } = await aWay("http://cdn.example/a.m3u8", {
    "cdn.example": [onTheInternet, "127.0.0.1"],
  });
  await go("cdn.example", 80);
  expect(dialled).toEqual([onTheInternet]);
});

test("a server on the internet whose name leads here the next time is not followed", async () => {
  const { go } = await aWay("http://cdn.example/a.m3u8", {
    "cdn.example": [onTheInternet, "10.0.0.7"],
  });
  await go("cdn.example", 80);
  await expect(go("cdn.example", 80)).rejects.toThrow("cdn.example (10.0.0.7) is within");
});

test("the operator's own server may be within the site's network: it, and no other port", async () => {
  const names = { "packager.lan": ["10.0.0.7"], "other.lan": ["10.0.0.7"] };
  const { go } = await aWay("https://packager.lan/a.m3u8", names);
  await go("packager.lan", 443);
  await go("packager.lan", 443);
  await expect(go("packager.lan", 22)).rejects.toThrow(refusal);
  await expect(go("10.0.0.7", 443)).rejects.toThrow(refusal);
  await expect(go("other.lan", 443)).rejects.toThrow(refusal);
});

test.each([
  ...["127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"],
  ...["100.64.0.1", "224.0.0.1", "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "ff02::1"],
])("%s is within the site's network", (address) => {
  expect(isOwnNetwork(address)).toBe(true);
});

test.each([onTheInternet, "2606:4700::1111"])("%s is on the internet", (address) => {
  expect(isOwnNetwork(address)).toBe(false);
});
