import { expect, test } from "vitest";
import { bt709 } from "../../../machines/content/colour.ts";
import type { Shape } from "../../../machines/content/shape.ts";
import type { SiteConfig } from "../../../config/site.schema.ts";
import type { RelayReport } from "../../../machines/stream/relay-protocol.ts";
import { declaredFor, misfitsFinder } from "../../../daemon/relays/declared.ts";

const shape: Shape = {
  ...{ widthPx: 1_280, heightPx: 720, profile: 100, plain: true, framesPerSecond: 25 },
  ...{ varies: false, gopMs: 2_000, sounds: 1, before: null },
};
const declared = { widthPx: 1_280, heightPx: 720, framesPerSecond: 25, gopS: 2 };

/** What is told of `a` when the relay reports this of it, one report after the other. */
function told(...reports: { shape: Shape | null; misfits?: [] | null; b?: Shape }[]) {
  const misfitsIn = misfitsFinder({ a: declared });
  return reports.map(({ shape: own, misfits = [], b = null }) => {
    const inputs = [
      { id: "a", shape: own, misfits },
      { id: "b", shape: b, misfits: [] },
    ] as unknown as RelayReport["inputs"];
    return misfitsIn({ inputs }, "a", 0)?.map(({ format }) => format) ?? null;
  });
}

test("what is not as declared is told until it is, also while nothing is known of it", () => {
  const small = { ...shape, widthPx: 640, heightPx: 360 };
  const says = ["640x360, where 1280x720 is declared"];
  expect(
    told({ shape }, { shape: small }, { shape: null }, { shape: null, misfits: null }, { shape }),
  ).toEqual([[], says, says, null, []]);
});

test("a rate and a GOP that are nearly as declared are as declared", () => {
  const nearly = { ...shape, framesPerSecond: 24.975, gopMs: 2_040 };
  const other = { ...shape, framesPerSecond: 29.97, gopMs: 8_333 };
  expect(told({ shape: nearly }, { shape: other })).toEqual([
    [],
    [
      "29.97 pictures a second, where 25 are declared",
      "keyframes further apart than the 2 s that are declared",
    ],
  ]);
});

test("where no size is declared the other's counts, and what it was before", () => {
  const at = misfitsFinder({});
  const report = (a: Shape, b: Shape) =>
    ({
      inputs: [a, b].map((it, n) => ({ id: "ab"[n], shape: it, misfits: [] })),
    }) as unknown as RelayReport;
  const wide = { ...shape, widthPx: 1_920, heightPx: 1_080 };
  const formats = (of: RelayReport, id: string) => at(of, id, 0)!.map(({ format }) => format);
  expect(formats(report(shape, wide), "b")).toEqual(["1920x1080, and a another size"]);
  const before = { widthPx: 1_920, heightPx: 1_080 };
  expect(formats(report({ ...shape, before }, shape), "a")).toEqual([
    "1280x720, where it was 1920x1080 before",
  ]);
});

test("what the stream says goes before what its encoder says; a copy says nothing of the picture", () => {
  const video = { width: 640, height: 360, framesPerSecond: 50, gopSeconds: 1 };
  const box = (codec: string) => ({ options: { video: { ...video, codec }, audio: {} } });
  const of = (settings: object | undefined, codec: string) =>
    declaredFor(
      { settings } as SiteConfig["streams"][number],
      box(codec) as unknown as SiteConfig["encoders"][number],
    );
  expect(of(undefined, "libx264")).toEqual({
    ...{ widthPx: 640, heightPx: 360, framesPerSecond: 50, gopS: 1 },
  });
  expect(of(undefined, "copy")).toEqual({});
  expect(of({ width: 1_280, height: 720, gopFrames: 100, profile: "high" }, "libx264")).toEqual({
    ...{ widthPx: 1_280, heightPx: 720, framesPerSecond: 50, gopS: 2, h264Profile: "high" },
  });
});

test("two that tell other colours are told, and what only one of them tells is no difference", () => {
  const misfitsIn = misfitsFinder({});
  const told = (a: Shape, b: Shape) => {
    const inputs = [a, b].map((it, n) => ({ id: "ab"[n], shape: it, misfits: [] }));
    return misfitsIn({ inputs } as unknown as RelayReport, "a", 0)?.map(({ format }) => format);
  };
  const hlg = { primaries: "bt2020", transfer: "arib-std-b67", matrix: "bt2020nc" };
  const inHlg = { ...shape, colour: { ...hlg, fullRange: false } };
  const untold = { primaries: null, transfer: null, matrix: null, fullRange: false };
  const inHd = { ...shape, colour: bt709 };
  expect(told(inHlg, inHd)).toEqual(["the colour bt2020/arib-std-b67/bt2020nc, and b another"]);
  expect(told(inHd, { ...shape, colour: { ...bt709, fullRange: true } })).toEqual([
    "the colour bt709, and b another",
  ]);
  expect(told(inHd, { ...shape, colour: untold })).toEqual([]);
  // Its relay is older.
  expect(told(inHd, shape)).toEqual([]);
});
