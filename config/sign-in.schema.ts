/** Providers with whose accounts people log in at the hub (OpenID Connect). */
import { z } from "zod";
import { displayName, id, url } from "./fields.ts";
import { SecretReference } from "./secrets.ts";
import { section } from "./units.ts";

const isLoopback = ({ hostname }: URL) => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
const webUrl = url("https", "http").refine(
  (text) => !URL.canParse(text) || /^https:/.test(text) || isLoopback(new URL(text)),
  { error: "must be https://; http:// only for this machine" },
);

/** An origin, without the slash. */
export const publicUrl = webUrl
  .refine((text) => URL.canParse(text) && new URL(text).origin === text.replace(/\/$/, ""), {
    error: "must be like https://hub.example.org, with no path",
  })
  .transform((text) => new URL(text).origin);

const claim = z.string().min(1).max(200);

export const signIn = z
  .array(
    section({
      id: id.describe("Its name in addresses: <publicUrl>/api/auth/oidc/<id>/callback"),
      name: displayName.describe("Its name on the page: Sign in with …"),
      issuer: webUrl.describe("Whose accounts; /.well-known/openid-configuration is below it"),
      clientId: z.string().min(1).max(500).describe("What the provider calls this hub"),
      clientSecret: SecretReference.exactOptional().describe(
        "Where the secret is kept; left out: a public client, by PKCE alone",
      ),
      scopes: z
        .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, "is no scope"))
        .refine((all) => all.includes("openid"), { error: "must have openid among them" })
        .prefault(["openid", "profile", "email"])
        .describe("What is asked of the provider"),
      emailDomains: z
        .array(z.string().regex(/^[a-z0-9.-]+\.[a-z0-9-]+$/, "must be like example.org"))
        .max(100)
        .prefault([])
        .describe("Only verified addresses of these domains may come in; none: all that are known"),
      roles: section({
        claim: claim.prefault("groups").describe("The claim with a person's groups"),
        groups: z
          .array(
            section({
              group: z.string().min(1).max(200).describe("As the provider spells it"),
              role: z
                .enum(["admin", "operator", "viewer", "api_client"])
                .describe("admin, operator, viewer or api_client"),
            }),
          )
          .min(1)
          .max(100)
          .describe("The first that fits counts; who is in none stays out"),
      })
        .exactOptional()
        .describe("Roles by the provider's groups, at each login; left out: as admins set them"),
      attributes: section({
        department: claim.exactOptional().describe("The claim with the department"),
        region: claim.exactOptional().describe("The claim with the region"),
      })
        .prefault({})
        .describe("Limits by claims, at each login; who has no such claim stays out"),
    }),
  )
  .max(20)
  .prefault([]);

export type SignInProvider = z.output<typeof signIn>[number];
