/** Fields that both processes' configs use. */
import { z } from "zod";
import { whyNotBare } from "../machines/bare-address.ts";
import { endpointOf } from "../machines/endpoint.ts";
import { Id } from "../machines/id.ts";

/** A URL of one of these schemes. Names and passwords have keys of their own: URLs get logged. */
export function url(...schemes: string[]) {
  const list = schemes.map((scheme) => `${scheme}://`).join(" or ");
  return z
    .string({ error: `must be a ${list} URL` })
    .regex(new RegExp(`^(${schemes.join("|")})://[^\\s/@?#]+([/?][^\\s]*)?$`), {
      abort: true,
      error: ({ input }) =>
        typeof input === "string" && /^\w+:\/\/[^/]*@/.test(input)
          ? "must not hold a user name or password, write them under their own keys"
          : `must be a ${list} URL`,
    });
}

/** Likewise, and without a query: what stands there often lets somebody in. */
export const bareUrl = (queryUnder: string, ...schemes: string[]) =>
  url(...schemes).superRefine((address, ctx) => {
    const why = whyNotBare(address, { login: "their own keys", query: queryUnder });
    if (why !== undefined) ctx.addIssue({ code: "custom", message: why });
  });

/** Where something is published to, without its stream key. */
export const publishAddress = (...schemes: ("rtmp" | "rtmps" | "srt")[]) =>
  bareUrl("streamKey", ...schemes).refine(
    (address) => whyNotBare(address, { login: "", query: "" }) || endpointOf(address),
    "must be like rtmp://host/app, rtmps://host/app or srt://host:port",
  );

export const port = z.int().min(0).max(65_535);
export const host = z.string().regex(/^[A-Za-z0-9._:-]{1,253}$/, "must be a host name or address");
export const absolutePath = z.string().regex(/^\//, "must be an absolute path");
export const displayName = z.string().min(1).max(120);

/** A stable id, with the rule it broke in the message. */
export const id = Id;

export const logLevel = z.enum(["fatal", "error", "warn", "info", "debug", "trace"]);

/** `$STATE_DIRECTORY` as systemd sets it (a list with `:`; ours is the first), else the default. */
export function defaultStateDir(
  env: NodeJS.ProcessEnv,
  folder: "understudy" | "understudy-hub",
): string {
  const first = env["STATE_DIRECTORY"]?.split(":")[0];
  return first === undefined || first === "" ? `/var/lib/${folder}` : first;
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
