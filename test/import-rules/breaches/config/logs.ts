// breach: config-stays-plain
import { pino } from "pino";

export const log = pino();
