/** Slates as people want them, made by a real ffmpeg. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { OwnSlates } from "../../../daemon/relays/own-slates.ts";
import type { Carried } from "../../../machines/content/carried.ts";
import type { SlateFields } from "../../../daemon/relay/make-slate.ts";
import { until } from "../../e2e/facility.ts";

const run = promisify(execFile);
const plain: SlateFields = {
  ...{ width: 160, height: 90, framesPerSecond: 5, videoBitrateBps: 300_000, sounds: [] },
  background: { kind: "colour", colour: "#1c2530" },
  text: "back soon",
};

function aSite() {
  const folder = mkdtempSync(join(tmpdir(), "understudy-own-slates-"));
  const relay = join(folder, "relay");
  mkdirSync(relay);
  const clock = { wallMs: Date.UTC(2026, 0, 5, 10, 0, 59, 500) };
  const open = () => {
    const slates = new OwnSlates({
      relays: [
        {
          ...{ stream: "main", folder: relay, slate: plain, formFrom: "default" },
          ...{ text: undefined, clock: false },
        },
      ],
      ...{ folder: join(folder, "slates"), wallMs: () => clock.wallMs },
      log: { warn: () => undefined, info: () => undefined },
    });
    onTestFinished(() => slates.close().then(() => undefined));
    return slates;
  };
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const slate = join(relay, "slate.ts");
  /** Colour in the middle of the picture: red, green and blue. */
  async function shown(x = 80, y = 45): Promise<number[]> {
    const crop = `crop=2:2:${x}:${y},format=rgb24`;
    const args = ["-v", "error", "-i", slate, "-frames:v", "1", "-vf", crop];
    const { stdout } = await run("ffmpeg", [...args, "-f", "rawvideo", "-"], {
      encoding: "buffer",
    });
    return [...stdout.subarray(0, 3)];
  }
  return { folder, clock, open, slate, shown, made: () => statSync(slate).ino };
}

async function aPicture(folder: string, colour: string, name = "picture.png"): Promise<Buffer> {
  const file = join(folder, name);
  const source = `color=c=${colour}:s=320x180`;
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "1", "-y", file]);
  return readFileSync(file);
}

async function bring(slates: OwnSlates, picture: Buffer, pieceBytes = 100) {
  const sha256 = createHash("sha256").update(picture).digest("hex");
  for (let at = 0; ; at += pieceBytes) {
    const data = picture.subarray(at, at + pieceBytes).toString("base64");
    const part = { do: "part", sha256, totalBytes: picture.length, offsetBytes: at, data };
    const answer = await slates.answer("main", part, "anna");
    if (answer.status !== "done" || at + pieceBytes >= picture.length) return answer;
  }
}

const isRed = ([r, g, b]: number[]) => r! > 200 && g! < 60 && b! < 60;

test("a picture that was brought in pieces is the slate, also after a restart, until it is given back", async () => {
  const site = aSite();
  const slates = site.open();
  const answer = await bring(slates, await aPicture(site.folder, "red"));
  expect(answer).toMatchObject({
    status: "done",
    data: { picture: "uploaded", widthPx: 320, heightPx: 180, text: "", changedBy: "anna" },
  });
  expect(isRed(await site.shown())).toBe(true);
  await slates.close();

  const again = site.open();
  expect(await again.answer("main", { do: "tell" }, "anna")).toMatchObject({
    data: { picture: "uploaded" },
  });
  const jpeg = await bring(again, await aPicture(site.folder, "red", "picture.jpg"), 1_000);
  expect(jpeg).toMatchObject({ status: "done", data: { widthPx: 320, heightPx: 180 } });
  // Of the one before nothing is kept.
  expect(readdirSync(join(site.folder, "slates/main"))).toHaveLength(2);
  expect(await again.answer("main", { do: "reset" }, "anna")).toMatchObject({
    data: { picture: "none", text: "back soon", sha256: null, changedBy: null },
  });
  expect(isRed(await site.shown(4, 4))).toBe(false);
  expect(readdirSync(join(site.folder, "slates/main"))).toEqual([]);
});

