import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watchArguments } from "../../daemon/content/arguments.ts";
import { ffmpegAt } from "../../daemon/content/place.ts";
import { spoolArguments } from "../../daemon/drivers/ffmpeg/spool.ts";
import { freePort } from "../fakes/camera.ts";
import type { Bench } from "./bench.ts";
import { costsOf } from "./cost.ts";
import { pause } from "./drill.ts";
import { figure, median } from "./figure.ts";

/**
 * One live programme, 1080p30 at 6 Mbit/s with a GOP of 2 s, watched for black, frozen and silent as
 * the daemon does it; at the same time with its loudness, with every picture decoded, and as an encoder
 * brings it to a relay, with small pictures for people.
 */
export const content: Bench = {
  name: "content",
  about: "a live programme watched by its keyframes, beside decoding all of it",
  async run({ quick, figure: tell, say }) {
    const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
    const children: ReturnType<typeof spawn>[] = [];
    const run = (args: readonly string[]): number => {
      const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...args], {
        // As the daemon opens it; who reads nothing would stop it.
        stdio: ["ignore", "pipe", "ignore", "pipe", "pipe"],
      });
      for (const pipe of child.stdio) if (pipe && "resume" in pipe) pipe.resume();
      children.push(child);
      return child.pid!;
    };
    try {
      const programme = join(folder, "programme.ts");
      say("encodes 20 s of programme");
      spawnSync("ffmpeg", [...encode, programme], { stdio: "ignore" });
      const spool = join(folder, "spool");
      mkdirSync(spool);
      const place = { spool };
      const still = { path: join(folder, "still.jpg"), everyMs: 2_000, widthPx: 320 };
      const ports = [await freePort(), await freePort(), await freePort()];
      const urls = ports.map((port) => `udp://127.0.0.1:${port}`);
      const keyframes = watchArguments({ url: urls[0]! }, false);
      const all = watchArguments({ url: urls[2]! }, false);
      // Without `-skip_frame nokey`.
      all.splice(all.indexOf("-skip_frame"), 2);
      const pids = {
        keyframes: [run(["ffmpeg", ...keyframes])],
        loudness: [run(["ffmpeg", ...watchArguments({ url: urls[1]! }, true)])],
        all: [run(["ffmpeg", ...all])],
        relay: [run(ffmpegAt(place, watchArguments(place, false, still)))],
      };
      const targets = urls.map((url) => `[f=mpegts]${url}?pkt_size=1316`).join("|");
      const live = ["ffmpeg", "-v", "quiet", "-re", "-stream_loop", "-1", "-i", programme];
      run([...live, ...copy, targets]);
      run([...live, "-map", "0", "-c", "copy", ...spoolArguments(spool)]);
      await pause(quick ? 5_000 : 10_000);
      const windows = quick ? 2 : 9;
      const costs = await costsOf(pids, { windows, windowMs: quick ? 4_000 : 10_000 });
      const percent = (of: keyof typeof pids) => 100 * median(costs[of].map(({ cores }) => cores));
      const against = { what: "every picture decoded", value: percent("all") };
      const unit = "% of a core";
      tell(
        figure({
          ...{ id: "content.watch.cpu", unit, value: percent("keyframes"), against },
          goal: { atMost: 1 },
        }),
      );
      tell(
        figure({
          ...{ id: "content.relay.cpu", unit, value: percent("relay"), against },
          goal: { atMost: 1 },
        }),
      );
      tell(figure({ id: "content.loudness.cpu", unit, value: percent("loudness"), against }));
    } finally {
      for (const child of children) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

// prettier-ignore
const encode = [
  "-v", "quiet", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30,noise=alls=12:allf=t",
  "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "20",
  "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "60", "-sc_threshold", "0",
  "-b:v", "6M", "-minrate", "6M", "-maxrate", "6M", "-bufsize", "6M", "-x264-params", "nal-hrd=cbr",
  "-c:a", "aac", "-ac", "2", "-b:a", "128k", "-f", "mpegts",
];
const copy = ["-map", "0", "-c", "copy", "-f", "tee"];
