/** How GStreamer did for one encoder, kept over restarts of the daemon. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { failureOfGstreamer, faultOfGstreamer } from "../../../machines/encoder/engine-choice.ts";
import {
  afterFailure,
  type Tried,
  type UnclearEnds,
  withUnclearEnd,
} from "../../../machines/encoder/picture-encoder.ts";
import type { Stamp } from "../../../machines/time.ts";
import { Failures } from "../ffmpeg/hardware.ts";
import { lastWords } from "../gstreamer/elements.ts";
import type { RunEnd } from "../shared/engine/launch.ts";

const Kept = z.object({ failures: Failures });

export function openFailures(stateDir: string, now: () => Stamp) {
  const file = join(stateDir, "gstreamer-failures.json");
  let tried: Tried = keptIn(file);
  let unclear: UnclearEnds = [];
  return {
    /** Why it rests, if it does. */
    standing: () => failureOfGstreamer(tried, now()),
    /** @returns whether it is to blame, so that the next start is ffmpeg's */
    ended(end: RunEnd): boolean {
      const fault = faultOfGstreamer({ ...end, told: lastWords(end.lines) });
      let because: string | undefined;
      if (fault === "unclear") ({ ends: unclear, because } = withUnclearEnd(unclear, now()));
      else because = fault?.because;
      if (because === undefined) return false;
      tried = afterFailure(tried, because, now());
      try {
        writeFileSync(file, JSON.stringify(tried), { mode: 0o600 });
      } catch {
        return true; // on a full disk the next daemon tries it once more
      }
      return true;
    },
  };
}

function keptIn(file: string): Tried {
  try {
    return Kept.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return { failures: [] };
  }
}
