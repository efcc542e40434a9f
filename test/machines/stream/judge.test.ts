import { expect, test } from "vitest";
import { type FarEndFacts, unknownFarEnd } from "../../../machines/destination/far-end.ts";
import { type OutputFacts, unknownEncoder } from "../../../machines/encoder/facts.ts";
import { type PictureEvidence, judge as judged } from "../../../machines/stream/judge.ts";

const acting: PictureEvidence = { acts: () => true, shown: undefined, isSourceLost: false };
const judge = (
  encoder: Parameters<typeof judged>[0],
  output: OutputFacts,
  seen: FarEndFacts,
  content = acting,
  readSince = true,
) => judged(encoder, output, seen, content, readSince);
const streaming: OutputFacts = { state: "streaming", target: "far" };
const refused = { state: "failing", refusal: "refused" } as const;
const nothing = { state: "unknown", target: null } as const;
const farEnd = (p: Partial<FarEndFacts>): FarEndFacts => ({ ...unknownFarEnd("far"), ...p });
const moving = farEnd({ word: "publishing", media: "moving" });
const stalled = farEnd({ word: "publishing", media: "stalled" });
const looking = farEnd({ word: "publishing" });
const quiet = farEnd({ word: "quiet" });
const empty = farEnd({ word: "quiet", provesAbsence: true });
const unseen = farEnd({});

/** Output, far end → word, cause, may a takeover follow. */
const table: [string, Partial<OutputFacts>, FarEndFacts, string, string, boolean][] = [
  ["all is well", streaming, moving, "good", "", false],
  ["nobody looks", streaming, unseen, "good", "", false],
  ["one look", streaming, looking, "good", "", false],
  ["starting", { ...streaming, state: "starting" }, unseen, "good", "", false],
  ["unreachable, on air", nothing, moving, "good", "", false],
  ["unreachable, nobody looks", nothing, unseen, "unknown", "unknown", false],
  ["unreachable, one look", nothing, looking, "unknown", "unknown", false],
  ["unreachable, quiet", nothing, quiet, "suspect", "farEndQuiet", true],
  ["quiet", streaming, quiet, "suspect", "farEndQuiet", true],
  ["refused", refused, unseen, "suspect", "farEndRefuses", true],
  ["refused, quiet", refused, quiet, "suspect", "farEndRefuses", true],
  ["refused, and yet seen", refused, moving, "suspect", "farEndRefuses", false],
  ["nothing arrives", streaming, stalled, "suspect", "farEndStalled", true],
  ["frozen, seen", { ...streaming, progress: "frozen" }, moving, "suspect", "frozen", false],
  ["frozen, unseen", { ...streaming, progress: "frozen" }, unseen, "suspect", "frozen", true],
  ["frozen, stalled", { ...streaming, progress: "frozen" }, stalled, "suspect", "frozen", true],
  [
    "failing, may be refused",
    { state: "failing", refusal: "maybeRefused" },
    quiet,
    "suspect",
    "deviceFailing",
    true,
  ],
  ["failing, seen", { state: "failing" }, moving, "suspect", "deviceFailing", false],
  ["failing, quiet", { state: "failing" }, quiet, "suspect", "deviceFailing", true],
  ["idle, seen", { state: "idle" }, moving, "suspect", "deviceIdle", false],
  ["idle, unseen", { state: "idle" }, unseen, "suspect", "deviceIdle", true],
  ["idle, quiet as far as can be told", { state: "idle" }, quiet, "suspect", "deviceIdle", true],
  ["idle, and nobody publishes", { state: "idle" }, empty, "off", "deviceIdle", true],
  ["stopping, and nobody publishes", { state: "stopping" }, empty, "suspect", "deviceIdle", true],
  ["failing, and nobody publishes", { state: "failing" }, empty, "suspect", "deviceFailing", true],
  ["stopping", { state: "stopping" }, unseen, "suspect", "deviceIdle", true],
  ["queue stuck", { ...streaming, sendQueue: "stuck" }, stalled, "network", "network", false],
  [
    "queue stuck and frozen",
    { ...streaming, sendQueue: "stuck", progress: "frozen" },
    quiet,
    "network",
    "network",
    false,
  ],
  [
    "exit, the far end still shows what was sent",
    { state: "idle", exit: { code: 1, signal: null } },
    moving,
    "off",
    "processExited",
    true,
  ],
];

for (const [when, output, seen, word, cause, commits] of table) {
  test(`the carrier is ${word} when: ${when}`, () => {
    const verdict = judge(unknownEncoder("a", []), { ...nothing, ...output }, seen);
    expect(verdict).toEqual({ word, cause, commits });
  });
}

test("what it said before the far end had its picture does not make it off", () => {
  const verdict = judge(
    unknownEncoder("a", []),
    { ...nothing, state: "idle" },
    empty,
    acting,
    false,
  );
  expect(verdict).toEqual({ word: "suspect", cause: "deviceIdle", commits: true });
});

for (const input of ["lost", "black", "frozen", "silent"] as const) {
  test(`on air with a ${input} input is a content fault, whoever looks`, () => {
    const encoder = { ...unknownEncoder("a", []), input };
    for (const seen of [moving, unseen]) {
      expect(judge(encoder, streaming, seen)).toMatchObject({
        word: "content",
        cause: `input-${input}`,
      });
    }
  });
}

test("a fault that is only observed is no reason for anything", () => {
  const encoder = { ...unknownEncoder("a", []), input: "black" as const };
  const observed = { acts: () => false, shown: undefined, isSourceLost: false };
  expect(judge(encoder, streaming, moving, observed).word).toBe("good");
});

test("a fault that is seen counts while it is on air; off air there is worse", () => {
  const shown = { ...acting, shown: "frozen" as const };
  const a = unknownEncoder("a", []);
  expect(judge(a, streaming, moving, shown)).toMatchObject({
    word: "content",
    cause: "shows-frozen",
  });
  expect(judge(a, streaming, quiet, shown).word).toBe("suspect");
});

test("the far end names another of our encoders: it is kicked, and the same name is no kick", () => {
  const by = (encoder: string) => ({ ...moving, by: `understudy/${encoder}/4` });
  expect(judge(unknownEncoder("a", []), streaming, by("b"))).toMatchObject({
    word: "suspect",
    cause: "otherPublisher",
    commits: true,
  });
  expect(judge(unknownEncoder("a", []), streaming, by("a")).word).toBe("good");
  const address = { ...moving, by: "10.0.0.7" };
  expect(judge(unknownEncoder("a", []), streaming, address).word).toBe("good");
});
