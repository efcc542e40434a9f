/** There is no such hardware where this runs: what refuses is the real ffmpeg, what works is x264 in its place. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SiteConfig } from "../../../../config/site.schema.ts";
import { hardwareNotes } from "../../../../daemon/cli/hardware-notes.ts";
import { openHardware } from "../../../../daemon/drivers/ffmpeg/hardware.ts";
import {
  complaintOf,
  deviceNote,
  refusalByHardware,
  trialArguments,
} from "../../../../daemon/drivers/ffmpeg/hardware-trial.ts";
import { FfmpegOptions } from "../../../../daemon/drivers/ffmpeg/options.ts";
import { hardwareCodecs } from "../../../../machines/encoder/picture-encoder.ts";
import { generous, output } from "../shared/engine/a-site.ts";
import { until } from "../shared/engine/until.ts";
import { aSite } from "./an-engine.ts";

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hardware-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/**
 * ffmpeg of a host whose NVENC works: x264 does its work. Where there is a file `broken` beside it
 * the programme is given to the real NVENC, which there is none of. Counts trials.
 */
function anFfmpeg(folder = aFolder()) {
  const program = join(folder, "ffmpeg");
  const script = `#!/bin/bash
[[ "$*" == *framecrc* ]] && echo trial >>${folder}/trials
[[ -e ${folder}/broken && "$*" == *-progress* ]] && exec ffmpeg "$@"
args=("\${@/#h264_nvenc/libx264}"); args=("\${args[@]/#p4/ultrafast}")
exec ffmpeg "\${args[@]/#ll/zerolatency}"
`;
  writeFileSync(program, script, { mode: 0o755 });
  const trials = () =>
    existsSync(join(folder, "trials"))
      ? readFileSync(join(folder, "trials"), "utf8").trim().split("\n").length
      : 0;
  return { program, trials, fails: () => writeFileSync(join(folder, "broken"), "") };
}

