/**
 * RTMPS, which the large platforms take and nothing else: whoever publishes sends pictures to a server
 * that shows a good certificate, and not one byte to another, least of all the stream key.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import type { EncoderDriver } from "../../../../../daemon/drivers/driver.ts";
import { openPusher, PusherOptions } from "../../../../../daemon/drivers/ffmpeg/pusher.ts";
import { launcher } from "../../../../../daemon/drivers/index.ts";
import {
  processesWithOpen,
  signalGroupOf,
} from "../../../../../daemon/drivers/shared/engine/processes.ts";
import { behindTls } from "../../../../fakes/rtmp-far-end/behind-tls.ts";
import { startFarEnd } from "../../../../fakes/rtmp-far-end/far-end.ts";
import { anAuthority } from "../../../../setup/authority.ts";
import { anOutput } from "../../../outputs/an-output.ts";
import { small } from "../../gstreamer/an-engine.ts";
import { aSite, generous, key, output } from "./a-site.ts";
import { until } from "./until.ts";

const authority = anAuthority();
afterAll(() => authority.remove());

/** @returns all that is told of how it goes */
type Publish = (address: string, run: (program: string) => string) => Promise<() => string>;

const anEncoder =
  (driver: "ffmpeg" | "gstreamer", program: string, ...besideIt: string[]): Publish =>
  async (address, run) => {
    besideIt.map(run);
    const site = await aSite(driver, { ...small, program: run(program) });
    const opened = await site.open();
    await opened.driver.startOutput(output, { ...site.target(), address }, generous());
    return () => opened.seen.flatMap(({ reading }) => reading.alarms ?? []).join("\n");
  };

/** What publishes for a relay, and a programme in its pipe. */
const aPusher: Publish = async (address, run) => {
  const stateDir = mkdtempSync(join(tmpdir(), "understudy-pusher-"));
  const pipe = join(stateDir, "pipe");
  const target = { stream: "main", destination: "cdn", address, streamKey: key };
  const context = { encoder: "main-relay", stateDir, now: () => performance.now() };
  const driver: EncoderDriver = await openPusher(
    { ...context, knownTargets: () => [target] },
    PusherOptions.parse({ pipe, form: "flv", program: run("/usr/bin/ffmpeg") }),
    launcher(),
  );
  let said = "";
  driver.watch?.(({ alarms = [] }) => (said += alarms.join("\n")));
  await driver.startOutput(output, { ...target, keyGeneration: 1 }, generous());
  await until("its pipe is there", () => existsSync(pipe));
  // prettier-ignore
  const relay = spawn("sh", ["-c", 'exec ffmpeg "$@" >"$0"', pipe,
    "-nostdin", "-v", "quiet", "-re", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10",
    "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-f", "flv", "pipe:1",
  ], { stdio: "ignore" });
  onTestFinished(async () => {
    relay.kill("SIGKILL");
    await driver.close();
    for (const left of await processesWithOpen(join(stateDir, "engines", output, "lock")))
      signalGroupOf(left, "SIGKILL");
    rmSync(stateDir, { recursive: true, maxRetries: 5 });
  });
  return () => said;
};

const aPushedOutput: Publish = async (address, run) => {
  const status = await anOutput({ kind: "rtmp", address, streamKey: key }, run(process.execPath));
  return () => status()?.why ?? "";
};

test.skipIf(process.getuid?.() !== 0).each([
  ["an encoder of ffmpeg", anEncoder("ffmpeg", "/usr/bin/ffmpeg")],
  ["what publishes for a relay", aPusher],
  ["an output", aPushedOutput],
  [
    "an encoder of GStreamer",
    anEncoder("gstreamer", "/usr/bin/gst-launch-1.0", "/usr/bin/gst-inspect-1.0"),
  ],
])(
  "%s publishes by RTMPS to whom it can trust, and tells nobody else the key",
  async (_, publish) => {
    const farEnd = await startFarEnd();
    onTestFinished(() => farEnd.close());
    const serverOf = async (name: string) => {
      const server = await behindTls(farEnd, authority.certificate(name));
      onTestFinished(() => server.close());
      return server;
    };
    const trusting = (program: string) => authority.trustedBy(program);
    const asItIs = (program: string) => program;
    const refused = async (name: string, run: typeof trusting, says: RegExp) => {
      const server = await serverOf(name);
      const said = await publish(server.rtmpsUrl, run);
      await until("it says why it ended", () => says.test(said()));
      expect(server.heardBytes()).toBe(0);
      expect(said()).not.toContain(key);
    };
    await Promise.all([
      refused("localhost", asItIs, /signed by nobody whom this host trusts/),
      refused("other.example.org", trusting, /for another name/),
    ]);
    expect(farEnd.publishers(key)).toEqual([]);

    const said = await publish((await serverOf("localhost")).rtmpsUrl, trusting);
    await until(
      `pictures at the far end, ${said()}`,
      () => (farEnd.publishers(key)[0]?.videoFrames ?? 0) > 10,
    );
    expect(said()).toBe("");
  },
);
