import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { refusalOf, signedHeaders } from "../../../daemon/outputs/bucket.ts";
import { CdnPush } from "../../../daemon/outputs/cdn-push.ts";
import { until } from "../drivers/shared/engine/until.ts";
import { aBucket, access, wrongWith } from "./a-bucket.ts";

/** "PUT Object" of the examples in Amazon's S3 API reference, with what it says comes out. */
const published = {
  access: { ...access, region: "us-east-1" },
  atMs: Date.UTC(2013, 4, 24),
  asked: {
    ...{ method: "PUT", address: "https://examplebucket.s3.amazonaws.com/test%24file.text" },
    headers: {
      Date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
    },
    body: "Welcome to Amazon S3.",
  },
  signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
};

function aSecretFile(secret: string): string {
  const folder = mkdtempSync(join(tmpdir(), "bucket-key-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "key"), secret);
  return join(folder, "key");
}

test("a request is signed as in the example that Amazon has published", async () => {
  const { access: example, asked, atMs, signature } = published;
  const secretFile = aSecretFile(example.secretAccessKey);
  const headers = await signedHeaders({ ...example, secretFile }, asked, atMs);
  expect(headers.get("authorization")).toBe(
    `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, Signature=${signature}`,
  );
  // The bucket of these tests comes to the same by its own way.
  const heard = {
    ...{ method: "PUT", path: "/test%24file.text", body: Buffer.from(asked.body) },
    headers: { ...Object.fromEntries(headers), host: "examplebucket.s3.amazonaws.com" },
  };
  expect(wrongWith(heard, example, atMs)).toBeUndefined();
  expect(wrongWith({ ...heard, path: "/other" }, example, atMs)).toBe("SignatureDoesNotMatch");
  const other = { ...heard, body: Buffer.from("Welcome to Amazon S4.") };
  expect(wrongWith(other, example, atMs)).toBe("XAmzContentSHA256Mismatch");
});

/** Files that are offered to a bucket. */
async function aPush(p: { aheadMs?: number; secretAccessKey?: string; region?: string } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "offered-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const bucket = await aBucket(p);
  const offered = { segments: ["1.ts"], lists: ["index.m3u8"] };
  for (const name of ["1.ts", "2.ts", "index.m3u8"]) writeFileSync(join(folder, name), name);
  const { accessKeyId } = access;
  const { secretAccessKey = access.secretAccessKey, region = access.region } = p;
  const s3 = { accessKeyId, region, secretFile: aSecretFile(secretAccessKey) };
  const push = new CdnPush({
    to: {
      ...{ address: `${bucket.address}/bucket/live show`, token: "for-the-hook" },
      ...{ purge: `${bucket.address}/purge`, s3 },
    },
    ...{ folder, offered: () => offered, lateAfterMs: 60_000 },
  });
  const why = () => until("it is told", () => push.why ?? undefined);
  push.changed();
  return { ...bucket, push, why, offered };
}

test("what a bucket gets is signed and kept as long as on any CDN; the hook has its own token", async () => {
  const { asked, objects, push, offered } = await aPush();
  await until("the hook is told", () => asked.some((line) => line.startsWith("POST")));
  expect(asked).toEqual([
    "PUT /bucket/live%20show/1.ts ok",
    "PUT /bucket/live%20show/index.m3u8 ok",
    "POST /purge Bearer for-the-hook",
  ]);
  expect(objects.get("/bucket/live%20show/1.ts")).toEqual({
    ...{ body: Buffer.from("1.ts"), type: "video/mp2t" },
    cacheControl: "public, max-age=3600, immutable",
  });
  expect(objects.get("/bucket/live%20show/index.m3u8")?.cacheControl).toBe("no-cache");
  offered.segments = ["2.ts"];
  push.changed();
  await until("it is deleted", () => !objects.has("/bucket/live%20show/1.ts"));
  expect(push.why).toBe(null);
});

test("a bucket whose clock is another says by how much", async () => {
  const { why } = await aPush({ aheadMs: 20 * 60_000 });
  expect(await why()).toMatch(
    /answered 403: the bucket says our clock is wrong: by its own it is 20 min slow$/,
  );
});

test("a wrong key, and another region, are told as that, and the key is not repeated", async () => {
  const secretAccessKey = "open/barley+of-the-other-bucket";
  const { why, objects } = await aPush({ secretAccessKey });
  const told = await why();
  expect(told).toMatch(
    /another secretAccessKey belongs to this accessKeyId \(SignatureDoesNotMatch\)$/,
  );
  expect(told).not.toContain(secretAccessKey);
  expect(objects.size).toBe(0);
  const { why: whyElsewhere } = await aPush({ region: "us-west-2" });
  expect(await whyElsewhere()).toContain("it is in another region");
});

test("what is no bucket may answer with anything", () => {
  expect(refusalOf("<html>502</html>", 0)).toBeUndefined();
  expect(refusalOf("<Code>SlowDown</Code>", 0)).toBe("SlowDown");
  expect(refusalOf("<Code>RequestTimeTooSkewed</Code><ServerTime>x</ServerTime>", 0)).toBe(
    "the bucket says our clock is wrong",
  );
});

test("the bucket of these tests takes what curl has signed, so it is no mirror of ours", async () => {
  const { address, asked } = await aBucket();
  const { accessKeyId, secretAccessKey, region } = access;
  const put = (secret: string) =>
    promisify(execFile)("curl", [
      ...["-s", "-X", "PUT", "--aws-sigv4", `aws:amz:${region}:s3`, "-d", "a segment"],
      ...["--user", `${accessKeyId}:${secret}`, "-H", "Content-Type: video/mp2t"],
      ...["-H", `X-Amz-Content-Sha256: ${sha256OfSegment}`, `${address}/bucket/1.ts`],
    ]);
  await put(secretAccessKey);
  await put("open-barley");
  expect(asked).toEqual(["PUT /bucket/1.ts ok", "PUT /bucket/1.ts SignatureDoesNotMatch"]);
});
const sha256OfSegment = "cfac0461d0e5963017d4cfbdf388ca697a4d8572097aca815927339b6060580a";
