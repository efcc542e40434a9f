/** Outputs that are pushed: the output's own process, fed with a real programme, and real receivers. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../e2e/facility.ts";
import { freePort } from "../../fakes/nginx-rtmp.ts";
import { anIngest } from "../ingest/an-ingest.ts";
import { anOutput } from "./an-output.ts";

/** When each packet went out, by the kernel's clock: how busy this host is does not count. */
const listener = `
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 35, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
s.bind(("127.0.0.1", int(sys.argv[1])))
for _ in range(int(sys.argv[2])):
    data, told, _, _ = s.recvmsg(2048, 256)
    sec, ns = struct.unpack("qq", told[0][2])
    print(sec * 1000 + ns / 1e6, len(data), flush=True)
`;
import { at } from "../../setup/effort.ts";

/** Of so many packets: the most bytes that went out within so long. */
async function worstBurst(port: number, packets: number, withinMs: number): Promise<number> {
  const child = spawn("python3", ["-c", listener, String(port), String(packets)]);
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  const all = text
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  expect(all).toHaveLength(packets);
  const sums = all.map(([fromMs], n) =>
    all
      .slice(n)
      .filter(([atMs]) => atMs! - fromMs! < withinMs)
      .reduce((sum, [, bytes]) => sum + bytes!, 0),
  );
  return Math.max(...sums);
}

const paced = ["udp", "rtp"] as const;

test.each(paced.slice(0, at({ check: 1, test: 1, torture: 2 })))(
  "%s goes out at its pace: a keyframe is spread, and read without a step",
  async (kind) => {
    const port = await freePort();
    const paceBps = 8_000_000;
    const address = `${kind}://127.0.0.1:${port}`;
    const status = await anOutput({ kind, address, paceBps });
    const withinMs = 20;
    const packetsAtOnce = 10;
    const most = ((paceBps / 8) * withinMs) / 1_000 + (packetsAtOnce + 2) * 1_328;
    expect(await worstBurst(port, 800, withinMs)).toBeLessThan(most);

    const ingest = await anIngest({ kind, url: address });
    await ingest.untilState("receiving", ({ video, audio }) => !!video && !!audio);
    const seen = await ingest.hear(50);
    expect(seen).toMatchObject({ video: "h264", audio: "aac" });
    expect(seen.worstStepS).toBeLessThan(0.05);
    expect(status()).toMatchObject({ state: "sending", droppedPictures: 0 });
  },
  120_000,
);

test("SRT goes out with its passphrase; with another it is failing, and neither is told", async () => {
  const port = await freePort();
  const passphrase = "open-sesame-1";
  const latencyMs = 300;
  const ingest = await anIngest({
    ...{ kind: "srt", mode: "listener", host: "127.0.0.1", port, passphrase, latencyMs },
  });
  const target = { kind: "srt", address: `srt://127.0.0.1:${port}`, latencyMs } as const;
  const wrong = await anOutput({ ...target, passphrase: "open-barley-1" });
  await until("it is sent away", () => wrong()?.state === "failing");
  expect(wrong()!.why).not.toMatch(/open-barley/);

  await anOutput({ ...target, passphrase, streamId: "stage" });
  await ingest.untilState("receiving", ({ video }) => !!video);
  expect(await ingest.hear(25)).toMatchObject({ video: "h264", audio: "aac" });
}, 120_000);
