/** An on-air window that is being planned on the page. */
import type { StreamItem } from "./items.ts";

export type Rule = NonNullable<StreamItem["schedule"]>["rules"][number];

/** Of the one form that is open. */
export type Plan = {
  ref: string;
  /** Checked and not changed since. */
  rule?: Rule;
  /** The next windows it would make, Unix ms. */
  windows?: readonly { startsAtMs: number; endsAtMs: number }[];
  answer: string;
  busy: boolean;
};
