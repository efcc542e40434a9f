import type { Bench } from "./bench.ts";
import { figure, median, quantile } from "./figure.ts";
import { RelayedDrill } from "./relayed-drill.ts";

/**
 * What a `kill -9` of the relay costs the far end of its stream: the longest time without a picture.
 * A stream for each: where a relay dies again and again, the daemon gives it time.
 */
export const relayKilled: Bench = {
  name: "relay-killed",
  about: "time without a picture at the far end when the relay itself is killed",
  async run({ quick, kills = quick ? 2 : 12, figure: tell, say }) {
    const pausesMs: number[] = [];
    const usualMs: number[] = [];
    let picturesOff = 0;
    for (let at = 0; at < kills; at++) {
      const drill = await RelayedDrill.begin("gop-atomic");
      try {
        const gap = await drill.strikeRelay();
        pausesMs.push(gap.longestMs);
        usualMs.push(gap.usualMs);
        say(`${Math.round(gap.longestMs)} ms without a picture`);
        // Of one connection, else it throws.
        picturesOff += await drill.picturesOff();
      } finally {
        await drill.close();
      }
    }
    const against = { what: "while nothing is killed", value: median(usualMs) };
    const pause = { unit: "ms", against };
    const id = "relay-killed";
    tell(figure({ id: `${id}.pause.p50`, value: median(pausesMs), ...pause }));
    const p95 = quantile(pausesMs, 0.95);
    tell(figure({ id: `${id}.pause.p95`, value: p95, ...pause, goal: { atMost: 500 } }));
    tell(
      figure({
        ...{ id: `${id}.picturesOff`, unit: "pictures", value: picturesOff },
        goal: { exactly: 0 },
      }),
    );
  },
};
