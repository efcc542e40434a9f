/**
 * Providers of OpenID Connect: where a browser is sent, and what its answer proves. Authorization
 * code with PKCE, state and nonce; ID tokens are checked with the provider's keys.
 */
import * as oidc from "openid-client";
import { z } from "zod";
import type { SignInProvider } from "../../config/sign-in.schema.ts";
import type { Claims } from "./admission.ts";

/** What the hub must know again when the browser comes back. */
export const Going = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
});
export type Going = z.infer<typeof Going>;

/** Nobody has been proven. What came over the wire stays out of the message. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly code: "provider_away" | "cancelled" | "bad_answer";
  constructor(code: ProviderError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export type Provider = {
  config: SignInProvider;
  /** @throws ProviderError */
  start(): Promise<{ url: string; going: Going }>;
  /**
   * @param search the query the browser came back with
   * @throws ProviderError
   */
  finish(going: Going, search: string): Promise<Claims>;
};

/** For each request to a provider. */
const answersWithinS = 5;
/** What a provider says of itself is read again after this. */
const knownMs = 3_600_000;

export const callbackOf = (publicUrl: string, id: string) =>
  `${publicUrl}/api/auth/oidc/${id}/callback`;

export function openProvider(
  config: SignInProvider,
  publicUrl: string,
  now: () => number,
): Provider {
  const { id, name, issuer, clientId, clientSecret, scopes } = config;
  const callback = callbackOf(publicUrl, id);
  let known: { client: oidc.Configuration; endsAtMs: number } | undefined;
  let asking: Promise<oidc.Configuration> | undefined;

  async function discover(): Promise<oidc.Configuration> {
    const execute = [oidc.enableNonRepudiationChecks];
    // The config allows that for this machine only.
    if (issuer.startsWith("http:")) execute.push(oidc.allowInsecureRequests);
    const auth = clientSecret === undefined ? oidc.None() : authOf(clientSecret);
    try {
      const client = await oidc.discovery(new URL(issuer), clientId, {}, auth, {
        ...{ execute, timeout: answersWithinS },
      });
      known = { client, endsAtMs: now() + knownMs };
      return client;
    } catch (error) {
      throw new ProviderError("provider_away", failureOf(error, name).message);
    } finally {
      asking = undefined;
    }
  }
  async function client(): Promise<oidc.Configuration> {
    if (known && now() < known.endsAtMs) return known.client;
    return (asking ??= discover());
  }

  return {
    config,
    start: async () => {
      const verifier = oidc.randomPKCECodeVerifier();
      const going = {
        ...{ provider: id, verifier, state: oidc.randomState(), nonce: oidc.randomNonce() },
      };
      const url = oidc.buildAuthorizationUrl(await client(), {
        ...{ redirect_uri: callback, scope: scopes.join(" ") },
        ...{ state: going.state, nonce: going.nonce, code_challenge_method: "S256" },
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      });
      return { url: url.href, going };
    },
    finish: async ({ state, nonce, verifier }, search) => {
      const own = await client();
      try {
        const answer = await oidc.authorizationCodeGrant(own, new URL(search, callback), {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier },
        });
        const said = answer.claims();
        if (!said || new URL(said.iss).href !== new URL(issuer).href) {
          throw new ProviderError("bad_answer", `${name} vouched for nobody of ${issuer}`);
        }
        // Many providers tell address and groups here only.
        const more =
          own.serverMetadata().userinfo_endpoint === undefined
            ? {}
            : await oidc.fetchUserInfo(own, answer.access_token, said.sub);
        return { ...said, ...more, iss: said.iss, sub: said.sub };
      } catch (error) {
        throw failureOf(error, name);
      }
    },
  };
}

/** Basic is what the standard assumes where a provider does not say what it takes. */
function authOf(secret: string): oidc.ClientAuth {
  return (server, client, body, headers) => {
    const { token_endpoint_auth_methods_supported: taken = ["client_secret_basic"] } = server;
    const isBasic = taken.includes("client_secret_basic") || !taken.includes("client_secret_post");
    const auth = isBasic ? oidc.ClientSecretBasic(secret) : oidc.ClientSecretPost(secret);
    return auth(server, client, body, headers);
  };
}

function failureOf(error: unknown, name: string): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof oidc.AuthorizationResponseError && error.error === "access_denied") {
    return new ProviderError("cancelled", `${name} was not allowed to say who it is`);
  }
  if (error instanceof oidc.WWWAuthenticateChallengeError) {
    return new ProviderError("bad_answer", `${name} does not take the hub's clientId and secret`);
  }
  const { code, error: word } = error as { code?: unknown; error?: unknown };
  if (code === "OAUTH_TIMEOUT" || error instanceof TypeError) {
    return new ProviderError("provider_away", `${name} does not answer`);
  }
  const why = [word, code].find((one) => typeof one === "string" && /^\w{1,60}$/.test(one));
  return new ProviderError("bad_answer", `${name} answers what is not valid: ${String(why)}`);
}
