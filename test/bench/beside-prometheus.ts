import type { BenchOptions } from "./bench.ts";
import { costsOf } from "./cost.ts";
import { pause } from "./drill.ts";
import { figure, median } from "./figure.ts";

/** How often both sides have asked, since the beginning. */
export type Asked = { polls: number; scrapes: number };

/**
 * The daemon and its peer at the same work at the same time: CPU and memory, window by window.
 * @throws where one of them did not ask as often as it should
 */
export async function tellCosts(
  { quick, figure: tell, say }: BenchOptions,
  p: {
    id: string;
    ours: number[];
    theirs: { name: string; pids: number[] };
    atMost: { cpu: number; rss?: number };
    asked: () => Promise<Asked>;
    /** How often each side asks. */
    perSecond: number;
  },
): Promise<void> {
  // What is asked once is asked by then, and the compiler has seen what comes again and again.
  await pause(quick ? 5_000 : 20_000);
  const [before, beginMs] = [await p.asked(), performance.now()];
  const costs = await costsOf(
    { ours: p.ours, theirs: p.theirs.pids },
    { windows: quick ? 3 : 9, windowMs: quick ? 3_000 : 5_000 },
  );
  const expected = (p.perSecond * (performance.now() - beginMs)) / 1_000;
  const after = await p.asked();
  for (const side of ["polls", "scrapes"] as const) {
    const ratio = (after[side] - before[side]) / expected;
    say(`${side}: ${Math.round(100 * ratio)} % of what was to be asked`);
    if (ratio < 0.9) throw new Error(`only ${after[side] - before[side]} of ${expected} ${side}`);
  }
  for (const [what, unit, of] of [
    ["cpu", "% of a core", "cores"],
    ["rss", "MiB", "rssMiB"],
  ] as const) {
    const scale = of === "cores" ? 100 : 1;
    const value = (side: "ours" | "theirs") => scale * median(costs[side].map((cost) => cost[of]));
    const ratio = median(costs.ours.map((cost, at) => cost[of] / costs.theirs[at]![of]));
    const limit = p.atMost[what];
    tell(
      figure({
        ...{ id: `${p.id}.${what}`, unit, value: value("ours") },
        against: { what: p.theirs.name, value: value("theirs"), ratio },
        ...(limit !== undefined && { goal: { ratioAtMost: limit } }),
      }),
    );
  }
}
