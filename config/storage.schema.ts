/** From how little space a recording is in danger: for the site, and for one storage otherwise. */
import { z } from "zod";
import { duration, percent, section } from "./units.ts";

const low = percent({ atLeast: "2%", atMost: "40%" });
const full = percent({ atLeast: "0%", atMost: "39%" });
const warnBefore = duration({ atLeast: "5min", atMost: "72h" });

function ofKind(what: string, standard: { low: string; full: string }) {
  return section({
    low: low.prefault(standard.low).describe("Free space at which recordings move elsewhere"),
    full: full.prefault(standard.full).describe("Free space at which it counts as full"),
  })
    .refine((levels) => levels.fullPercent < levels.lowPercent, {
      error: "must be below low",
      path: ["full"],
    })
    .prefault({})
    .describe(what);
}

export const storageLevels = section({
  // A HELO warns at these; a slow card may fail a recording from about 11 % on.
  local: ofKind("Cards, USB sticks and disks", { low: "15%", full: "1%" }),
  network: ofKind("Shares", { low: "7%", full: "1%" }),
  warnBefore: warnBefore
    .prefault("1h")
    .describe("A medium that will be full within this is warned of, at the rate it really fills"),
});

/** Of one storage or box, where the site's do not fit. */
export const ownLevels = section({
  low: low.exactOptional().describe("Free space at which recordings move elsewhere"),
  full: full.exactOptional().describe("Free space at which it counts as full"),
  warnBefore: warnBefore.exactOptional().describe("Warn this long before it is full"),
}).refine(({ fullPercent = -1, lowPercent = 100 }) => fullPercent < lowPercent, {
  error: "must be below low",
  path: ["full"],
});

export const recording = section({
  failover: z
    .enum(["observe", "propose", "act"])
    .prefault("act")
    .describe("When its recording cannot go on where it is: only say so, ask, or move it"),
  levels: ownLevels
    .exactOptional()
    .describe("Levels of its own media, where the site's do not fit"),
});
