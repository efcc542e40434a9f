import { createServer, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import type { Pool } from "../../../../daemon/drivers/driver.ts";
import { openHttp } from "../../../../daemon/drivers/shared/http/http.ts";
import { talliedHttp } from "../../../../daemon/drivers/shared/tally.ts";
import type { Exchange } from "../../../../machines/encoder/connection-health.ts";

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function aBox() {
  server = createServer((req, res) => {
    if (req.url === "/reset") req.socket.destroy();
    else if (req.url === "/busy") res.writeHead(503).end();
    else if (req.url !== "/hang") setTimeout(() => res.end("{}"), 50);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const exchanges: Exchange[] = [];
  const looks: (() => Pool)[] = [];
  const http = talliedHttp(openHttp("127.0.0.1", port, 10_000), {
    now: () => performance.now(),
    exchanged: (exchange) => void exchanges.push(exchange),
    pooled: (look) => void looks.push(look),
  });
  const get = (path: string, signal = new AbortController().signal) =>
    http.send({ method: "GET", path }, signal).catch(() => undefined);
  return { get, exchanges, look: () => looks[0]?.() };
}

test("an answer is told with its latency; an overloaded box and a broken connection have none", async () => {
  const { get, exchanges } = await aBox();
  await get("/");
  await get("/busy");
  await get("/reset");
  expect(exchanges).toMatchObject([{}, {}, { isReset: true }]);
  expect(exchanges.map(({ latencyMs }) => latencyMs !== undefined)).toEqual([true, false, false]);
  // 50 ms by the box's timer, which may fire a millisecond early.
  expect(exchanges[0]!.latencyMs).toBeGreaterThan(48);
});

test("a question that took too long is a failure, one that was given up is nothing", async () => {
  const { get, exchanges } = await aBox();
  const giveUp = new AbortController();
  setTimeout(() => giveUp.abort(), 20);
  await get("/hang", giveUp.signal);
  expect(exchanges).toEqual([]);
  await get("/hang", AbortSignal.timeout(20));
  expect(exchanges).toEqual([{ atMs: expect.any(Number) as number }]);
});

test("its connections can be seen: open, in use, and who waits for one", async () => {
  const { get, look } = await aBox();
  const giveUp = new AbortController();
  expect(look()).toEqual({ socketsOpen: 0, socketsBusy: 0, requestsWaiting: 0 });
  const hanging = get("/hang", giveUp.signal);
  const waiting = get("/");
  await expect.poll(look).toEqual({ socketsOpen: 1, socketsBusy: 1, requestsWaiting: 1 });
  giveUp.abort();
  await Promise.all([hanging, waiting]);
  await expect.poll(look).toEqual({ socketsOpen: 1, socketsBusy: 0, requestsWaiting: 0 });
});
