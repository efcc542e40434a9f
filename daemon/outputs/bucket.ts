/** Requests to an S3-compatible bucket: signed by AWS Signature V4, refusals in plain words. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AwsV4Signer } from "aws4fetch";

/** `secretFile`: with the key that signs, read each time. */
export type BucketAccess = { region: string; accessKeyId: string; secretFile: string };

type Asked = {
  method: string;
  address: string;
  headers?: Record<string, string> | undefined;
  body?: string | Uint8Array | undefined;
};

/**
 * The headers that it needs. The body is signed, too: what is changed on its way is refused, also
 * where it goes by plain HTTP, and hashing a segment takes a few ms.
 */
export async function signedHeaders(
  { secretFile, ...access }: BucketAccess,
  { method, address, headers, body = "" }: Asked,
  nowMs: number,
): Promise<Headers> {
  const { headers: signed } = await new AwsV4Signer({
    ...access,
    secretAccessKey: await readFile(secretFile, "utf8"),
    ...{ method, url: address, service: "s3" },
    headers: {
      ...headers,
      "X-Amz-Content-Sha256": createHash("sha256").update(body).digest("hex"),
    },
    datetime: new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, ""),
  }).sign();
  return signed;
}

/** By the code of an error answer (Amazon S3 API reference, "List of error codes"). */
const meanings: Readonly<Record<string, string>> = {
  SignatureDoesNotMatch: "another secretAccessKey belongs to this accessKeyId",
  InvalidAccessKeyId: "it does not know this accessKeyId",
  AccessDenied: "this key may not do that there",
  AuthorizationHeaderMalformed: "it is in another region",
  PermanentRedirect: "it is in another region, and has another address",
  NoSuchBucket: "there is no such bucket",
};

/** @param text of the answer, XML where it comes from a bucket */
export function refusalOf(text: string, nowMs: number): string | undefined {
  const code = field(text, "Code");
  if (code === undefined) return undefined;
  if (code === "RequestTimeTooSkewed") {
    // In minutes: the same each time, so that it is told once.
    const aheadMin = Math.round((nowMs - Date.parse(field(text, "ServerTime") ?? "")) / 60_000);
    const by = `by its own it is ${Math.abs(aheadMin)} min ${aheadMin < 0 ? "slow" : "fast"}`;
    return `the bucket says our clock is wrong${Number.isNaN(aheadMin) ? "" : `: ${by}`}`;
  }
  return meanings[code] === undefined ? code : `${meanings[code]} (${code})`;
}

const field = (text: string, name: string) =>
  new RegExp(`<${name}>([^<]{1,200})</${name}>`).exec(text)?.[1];
