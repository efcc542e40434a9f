import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { pushArguments } from "../../../daemon/outputs/push-arguments.ts";
import { PushOutput } from "../../../daemon/outputs/push-output.ts";
import type { ElementaryStream, Frame } from "../../../daemon/relay/frame.ts";
import { FrameReader } from "../../../daemon/relay/frame-reader.ts";
import { slow } from "../../setup/slow.ts";
import { until } from "../drivers/shared/engine/until.ts";

/** Four seconds, each of which begins with a keyframe. */
function aProgramme(sounds: number) {
  const tones = Array.from({ length: sounds }, (_, n) => `sine=frequency=${300 + 200 * n}`);
  // prettier-ignore
  const { stdout } = spawnSync("ffmpeg", [
    "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10",
    ...tones.flatMap((tone) => ["-f", "lavfi", "-i", tone]),
    "-map", "0:v", ...tones.flatMap((_, n) => ["-map", `${n + 1}:a`]),
    "-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-g", "10", "-bf", "0",
    "-c:a", "aac", "-f", "mpegts", "pipe:1",
  ]);
  const frames: Frame[] = [];
  const reader = new FrameReader((frame) => frames.push(frame));
  reader.feed(stdout, 0);
  return { frames, streams: reader.streams };
}

slow(
  "an output that goes out as MPEG-TS is begun anew, once, when more sounds than before have come for two seconds",
  async () => {
    const receiver = createSocket("udp4").bind(0, "127.0.0.1");
    await once(receiver, "listening");
    onTestFinished(() => void receiver.close());
    const { port } = receiver.address();
    const arrived = new FrameReader(() => undefined);
    receiver.on("message", (packet) => arrived.feed(packet, performance.now()));
    const target = {
      kind: "udp",
      address: `udp://127.0.0.1:${port}`,
      paceBps: 50_000_000,
    } as const;
    const push = new PushOutput(pushArguments(target), [], "mpegts");
    const [one, two] = [aProgramme(1), aProgramme(2)];
    let [nowMs, atTicks] = [0, 0];
    /** A second of it, as time passes for what is looked at, and much faster. */
    async function send(p: { frames: Frame[]; streams: ElementaryStream[] }, seconds: number) {
      for (let second = 0; second < seconds; second += 1) {
        const first = p.frames.find(({ key }) => key)!.dts;
        const part = p.frames.filter(({ dts }) => dts >= first && dts < first + 90_000);
        for (const frame of part.toSorted((a, b) => a.dts - b.dts)) {
          const moved = {
            ...frame,
            pts: frame.pts - first + atTicks,
            dts: frame.dts - first + atTicks,
          };
          push.take(moved, p.streams, Math.max(nowMs, performance.now()));
        }
        atTicks += 90_000;
        nowMs = Math.max(nowMs, performance.now()) + 1_000;
        await pause(20);
      }
    }
    const sounds = () => arrived.streams.length - 1;
    await until("one sound", async () => {
      await send(one, 1);
      return sounds() === 1 || undefined;
    });
    await send(two, 2);
    expect(push.why).toBe(null);
    await send(two, 1);
    expect(push.why).toBe("begun anew: there are 2 sounds now");
    await until("two sounds", async () => {
      await send(two, 1);
      return (sounds() === 2 && push.why === null) || undefined;
    });
    // With fewer, and these again, it goes on as it is.
    await send(one, 4);
    await send(two, 4);
    expect([push.why, sounds()]).toEqual([null, 2]);
  },
);
