import { stat } from "node:fs/promises";
import { join } from "node:path";
import { spoolFiles } from "../../machines/stream/spool.ts";
import { plainWay, type Way, wayTo } from "../web-guard/way.ts";
import { inputArguments } from "./address.ts";

/** Where a programme can be seen: at an address, or in the folder that an encoder fills for its relay. */
export type Place = { url: string } | { spool: string };

/** An encoder writes with each picture and each sound: one that has not for so long is away, ms. */
const awayAfterMs = 2_000;

/** What stands before and with `-i`. Joined in the middle of a GOP, which may be 5 s long. */
export function inputOf(place: Place): string[] {
  if ("url" in place) return inputArguments(place.url);
  return [
    ...["-protocol_whitelist", "pipe", "-format_whitelist", "mpegts"],
    ...["-fflags", "nobuffer", "-probesize", "20000000", "-analyzeduration", "5000000"],
    ...["-fpsprobesize", "0", "-f", "mpegts", "-i", "pipe:0"],
  ];
}

/**
 * Only reads, and nobody waits for it: what it is too slow for is written over. Each dies with the
 * shell, and the shell with us.
 */
const follow =
  'cd "$0" && {' +
  ` setpriv --pdeathsig KILL tail -q -c 0 -s 0.1 -F ${spoolFiles.join(" ")} 3>&- 4>&- |` +
  ' setpriv --pdeathsig KILL ffmpeg "$@"; }';

/** What runs ffmpeg there. */
export const ffmpegAt = (place: Place, args: readonly string[]): string[] =>
  "url" in place ? ["ffmpeg", ...args] : ["sh", "-c", follow, place.spool, ...args];

export const wayToPlace = (place: Place): Promise<Way> =>
  "url" in place ? wayTo(place.url) : Promise.resolve(plainWay);

/** What an encoder has not written of late, nobody has to look at. */
export async function isFed(place: Place): Promise<boolean> {
  if ("url" in place) return true;
  const looks = spoolFiles.map((name) => stat(join(place.spool, name)).catch(() => undefined));
  const writtenMs = (await Promise.all(looks)).map((file) => file?.mtimeMs ?? -Infinity);
  return Date.now() - Math.max(...writtenMs) < awayAfterMs;
}
