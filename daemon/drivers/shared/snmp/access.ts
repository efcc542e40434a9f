import { z } from "zod";

/**
 * How an agent lets us in. Communities and passwords arrive here resolved; config holds references,
 * told by their keys. v1 and v2c send the community in the clear and sign nothing.
 */
const CommunityAccess = z.strictObject({
  version: z.enum(["v1", "v2c"]).describe("answers of both can be forged by others on the network"),
  community: z.string().min(1).max(255).describe("for switching outlets: the one that may write"),
});

const UserAccess = z.strictObject({
  version: z.literal("v3"),
  user: z.string().min(1).max(32).describe("name of the user in the agent"),
  authProtocol: z
    .enum(["md5", "sha", "sha224", "sha256", "sha384", "sha512"])
    .default("sha256")
    .describe("with which answers are signed"),
  authPassword: z.string().min(8).max(255).describe("agents refuse fewer than 8 characters"),
  privProtocol: z
    .enum(["des", "aes", "aes256b", "aes256r"])
    .default("aes")
    .describe("with which messages are encrypted; aes256b Blumenthal, aes256r Reeder (Cisco)"),
  privPassword: z
    .string()
    .min(8)
    .max(255)
    .optional()
    .describe("left out: signed but not encrypted, so others can read along"),
});

export const SnmpAccess = z.discriminatedUnion("version", [CommunityAccess, UserAccess]);
export type SnmpAccess = z.infer<typeof SnmpAccess>;

/** The options that every SNMP driver shares. */
export const snmpOptions = {
  host: z.string().min(1).max(253).describe("name or address of the agent on the network"),
  port: z.int().min(1).max(65_535).default(161).describe("its UDP port"),
  access: SnmpAccess.describe("how the agent lets us in"),
  requestTimeoutMs: z
    .int()
    .min(20)
    .max(30_000)
    .default(2_000)
    .describe("one question and its answer, ms; reading asks once more at half of it"),
};
export type SnmpOptions = z.infer<z.ZodObject<typeof snmpOptions>>;

/** Others on the network could forge what this agent says, and do what we may do. */
export const isSpoofable = (access: SnmpAccess): boolean => access.version !== "v3";
