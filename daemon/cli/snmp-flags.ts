import { resolve } from "node:path";
import { resolveSecrets } from "../../config/secrets.ts";
import { ConfigError } from "../../config/problems.ts";
import { SnmpAccess } from "../drivers/shared/snmp/access.ts";
import { Ending, exitCode } from "../../config/exit-codes.ts";

export const snmpFlags = {
  "snmp-community-file": { type: "string" },
  "snmp-user": { type: "string" },
  "snmp-auth-password-file": { type: "string" },
  "snmp-auth-protocol": { type: "string" },
  "snmp-priv-password-file": { type: "string" },
  "snmp-priv-protocol": { type: "string" },
} as const;
type Given = { [name in keyof typeof snmpFlags]?: string | undefined };

/**
 * The access that the operator gave, and the same as a configuration may hold it. Undefined: none
 * was given, and no agent is asked anything.
 * @throws Ending where a file cannot be read or a flag is missing
 */
export function snmpAccessOf(
  given: Given,
): { access: SnmpAccess; written: Record<string, string> } | undefined {
  const file = (path: string | undefined) => path && `file:${resolve(path)}`;
  const community = file(given["snmp-community-file"]);
  const user = given["snmp-user"];
  if (community === undefined && user === undefined) return undefined;
  if (community !== undefined && user !== undefined)
    throw new Ending(exitCode.usage, "give --snmp-community-file or --snmp-user, not both");
  const written = Object.entries(
    community !== undefined
      ? { version: "v2c", community }
      : {
          version: "v3",
          user,
          authProtocol: given["snmp-auth-protocol"],
          authPassword: file(given["snmp-auth-password-file"]),
          privProtocol: given["snmp-priv-protocol"],
          privPassword: file(given["snmp-priv-password-file"]),
        },
  ).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const config = Object.fromEntries(written);
  const describe = ({ what }: { what: string }) => what;
  try {
    const places = { credentialsDir: "", fromSystemd: false };
    const resolved = resolveSecrets({ config, describe }, places).config;
    const access = SnmpAccess.safeParse(resolved);
    if (access.success) return { access: access.data, written: config };
    const [issue] = access.error.issues;
    throw new Ending(exitCode.usage, `SNMP ${issue?.path.join(".")}: ${issue?.message}`);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new Ending(exitCode.usage, cause.message);
  }
}
