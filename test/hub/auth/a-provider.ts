/** A real provider of OpenID Connect on loopback, at which one click logs somebody in. */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

export const client = { clientId: "understudy", clientSecret: "only the hub knows: %/+ &" };

const privateJwk = () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "RS256" };
};

export type Idp = Awaited<ReturnType<typeof aProvider>>;

/** @param callback where it may send people back */
export async function aProvider(callback: string) {
  const wire: { handle?: (request: IncomingMessage, response: ServerResponse) => void } = {};
  const server = createServer((request, response) => wire.handle?.(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const accounts: Record<string, object> = {};
  const key = privateJwk();
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: client.clientId, client_secret: client.clientSecret },
        redirect_uris: [callback],
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ["a key for cookies"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    features: { devInteractions: { enabled: false } },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Interaction: 60, Session: 60 },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...accounts[accountId] }),
    }),
  });
  const idp = {
    issuer,
    accounts,
    /** Who is at the browser. */
    is: "",
    /** Somebody clicks "no". */
    denies: false,
    silent: false,
    /** Vouches with a key that is not the published one. */
    forges: false,
    /** Says that it is somebody else. */
    poses: false,
    asked: [] as string[],
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  const real = provider.callback();
  async function interact(request: IncomingMessage, response: ServerResponse) {
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    const answer = async () => {
      if (idp.denies) return { error: "access_denied" };
      if (prompt.name === "login") return { login: { accountId: idp.is } };
      const accountId = session?.accountId ?? idp.is;
      const grant = new provider.Grant({ accountId, clientId: params.client_id });
      grant.addOIDCScope("openid profile email");
      return { consent: { grantId: await grant.save() } };
    };
    await provider.interactionFinished(request, response, await answer());
  }
  wire.handle = (request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    idp.asked.push(path);
    if (idp.silent) return undefined;
    const json = (body: object) =>
      void response.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
    if (path === "/jwks" && idp.forges) {
      const { n, e, kty, kid, use, alg } = privateJwk();
      return json({ keys: [{ n, e, kty, kid, use, alg }] });
    }
    if (path === "/.well-known/openid-configuration" && idp.poses) {
      return json({ issuer: "http://127.0.0.1:1", authorization_endpoint: `${issuer}/auth` });
    }
    if (path.startsWith("/interaction/")) return void interact(request, response);
    return real(request, response);
  };
  return idp;
}
