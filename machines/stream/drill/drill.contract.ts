import { z } from "zod";
import { Id, word } from "../../id.ts";
import { IncidentSegments } from "../incident.contract.ts";

/** One of the two moves of a drill, measured as every incident is. */
export const DrillLeg = z
  .object({
    from: Id,
    to: Id,
    /** Without picture at the far end, ms; null where nobody could see. */
    offAirMs: z.number().nullable(),
    segments: IncidentSegments,
    /** Id of the incident that tells its story. */
    incident: z.string(),
  })
  .meta({ id: "DrillLeg" });
export type DrillLeg = z.infer<typeof DrillLeg>;

/** What came of a drill. `broken`: something that matters more came, or somebody ended it. */
export const DrillReport = z
  .object({
    id: z.string(),
    by: z.string(),
    beganAtMs: z.number(),
    endedAtMs: z.number(),
    result: word(["passed", "failed", "broken"]),
    /** One sentence; null of one that passed. */
    because: z.string().nullable(),
    legs: z.array(DrillLeg),
  })
  .meta({ id: "DrillReport" });
export type DrillReport = z.infer<typeof DrillReport>;

export const StreamDrill = z
  .object({
    underWay: z
      .object({
        by: z.string(),
        beganAtMs: z.number(),
        /** `away`: to the understudy, and there; `back`: to whoever carried before. */
        leg: word(["away", "back"]),
        from: Id,
        to: Id,
      })
      .nullable(),
    /** null: there was none yet. */
    last: DrillReport.nullable(),
  })
  .meta({ id: "StreamDrill" });
export type StreamDrill = z.infer<typeof StreamDrill>;
