import type { Bench } from "./bench.ts";
import { coldGaps } from "./cold.ts";
import { extraMs, type Gap } from "./gaps.ts";
import { figure, median, quantile } from "./figure.ts";
import { type Fault, frameMs, type Pair, RelayedDrill } from "./relayed-drill.ts";

const pairs: readonly Pair[] = ["gop-atomic", "delay-line"];
/** Frames by which a picture may come later, in 95 of 100. */
const goals: Readonly<Record<Fault, number>> = { kill: 1, freeze: 4 };

/**
 * What a death of the carrying encoder costs the far end of a relayed stream: the longest time
 * without a picture beyond the longest of as long a time before. Beside it, of the same source: an encoder in a loop that
 * starts it again, and a backup that is started cold and probes its input.
 */
export const p3: Bench = {
  name: "p3",
  about: "air gap at the far end of a relayed stream, beside a cold restart and a cold backup",
  async run({ quick, kills = quick ? 2 : 20, figure: tell, say }) {
    const cold = await coldGaps(quick ? 1 : 5, say);
    for (const [way, gaps] of Object.entries(cold)) {
      tell(figure({ id: `p3.cold.${way}`, unit: "ms", value: median(gaps.map(extraMs)) }));
    }
    const backup = median(cold.backup.map(extraMs));
    for (const pair of pairs) {
      const gaps: Record<Fault, Gap[]> = { kill: [], freeze: [] };
      const drill = await RelayedDrill.begin(pair);
      try {
        for (let at = 0; at < 2 * kills; at++) {
          const fault = at % 2 === 0 ? "kill" : "freeze";
          gaps[fault].push(await drill.strike(fault));
          await drill.untilHot();
          say(`${pair}: ${fault}, ${Math.round(extraMs(gaps[fault].at(-1)!))} ms more than usual`);
        }
        if (drill.switches() < 2 * kills) throw new Error("not every fault led to a switch");
        tell(
          figure({
            ...{ id: `p3.${pair}.picturesOff`, unit: "pictures", value: await drill.picturesOff() },
            goal: { exactly: 0 },
          }),
        );
      } finally {
        await drill.close();
      }
      for (const fault of ["kill", "freeze"] as const) {
        const extras = gaps[fault].map(extraMs);
        const id = `p3.${pair}.${fault}.extra`;
        const against = { what: "a cold backup after a kill", value: backup };
        tell(figure({ id: `${id}.p50`, unit: "ms", value: median(extras), against }));
        tell(
          figure({
            ...{ id: `${id}.p95`, unit: "ms", value: quantile(extras, 0.95), against },
            goal: { atMost: Math.floor(goals[fault] * frameMs) },
          }),
        );
      }
      const all = [...gaps.kill, ...gaps.freeze];
      const of = (what: keyof Gap) => all.map((gap) => gap[what]);
      tell(figure({ id: `p3.${pair}.natural`, unit: "ms", value: median(of("naturalMs")) }));
      tell(figure({ id: `p3.${pair}.usual.p50`, unit: "ms", value: median(of("usualMs")) }));
      tell(
        figure({
          id: `p3.${pair}.longest.p95`,
          unit: "ms",
          value: quantile(of("longestMs"), 0.95),
        }),
      );
    }
  },
};
