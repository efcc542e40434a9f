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
/** Enough that what does not grow with the bits is little beside it. */
const muchBitsPerSecond = 60e6;
const quiet = ["-hide_banner", "-loglevel", "fatal", "-nostdin"];

/**
 * A relay with two inputs of 1080p30 at 6 Mbit/s and one output. Beside it ffmpeg only hands one of
 * these on. Then another, with ten times as much.
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
      const anInput = (name: string, rate: number) => {
        const source = join(folder, `${name}.ts`);
        const rates = ["-b:v", "-minrate", "-maxrate"].flatMap((flag) => [flag, String(rate)]);
        // prettier-ignore
        execFileSync("ffmpeg", [
          ...quiet, "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30",
          "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "8", "-c:v", "libx264",
          "-preset", "ultrafast", "-tune", "zerolatency", "-g", "60", ...rates,
          "-bufsize", String(rate / 2), "-x264-params", "nal-hrd=cbr", "-c:a", "aac", "-ac", "2",
          "-b:a", "128k", "-f", "mpegts", source,
        ]);
        return [...quiet, "-re", "-stream_loop", "-1", "-i", source, "-map", "0", "-c", "copy"];
      };
      const spooled = (read: string[], name: string) =>
        [0, 1].map((n) => {
          const spool = join(folder, `${name}-${n}`);
          mkdirSync(spool);
          running.spawn("ffmpeg", [...read, ...spoolArguments(spool)]);
          return spool;
        });
      const start = (name: string, spools: string[]): ChildProcess => {
        const path = join(folder, `${name}.pipe`);
        execFileSync("mkfifo", [path]);
        running.spawn("sh", ["-c", `exec cat <> '${path}' > /dev/null`]);
        const settings = join(folder, `${name}.json`);
        writeFileSync(
          settings,
          JSON.stringify({
            stream: "main",
            inputs: spools.map((it, n) => ({ id: `e${n}`, folder: it })),
            outputs: [{ id: "far", path }],
            mode: { kind: "gop-atomic" },
            controlPath: join(folder, `${name}.control`),
            statePath: join(folder, `${name}.state`),
            orders: { generation: 0, eligible: ["e0", "e1"], preferred: "e0" },
          }),
        );
        return running.spawn(process.execPath, [program, settings]);
      };
      const read = anInput("source", bitsPerSecond - 200_000);
      const spool = start("spool", spooled(read, "spool"));
      const copy = running.spawn("ffmpeg", [...read, "-f", "mpegts", "/dev/null", "-y"]);
      for (const { pid } of [spool, copy]) running.hurry(pid!);
      say("the relay has its inputs");
      await pause(quick ? 5_000 : 20_000);
      const costs = await costsOf(
        { spool: [spool.pid!], copy: [copy.pid!] },
        { windows: quick ? 3 : 9, windowMs: quick ? 1_000 : 10_000 },
      );
      const hasSent = (name: string) =>
        /"dts":\d{6}/.test(readFileSync(join(folder, `${name}.state`), "utf8"));
      if (!hasSent("spool")) throw new Error("the relay has sent nothing");

      const percent = (of: keyof typeof costs) => costs[of].map(({ cores }) => 100 * cores);
      const ratio = median(percent("spool").map((own, n) => own / percent("copy")[n]!));
      const against = { what: "ffmpeg -c copy of one", value: median(percent("copy")), ratio };
      const cpu = { unit: "% of a core", goal: { atMost: 3 } };
      tell(figure({ id: "relay.cpu", value: median(percent("spool")), against, ...cpu }));
      const rss = costs.spool.at(-1)!.rssMiB * 1.048_576;
      tell(figure({ id: "relay.rss", value: rss, unit: "MB", goal: { atMost: 130 } }));

      const much = start(
        "much",
        spooled(anInput("much", muchBitsPerSecond - 200_000), "muchSpool"),
      );
      running.hurry(much.pid!);
      await pause(quick ? 5_000 : 10_000);
      const [windows, windowMs] = quick ? [3, 1_000] : [5, 5_000];
      const busy = await costsOf({ much: [much.pid!] }, { windows, windowMs });
      if (!hasSent("much")) throw new Error("the relay has sent nothing of much");
      const gigabits = (2 * muchBitsPerSecond) / median(busy.much.map(({ cores }) => cores)) / 1e9;
      const throughput = { unit: "Gbit/s of input per core", goal: { atLeast: 0.5 } };
      tell(figure({ id: "relay.throughput", value: gigabits, ...throughput }));
    } finally {
      await running.end();
    }
  },
};
