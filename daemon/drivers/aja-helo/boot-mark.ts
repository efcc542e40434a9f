import { openBootMark as openMark } from "../shared/boot-mark.ts";
import { isBooting, isGoingDown } from "./parameters.ts";

export type Contact = {
  systemState: number | undefined;
  /** `StreamingDuration`, s; left out where it was not read or no stream runs. */
  streamingS?: number;
};

/** The boots of a HELO, told by `SystemState`: below 4 it starts up, 4 is running. */
export function openBootMark(now: () => number) {
  const mark = openMark(now);
  return {
    silent: mark.silent,
    /** @returns the mark that now holds */
    contact: ({ systemState, ...seen }: Contact): string => {
      const phase = phaseOf(systemState);
      return mark.contact({ ...seen, ...(phase && { phase }) });
    },
  };
}
export type BootMark = ReturnType<typeof openBootMark>;

function phaseOf(systemState: number | undefined) {
  if (systemState === undefined) return undefined;
  if (isBooting(systemState)) return "booting";
  if (isGoingDown(systemState)) return "goingDown";
  return systemState === 4 ? "up" : undefined;
}
