import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { parseStat } from "../../../../../daemon/drivers/shared/engine/processes.ts";
import {
  judgeQueue,
  orphanedBytes,
  parseOrphanCount,
  parseTcpTable,
} from "../../../../../daemon/drivers/shared/engine/sockets.ts";
import { slow } from "../../../../setup/slow.ts";

const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

test("a connection is read with both ends, its queue and its owner", () => {
  const line =
    "   3: 0100007F:B692 0A0200C0:078F 01 0001F4A0:00000000 01:00000014 00000000  1000        0 98765 2 0000000000000000 20 4 30 10 -1";
  expect(parseTcpTable(`${head}\n${line}\n`)).toEqual([
    {
      local: "127.0.0.1:46738",
      remote: "192.0.2.10:1935",
      remoteAddress: "192.0.2.10",
      remotePort: 1935,
      state: 1,
      unsentBytes: 128_160,
      inode: 98_765,
    },
  ]);
});

test("a mapped IPv4 address reads as IPv4, an IPv6 address in its short form", () => {
  const line = (remote: string) =>
    `   0: 00000000000000000000000001000000:B692 ${remote}:078F 04 00000001:00000000 00:00000000 00000000     0        0 0 1 0`;
  const [mapped, plain] = parseTcpTable(
    [head, line("0000000000000000FFFF00000A0200C0"), line("B80D0120000000000000000001000000")].join(
      "\n",
    ),
  );
  expect(mapped).toMatchObject({ local: "::1:46738", remoteAddress: "192.0.2.10", inode: 0 });
  expect(plain?.remoteAddress).toBe("2001:db8::1");
});

test("a listener's backlog is not counted as bytes, and rubbish is passed over", () => {
  const listener =
    "   1: 00000000:078F 00000000:0000 0A 00000005:00000000 00:00000000 00000000     0        0 4711 1 0";
  expect(parseTcpTable(`${head}\n${listener}\nrubbish\n\n`)).toMatchObject([{ unsentBytes: 0 }]);
});

test("a queue that is not emptied is the network, one that runs empty is not", () => {
  expect(judgeQueue(undefined, 9_000, 1_000_000, true)).toBeUndefined();
  expect(judgeQueue(9_000, 9_000, 1_000_000, true)).toBe("stuck");
  expect(judgeQueue(9_000, 8_000, 1_000_000, true)).toBe("draining");
  expect(judgeQueue(9_000, 0, 1_000_000, true)).toBe("draining");
});

test("a handshake that a busy far end is slow to take is not the network", () => {
  expect(judgeQueue(4_096, 4_096, 1_000_000, true)).toBe("draining");
  expect(judgeQueue(4_097, 4_097, 1_000_000, true)).toBe("stuck");
});

test("a queue of more than half a second that a little was taken from is still the network", () => {
  expect(judgeQueue(200_000, 150_000, 1_000_000, true)).toBe("stuck");
  expect(judgeQueue(200_000, 62_500, 1_000_000, true)).toBe("draining");
});

test("while output moves, only a second of backlog is the network", () => {
  expect(judgeQueue(9_000, 9_500, 1_000_000, false)).toBe("draining");
  expect(judgeQueue(126_000, 125_000, 1_000_000, false)).toBe("draining");
  expect(judgeQueue(126_000, 126_000, 1_000_000, false)).toBe("stuck");
});

test("a process name with blanks and brackets does not shift its start time", () => {
  const rest = Array.from({ length: 30 }, (_, at) => String(at + 4));
  expect(parseStat(`42 (a) b (c) S ${rest.join(" ")}`)).toEqual({
    state: "S",
    group: 5,
    threads: 20,
    startTicks: 22,
  });
});

test("the count of sockets without an owner is read, and left out where the kernel says none", () => {
  const told =
    "sockets: used 30\nTCP: inuse 6 orphan 2 tw 373 alloc 6 mem 291\nUDP: inuse 0 mem 256\n";
  expect(parseOrphanCount(told)).toBe(2);
  expect(parseOrphanCount("sockets: used 30\n")).toBeUndefined();
});

slow(
  "what a killed process still had to send is counted until the far end has taken it",
  async () => {
    const farEnd = createServer({ pauseOnConnect: true });
    const met = once(farEnd, "connection");
    await once(farEnd.listen(0, "127.0.0.1"), "listening");
    const { port } = farEnd.address() as AddressInfo;
    const script = `const s=require("net").connect(${port},"127.0.0.1");s.write(Buffer.alloc(8e6));s.once("connect",()=>setTimeout(()=>console.log("sent"),200))`;
    const sender = spawn(process.execPath, ["-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => {
      sender.kill("SIGKILL");
      farEnd.close();
    });
    const [[socket]] = (await Promise.all([met, once(sender.stdout, "data")])) as [
      [Socket],
      unknown,
    ];
    const look = () =>
      orphanedBytes({ known: new Set(), addresses: [`rtmp://127.0.0.1:${port}/live`] });
    expect(await look()).toBe(0);
    sender.kill("SIGKILL");
    await once(sender, "exit");
    expect(await look()).toBeGreaterThan(100_000);
    socket.on("error", () => undefined).resume();
    while ((await look()) > 0) await pause(20);
  },
);
