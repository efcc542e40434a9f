import { decodeAlarm } from "./alarms.ts";
import { withoutSecrets } from "../shared/address.ts";
import type { Slow } from "./held-values.ts";
import {
  isGoingDown,
  linkStartStopOn,
  mediaStateDataLan,
  shutdownMessages,
  systemFatalError,
} from "./parameters.ts";
import type { Unit } from "./unit.ts";

type Sources = {
  alarms: Slow[];
  shutdown: Slow;
  mediaState: Slow;
  link: Slow;
  streamName: Slow;
};

/**
 * What the unit complains of, in its own words, and the settings that make it behave in a way
 * an operator would not expect. Undefined while nothing is wrong so far but not all was read.
 */
export function alarmsOf(
  { held, options, context }: Unit,
  systemState: number | undefined,
  { alarms, shutdown, mediaState, link, streamName }: Sources,
): string[] | undefined {
  const secrets = [
    options.password,
    held.value(streamName),
    ...context.knownTargets().map(({ streamKey }) => streamKey),
  ];
  const lines = alarms.flatMap((alarm) => {
    const { raised, text } = decodeAlarm(held.value(alarm) ?? "") ?? {};
    return raised ? [withoutSecrets(text || alarm.name, secrets)] : [];
  });
  const message = shutdownMessages.get(held.value(shutdown) ?? "");
  if (message !== undefined) lines.push(message);
  if (systemState === systemFatalError) lines.push("System state: fatal error");
  if (systemState !== undefined && isGoingDown(systemState)) lines.push("System state: going down");
  if (held.value(mediaState) === mediaStateDataLan)
    lines.push("Media state is Data-LAN: the unit neither records nor streams");
  if (held.value(link) === linkStartStopOn)
    lines.push("Link Start/Stop is on: starting or stopping the stream does so to the recording");
  const allRead = alarms.every(
    (alarm) => held.value(alarm) !== undefined || !held.worthReading(alarm.name),
  );
  return lines.length > 0 || allRead ? lines : undefined;
}
