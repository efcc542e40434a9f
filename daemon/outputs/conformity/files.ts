import { stat } from "node:fs/promises";
import { join } from "node:path";

/** @returns why a player does not get this file; undefined: it does */
export async function fileFault(folder: string, name: string): Promise<string | undefined> {
  try {
    return (await stat(join(folder, name))).size > 0 ? undefined : `${name} is empty`;
  } catch (cause) {
    return `${name} is listed and cannot be read: ${(cause as Error).message}`;
  }
}
