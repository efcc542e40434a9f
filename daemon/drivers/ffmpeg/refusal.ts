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
 * opened: its input may be a server, too. A far end that only hangs up has not said why.
 * @param inputUrl of such an input: where both are called the same, nobody can tell
 */
export function wasRefused(
  lines: readonly string[],
  address: string,
  inputUrl: string | undefined,
): boolean {
  const to = endpointOf(address);
  if (!to || outputUrl(to) === inputUrl) return false;
  return (
    lines.some((line) => rtmpSaysNo.test(line) || srtSaysNo.test(line)) &&
    lines.some((line) => line.startsWith(`[error] ${outputUrl(to)}: `))
  );
}
