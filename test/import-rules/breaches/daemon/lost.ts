// breach: every-import-resolves
import { nothing } from "./nowhere.ts";

export const mine = nothing;