test("what is no picture, or only begins like one, is refused, and the slate is as it was", async () => {
  const site = aSite();
  const slates = site.open();
  const red = await aPicture(site.folder, "red");
  await bring(slates, red);
  const before = site.made();
  expect(
    await bring(slates, Buffer.from("ffconcat version 1.0\nfile /etc/passwd\n")),
  ).toMatchObject({
    status: "refused",
    code: "not_a_picture",
    message: "it is neither a PNG nor a JPEG",
  });
  const huge = Buffer.from(red);
  huge.writeUInt32BE(100_000, 16);
  expect((await bring(slates, huge)).message).toBe(
    "it is 100000 x 180; a slate takes 16 to 8192 pixels each way",
  );
  const torn = Buffer.concat([red.subarray(0, 40), Buffer.from("nothing of it")]);
  expect(await bring(slates, torn)).toMatchObject({ status: "refused", code: "not_made" });
  const swapped = { do: "part", sha256: "0".repeat(64), totalBytes: red.length, offsetBytes: 0 };
  const whole = { ...swapped, data: red.toString("base64") };
  expect(await slates.answer("main", whole, "eve")).toMatchObject({ code: "interrupted" });
  const late = { ...swapped, offsetBytes: 50, data: "" };
  expect(await slates.answer("main", late, "eve")).toMatchObject({ code: "interrupted" });
  expect(await slates.answer("other", { do: "tell" }, "eve")).toMatchObject({
    code: "not_possible",
  });
  expect(site.made()).toBe(before);
  expect(readdirSync(join(site.folder, "slates/main"))).toHaveLength(2);
});

test("a clock stands in it, and it is made anew with each minute", async () => {
  const site = aSite();
  const slates = site.open();
  const set = await slates.answer("main", { do: "set", text: "", clock: true }, "anna");
  expect(set).toMatchObject({ status: "done", data: { text: "", clock: true } });
  const before = site.made();
  site.clock.wallMs += 1_000;
  await until("it is another minute", () => site.made() !== before, 90_000);
  const settings = join(site.folder, "relay/slate.json");
  await until("what it was made of", () => existsSync(settings));
  expect(readFileSync(settings, "utf8")).toContain('"clock":"');
}, 120_000);

test("it is made in the form that the pictures on air have, also after a restart", async () => {
  const site = aSite();
  const first = site.open();
  const forms = async () => {
    const entries = "stream=width,height,r_frame_rate,sample_rate,channels:stream_tags=language";
    const args = ["-v", "error", "-show_entries", entries, "-of", "compact=p=0:nk=1", site.slate];
    // Those of the programme come first.
    return (await run("ffprobe", args)).stdout.trim().split("\n").slice(-3);
  };
  await until("the first", () => first.formatOf("main") !== undefined);
  expect(first.formatOf("main")).toMatchObject({ widthPx: 160, from: "default", sounds: [] });
  const carried: Carried = {
    ...{ captions: false, activeFormat: false, scan: "progressive" },
    sounds: [
      { language: "deu", channels: 1, sampleRateHz: 44_100 },
      { language: null, channels: 6, sampleRateHz: 48_000 },
    ],
    picture: { widthPx: 640, heightPx: 360, framesPerSecond: null },
  };
  // Not yet known: it stays.
  first.brings("main", carried);
  first.brings("main", { ...carried, picture: { ...carried.picture!, framesPerSecond: 29.97 } });
  const brought = await until("another form", () => {
    const format = first.formatOf("main");
    return format?.from === "input" && format;
  });
  expect(brought).toEqual({
    ...{ widthPx: 640, heightPx: 360, framesPerSecond: 29.97, from: "input" },
    sounds: [
      { sampleRateHz: 44_100, channels: 1, language: "deu" },
      { sampleRateHz: 48_000, channels: 6, language: null },
    ],
  });
  expect(await forms()).toEqual(["640|360|30000/1001", "44100|1|0/0|deu", "48000|6|0/0"]);
  const made = site.made();
  await first.close();

  const again = site.open();
  await until("known again", () => again.formatOf("main") !== undefined);
  expect(again.formatOf("main")).toEqual(brought);
  expect(site.made()).toBe(made);
  // Nobody can make one of this size: the last one stays.
  again.brings("main", { ...carried, picture: { widthPx: 32, heightPx: 18, framesPerSecond: 25 } });
  expect(again.formatOf("main")).toEqual(brought);
});
