import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openHttp } from "../../../../../daemon/drivers/shared/http/http.ts";

/**
 * A server that speaks raw bytes; `serve` is called once per request head, with its number.
 *
 * @param limitMs what a request may take: long, where none is to run out of time
 */
async function aServer(serve: (socket: Socket, request: number) => void, limitMs = 30_000) {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", () => serve(socket, (requests += 1)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const http = openHttp("127.0.0.1", port, limitMs);
  onTestFinished(() => {
    http.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const get = (path = "/config") => http.send({ method: "GET", path }, AbortSignal.timeout(60_000));
  return { get, http, requests: () => requests, connections: () => sockets.size };
}

const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test("an answer with both a length and chunks is read, as AJA units send it", async () => {
  const { get } = await aServer((socket) =>
    socket.write(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-encoding: chunked\r\n\r\n" +
        "5\r\nhello\r\n0\r\n\r\n",
    ),
  );
  expect(await get()).toMatchObject({ status: 200, body: "hello" });
});

test("an answer of HTTP/1.0 that ends with its connection is read", async () => {
  const { get } = await aServer((socket) => socket.end("HTTP/1.0 200 OK\r\n\r\nhello"));
  expect((await get()).body).toBe("hello");
});

test("one connection is kept for many requests", async () => {
  const { get, connections } = await aServer((socket) => socket.write(ok("x")));
  for (let request = 0; request < 5; request += 1) await get();
  expect(connections()).toBe(1);
});

test("a kept connection that the unit closes meanwhile is no fault of the unit", async () => {
  const { get, requests } = await aServer((socket, request) =>
    request === 2 ? socket.resetAndDestroy() : socket.write(ok(`answer ${request}`)),
  );
  await get();
  expect((await get()).body).toBe("answer 3");
  expect(requests()).toBe(3);
});

test("a unit that resets a fresh connection refused, and is not asked twice", async () => {
  const { get, requests } = await aServer((socket) => socket.resetAndDestroy());
  await expect(get()).rejects.toMatchObject({ name: "DriverError", code: "refused" });
  expect(requests()).toBe(1);
});

test("a closed port is refused", async () => {
  const http = openHttp("127.0.0.1", 1, 30_000);
  const sent = http.send({ method: "GET", path: "/" }, AbortSignal.timeout(60_000));
  await expect(sent).rejects.toMatchObject({ code: "refused" });
});

test("an answer that ends half way is malformed", async () => {
  const { get } = await aServer((socket) =>
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
  );
  await expect(get()).rejects.toMatchObject({ code: "malformed" });
});

test("what is not HTTP is malformed", async () => {
  const { get } = await aServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
  await expect(get()).rejects.toMatchObject({ code: "malformed" });
});

test("a switch to another protocol is not followed", async () => {
  const { get } = await aServer((socket) =>
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
  );
  await expect(get()).rejects.toMatchObject({ name: "DriverError" });
});

test("silence ends at the time limit", async () => {
  const { get } = await aServer(() => undefined, 400);
  await expect(get()).rejects.toMatchObject({ code: "timeout" });
});

test("an answer that drips in byte by byte ends at the time limit, not at its last byte", async () => {
  const { get } = await aServer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
    const drip = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => clearInterval(drip));
  }, 400);
  const startedAt = performance.now();
  await expect(get()).rejects.toMatchObject({ code: "timeout" });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test("an answer of 100 MB is dropped after 256 KiB", async () => {
  let sentBytes = 0;
  const { get } = await aServer((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${100 * 2 ** 20}\r\n\r\n`);
    const more = () => {
      while (!socket.destroyed && sentBytes < 100 * 2 ** 20) {
        sentBytes += 65_536;
        if (!socket.write(Buffer.alloc(65_536))) return void socket.once("drain", more);
      }
    };
    more();
  });
  await expect(get()).rejects.toMatchObject({ code: "malformed" });
  expect(sentBytes).toBeLessThan(20 * 2 ** 20);
});

test("a redirect is handed on as it is, not followed", async () => {
  const { get, requests } = await aServer((socket) =>
    socket.write("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
  );
  expect((await get()).status).toBe(302);
  expect(requests()).toBe(1);
});

test("a caller who gives up is told at once", async () => {
  const { http } = await aServer(() => undefined);
  const giveUp = new AbortController();
  const sent = http.send({ method: "GET", path: "/" }, giveUp.signal);
  setTimeout(() => giveUp.abort(), 20);
  const startedAt = performance.now();
  await expect(sent).rejects.toMatchObject({ code: "timeout" });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});
