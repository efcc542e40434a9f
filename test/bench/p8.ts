import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bundle } from "../setup/writer-url.ts";
import type { Bench } from "./bench.ts";
import { figure, median } from "./figure.ts";
import type { Measured } from "./p8-machines.ts";

const kibi = 1_024;

/**
 * The encoder machine as it runs in a site, without journal and network: what one costs to keep
 * and to tell a reading. `box` is a device with media, which has a storage machine beside it.
 */
export const p8: Bench = {
  name: "p8",
  about: "10,000 device machines: memory and a turn each, without the disk",
  async run({ quick, figure: tell, say }) {
    const rounds = quick ? 3 : 5;
    const program = await bundle("test/bench/p8-machines.ts");
    const measure = async (what: "encoders" | "boxes", sites: number): Promise<Measured> => {
      say(`${sites} sites of 200 ${what}`);
      const file = fileURLToPath(program.url);
      const args = ["--expose-gc", file, String(sites), String(rounds), what];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      return JSON.parse(stdout) as Measured;
    };
    try {
      for (const [kind, what, sites] of [
        ["encoder", "encoders", quick ? 5 : 50],
        ["box", "boxes", quick ? 2 : 10],
      ] as const) {
        const measured = await measure(what, sites);
        const { bytesEach, readingBytes, quietUs, newsUs, actorUs, sweepUs, timeoutUs } = measured;
        const ratioTo = (mine: number[], peer: number[]) =>
          median(mine.map((us, at) => us / peer[at]!));
        const isEncoder = kind === "encoder";
        const actor = { what: "an XState actor of one assign", value: median(actorUs) };
        tell(
          figure({
            ...{ id: `p8.${kind}.memory`, unit: "KiB", value: bytesEach / kibi },
            against: { what: "its last reading", value: readingBytes / kibi },
            ...(isEncoder && { goal: { atMost: 8 } }),
          }),
        );
        tell(
          figure({
            ...{ id: `p8.${kind}.turn`, unit: "µs", value: median(quietUs) },
            against: { ...actor, ratio: ratioTo(quietUs, actorUs) },
            ...(isEncoder && { goal: { atMost: 10 } }),
          }),
        );
        tell(
          figure({
            ...{ id: `p8.${kind}.turnWithNews`, unit: "µs", value: median(newsUs) },
            against: { ...actor, ratio: ratioTo(newsUs, actorUs) },
          }),
        );
        if (!isEncoder) continue;
        tell(
          figure({
            ...{ id: "p8.deadline", unit: "µs", value: median(sweepUs) },
            against: {
              ...{ what: "a setTimeout each", value: median(timeoutUs) },
              ratio: ratioTo(sweepUs, timeoutUs),
            },
          }),
        );
      }
    } finally {
      program.remove();
    }
  },
};
