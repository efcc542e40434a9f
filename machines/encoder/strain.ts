/**
 * What a box that carries a programme suffers from while its picture is still seen. The network
 * comes first: a box that cannot get rid of what it made leaves frames out, too.
 */
import type { EncoderReading } from "./reading.ts";

type Carrying = {
  reading: EncoderReading | undefined;
  holds: readonly string[];
  plan?: { isProcess?: boolean };
};

/** From here a processor has nothing left for the next scene. */
const overloadedFrom = 0.95;

export function strainOf({ reading, holds, plan }: Carrying): "network" | "overload" | undefined {
  const carries = holds
    .map((output) => reading?.outputs[output])
    .filter((output) => output?.state === "streaming");
  if (carries.length === 0) return undefined;
  if (carries.some((one) => one?.sendQueue === "stuck" || one?.isNetworkTooSlow === true))
    return "network";
  // A process that takes the whole host and keeps up is what the host is there for.
  const ratio = plan?.isProcess === true ? 0 : (reading?.figures.cpuUsageRatio?.value ?? 0);
  const isBusy = ratio >= overloadedFrom;
  return isBusy || carries.some((one) => one?.isOverloaded === true) ? "overload" : undefined;
}
