import { expect, test } from "vitest";
import { type Figure, readFigures } from "../../../daemon/content/figures.ts";

function read(...pieces: string[]): Figure[] {
  const figures: Figure[] = [];
  const reader = readFigures((figure) => figures.push(figure));
  for (const piece of pieces) reader(piece);
  return figures;
}
const sound =
  "frame:0    pts:0       pts_time:0\nlavfi.astats.1.RMS_level=-24.5\n" +
  "lavfi.astats.2.RMS_level=-inf\nframe:1    pts:24000   pts_time:0.5\n";

test("half a second of sound is told when the next begins; digital silence is -120 dBFS", () => {
  expect(read(sound)).toEqual([{ atMs: 0, levelsDbfs: [-24.5, -120] }]);
});

test("the loudness of half a second comes with its levels", () => {
  const loudness = "lavfi.r128.M=-20.1\nlavfi.r128.S=-21.774\nlavfi.r128.I=nan\n";
  expect(read(sound.replace("lavfi.astats.1", `${loudness}lavfi.astats.1`))[0]).toEqual({
    ...{ atMs: 0, levelsDbfs: [-24.5, -120] },
    loudness: { shortTermLufs: -21.774, integratedLufs: -120 },
  });
});

test("text that comes in pieces reads the same", () => {
  expect(read(...sound)).toEqual(read(sound));
});

test("a picture is told at once, with its own time", () => {
  expect(read("frame:7    pts:180000  pts_time:2.04\np=1\n")).toEqual([
    { atMs: 2_040, levelsDbfs: [] },
  ]);
});

test("what is not from ffmpeg is nothing", () => {
  expect(read("p=1\nlavfi.astats.1.RMS_level=-3\n", "x".repeat(100_000), "\nframe:\n")).toEqual([]);
});
