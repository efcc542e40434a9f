/** How much an encoder has lost of its source, as it is shown and told. */
import { expect, test } from "vitest";
import type { QualityLook } from "../../../machines/content/quality.ts";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { aRelayedPlan, World } from "../world.ts";

function aWorld() {
  const plan = aRelayedPlan();
  const [main, ...feeds] = plan.streams;
  const content = { ...main!.content, quality: { leastSsim: 0.8, afterMs: 180_000 } };
  const world = new World({ ...plan, streams: [{ ...main!, content }, ...feeds] });
  world.pass(10);
  return {
    sees(...looks: QualityLook[]) {
      for (const look of looks) {
        world.send({ to: "stream:main", event: { type: "quality", look } });
        world.pass(60);
      }
    },
    told: () =>
      world.told("stream.content").map(({ severity, message }) => `${severity}: ${message}`),
    shown() {
      const published = { id: "main", epoch: "e", seq: 1, session: "s", atMs: 0 };
      const { content: is } = streamState(world.core.stream("main"), {
        ...{ published, backupLeg: undefined },
      });
      return is?.quality;
    },
  };
}
const measured = (ssim: number, encoder = "a"): QualityLook => ({
  ...{ word: "measured", encoder, ssim, psnrDb: 30 },
});
const away: QualityLook = { word: "notAvailable", because: "the slate is on air" };

test("too much that is lost is told once when it has lasted, and when it is over", () => {
  const w = aWorld();
  w.sees(measured(0.95), measured(0.7), measured(0.7));
  expect(w.shown()).toMatchObject({ encoder: "a", figures: { ssim: { value: 0.7 } } });
  w.sees(measured(0.7));
  expect([w.told(), w.shown()?.lowBeganAtMs]).toEqual([[], null]);
  w.sees(measured(0.7), measured(0.7));
  const told =
    "warning: main: a loses too much of its source's pictures " +
    "(SSIM 0.700, PSNR 30.0 dB; wanted is SSIM 0.8), for 180 s now";
  expect(w.told()).toEqual([told]);
  expect(w.shown()?.lowBeganAtMs).toEqual(expect.any(Number));
  w.sees(measured(0.8));
  expect(w.told()).toEqual([
    told,
    "info: main: its pictures are like those of its source again (a: SSIM 0.800, PSNR 30.0 dB)",
  ]);
});

test("what cannot be measured is neither good nor bad, and is said to be not available", () => {
  const w = aWorld();
  w.sees(measured(0.7), measured(0.7), away);
  expect(w.shown()).toEqual({
    ...{ encoder: null, figures: {}, because: "the slate is on air", lowBeganAtMs: null },
  });
  w.sees(measured(0.7));
  expect(w.told()).toHaveLength(1);
  w.sees(away, away);
  expect(w.told()).toHaveLength(1);
});
