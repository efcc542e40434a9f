/** Logging in with an account of a provider (OpenID Connect). No token is ever in an address. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { goingLifeS, provenLifeS, SignInError, type SignIn } from "../../auth/sign-in.ts";
import type { Audit } from "../../audit/audit.ts";
import { foreignProblem, isForeign } from "../auth.ts";
import { openCookie } from "../cookie.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { fromOf, Grant } from "./login.ts";

const params = z.object({ provider: z.string().max(64) });
/** All that a provider may add is its business. */
const querystring = z.looseObject({
  code: z.string().max(4_000).optional(),
  state: z.string().max(1_000).optional(),
  error: z.string().max(200).optional(),
});
const redirect = { 302: z.null().describe("to the provider, or to the page"), 404: Problem };

type Needs = { signIn: SignIn; audit: Audit };

export const signInRoutes: FastifyPluginAsyncZod<Needs> = async (app, { signIn, audit }) => {
  const open = { access: "open" } as const;
  const cookie = openCookie("understudy-sign-in", signIn.publicUrl.startsWith("https:"));
  const known = (id: string) => {
    if (!signIn.has(id)) throw new ApiProblem(404, "unknown_provider", `no provider ${id}`);
    return id;
  };
  /** The page says what a word means; the part behind # is in no log. */
  const toPage = (reply: FastifyReply, word: string) => reply.redirect(`/#${word}`, 302);
  async function orRefused(reply: FastifyReply, work: () => Promise<FastifyReply>) {
    reply.header("Cache-Control", "no-store");
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SignInError)) throw error;
      cookie.write(reply, "", 0);
      return toPage(reply, `not-signed-in=${error.code}`);
    }
  }

  app.get(
    "/auth/oidc",
    {
      config: open,
      schema: {
        response: {
          200: z.object({
            items: z.array(z.object({ id: z.string(), name: z.string(), url: z.string() })),
          }),
          ...problems,
        },
      },
    },
    async () => ({
      items: signIn.providers().map(({ id, name }) => ({
        ...{ id, name, url: `${signIn.publicUrl}/api/auth/oidc/${encodeURIComponent(id)}/login` },
      })),
    }),
  );
  app.get(
    "/auth/oidc/:provider/login",
    { config: open, schema: { params, response: { ...redirect, ...problems } } },
    async (request, reply) => {
      const id = known(request.params.provider);
      return orRefused(reply, async () => {
        const { url, note } = await signIn.start(id, fromOf(request));
        cookie.write(reply, note, goingLifeS);
        return reply.redirect(url, 302);
      });
    },
  );
  app.get(
    "/auth/oidc/:provider/callback",
    { config: open, schema: { params, querystring, response: { ...redirect, ...problems } } },
    async (request, reply) => {
      const id = known(request.params.provider);
      return orRefused(reply, async () => {
        const note = cookie.read(request);
        const proven = await signIn.finish(id, note, searchOf(request), fromOf(request));
        cookie.write(reply, proven, provenLifeS);
        return toPage(reply, "signed-in");
      });
    },
  );
  app.post(
    "/auth/oidc/session",
    { config: open, schema: { response: { 200: Grant, ...problems } } },
    async (request, reply) => {
      if (isForeign(request.headers)) {
        const object = "POST /auth/oidc/session";
        throw foreignProblem(audit, request.headers, { address: request.ip, object });
      }
      reply.header("Cache-Control", "no-store");
      const note = cookie.read(request);
      cookie.write(reply, "", 0);
      try {
        return await signIn.session(note, fromOf(request));
      } catch (error) {
        if (!(error instanceof SignInError)) throw error;
        throw new ApiProblem(401, error.code, error.message);
      }
    },
  );
};

const searchOf = ({ url }: FastifyRequest) => url.slice(`${url}?`.indexOf("?"));
