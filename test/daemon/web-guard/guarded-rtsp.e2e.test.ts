/** RTSP servers that lead whoever pulls from them into the site's network. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { watchView } from "../../../daemon/content/view.ts";
import type { ContentLook } from "../../../machines/content/look.ts";
import { until } from "../../e2e/facility.ts";
import { RtspCamera } from "../../fakes/rtsp-camera.ts";
import { anIngest } from "../ingest/an-ingest.ts";

/** A TCP and a UDP port of another address of this site: how often somebody came. */
async function aTrap() {
  const host = "127.0.0.2";
  const server = createServer((socket) => {
    came.tcp++;
    socket.destroy();
  });
  const came = { tcp: 0, udp: 0 };
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = createSocket("udp4").on("message", () => came.udp++);
  socket.bind(port, host);
  await once(socket, "listening");
  onTestFinished(() => {
    server.close();
    socket.close();
  });
  return { host, port, came, url: `rtsp://${host}:${port}/x` };
}
type Trap = Awaited<ReturnType<typeof aTrap>>;

/** @param answer to each method; the usual one where it gives none */
async function aServer(answer: (method: string, request: string) => string | undefined) {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.setEncoding("latin1").on("data", (text: string) => {
      const method = text.split(" ")[0]!;
      asked.push(method);
      const sequence = /^CSeq: *(\d+)/im.exec(text)?.[1] ?? "1";
      const said = answer(method, text) ?? usual(method);
      socket.write(said.replaceAll("SEQ", sequence), "latin1");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `rtsp://127.0.0.1:${port}/stage`, asked };
}

// prettier-ignore
const sdp = [
  "v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=x", "t=0 0",
  "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:track0", "",
].join("\r\n");
const ok = "RTSP/1.0 200 OK\r\nCSeq: SEQ\r\nSession: 7\r\n";
const usual = (method: string) =>
  method === "DESCRIBE"
    ? `${ok}Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`
    : `${ok}\r\n`;

const moved = (to: string) => `RTSP/1.0 302 Found\r\nCSeq: SEQ\r\nLocation: ${to}\r\n\r\n`;
const hostile: Record<string, (trap: Trap) => Parameters<typeof aServer>[0]> = {
  "is moved when it is first asked": (trap) => () => moved(trap.url),
  "is moved when it is to describe": (trap) => (method) =>
    method === "DESCRIBE" ? moved(trap.url) : undefined,
  "is moved when it is to set up": (trap) => (method) =>
    method === "SETUP" ? moved(trap.url) : undefined,
  "is moved for good, to a number": (trap) => () =>
    moved(trap.url.replace("127.0.0.2", String(0x7f000002))).replace("302", "301"),
  "is moved in lines that end as they should not": (trap) => () =>
    moved(trap.url).replaceAll("\r\n", "\n").replace("Location", "Loc\ration"),
  "is moved behind media that hide it": (trap) => () =>
    moved(trap.url).replace("Location", "$\0\0\x04\n\nabLocation"),
  "is moved in what looks like the body of an answer": (trap) => (method) =>
    method === "OPTIONS"
      ? `${ok}Content-Length: 200\r\nContent-Length: 0\r\n\r\n${moved(trap.url).replace("SEQ", "2")}`
      : "",
  "has its media come from there": (trap) => (method, request) => {
    if (method !== "SETUP") return undefined;
    const client = /client_port=[\d-]+/.exec(request)?.[0];
    const way = `RTP/AVP/UDP;unicast;${client};server_port=${trap.port}-${trap.port}`;
    return `${ok}Transport: ${way};source=${trap.host}\r\n\r\n`;
  },
};

/** By itself ffmpeg 5.1 does not go there. */
const bareKeepsAway = ["is moved when it is to set up"];

test.each(Object.entries(hostile))(
  "a server that %s leads nobody into the site's network",
  async (name, answers) => {
    const trap = await aTrap();
    const server = await aServer(answers(trap));
    const transport = name.startsWith("has its media") ? "udp" : "tcp";
    const ingest = await anIngest({ kind: "rtsp", url: server.url, transport });
    const view = watchView({
      place: { url: server.url },
      measuresLoudness: false,
      nowMs: () => performance.now(),
      tell: () => undefined,
    });
    onTestFinished(() => view.close());
    await until(
      "each has asked twice",
      () => server.asked.filter((it) => it === "OPTIONS").length > 3,
    );
    expect(trap.came).toEqual({ tcp: 0, udp: 0 });
    ingest.child.kill("SIGKILL");
    await view.close();
    if (bareKeepsAway.includes(name)) return;

    // The same without our door: there is something that it keeps ffmpeg from.
    // prettier-ignore
    const unguarded = spawn("ffmpeg", [
      "-nostdin", "-v", "quiet", "-rtsp_transport", transport, "-i", server.url, "-f", "null", "-",
    ]);
    const ended = once(unguarded, "close");
    await until("an unguarded one is trapped", () => trap.came.tcp + trap.came.udp > 0);
    unguarded.kill("SIGKILL");
    await ended;
  },
  60_000,
);

test("the operator is told where it was to go, once", async () => {
  const trap = await aTrap();
  const server = await aServer(() => moved(trap.url));
  const ingest = await anIngest({ kind: "rtsp", url: server.url, transport: "tcp" });
  await until("it has asked again", () => server.asked.length > 3);
  const { refused } = ingest.status();
  expect(refused.count).toBe(1);
  expect(refused.last).toMatchObject({ from: `${trap.host}:${trap.port}` });
  expect(refused.last!.why).toMatch(/is not asked: .* is within this site's own network/);
  await ingest.untilState("failing", ({ why }) => /own network/.test(why ?? ""));
}, 60_000);

test("a server that sends on and on to itself is given up", async () => {
  const server: Awaited<ReturnType<typeof aServer>> = await aServer(() => moved(server.url));
  const ingest = await anIngest({ kind: "rtsp", url: server.url, transport: "tcp" });
  await ingest.untilState("failing");
}, 60_000);

test("a preview by RTSP is seen by way of the door", async () => {
  const camera = await RtspCamera.start();
  onTestFinished(() => camera.close());
  camera.isOpen = true;
  const looks: ContentLook[] = [];
  const view = watchView({
    ...{ place: { url: camera.url }, measuresLoudness: false, nowMs: () => performance.now() },
    tell: (look) => void looks.push(look),
  });
  onTestFinished(() => view.close());
  await until("it is seen", () =>
    looks.some((it) => it.word === "seen" && it.picture === "moving"),
  );
}, 60_000);
