/** That what is not whole is seen: each of these is a fault that a relay could make. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { cleanAac, steadyAndBeeps, steadyHz } from "./beeps.ts";
import { barCodeFilter } from "./picture.ts";
import { expectWhole } from "./whole.ts";

const [fps, lengthS] = [15, 8];
const pids = { picture: 0x100, sound: 0x101 };
const folder = mkdtempSync(join(tmpdir(), "whole-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** @param sound for ffmpeg's lavfi */
function aRecording(name: string, sound: string): string {
  const file = join(folder, name);
  // prettier-ignore
  execFileSync("ffmpeg", ["-v", "error", "-nostdin", "-f", "lavfi", "-i", `testsrc2=size=320x180:rate=${fps}`,
    "-f", "lavfi", "-i", sound, "-t", String(lengthS), "-vf", barCodeFilter({ fps, source: 1 }),
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "1", ...cleanAac,
    "-pes_payload_size", "0", file]);
  return file;
}

/** So many pictures or sounds from the 40th on are left out, as if nobody had sent them. */
function without(count: number, pid: number): string {
  const bytes = readFileSync(file);
  const file2 = join(folder, `without-${count}-${pid}.ts`);
  let [begun, counter] = [0, 0];
  const kept: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 188) {
    const packet = Buffer.from(bytes.subarray(at, at + 188));
    if ((packet.readUInt16BE(1) & 0x1fff) === pid) {
      if (packet[1]! & 0x40) begun++;
      if (begun > 40 && begun <= 40 + count) continue;
      // It goes on without a gap that a decoder would see.
      packet[3] = (packet[3]! & 0xf0) | counter;
      counter = (counter + 1) & 15;
    }
    kept.push(packet);
  }
  writeFileSync(file2, Buffer.concat(kept));
  return file2;
}

const file = aRecording("whole.ts", steadyAndBeeps);
const looked = (recording: string) => expectWhole(recording, { fps, atLeast: lengthS * fps });
const tone = (expression: string, gate = "mod(t,1)") =>
  `aevalsrc='0.1*sin(2*PI*${steadyHz}*(${expression}))|0.1*sin(2*PI*990*t)*lt(${gate},0.04)':s=48000`;

test("what is whole is called so", () => looked(file));

test("a picture that is missing, and pictures that are too few", async () => {
  await expect(looked(without(1, pids.picture))).rejects.toThrow("pictures");
  await expect(expectWhole(file, { fps, atLeast: lengthS * fps + 1 })).rejects.toThrow();
});

test("a sound that is missing, and three, after which the tone goes on as if nothing were", async () => {
  await expect(looked(without(1, pids.sound))).rejects.toThrow("times of sounds");
  await expect(looked(without(3, pids.sound))).rejects.toThrow("times of sounds");
});

test("a joint: the tone goes on a quarter of a cycle later, or not at all for 20 ms", async () => {
  const later = aRecording("later.ts", tone("t+0.00025*gt(t,4)"));
  await expect(looked(later)).rejects.toThrow("joints");
  const silent = aRecording("silent.ts", tone("t*(1-between(t,4,4.02))"));
  await expect(looked(silent)).rejects.toThrow("joints");
});

test("sound that is later beside the picture than it was", async () => {
  const late = aRecording("late.ts", tone("t", "mod(t-0.04*gt(t,5),1)"));
  await expect(looked(late)).rejects.toThrow("beside");
  await looked(aRecording("less.ts", tone("t", "mod(t-0.01*gt(t,5),1)")));
});
