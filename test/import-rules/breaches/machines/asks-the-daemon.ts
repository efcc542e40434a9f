// breach: machines-decide-and-nothing-else
import type { Driver } from "../daemon/drivers/driver.ts";

export type Asked = Driver;
