/** Fields that both processes' configs use. */
import { z } from "zod";
import { Id } from "../machines/id.ts";

/** A URL of one of these schemes. Names and passwords have keys of their own: URLs get logged. */
export function url(...schemes: string[]) {
  const list = schemes.map((scheme) => `${scheme}://`).join(" or ");
  return z
    .string({ error: `must be a ${list} URL` })
    .regex(new RegExp(`^(${schemes.join("|")})://[^\\s/@?#]+([/?][^\\s]*)?$`), {
      error: ({ input }) =>
        typeof input === "string" && /^\w+:\/\/[^/]*@/.test(input)
          ? "must not hold a user name or password, write them under their own keys"
          : `must be a ${list} URL`,
    });
}

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
