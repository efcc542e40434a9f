import { expect, test } from "vitest";
import type { ContentLook } from "../../../machines/content/look.ts";
import { lineUpOf } from "../../../machines/site/line-up.ts";
import { aPlan, World } from "../world.ts";

function lineUp(
  look: ContentLook | null,
  word?: "same" | "different" | "cannotTell",
  secondsAgo = 0,
) {
  const w = new World(aPlan());
  w.pass(30);
  if (look) {
    for (let s = 0; s < 15; s++) {
      w.send({ to: "stream:main", event: { type: "content", view: "a", look } });
      w.pass(1);
    }
  }
  if (word) {
    const comparison = { word, because: "98 % alike" };
    w.send({
      to: "stream:main",
      event: { type: "compared", carrier: "a", with: "b", comparison },
    });
    w.pass(secondsAgo);
  }
  const items = lineUpOf(w.core.site(), "main")?.items ?? [];
  return Object.fromEntries(items.map(({ item, result, message }) => [item, { result, message }]));
}
const tone: ContentLook = { word: "seen", picture: "moving", pairsDbfs: [-20] };

test("the line-up hears the sound where it can be heard", () => {
  expect(lineUp(tone)["audio"]).toEqual({ result: "ok", message: "a has sound" });
  expect(lineUp({ ...tone, pairsDbfs: [-60] })["audio"]).toMatchObject({ result: "notOk" });
  expect(lineUp({ word: "unreadable", detail: "" })["audio"]).toMatchObject({ result: "unknown" });
  expect(lineUp(null)["audio"]).toMatchObject({ result: "unknown" });
});

test("the line-up sees a black picture behind an input that is good", () => {
  const black = lineUp({ ...tone, picture: "black" });
  expect(black["input"]).toEqual({ result: "notOk", message: "a shows a black picture" });
});

test("the line-up knows by comparison whether both show the same", () => {
  expect(lineUp(tone, "same")["sameProgramme"]).toMatchObject({ result: "ok" });
  expect(lineUp(tone, "different")["sameProgramme"]).toMatchObject({ result: "notOk" });
  expect(lineUp(tone, "cannotTell")["sameProgramme"]).toMatchObject({ result: "unknown" });
});

test("what was compared ten minutes ago says nothing of the programme of now", () => {
  expect(lineUp(tone, "same", 599)["sameProgramme"]).toMatchObject({ result: "ok" });
  const unknown = { result: "unknown", message: "cannot tell: the pictures are not compared" };
  expect(lineUp(tone, "same", 601)["sameProgramme"]).toEqual(unknown);
  expect(lineUp(tone, "different", 601)["sameProgramme"]).toEqual(unknown);
});
