/** Sockets are counted with the requests of their address. */
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io } from "socket.io-client";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { Hub } from "../e2e/hub.ts";

test("who opens sockets without end is refused on each surface, and may come again", async () => {
  const config = join(tmpdir(), `understudy-upgrades-${process.pid}.yaml`);
  onTestFinished(() => rmSync(config, { force: true }));
  writeFileSync(config, "rateLimit: {requests: 4, within: 10s}\n");
  const hub = await Hub.start(config, { isClosed: true });
  const opened: { close(): void }[] = [];
  const open = (path: string, protocol: string) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(hub.url.replace("http", "ws") + path, protocol);
      opened.push(socket);
      socket.on("open", () => resolve("open"));
      socket.on("error", ({ message }) => resolve(message));
    });
  const graph = () => open("/graphql", "graphql-transport-ws");
  const mqtt = () => open("/mqtt", "mqtt");
  const live = () =>
    new Promise<string>((resolve) => {
      const auth = { token: hub.adminKey };
      const socket = io(hub.url, { transports: ["websocket"], reconnection: false, auth });
      opened.push(socket);
      socket.on("connect", () => resolve("open"));
      socket.on("connect_error", ({ message }) => resolve(message));
    });
  try {
    for (const one of [graph, mqtt, live, graph]) expect(await one()).toBe("open");
    expect(await graph()).toContain("429");
    expect(await mqtt()).toContain("429");
    expect(await live()).toMatch(/websocket error/);
    await expect.poll(mqtt, { timeout: 30_000, interval: 1_000 }).toBe("open");
  } finally {
    for (const one of opened) one.close();
    await hub.close();
  }
}, 60_000);
