import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bt709 } from "../../../machines/content/colour.ts";
import { slow } from "../../setup/slow.ts";
import type { SlateFields } from "../../../daemon/relay/make-slate.ts";
import { Slate } from "../../../daemon/relay/slate.ts";
import { annexBUnits } from "../../../daemon/relay/ts/annex-b.ts";
import { pictureSet } from "../../../daemon/relay/ts/sps.ts";
import { formBrought, makeSlates, slateFields, slatePath } from "../../../daemon/relays/slates.ts";

const plain: SlateFields = {
  ...{ width: 160, height: 90, framesPerSecond: 5, videoBitrateBps: 100_000, sounds: [] },
  background: { kind: "colour", colour: "#1c2530" },
  text: "back soon",
};

async function make(folder: string, slate: SlateFields): Promise<string[]> {
  const said: string[] = [];
  const log = { warn: (_: object, message: string) => void said.push(message) };
  const signal = new AbortController().signal;
  await makeSlates([{ stream: "main", folder, slate }], log as never, signal);
  return said;
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-slates-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("before anything came a slate has as many sounds as will come, in the languages that are to be carried", () => {
  const audio = { codec: "aac", sampleRateHz: 44_100, channels: "keep", tracks: 2 };
  const stream = { id: "main", slate: { colour: "#1c2530" } };
  const soundsOf = (carry?: object) => {
    const of = { ...stream, carry } as unknown as Parameters<typeof slateFields>[0];
    const encoder = { options: { audio } } as Parameters<typeof slateFields>[1];
    return slateFields(of, encoder).slate.sounds;
  };
  const stereo = { sampleRateHz: 44_100, channels: 2 };
  expect(soundsOf()).toEqual([stereo, stereo]);
  const sounds = [{ language: "deu" }, { language: "eng", channels: 6 }, { channels: 7 }];
  expect(soundsOf({ sounds })).toEqual([
    { ...stereo, language: "deu" },
    { ...stereo, channels: 6, language: "eng" },
    stereo,
  ]);
});

test("a slate is made once, and again when something else is wanted of it", async () => {
  const folder = aFolder();
  const made = () => statSync(slatePath(folder)).ino;
  expect(await make(folder, plain)).toEqual([]);
  const first = made();
  await make(folder, plain);
  expect(made()).toBe(first);
  await make(folder, { ...plain, text: "back later" });
  expect(made()).not.toBe(first);
});

test("a picture that cannot be read is said, and a neutral slate is there all the same", async () => {
  const folder = aFolder();
  const path = join(folder, "picture.png");
  writeFileSync(path, "no picture");
  const said = await make(folder, { ...plain, background: { kind: "picture", path } });
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^the slate cannot be made as wanted: /);
  expect(new Slate(slatePath(folder)).line.streams).toHaveLength(1);
  // It is tried again with the next start.
  expect(existsSync(join(folder, "slate.json"))).toBe(false);
  expect(readFileSync(path, "latin1")).toBe("no picture");
});

slow("a slate is in the colour that came, of HDR as bright as paper is there", async () => {
  const hlg = { primaries: "bt2020", transfer: "arib-std-b67", matrix: "bt2020nc" };
  const white = { kind: "colour", colour: "#ffffff" } as const;
  const { text: _, ...mute } = plain;
  for (const [colour, level] of [
    [{ ...hlg, fullRange: false }, 180],
    [{ ...bt709, fullRange: true }, 255],
  ] as const) {
    const folder = aFolder();
    expect(await make(folder, { ...mute, background: white, colour })).toEqual([]);
    const shown = new Slate(slatePath(folder)).pass(0, []).frames[0]!.payload;
    const set = annexBUnits(shown).find((unit) => (unit[0]! & 31) === 7)!;
    expect(pictureSet(set)!.colour).toEqual(colour);
    const decode = [
      "-v",
      "error",
      "-i",
      slatePath(folder),
      "-frames:v",
      "1",
      "-f",
      "rawvideo",
      "-",
    ];
    expect(execFileSync("ffmpeg", decode)[0]).toBe(level);
  }
});

test("it is made in the colour that was brought, where that is told whole", () => {
  const carried = {
    ...{ captions: false, activeFormat: false, scan: "progressive" as const, sounds: [] },
    picture: { widthPx: 320, heightPx: 180, framesPerSecond: 25 },
  };
  expect(formBrought({ ...carried, colour: bt709 })?.colour).toEqual(bt709);
  expect(formBrought({ ...carried, colour: { ...bt709, matrix: null } })).toEqual(
    formBrought(carried),
  );
});
