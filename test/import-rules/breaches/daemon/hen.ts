// A cycle is named once, and that is in egg.ts.
import type { Egg } from "./egg.ts";

export type Hen = { lays: Egg };