const small = { width: 320, height: 180, framesPerSecond: 15, bitrateBps: 300_000, gopSeconds: 1 };
const aSmall = (video: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
  FfmpegOptions.parse({ input: { kind: "testPattern" }, video: { ...small, ...video }, ...rest });

describe("every option that is given is one that this ffmpeg knows for this encoder", () => {
  const general = ["-vf", "-fps_mode", "-enc_time_base", "-g", "-force_key_frames", "-bsf:v"];
  const known = [...general, "-b:v", "-maxrate", "-bufsize", "-r", "-c:v", "-pix_fmt", "-bf"];
  test.each(hardwareCodecs)("%s", (codec) => {
    const help = execFileSync("ffmpeg", ["-hide_banner", "-h", `encoder=${codec}`], {
      encoding: "utf8",
    });
    for (const scheme of ["spool", "rtmp"] as const) {
      const args = trialArguments(codec, aSmall({ codec }), scheme);
      const picture = args.slice(args.indexOf("-c:v"), args.indexOf("framecrc") - 1);
      for (let at = 0; at < picture.length; at += 2) {
        const [option = "", value = ""] = picture.slice(at, at + 2);
        if (known.includes(option)) continue;
        const [, of = ""] =
          new RegExp(`\\n  ${option.replace(":v", "")} +<(\\w+)>`).exec(help) ?? [];
        expect(of, `${codec} ${option}`).not.toBe("");
        if (/^[a-z]/i.test(value)) expect(help).toMatch(new RegExp(`\\n     ${value} +-?\\d`));
      }
    }
  });
});

test.each([
  ["h264_nvenc", "Cannot load libcuda.so.1 (no /dev/nvidiactl here)"],
  ["h264_qsv", "Error initializing an internal MFX session: unsupported (-3) (no /dev/dri"],
  ["h264_vaapi", "No VA display found for device /dev/dri/renderD128 (no /dev/dri/renderD* here)"],
] as const)("the real ffmpeg says why it cannot encode by %s here", async (codec, why) => {
  expect(await refusalByHardware(codec, aSmall({ codec }), generous())).toContain(why);
});

test("a device that the host has and the unit hides is called hidden", () => {
  const root = aFolder();
  mkdirSync(join(root, "sys/class/drm/renderD128"), { recursive: true });
  expect(deviceNote("h264_vaapi", root)).toContain("the unit hides /dev/dri/renderD*");
  mkdirSync(join(root, "dev/dri/renderD129"), { recursive: true });
  expect(deviceNote("h264_vaapi", root)).toBe("");
});

test("what is not H.264 is refused with the reason, and so is hardware that is to keep interlaced pictures", () => {
  const refused = (video: Record<string, unknown>) =>
    FfmpegOptions.safeParse({ input: { kind: "testPattern" }, video }).error?.issues[0]?.message;
  expect(refused({ codec: "hevc_nvenc" })).toMatch(/no H.264: the relay, its outputs and RTMP/);
  expect(refused({ codec: "libx265" })).toMatch(/no H.264/);
  expect(refused({ codec: "h264_nvenc", interlace: "keep" })).toMatch(/which libx264 does/);
});

test("--check tells which encoders would not see the hardware that they ask for", () => {
  const encoder = (id: string, codec: string) => ({ id, options: { video: { codec } } });
  const encoders = [encoder("a", "h264_vaapi"), encoder("b", "libx264"), encoder("c", "auto")];
  expect(hardwareNotes({ encoders } as unknown as SiteConfig)).toEqual([
    "a asks for h264_vaapi and would encode by x264 (no /dev/dri/renderD* here)",
  ]);
});

test("what encodes, but no keyframes where they are asked for, is refused", () => {
  const packets = (flags: string[]) =>
    flags.map((flag, n) => `0, ${n}, ${n}, 1, 9, 0x0${flag}`).join("\n");
  const [key, other] = ["", ", F=0x0"];
  expect(complaintOf(packets([key, other, other, key, other]), 3)).toBeUndefined();
  expect(complaintOf(packets([key, other, other, other, other]), 3)).toMatch(/keyframes/);
  expect(complaintOf(packets([key, key, other, key, other]), 3)).toMatch(/keyframes/);
  expect(complaintOf("0, 0, 0, 1, 9, 0x0\n0, 1, 2, 1, 9, 0x0\n0, 2, 1, 1, 9, 0x0", 1)).toMatch(
    /B-frames/,
  );
  expect(complaintOf("#tb 0: 1/25", 3)).toBe("it made no picture");
});

async function tried(...of: Parameters<typeof openHardware>) {
  const hardware = openHardware(...of)!;
  await hardware.firstTrials;
  return hardware;
}

test("hardware that makes what is asked is chosen, and a restart tries it no second time", async () => {
  const [stateDir, { program, trials }] = [aFolder(), anFfmpeg()];
  const options = aSmall({ codec: "auto" }, { program });
  const context = { stateDir, now: () => performance.now() };
  const hardware = await tried(context, options);
  expect(hardware.choice()).toEqual({ codec: "h264_nvenc" });
  expect(hardware.choice({ widthPx: 1_920, heightPx: 1_080 })).toEqual({
    codec: "libx264",
    because: "hardware was tried only up to 320x180",
  });
  hardware.close();
  const made = trials();
  expect(made).toBe(2);
  const next = await tried(context, options);
  expect([next.choice().codec, trials()]).toEqual(["h264_nvenc", made]);
  next.close();
  const other = await tried(context, aSmall({ codec: "auto", width: 640 }, { program }));
  expect([other.choice().codec, trials()]).toEqual(["h264_nvenc", 2 * made]);
  other.close();
});

test("a start whose hardware fails is made by x264, and nobody sees an end", async () => {
  const { program, fails } = anFfmpeg();
  const site = await aSite({ program, video: { ...small, codec: "h264_nvenc" } });
  const { driver, seen, moving, latest } = await site.open();
  fails();
  await driver.startOutput(output, site.target(), generous());
  await moving();
  expect(seen.flatMap(({ exit }) => exit ?? [])).toEqual([]);
  expect(latest()?.reading.raised?.alarms).toEqual([
    {
      ...{ code: "encodesBySoftware", severity: "warning" },
      text: "NVENC failed at work: Cannot load libcuda.so.1; encoding by x264",
    },
  ]);
  expect(latest()?.reading.encodes).toEqual({
    by: "libx264",
    because: "NVENC failed at work: Cannot load libcuda.so.1",
  });
  const states = seen.map(({ state }) => state);
  expect(states.slice(states.indexOf("starting"))).not.toContain("idle");
  await driver.stopOutput(output, true, generous());
  await until("it is idle", () => latest()?.state === "idle");
});

test("who is told to stop while that is looked at starts nothing more", async () => {
  const { program, fails } = anFfmpeg();
  const site = await aSite({ program, video: { ...small, codec: "h264_nvenc" } });
  const { driver, seen, latest } = await site.open();
  fails();
  await driver.startOutput(output, site.target(), generous());
  await driver.stopOutput(output, true, generous());
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(latest()?.state).toBe("idle");
  expect(seen.map(({ state }) => state)).not.toContain("streaming");
});
