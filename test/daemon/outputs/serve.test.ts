import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { serve } from "../../../daemon/outputs/serve.ts";
import { slow } from "../../setup/slow.ts";
import { until } from "../drivers/shared/engine/until.ts";

/** A folder with a list, a segment of ten bytes, and a file that nobody is offered. */
async function served(token?: string, host = "127.0.0.1") {
  const folder = mkdtempSync(join(tmpdir(), "serve-"));
  writeFileSync(join(folder, "index.m3u8"), "#EXTM3U\n");
  writeFileSync(join(folder, "7.ts"), "0123456789");
  writeFileSync(join(folder, "list.json"), "{}");
  const read: string[] = [];
  const server = serve({
    ...{ folder, read: (address) => read.push(address) },
    offers: (name) => ["index.m3u8", "7.ts", "gone.ts"].includes(name),
    ...(token && { tokenSha256: createHash("sha256").update(token).digest("hex") }),
  }).listen(0, host);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const get = (path: string, headers = {}, method = "GET") =>
    fetch(`http://${host}:${port}${path}`, { headers, method });
  /** Connections that ask for nothing. */
  const idle = async (count: number) => {
    let refused = 0;
    const sockets = Array.from({ length: count }, () => connect(port, host));
    const end = () => sockets.forEach((socket) => socket.destroy());
    onTestFinished(end);
    for (const socket of sockets) {
      socket.on("error", () => undefined).once("close", () => refused++);
    }
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    return { refused: () => refused, end };
  };
  return { get, read, idle };
}

test("a list is asked for again each time, a segment is kept for an hour; pages of others may read", async () => {
  const { get, read } = await served();
  const list = await get("/index.m3u8");
  expect(await list.text()).toBe("#EXTM3U\n");
  expect(list.headers.get("content-type")).toBe("application/vnd.apple.mpegurl");
  expect(list.headers.get("cache-control")).toBe("no-cache");
  expect(list.headers.get("access-control-allow-origin")).toBe("*");
  expect(read).toEqual(["127.0.0.1"]);
  const segment = await get("/7.ts");
  expect(segment.headers.get("cache-control")).toBe("public, max-age=3600, immutable");
  expect(segment.headers.get("content-type")).toBe("video/mp2t");
  const asked = await get("/7.ts", { Origin: "http://page" }, "OPTIONS");
  expect([asked.status, asked.headers.get("access-control-allow-headers")]).toEqual([
    204,
    "Range, Authorization",
  ]);
});

test.each([
  ["bytes=2-4", 206, "234", "bytes 2-4/10"],
  ["bytes=7-", 206, "789", "bytes 7-9/10"],
  ["bytes=7-99", 206, "789", "bytes 7-9/10"],
  ["bytes=-3", 206, "789", "bytes 7-9/10"],
  ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
  ["bytes=10-", 416, "", "bytes */10"],
  ["bytes=-0", 416, "", "bytes */10"],
  ["bytes=4-2", 200, "0123456789", null],
  ["bytes=1-2,4-5", 200, "0123456789", null],
  ["bites=1-2", 200, "0123456789", null],
])("range %s: %i %s", async (range, status, text, told) => {
  const { get } = await served();
  const answer = await get("/7.ts", { Range: range });
  expect(answer.status).toBe(status);
  expect(await answer.text()).toBe(text);
  expect(answer.headers.get("content-range")).toBe(told);
});

test("HEAD tells of it without its bytes", async () => {
  const answer = await (await served()).get("/7.ts", {}, "HEAD");
  expect([answer.status, answer.headers.get("content-length")]).toEqual([200, "10"]);
  expect(await answer.text()).toBe("");
});

test.each([
  ["/list.json", 404],
  ["/gone.ts", 404],
  ["/", 404],
  ["/..%2f..%2fetc%2fpasswd", 404],
  ["/../../etc/passwd", 404],
  ["/any/index.m3u8", 404],
])("%s is not there", async (path, status) => {
  expect((await (await served()).get(path)).status).toBe(status);
});

test("nothing can be put there", async () => {
  const { get } = await served();
  expect((await get("/7.ts", {}, "PUT")).status).toBe(405);
});

test("with a token, it stands in the path or in the header; without it nobody learns what there is", async () => {
  const { get } = await served("open-sesame");
  expect((await get("/open-sesame/index.m3u8")).status).toBe(200);
  expect((await get("/7.ts", { Authorization: "Bearer open-sesame" })).status).toBe(200);
  for (const path of ["/index.m3u8", "/none.ts", "/open-barley/7.ts", "/a/open-sesame/7.ts"]) {
    expect((await get(path)).status).toBe(403);
  }
  expect((await get("/7.ts", { Authorization: "Bearer open-barley" })).status).toBe(403);
});

const ownAddress = Object.values(networkInterfaces())
  .flatMap((all = []) => all)
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

slow(
  "one address has 200 places and not all of them; a proxy on this host speaks for many",
  async ({ skip }) => {
    skip(ownAddress === undefined, "this host has no address of a network");
    const fromOutside = await served(undefined, ownAddress);
    const { refused, end } = await fromOutside.idle(210);
    await until("those beyond are refused", () => refused() === 10);
    await expect(fromOutside.get("/7.ts")).rejects.toThrow();
    expect(refused()).toBe(10);
    end();
    await until("there is room again", () =>
      fromOutside.get("/7.ts").then(
        ({ status }) => status === 200,
        () => undefined,
      ),
    );
    const here = await served();
    const all = await here.idle(210);
    expect((await here.get("/7.ts")).status).toBe(200);
    expect(all.refused()).toBe(0);
  },
);
