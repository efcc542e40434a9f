export type Driver = { close(): Promise<void> };
