import type { Figure } from "./figure.ts";
import type { Variant } from "./variants.ts";

export type BenchOptions = {
  /** Small counts: whether it works, not what it measures. */
  quick: boolean;
  /** Who is measured goes before all others, for a machine that is not quiet. */
  realtime: boolean;
  /** Repetitions, where they were asked for by hand. */
  kills: number | undefined;
  hogMinutes: number | undefined;
  /** One variant in place of the whole batch. */
  single: Variant | undefined;
  /** A figure is ready. */
  figure: (figure: Figure) => void;
  /** What goes on, for whoever waits. */
  say: (line: string) => void;
};

export type Bench = { name: string; about: string; run(options: BenchOptions): Promise<void> };
