/** What an encoder writes for its relay, seen while it is written. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isFed } from "../../../daemon/content/place.ts";
import { watchView } from "../../../daemon/content/view.ts";
import { spoolArguments } from "../../../daemon/drivers/ffmpeg/spool.ts";
import type { ContentLook } from "../../../machines/content/look.ts";
import { spoolFileS, spoolFiles } from "../../../machines/stream/spool.ts";
import { kill, until } from "../../e2e/facility.ts";
import { long } from "../../setup/slow.ts";

/** Moving bars with a tone. */
function anEncoder(spool: string, gopS: number) {
  // prettier-ignore
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "ffmpeg", "-hide_banner", "-loglevel", "quiet", "-re",
    "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15", "-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=48000",
    "-vf", "drawbox=t=fill:color=black:enable=0", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
    "-pix_fmt", "yuv420p", "-g", String(15 * gopS), "-sc_threshold", "0", "-threads", "1", "-b:v", "400k", "-c:a", "aac",
    ...spoolArguments(spool)], { stdio: ["pipe", "ignore", "ignore"] });
  const gone = once(child, "exit");
  return {
    cover: () => void child.stdin.write("cdrawbox -1 enable 1\n"),
    end: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

function aView() {
  const spool = mkdtempSync(join(tmpdir(), "understudy-spool-"));
  const path = join(spool, "still.jpg");
  const looks: ContentLook[] = [];
  const view = watchView({
    ...{ place: { spool }, still: { path, everyMs: 1_000, widthPx: 160 } },
    ...{ measuresLoudness: false, nowMs: () => performance.now() },
    tell: (look) => looks.push(look),
  });
  const encoders: ReturnType<typeof anEncoder>[] = [];
  onTestFinished(async () => {
    await view.close();
    for (const encoder of encoders) await encoder.end();
    rmSync(spool, { recursive: true });
  });
  return {
    ...{ spool, path, looks, view },
    encode: (gopS = 1) => {
      const encoder = anEncoder(spool, gopS);
      encoders.push(encoder);
      return encoder;
    },
    untilSeen: (picture: string) =>
      until(picture, () => {
        const last = looks.at(-1);
        return last?.word === "seen" && last.picture === picture && last.pairsDbfs ? last : null;
      }),
    untilAway: () =>
      until("nothing is seen", () => {
        const last = looks.at(-1);
        return last?.word === "unreadable" && last.detail;
      }),
  };
}

test("an encoder is seen over all its files, without missing a picture, and leaves the newest", async () => {
  const { encode, view, path, untilSeen } = aView();
  const encoder = encode();
  const { pairsDbfs } = await untilSeen("moving");
  expect(pairsDbfs![0]).toBeGreaterThan(-30);
  const seconds = (spoolFiles.length + 1) * spoolFileS;
  const pictures = await until(
    "each file was written twice",
    () => view.pictures().length > seconds && view.pictures(),
    60_000,
  );
  const steps = pictures.slice(1).map(({ atMs }, n) => atMs - pictures[n]!.atMs);
  // By the clock of the pictures, set on ours anew with each that was delayed less.
  expect(steps.filter((ms) => Math.abs(ms - 1_000) > 200)).toEqual([]);
  expect(readFileSync(path).subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
  expect(await view.burst(2)).toHaveLength(10);

  encoder.cover();
  await untilSeen("black");
}, 120_000);

long(
  "nobody waits for an encoder that is away, and it is seen when it is back",
  async () => {
    const { encode, untilSeen, untilAway } = aView();
    expect(await untilAway()).toMatch(/not looked at yet|nothing comes/);
    const first = encode();
    await untilSeen("moving");
    await first.end();
    expect(await untilAway()).toMatch(/ended|nothing comes/);
    encode();
    await untilSeen("moving");
  },
  90_000,
);

test("a picture is known when it has come, and not when the next one comes", async () => {
  const { encode, view, untilSeen } = aView();
  const gopS = 4;
  const encoder = encode(gopS);
  await until("a keyframe", () => view.pictures().length > 0);
  const seenMs = performance.now();
  encoder.cover();
  await untilSeen("black");
  expect(performance.now() - seenMs).toBeLessThan(1.5 * gopS * 1_000);
}, 90_000);

test("an encoder does not wait for who looks at it, and is seen when somebody looks again", async () => {
  const { encode, spool, view, untilSeen } = aView();
  encode();
  await untilSeen("moving");
  const looking = workingIn(spool);
  expect(looking).toHaveLength(3);
  for (const pid of looking) kill(pid, "SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(await until("it is written to", () => isFed({ spool }))).toBe(true);
  const stoodAtMs = view.pictures().at(-1)!.atMs;
  for (const pid of looking) kill(pid, "SIGCONT");
  await until("newer pictures", () => view.pictures().at(-1)!.atMs > stoodAtMs + 5_000);
}, 90_000);

/** The processes of a view: the shell, who reads, and ffmpeg. */
const workingIn = (folder: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === folder;
      } catch {
        return false; // gone meanwhile
      }
    });
