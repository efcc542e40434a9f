import type { EncoderSettings } from "../../../../machines/encoder/settings.ts";
import { DriverError, type SrtAccess } from "../../driver.ts";
import { endpointOf, type Endpoint } from "../../../../machines/endpoint.ts";

/** Where, as what and for whom a program publishes. */
export type Publication = {
  encoder: string;
  /** Its id; it says what a spare takes in. */
  destination?: string;
  /**
   * `rtmp(s)://host[:port]/app[/instance]` or `srt://host:port`, never with a key or a login; or
   * `spool:/folder`, where the relay of its stream reads it.
   */
  address: string;
  /** Secret. */
  streamKey: string;
  srt?: SrtAccess;
  keyGeneration: number;
  /** Of the session it is for. */
  settings?: EncoderSettings;
  /** On loopback, where its progress is listened for. */
  progressPort: number;
};

/** What can stand in an RTMP play path or an SRT stream id. */
export const plainKey = /^[!-~]{1,512}$/;
/** As libsrt takes it. */
const passphrase = /^[^\p{Cc}]{10,79}$/u;

/**
 * Looks at what every program must be given.
 * @throws DriverError `notPossible`; never quotes the key
 */
export function checkedEndpoint(publication: Publication): Endpoint {
  const { address, streamKey, srt, progressPort } = publication;
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
  if (srt && to.scheme !== "srt") {
    throw new DriverError("notPossible", "the address is not srt://host:port");
  }
  if (srt?.passphrase !== undefined && !passphrase.test(srt.passphrase)) {
    throw new DriverError("notPossible", "the passphrase has not 10 to 79 printable characters");
  }
  // Many receivers have one stream alone, and ask for no id.
  if (!(srt && streamKey === "") && !plainKey.test(streamKey)) {
    throw new DriverError("notPossible", "the stream key is empty, too long or not plain text");
  }
  return to;
}
