import type { EncoderSettings } from "../../../../machines/encoder/settings.ts";
import { DriverError } from "../../driver.ts";
import { endpointOf, type Endpoint } from "../../../../machines/endpoint.ts";

/** Where, as what and for whom a program publishes. */
export type Publication = {
  encoder: string;
  /**
   * `rtmp(s)://host[:port]/app[/instance]` or `srt://host:port`, never with a key or a login; or
   * `spool:/folder`, where the relay of its stream reads it.
   */
  address: string;
  /** Secret. */
  streamKey: string;
  keyGeneration: number;
  /** Of the session it is for. */
  settings?: EncoderSettings;
  /** On loopback, where its progress is listened for. */
  progressPort: number;
};

/** What can stand in an RTMP play path or an SRT stream id. */
export const plainKey = /^[!-~]{1,512}$/;

/**
 * Looks at what every program must be given.
 * @throws DriverError `notPossible`; never quotes the key
 */
export function checkedEndpoint({ address, streamKey, progressPort }: Publication): Endpoint {
  if (!Number.isInteger(progressPort) || progressPort < 1 || progressPort > 65_535) {
    throw new DriverError("notPossible", "the progress port is no port");
  }
  const to = endpointOf(address);
  if (!to) {
    throw new DriverError(
      "notPossible",
      "the address is not rtmp://host/app, rtmps://host/app or srt://host:port",
    );
  }
  if (!plainKey.test(streamKey)) {
    throw new DriverError("notPossible", "the stream key is empty, too long or not plain text");
  }
  return to;
}
