/**
 * A server that takes what is put as S3 does: who it is from is worked out anew, from the text of
 * the request (Amazon S3 API reference, "Authenticating Requests: Using the Authorization Header").
 */
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export const access = {
  region: "eu-central-1",
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const mostSkewMs = 15 * 60_000;

const sha256 = (text: string | Buffer) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) =>
  createHmac("sha256", key).update(text).digest();

export type Heard = {
  method: string;
  /** As it stands in the request. */
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
};

/** @returns the code of what is wrong with it */
export function wrongWith(heard: Heard, key: typeof access, nowMs: number): string | undefined {
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      String(heard.headers["authorization"]),
    );
  if (!parts) return "AccessDenied";
  const [, id, day, region, signedHeaders, signature] = parts as unknown as string[];
  if (id !== key.accessKeyId) return "InvalidAccessKeyId";
  if (region !== key.region) return "AuthorizationHeaderMalformed";
  const date = String(heard.headers["x-amz-date"]);
  const iso = date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, "$1-$2-$3:$4:$5");
  if (Math.abs(Date.parse(iso) - nowMs) > mostSkewMs) return "RequestTimeTooSkewed";
  const hash = String(heard.headers["x-amz-content-sha256"]);
  if (hash !== sha256(heard.body)) return "XAmzContentSHA256Mismatch";
  const names = signedHeaders!.split(";");
  const must = Object.keys(heard.headers).filter((name) => name.startsWith("x-amz-"));
  if (!["host", ...must].every((name) => names.includes(name))) return "AccessDenied";
  const [path, query = ""] = heard.path.split("?");
  const spelled = names.map((name) => `${name}:${String(heard.headers[name]).trim()}\n`).join("");
  const asked = [heard.method, path, query, spelled, signedHeaders, hash].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(asked)].join("\n");
  const signing = [day!, region, "s3", "aws4_request"].reduce<string | Buffer>(
    (made, part) => hmac(made, part),
    `AWS4${key.secretAccessKey}`,
  );
  return hmac(signing, text).toString("hex") === signature ? undefined : "SignatureDoesNotMatch";
}

/** @param p.aheadMs its clock is later than ours by so much */
export async function aBucket(p: { aheadMs?: number } = {}) {
  const objects = new Map<string, { body: Buffer; cacheControl: string; type: string }>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { method = "", url: path = "", headers } = request;
      const nowMs = Date.now() + (p.aheadMs ?? 0);
      if (path === "/purge") {
        asked.push(`POST /purge ${headers.authorization ?? "-"}`);
        return void response.writeHead(204).end();
      }
      const wrong = wrongWith({ method, path, headers, body }, access, nowMs);
      asked.push(`${method} ${path} ${wrong ?? "ok"}`);
      if (wrong !== undefined) {
        const there = new Date(nowMs).toISOString();
        response.writeHead(403, { "Content-Type": "application/xml" });
        return void response.end(
          `<?xml version="1.0"?><Error><Code>${wrong}</Code><Message>no</Message><ServerTime>${there}</ServerTime></Error>`,
        );
      }
      if (method === "PUT") {
        const { "cache-control": cacheControl = "", "content-type": type = "" } = headers;
        objects.set(path, { body, cacheControl, type });
      }
      if (method === "DELETE") objects.delete(path);
      response.writeHead(method === "DELETE" ? 204 : 200).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { address, objects, asked };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
