import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { messagesFirst, packetsOf } from "../../hub/messages-first.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

function publish({ topic, payload, id }: { topic: string; payload: string; id?: number }): Buffer {
  const number = id === undefined ? [] : [id >> 8, id & 255];
  const name = Buffer.from(topic);
  const body = Buffer.from([0, name.length, ...name, ...number, ...Buffer.from(payload)]);
  const length = [];
  for (let left = body.length; left > 0; left >>= 7)
    length.push((left & 127) | (left > 127 ? 128 : 0));
  return Buffer.from([id === undefined ? 0x31 : 0x32, ...length, ...body]);
}
const connack = Buffer.from([0x20, 2, 0, 0]);
const pong = Buffer.from([0xd0, 0]);

async function aBroker() {
  const server = createServer().listen(0, "127.0.0.1");
  closers.push(() => void server.close());
  await once(server, "listening");
  const stream = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
  const [broker] = (await once(server, "connection")) as [Socket];
  const heard: [string, string][] = [];
  const rest = messagesFirst(stream, (topic, payload) => heard.push([topic, String(payload)]));
  closers.push(() => void rest.destroy());
  const passed: Buffer[] = [];
  rest.on("data", (chunk: Buffer) => void passed.push(chunk));
  const acked: Buffer[] = [];
  broker.on("data", (chunk: Buffer) => void acked.push(chunk));
  const sees = (all: Buffer[], bytes: Buffer) =>
    expect.poll(() => Buffer.concat(all), { timeout: 10_000 }).toEqual(bytes);
  return { broker, rest, heard, passed, acked, sees };
}

test("messages are taken out and those of QoS 1 acknowledged; all else reaches the client", async () => {
  const { broker, heard, passed, acked, sees } = await aBroker();
  broker.write(connack);
  broker.write(publish({ topic: "a/b", payload: "{}" }));
  broker.write(publish({ topic: "a/c", payload: "é".repeat(100), id: 0x1234 }));
  broker.write(pong);
  await sees(passed, Buffer.concat([connack, pong]));
  expect(heard).toEqual([
    ["a/b", "{}"],
    ["a/c", "é".repeat(100)],
  ]);
  await sees(acked, Buffer.from([0x40, 2, 0x12, 0x34]));
});

test("what the client writes reaches the broker, and each learns when the other leaves", async () => {
  const { broker, rest, acked, sees } = await aBroker();
  rest.cork();
  rest.write(Buffer.from("con"));
  rest.write(Buffer.from("nect"));
  rest.uncork();
  await sees(acked, Buffer.from("connect"));
  const closed = once(rest, "close");
  broker.end();
  rest.end();
  await closed;
});

test("a broker that is not there is an error of the stream, as without us", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  const rest = messagesFirst(connect({ port, host: "127.0.0.1" }), () => undefined);
  const [error] = (await once(rest, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNREFUSED");
});

test("packets come out whole however the network cuts them", () => {
  const packets = [
    connack,
    publish({ topic: "t", payload: "" }),
    publish({ topic: "t", payload: "x".repeat(300), id: 7 }),
    pong,
    publish({ topic: "t", payload: "y".repeat(20_000) }),
  ];
  const bytes = Buffer.concat(packets);
  for (const step of [1, 2, 3, 7, 127, 128, 129, 4_096, bytes.length]) {
    const cut: string[] = [];
    const take = packetsOf((packet) => void cut.push(packet.toString("hex")));
    for (let at = 0; at < bytes.length; at += step) take(bytes.subarray(at, at + step));
    expect(cut, `cut each ${step}`).toEqual(packets.map((one) => one.toString("hex")));
  }
});

test("a broken packet is left to the client to refuse", async () => {
  const { broker, heard, passed, sees } = await aBroker();
  // A topic longer than its packet, then a length of five digits.
  const broken = Buffer.from([0x30, 3, 0, 9, 65, 0x30, 255, 255, 255, 255, 1, 0, 1, 65]);
  broker.write(broken);
  await sees(passed, broken);
  expect(heard).toEqual([]);
});
