/** The ingest's process by itself, and what is heard on its group. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { groupOf } from "../../../daemon/ingest/group.ts";
import type { IngestSettings } from "../../../daemon/ingest/settings.ts";
import type { IngestStatus } from "../../../daemon/ingest/status.ts";
import { until } from "../../e2e/facility.ts";

const program = new URL("../../../dist/ingest.cjs", import.meta.url).pathname;

/**
 * A running ingest of this source, and what it tells of itself.
 *
 * @param p.looksForSplices for a relay: what comes passes through its own hands
 */
export async function anIngest(
  source: IngestSettings["source"],
  p: { looksForSplices?: boolean } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "ingest-"));
  const group = groupOf({ site: "studio", stateDir: folder }, "stage");
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  let last: IngestStatus | undefined;
  socket.on("message", (text) => (last = JSON.parse(text.toString()) as IngestStatus));
  const { port: statusPort } = socket.address();
  const splices = p.looksForSplices ? { splices: join(folder, "splices") } : {};
  const settings = { ingest: "stage", run: "r", group, statusPort, source, ...splices };
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], { stdio: "ignore" });
  onTestFinished(() => {
    child.kill("SIGKILL");
    socket.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await until("it tells", () => last);
  return {
    ...{ group, child, status: () => last! },
    untilState: (
      state: IngestStatus["state"],
      more: (it: IngestStatus) => boolean = () => true,
    ): Promise<IngestStatus> =>
      until(state, () => (last?.state === state && more(last) ? last : undefined)),
    /** So many pictures of what is heard on the group: how far apart, and of which kind. */
    async hear(pictures: number) {
      const { address, port } = group;
      // prettier-ignore
      const probe = spawn("ffprobe", [
        "-v", "error", "-show_entries", "packet=codec_type,pts_time:stream=codec_name,codec_type",
        "-read_intervals", `%+#${5 * pictures}`, "-of", "json",
        "-f", "mpegts", `udp://${address}:${port}?localaddr=127.0.0.1&reuse=1`,
      ]);
      let text = "";
      probe.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
      await once(probe, "close");
      const { packets, streams } = JSON.parse(text) as {
        packets: { codec_type: string; pts_time?: string }[];
        streams: { codec_name: string; codec_type: string }[];
      };
      const times = packets
        .filter(({ codec_type }) => codec_type === "video")
        .flatMap(({ pts_time }) => (pts_time === undefined ? [] : [Number(pts_time)]));
      const kind = (type: string) => streams.find((it) => it.codec_type === type)?.codec_name;
      return {
        pictures: times.length,
        worstStepS: Math.max(...times.slice(1).map((time, n) => time - times[n]!)),
        ...{ video: kind("video"), audio: kind("audio") },
      };
    },
  };
}
