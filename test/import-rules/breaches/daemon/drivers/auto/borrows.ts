// breach: who-chooses-between-programs-knows-those
import { params } from "../aja-helo/params.ts";

export const borrowed = params;
