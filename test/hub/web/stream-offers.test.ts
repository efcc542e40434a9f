import { expect, test } from "vitest";
import type { StreamItem } from "../../../hub/web/items.ts";
import type { Now } from "../../../hub/web/now.ts";
import { streamOffers } from "../../../hub/web/stream-offers.ts";
import { board } from "./board.ts";

const now = { board: board(), nowMs: Date.now() } as unknown as Now;

/** What is offered to go back, of a stream on air. */
function waysBack(more: object) {
  const stream = { ...board().streams[0], ...more } as unknown as StreamItem;
  return streamOffers(stream, now).filter(({ verb }) => verb === "return");
}

test("whoever is not the primary may be returned to it", () => {
  const encoders = ["helo-2", "helo-1"];
  expect(waysBack({ encoders, encoder: "helo-2" })).toEqual([]);
  expect(waysBack({ encoders, encoder: "helo-1" })).toMatchObject([{ label: "Return to primary" }]);
});

test("a stream that fell back is returned to its relay, whoever carries it", () => {
  const relay = { health: "off", fellBack: { since: null, because: "it died" } };
  for (const encoder of ["helo-1", "helo-2"]) {
    const offers = waysBack({ encoders: ["helo-1", "helo-2"], encoder, relay });
    expect(offers).toMatchObject([
      { label: "Return to its relay", will: expect.stringContaining("proven off first") as string },
    ]);
  }
  expect(waysBack({ carrier: "stopped", relay })).toEqual([]);
});
