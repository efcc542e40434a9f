import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { startFaultProxy, type FaultProxy } from "./fault-proxy.ts";

const patient = { timeout: 10_000, interval: 10 };
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that sends everything back, behind a proxy. */
async function aLink() {
  const peers = new Set<Socket>();
  const echo = createServer({ allowHalfOpen: true }, (peer) => {
    peers.add(peer);
    peer.on("error", () => peers.delete(peer));
    peer.on("close", () => peers.delete(peer));
    peer.pipe(peer);
  });
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const { port } = echo.address() as AddressInfo;
  const proxy = await startFaultProxy({ host: "127.0.0.1", port });
  cleanups.push(async () => {
    await proxy.close();
    for (const peer of peers) peer.destroy();
    await new Promise((resolve) => echo.close(resolve));
  });
  return { proxy, peers };
}

async function aCaller(proxy: FaultProxy) {
  const socket = connect({ host: "127.0.0.1", port: proxy.port, allowHalfOpen: true });
  const heard: Buffer[] = [];
  const said = { error: "" };
  socket.on("data", (data: Buffer) => heard.push(data));
  socket.on("error", (error: NodeJS.ErrnoException) => (said.error = error.code ?? "?"));
  cleanups.push(async () => socket.destroy());
  await once(socket, "connect");
  return {
    socket,
    said,
    heard: () => Buffer.concat(heard),
    pieces: heard,
    hears: (bytes: number) =>
      vi.waitFor(() => expect(Buffer.concat(heard)).toHaveLength(bytes), patient),
  };
}

test("without faults every byte arrives, in order, also when sent in slices with jitter", async () => {
  const { proxy } = await aLink();
  const caller = await aCaller(proxy);
  const data = randomBytes(300_000);
  caller.socket.write(data);
  await caller.hears(data.length);
  proxy.set({ sliceBytes: 1_000, jitterMs: 5 });
  caller.socket.end(data);
  await caller.hears(2 * data.length);
  const sum = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  expect(sum(caller.heard())).toBe(sum(Buffer.concat([data, data])));
  expect(proxy.bytes).toBe(4 * data.length);
});

test("the end of one side's sending is handed on, and the answer still comes back", async () => {
  const { proxy } = await aLink();
  const caller = await aCaller(proxy);
  const ended = once(caller.socket, "end");
  caller.socket.end("last words");
  await ended;
  expect(caller.heard().toString()).toBe("last words");
  caller.socket.destroy();
  await vi.waitFor(() => expect(proxy.connections).toBe(0), patient);
});

test("latency delays each way", async () => {
  const { proxy } = await aLink();
  const caller = await aCaller(proxy);
  proxy.set({ latencyMs: 150 });
  const sentAtMs = performance.now();
  caller.socket.write("ping");
  await caller.hears(4);
  expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(298);
});

test("bandwidth limits the rate, and evenly", async () => {
  const { proxy } = await aLink();
  const caller = await aCaller(proxy);
  proxy.set({ bytesPerSecond: 50_000 });
  const sentAtMs = performance.now();
  caller.socket.write(randomBytes(50_000));
  await caller.hears(50_000);
  const elapsedMs = performance.now() - sentAtMs;
  expect(elapsedMs).toBeGreaterThan(900);
  expect(elapsedMs).toBeLessThan(8_000);
  expect(caller.pieces.length).toBeGreaterThan(10);
});

test("a black hole keeps the connection and loses nothing once it opens", async () => {
  const { proxy, peers } = await aLink();
  const caller = await aCaller(proxy);
  caller.socket.write("before ");
  await caller.hears(7);
  proxy.set({ blackhole: true });
  caller.socket.write("during ");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(caller.heard().toString()).toBe("before ");
  expect([caller.said.error, caller.socket.destroyed, peers.size]).toEqual(["", false, 1]);
  await proxy.heal();
  await caller.hears(14);
  expect(caller.heard().toString()).toBe("before during ");
});

test("a reset is seen as a reset on both sides, and the next connection works", async () => {
  const { proxy, peers } = await aLink();
  const caller = await aCaller(proxy);
  await vi.waitFor(() => expect(peers.size).toBe(1), patient);
  expect(proxy.resetPeers()).toBe(1);
  await vi.waitFor(() => expect(caller.said.error).toBe("ECONNRESET"), patient);
  await vi.waitFor(() => expect(peers.size).toBe(0), patient);
  const next = await aCaller(proxy);
  next.socket.write("hello");
  await next.hears(5);
  expect(proxy.accepted).toBe(2);
});

test("a link that is down refuses, and comes up again on the same port", async () => {
  const { proxy } = await aLink();
  const caller = await aCaller(proxy);
  await proxy.down(true);
  await vi.waitFor(() => expect(caller.said.error).toBe("ECONNRESET"), patient);
  await expect(aCaller(proxy)).rejects.toThrow("ECONNREFUSED");
  await proxy.down(true);
  await proxy.down(false);
  const next = await aCaller(proxy);
  next.socket.write("hello");
  await next.hears(5);
});
