import { execFileSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spoolArguments } from "../../daemon/drivers/ffmpeg/spool.ts";
import type { Bench } from "./bench.ts";
import { costsOf } from "./cost.ts";
import { pause } from "./drill.ts";
import { figure, median } from "./figure.ts";
import { Running } from "./processes.ts";

const program = fileURLToPath(new URL("../../dist/relay.cjs", import.meta.url));
const bitsPerSecond = 6e6;
const ports = [47_231, 47_232];
const quiet = ["-hide_banner", "-loglevel", "fatal", "-nostdin"];

/**
 * Two relays side by side, each with two inputs of 1080p30 at 6 Mbit/s and one output: one reads
 * what encoders write into files, the other UDP. Beside them ffmpeg only hands one of these on.
 */
export const relay: Bench = {
  name: "relay",
  about: "a relay with two inputs of 6 Mbit/s, beside ffmpeg that copies one",
  async run({ quick, realtime, figure: tell, say }) {
    // On a tmpfs, as where it is installed.
    const folder = mkdtempSync("/dev/shm/understudy-bench-relay-");
    const running = new Running({ realtime });
    running.onEnd(() => rmSync(folder, { recursive: true }));
    try {
      const source = join(folder, "source.ts");
      // prettier-ignore
      execFileSync("ffmpeg", [
        ...quiet, "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30",
        "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "8", "-c:v", "libx264",
        "-preset", "ultrafast", "-tune", "zerolatency", "-g", "60", "-b:v", "5.8M", "-minrate", "5.8M",
        "-maxrate", "5.8M", "-bufsize", "3M", "-x264-params", "nal-hrd=cbr", "-c:a", "aac", "-ac", "2",
        "-b:a", "128k", "-f", "mpegts", source,
      ]);
      const read = [...quiet, "-re", "-stream_loop", "-1", "-i", source, "-map", "0", "-c", "copy"];
      const from = [0, 1].map((n) => {
        const spool = join(folder, `spool-${n}`);
        mkdirSync(spool);
        running.spawn("ffmpeg", [...read, ...spoolArguments(spool)]);
        const port = ports[n]!;
        running.spawn("ffmpeg", [...read, "-f", "mpegts", `udp://127.0.0.1:${port}?pkt_size=1316`]);
        return { spool: { kind: "spool", folder: spool }, udp: { kind: "udp", port } };
      });
      const start = (kind: "spool" | "udp"): ChildProcess => {
        const path = join(folder, `${kind}.pipe`);
        execFileSync("mkfifo", [path]);
        running.spawn("sh", ["-c", `exec cat <> '${path}' > /dev/null`]);
        const settings = join(folder, `${kind}.json`);
        writeFileSync(
          settings,
          JSON.stringify({
            stream: "main",
            inputs: from.map((it, n) => ({ id: `e${n}`, from: it[kind] })),
            outputs: [{ id: "far", path }],
            mode: { kind: "gop-atomic" },
            controlPath: join(folder, `${kind}.control`),
            statePath: join(folder, `${kind}.state`),
            orders: { generation: 0, eligible: ["e0", "e1"], preferred: "e0" },
          }),
        );
        return running.spawn(process.execPath, [program, settings]);
      };
      const [spool, udp] = [start("spool"), start("udp")];
      const copy = running.spawn("ffmpeg", [...read, "-f", "mpegts", "/dev/null", "-y"]);
      for (const { pid } of [spool, udp, copy]) running.hurry(pid!);
      say("both relays have their inputs");
      await pause(quick ? 5_000 : 20_000);
      const costs = await costsOf(
        { spool: [spool.pid!], udp: [udp.pid!], copy: [copy.pid!] },
        { windows: quick ? 3 : 9, windowMs: quick ? 1_000 : 10_000 },
      );
      const sent = readFileSync(join(folder, "spool.state"), "utf8");
      if (!/"dts":\d{6}/.test(sent)) throw new Error("the relay has sent nothing");

      const percent = (of: keyof typeof costs) => costs[of].map(({ cores }) => 100 * cores);
      const ratio = median(percent("spool").map((own, n) => own / percent("copy")[n]!));
      const against = { what: "ffmpeg -c copy of one", value: median(percent("copy")), ratio };
      const cpu = { unit: "% of a core", goal: { atMost: 3 } };
      tell(figure({ id: "relay.cpu", value: median(percent("spool")), against, ...cpu }));
      tell(figure({ id: "relay.cpu.udp", value: median(percent("udp")), ...cpu }));
      const rss = costs.spool.at(-1)!.rssMiB * 1.048_576;
      tell(figure({ id: "relay.rss", value: rss, unit: "MB", goal: { atMost: 130 } }));
      // All of its work, not only what grows with the bits: the least that a core carries.
      const gigabits = (2 * bitsPerSecond) / (median(percent("spool")) / 100) / 1e9;
      tell(figure({ id: "relay.carried", value: gigabits, unit: "Gbit/s of input per core" }));
    } finally {
      await running.end();
    }
  },
};
