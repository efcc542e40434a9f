/** A key of this hub's own, in a file of mode 0600. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

/** Made when missing. */
export function keyIn(file: string): Buffer {
  try {
    return Buffer.from(readFileSync(file, "utf8"), "base64");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const key = randomBytes(32);
    writeFileSync(file, key.toString("base64"), { mode: 0o600, flag: "wx" });
    return key;
  }
}
