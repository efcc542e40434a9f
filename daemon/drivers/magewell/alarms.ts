import type { BoxStatus, LiveSession } from "./answers.ts";
import type { Unit } from "./unit.ts";
import { live } from "./words.ts";

const liveFaults: ReadonlyMap<number, string> = new Map([
  [live.notSet, "Live: no address set"],
  [live.refused, "Live: the far end refused the login"],
  [live.noSignal, "Live: no input signal"],
  [-9, "Live: busy"],
  [-21, "Live: network fault"],
]);
const recordFaults: ReadonlyMap<number, string> = new Map([
  [3, "Record: the medium is too slow"],
  [4, "Record: little space left"],
  [-5, "Record: medium fault"],
  [-16, "Record: no space left"],
]);

/**
 * What the box complains of, and the settings that make it do something on its own. Undefined while
 * nothing is wrong so far but the settings are not known. No text of the box is repeated: it has
 * numbers only, and its settings hold keys.
 */
export function alarmsOf(
  { settings, wasConnected, reboots }: Unit,
  { recordings }: BoxStatus,
  session?: LiveSession,
): string[] | undefined {
  const known = settings.value();
  const lines = [
    liveFaults.get(session?.result ?? 0),
    ...recordings.map(({ result }) => recordFaults.get(result ?? 0)),
    wasConnected &&
      session?.result === live.connecting &&
      "Live: connection lost, connecting again",
    session?.result === live.resolving && "Live: looking up the name of the server",
    known?.startsAtPowerUp && "Starts to stream by itself at power-up (is-startup-live)",
    reboots.alarm(),
    known && known.schedules > 0 && `Has ${known.schedules} schedules: may start by itself`,
  ].filter((line) => typeof line === "string");
  return lines.length > 0 || known ? [...new Set(lines)] : undefined;
}
