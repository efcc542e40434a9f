import type { Refusal } from "../../../machines/encoder/reading.ts";
import { endpointOf } from "../../../machines/endpoint.ts";
import { outputUrl } from "./arguments.ts";

/** Of RTMP it repeats what the server says; servers say it in words of their own. */
const rtmpSaysNo =
  /^\[rtmps? @ \S+\] \[error\] (Server error: |Incorrect username|Authentication failed|No credentials set)/;
/** libsrt's own line, for a reason that the other side gave. */
const srtSaysNo =
  /REJECT reported from HS processing: (Peer rejected connection|Application-defined rejection|Incorrect passphrase|Password required)/;

/**
 * Whether the far end said no, by ffmpeg's last words. A line of its own names what could not be
 * opened: its input may be a server, too. Many servers only hang up on who has a wrong key; then
 * that line is all.
 * @param inputUrl of such an input: where both are called the same, nobody can tell
 */
export function refusalIn(
  lines: readonly string[],
  address: string,
  inputUrl: string | undefined,
): Refusal | undefined {
  const to = endpointOf(address);
  if (!to || outputUrl(to) === inputUrl) return undefined;
  const ending = `[error] ${outputUrl(to)}: `;
  if (!lines.some((line) => line.startsWith(ending))) return undefined;
  if (lines.some((line) => rtmpSaysNo.test(line) || srtSaysNo.test(line))) return "refused";
  const hungUp =
    to.scheme !== "srt" && lines.every((line) => line === `${ending}Input/output error`);
  return hungUp ? "maybeRefused" : undefined;
}
