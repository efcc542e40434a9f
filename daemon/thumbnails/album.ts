import { readFile, stat } from "node:fs/promises";
import { mostThumbnailBytes } from "../../machines/content/thumbnail.contract.ts";
import type { Camera } from "./camera.ts";

const lookEveryMs = 500;

/** The pictures that somebody else takes and leaves, whole, in one file. */
export function openAlbum(path: string, nowMs: () => number): Camera {
  let newest: { jpeg: Buffer; atMs: number } | undefined;
  let writtenMs = -Infinity;

  async function look(): Promise<void> {
    const file = await stat(path);
    if (file.mtimeMs === writtenMs || file.size > mostThumbnailBytes) return;
    const jpeg = await readFile(path);
    // What was left there before has an age: the wall clock is good enough for that.
    newest = { jpeg, atMs: nowMs() - Math.max(0, Date.now() - file.mtimeMs) };
    writtenMs = file.mtimeMs;
  }
  // Before the first one there is none.
  setInterval(() => void look().catch(() => undefined), lookEveryMs);

  return {
    newest: () => newest,
    because: () => (newest ? "no new picture comes" : "no picture has come yet"),
  };
}
