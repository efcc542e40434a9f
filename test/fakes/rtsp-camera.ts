/** A camera that is pulled from by RTSP (RFC 2326): H.264 and AAC, over TCP or UDP, with a login. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket as Udp } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

type Viewer = {
  socket: Socket;
  playing: boolean;
  /** By track: how its packets go out. */
  ways: Record<number, (packet: Buffer) => void>;
};

const login = `Basic ${Buffer.from("viewer:open-sesame").toString("base64")}`;

export class RtspCamera {
  readonly #server: Server;
  readonly #viewers = new Set<Viewer>();
  readonly #media: [Udp, Udp];
  readonly #out = createSocket("udp4");
  readonly #ffmpeg: ChildProcess;
  #sdp = "";
  port = 0;
  /** Requests, in the order in which they came. */
  readonly asked: string[] = [];
  refused = 0;
  /** It wants no login. */
  isOpen = false;

  private constructor(media: [Udp, Udp]) {
    this.#media = media;
    const [video, audio] = media.map((socket) => `rtp://127.0.0.1:${socket.address().port}`);
    // prettier-ignore
    this.#ffmpeg = spawn("setpriv", [
      "--pdeathsig", "KILL", "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error",
      "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15",
      "-re", "-f", "lavfi", "-i", "sine=sample_rate=48000",
      "-map", "0:v", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15",
      "-pix_fmt", "yuv420p", "-flags", "+global_header", "-f", "rtp", video!,
      "-map", "1:a", "-c:a", "aac", "-ac", "2", "-flags", "+global_header", "-f", "rtp", audio!,
    ], { stdio: ["ignore", "pipe", "inherit"] });
    this.#ffmpeg.stdout!.on("data", (text: Buffer) => (this.#sdp += text.toString()));
    for (const [track, socket] of media.entries()) {
      socket.on("message", (packet) => {
        for (const { playing, ways } of this.#viewers) if (playing) ways[track]?.(packet);
      });
    }
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  /** @param port where it was before; another when left out */
  static async start(port = 0): Promise<RtspCamera> {
    const media: [Udp, Udp] = [createSocket("udp4"), createSocket("udp4")];
    for (const socket of media) {
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
    }
    const camera = new RtspCamera(media);
    camera.#server.listen(port, "127.0.0.1");
    await once(camera.#server, "listening");
    const address = camera.#server.address();
    camera.port = typeof address === "object" && address ? address.port : 0;
    while (!/m=audio[\s\S]*a=fmtp/.test(camera.#sdp)) await once(camera.#ffmpeg.stdout!, "data");
    return camera;
  }

  get url(): string {
    return `rtsp://127.0.0.1:${this.port}/stage`;
  }

  #welcome(socket: Socket): void {
    const viewer: Viewer = { socket, playing: false, ways: {} };
    this.#viewers.add(viewer);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#viewers.delete(viewer));
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      text += String(chunk);
      // Receiver reports stand between the requests.
      for (;;) {
        if (text.startsWith("$")) {
          const length = 4 + (text.charCodeAt(2) << 8) + text.charCodeAt(3);
          if (text.length < 4 || text.length < length) return;
          text = text.slice(length);
          continue;
        }
        const end = text.indexOf("\r\n\r\n");
        if (end === -1) return;
        this.#answer(viewer, text.slice(0, end));
        text = text.slice(end + 4);
      }
    });
  }

  #answer(viewer: Viewer, request: string): void {
    const [method = "", url = ""] = request.split(" ");
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(request)?.[1]?.trim();
    const say = (status: string, head: string[] = [], body = "") => {
      const lines = [`RTSP/1.0 ${status}`, `CSeq: ${field("CSeq")}`, "Session: 7", ...head];
      if (body !== "") lines.push(`Content-Length: ${body.length}`);
      viewer.socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
    };
    this.asked.push(method);
    if (method === "OPTIONS") return say("200 OK", ["Public: DESCRIBE, SETUP, PLAY, TEARDOWN"]);
    if (url.endsWith("/moved")) return say("302 Found", [`Location: ${this.url}`]);
    if (!this.isOpen && field("Authorization") !== login) {
      this.refused++;
      return say("401 Unauthorized", ['WWW-Authenticate: Basic realm="camera"']);
    }
    if (method === "DESCRIBE") {
      const sdp = this.#sdp.slice(this.#sdp.indexOf("v=0")).replace(/m=(\w+) \d+/g, "m=$1 0");
      let track = 0;
      const described = sdp.replace(
        /^a=rtpmap.*$/gm,
        (line) => `${line.trim()}\r\na=control:track${track++}\r`,
      );
      return say("200 OK", ["Content-Type: application/sdp"], described);
    }
    if (method === "SETUP") {
      const track = Number(/track(\d)$/.exec(url)?.[1] ?? 0);
      const transport = field("Transport") ?? "";
      const channel = /interleaved=(\d+)/.exec(transport)?.[1];
      const port = /client_port=(\d+)/.exec(transport)?.[1];
      viewer.ways[track] = (packet) => {
        if (channel === undefined) return this.#out.send(packet, Number(port), "127.0.0.1");
        const head = Buffer.from([0x24, Number(channel), packet.length >> 8, packet.length & 255]);
        viewer.socket.write(Buffer.concat([head, packet]));
      };
      const told = channel === undefined ? `${transport};server_port=6970-6971` : transport;
      return say("200 OK", [`Transport: ${told}`]);
    }
    if (method === "PLAY") viewer.playing = true;
    return say("200 OK");
  }

  async close(): Promise<void> {
    this.#ffmpeg.kill("SIGKILL");
    for (const { socket } of this.#viewers) socket.destroy();
    for (const socket of [...this.#media, this.#out]) socket.close();
    await new Promise((done) => this.#server.close(done));
  }
}
