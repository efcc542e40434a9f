import { expect, test } from "vitest";
import type { Carried } from "../../../machines/content/carried.ts";
import type { RelayReport } from "../../../machines/stream/relay-protocol.ts";
import type { SiteConfig } from "../../../config/site.schema.ts";
import { declaredFor, misfitsFinder } from "../../../daemon/relays/declared.ts";

const bare: Carried = {
  ...{ captions: false, activeFormat: false, timecode: false, scan: "progressive", sounds: [] },
};
const captioned = { ...bare, captions: true };

/** What is told of `a` and `b`, the relay being asked each 5 s as the daemon does. */
function aPair(carry?: object) {
  const stream = { carry } as unknown as SiteConfig["streams"][number];
  const box = { options: {} } as unknown as SiteConfig["encoders"][number];
  const declared = declaredFor(stream, box);
  const misfitsIn = misfitsFinder({ a: declared, b: declared });
  let nowMs = 0;
  return (seconds: number, a: Carried | null, b: Carried | null) => {
    const inputs = [a, b].map((carried, n) => ({ id: "ab"[n], shape: null, misfits: [], carried }));
    const report = { inputs } as unknown as RelayReport;
    let told: string[] = [];
    for (const endMs = nowMs + seconds * 1_000; nowMs < endMs; nowMs += 5_000) {
      told = ["a", "b"].flatMap((id) =>
        misfitsIn(report, id, nowMs)!.map(({ format }) => `${id}: ${format}`),
      );
    }
    return told;
  };
}
const says = ["a: no captions, and b has some"];

test("captions that one of a pair has for a minute and the other not at all are told, until it has them", () => {
  const pair = aPair();
  expect(pair(60, bare, captioned)).toEqual([]);
  expect(pair(5, bare, captioned)).toEqual(says);
  expect(pair(5, captioned, captioned)).toEqual([]);
  expect(pair(55, bare, captioned)).toEqual([]);
});

test("captions that come and go with the programme are told of no one", () => {
  const pair = aPair();
  for (let breaks = 0; breaks < 30; breaks++) {
    // They are never at the same picture.
    expect(pair(10, bare, captioned)).toEqual([]);
    expect(pair(120, captioned, captioned)).toEqual([]);
    expect(pair(10, captioned, bare)).toEqual([]);
    expect(pair(120, bare, bare)).toEqual([]);
  }
});

test("half a minute of captions at a time is enough, and a programme without any ends it", () => {
  const pair = aPair();
  const film = () => [pair(30, bare, captioned), pair(300, bare, bare)];
  film();
  film();
  expect(film()).toEqual([says, says]);
  // What is not known ends nothing, and begins nothing.
  expect(pair(900, null, null)).toEqual(says);
  expect(pair(5, bare, null)).toEqual([]);
  const other = aPair();
  expect(other(600, bare, null)).toEqual([]);
});

test("so are the active format and another scan; what `carry` asks for is told by that", () => {
  const sd = { ...bare, activeFormat: true, scan: "interlaced" as const };
  const told = aPair();
  expect(told(65, bare, sd)).toEqual([
    "a: no active format, and b has one",
    "a: progressive pictures, and b interlaced ones",
    "b: interlaced pictures, and a progressive ones",
  ]);
  expect(told(5, bare, bare)).toEqual(["a: no active format, and b has one"]);
  const any = { captions: "any", activeFormat: "any", scan: "any", colour: "any" };
  expect(aPair({ ...any, activeFormat: "keep", scan: "progressive" })(65, bare, sd)).toEqual([]);
  expect(aPair({ ...any, scan: "progressive" })(65, bare, captioned)).toEqual(says);
});
