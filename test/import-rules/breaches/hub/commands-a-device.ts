// breach: the-hub-never-touches-a-device
import type { Driver } from "../daemon/drivers/driver.ts";

export type Mine = Driver;
