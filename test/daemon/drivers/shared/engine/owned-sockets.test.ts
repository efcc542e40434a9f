import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import {
  linesOf,
  OwnedSockets,
} from "../../../../../daemon/drivers/shared/engine/owned-sockets.ts";
import { slow } from "../../../../setup/slow.ts";

const none = { byInode: new Map<string, string>(), openedAtMs: new Map<number, number>() };
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function aConnection(): Promise<{ socket: Socket; remotePort: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    ends.push(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const remotePort = (server.address() as AddressInfo).port;
  const socket = connect(remotePort, "127.0.0.1");
  ends.push(() => void (socket.destroy(), server.close()));
  await once(socket, "connect");
  return { socket, remotePort };
}

test("the owner of a socket is found by its inode; what nobody owns is left out", () => {
  const text =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0\n" +
    "   1: 0100007F:1F91 0100007F:0050 04 00000010:00000000 01:00000014 00000003     0        0 0 1 0\n";
  expect([...linesOf(text, none, 0).byInode.keys()]).toEqual(["4711"]);
});

test("a connection that somebody opens is known by its port for as long as that matters", () => {
  const row = (port: string, inode: number) =>
    `   0: 0100007F:1F90 0100007F:${port} 01 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0`;
  const first = linesOf(row("078F", 1), none, 1_000);
  expect([...first.openedAtMs]).toEqual([[1_935, 1_000]]);
  const same = linesOf(row("078F", 1), first, 5_000);
  expect([...same.openedAtMs]).toEqual([[1_935, 1_000]]);
  const another = linesOf(`${row("078F", 1)}\n${row("078F", 2)}`, same, 6_000);
  expect([...another.openedAtMs]).toEqual([[1_935, 6_000]]);
  expect([...linesOf(row("078F", 2), another, 60_000).openedAtMs]).toEqual([]);
});

slow(
  "a silent engine's new connection is seen at once, a moving one's within a second",
  async () => {
    const [silent, moving] = [new OwnedSockets(), new OwnedSockets()];
    const first = await aConnection();
    const ports = async (watch: OwnedSockets, isSilent: boolean) =>
      (await watch.look(process.pid, isSilent)).map(({ remotePort }) => remotePort);
    await expect.poll(() => ports(silent, true)).toContain(first.remotePort);
    await expect.poll(() => ports(moving, false)).toContain(first.remotePort);

    const second = await aConnection();
    await expect.poll(() => ports(silent, true)).toContain(second.remotePort);
    await expect.poll(() => ports(moving, false), { timeout: 10_000 }).toContain(second.remotePort);
  },
);

test("a connection that is gone is not told any more", async () => {
  const watch = new OwnedSockets();
  const { socket, remotePort } = await aConnection();
  const ports = async () => (await watch.look(process.pid, false)).map((found) => found.remotePort);
  await expect.poll(ports).toContain(remotePort);
  socket.resetAndDestroy();
  await expect.poll(ports, { timeout: 10_000 }).not.toContain(remotePort);
});
