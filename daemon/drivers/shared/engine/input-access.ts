/** How a software encoder is let in where it takes its picture from. */
import { z } from "zod";
import { whyNotBare } from "../../../../machines/bare-address.ts";
import { endpointOf, type Endpoint } from "../../../../machines/endpoint.ts";
import { DriverError } from "../../driver.ts";
import { plainKey } from "./publication.ts";

/**
 * An address for one protocol: no blanks, no control characters, nothing that needs a shell, and
 * nothing secret.
 */
const url = (under: { login: string; query: string }, ...schemes: string[]) =>
  z
    .string()
    .max(1_024)
    .regex(
      new RegExp(
        `^(${schemes.join("|")})://[A-Za-z0-9\\[][A-Za-z0-9.:[\\]_-]*(/[!$-&(-;=@-\\[\\]_a-z~]*)?$`,
      ),
      {
        error: ({ input }) =>
          whyNotBare(input, under) ??
          `must be an address that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`,
      },
    );

/** A control character can stand in no argument of a program. */
const secret = z
  .string()
  .max(1_024)
  .regex(/^[^\p{Cc}]+$/u, "is empty, or has control characters in it");
const plain = /^[^\p{Cc}]{1,128}$/u;
const login = {
  username: z.string().regex(plain, "a name without control characters").optional(),
  password: secret.optional().describe("where the password is kept"),
};
const loginUnder = "username and password";

export const rtmp = z.strictObject({
  kind: z.literal("rtmp").describe("pulled by RTMP"),
  url: url({ login: loginUnder, query: "streamKey" }, "rtmp").describe("where to pull from"),
  streamKey: secret.optional().describe("where it is kept what follows the application's name"),
  ...login,
});
export const srt = z.strictObject({
  kind: z.literal("srt").describe("MPEG-TS, called by SRT"),
  url: url({ login: "streamId and passphrase", query: "streamId, passphrase and latency" }, "srt") //
    .describe("where to call"),
  streamId: z
    .string()
    .regex(/^[!#-&(-[\]-~]{1,512}$/, "printable characters without blanks and quotes, at most 512")
    .optional()
    .describe("which stream is wanted there"),
  passphrase: secret.optional().describe("where the passphrase is kept (10 to 79 characters)"),
  latencyMs: z
    .int()
    .min(20)
    .max(8_000)
    .default(120)
    .describe("how long SRT may wait for packets that were lost, ms"),
});
/** What an input is opened with: it must show nowhere. */
export function inputSecrets(input: object): string[] {
  const { streamKey, passphrase, password } = input as Partial<
    Record<"streamKey" | "passphrase" | "password", string>
  >;
  return [streamKey, passphrase, password].filter((one) => one !== undefined);
}

/** @throws DriverError `notPossible` where this stream key has no place in it; never quotes the key */
export function rtmpPlace(address: string, streamKey: string): Endpoint {
  if (!plainKey.test(streamKey)) {
    throw new DriverError("notPossible", "the input's stream key is too long or not plain text");
  }
  const place = endpointOf(address);
  if (place?.scheme === "rtmp") return place;
  throw new DriverError("notPossible", "with a stream key the input must be like rtmp://host/app");
}
