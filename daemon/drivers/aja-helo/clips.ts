import { z } from "zod";
import type { Clip } from "../../../machines/intents.ts";
import { DriverError } from "../driver.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";
import type { Unit } from "./unit.ts";

/** As clients of the same web server read it; no answer of a HELO with lengths is recorded. */
const Clips = z.object({ clips: z.array(z.object({ clipname: z.string() })) });

/** The files on the medium that is recorded to, by name: a HELO tells no more of them. */
export async function listClips(unit: Unit, signal: AbortSignal): Promise<Clip[]> {
  const { session, where } = unit;
  session.beginCall();
  const body = await session.get("/clips?action=get_clips", signal, "command");
  const answer = Clips.safeParse(jsonOrUndefined(body ?? ""));
  if (!answer.success) throw new DriverError("malformed", `${where} gave no list of clips`);
  return answer.data.clips.map(({ clipname }) => ({ name: clipname }));
}
