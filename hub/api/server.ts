/** The whole HTTP surface in one list. */
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import helmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Audit } from "../audit/audit.ts";
import type { Sessions } from "../auth/sessions.ts";
import type { SignIn } from "../auth/sign-in.ts";
import type { Tokens } from "../auth/tokens.ts";
import type { Commands } from "../commands.ts";
import type { HubKeys } from "../hub-keys.ts";
import type { Store } from "../store/store.ts";
import type { Thumbnails } from "../thumbnails.ts";
import type { View } from "../view.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import type { Asking } from "./asking.ts";
import { asyncApi } from "./asyncapi.ts";
import { authenticator, gatherAccess, methodsOf } from "./auth.ts";
import { openBudgets, type Limits } from "./budgets.ts";
import type { Graph } from "./graphql/graph.ts";
import { graphRoutes, schemaText } from "./graphql/http.ts";
import { listsOf } from "./lists.ts";
import { readyAnswers, type Answering } from "./ready-answers.ts";
import { healthRoutes, type HubHealth } from "./health.ts";
import type { Items } from "./items.ts";
import type { KeyRing } from "./keys.ts";
import type { HubMetrics } from "./metrics.ts";
import { transform, transformObject } from "./openapi.ts";
import { answerError, ApiProblem, sendProblem } from "./problem.ts";
import { commandRoutes } from "./rest/commands.ts";
import { connectionHistoryRoutes } from "./rest/connection-history.ts";
import { historyRoutes } from "./rest/history.ts";
import { hubKeyRoutes } from "./rest/hub-keys.ts";
import { auditRoutes } from "./rest/audit.ts";
import { loginRoutes } from "./rest/login.ts";
import { signInRoutes } from "./rest/sign-in.ts";
import { userDataRoutes } from "./rest/user-data.ts";
import { userRoutes } from "./rest/users.ts";
import { keyRoutes } from "./rest/keys.ts";
import { loadBalancerRoutes } from "./rest/load-balancer.ts";
import { monitoringRoutes } from "./rest/monitoring.ts";
import { notYetRoutes } from "./rest/not-yet.ts";
import { stateRoutes } from "./rest/states.ts";
import { purgeRoutes } from "./rest/purge.ts";
import { slateRoutes } from "./rest/slate.ts";
import { thumbnailRoutes } from "./rest/thumbnails.ts";
import { thermalRoutes } from "./rest/thermal.ts";
import { validateRoutes } from "./rest/validate.ts";
import { webhookRoutes } from "./rest/webhooks.ts";

export type ServerNeeds = {
  view: View;
  items: Items;
  store: Store;
  keys: KeyRing;
  commands: Commands;
  asking: Asking;
  thumbnails: Thumbnails;
  graph: Graph;
  metrics: HubMetrics;
  health: HubHealth;
  linkUp: () => boolean;
  log: FastifyBaseLogger;
  sessions: Sessions;
  signIn: SignIn;
  tokens: Tokens;
  audit: Audit;
  webhooks: Webhooks;
  hubKeys: HubKeys;
  /** Name of this hub. */
  hub: string;
  now: () => number;
  demoOpen: boolean;
  limits: Limits;
  trustedProxies: string[];
  /** The built page; nothing is served where the folder does not exist. */
  webDir: string;
  /** An answer that takes longer is 504; one that `Prefer` makes wait may. 30 s when left out. */
  answersWithinMs?: number;
  /** Other origins the page may load pictures from, for example the demo's far end. */
  mediaFrom: string[];
};

/** Who sends a request drop by drop only holds places that others need. */
const http = {
  ...{ requestTimeout: 15_000, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 },
  // As fastify's own server has it.
  keepAliveTimeout: 72_000,
  maxHeaderSize: 8 * 1024,
};

export async function openServer(needs: ServerNeeds): Promise<FastifyInstance> {
  const { view, items, store, keys, commands, asking, metrics, health, linkUp } = needs;
  const { sessions, tokens, audit, now, webhooks, hub } = needs;
  const lists = listsOf(view, items);
  const ready: { answers?: Answering } = {};
  const app = Fastify({
    serverFactory: (handler) =>
      createServer(http, (request, response) => {
        if (ready.answers?.(request, response) !== true) handler(request, response);
      }),
    loggerInstance: needs.log,
    // One line a request is a metric's work; errors are logged where they are answered.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    handlerTimeout: needs.answersWithinMs ?? 30_000,
    trustProxy: needs.trustedProxies.length > 0 && needs.trustedProxies,
    genReqId: () => crypto.randomUUID(),
    // Open sockets of people who left must not hold up a stop.
    forceCloseConnections: true,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeContentTypeParser("text/plain");
  // Scripts say one content type for all they send, also where they send nothing.
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else void parseJson(request, body as string, done);
  });
  app.setErrorHandler(answerError);
  const methodsAt = methodsOf(() => app.routeTable);
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsAt(request.url);
    if (methods.length === 0) {
      const what = `nothing at ${request.url}`;
      return sendProblem(request, reply, new ApiProblem(404, "unknown_path", what));
    }
    const allow = methods.join(", ");
    const what = `no ${request.method} at this path, but ${allow}`;
    reply.header("Allow", allow);
    return sendProblem(request, reply, new ApiProblem(405, "method_not_allowed", what));
  });
  app.decorateRequest("caller", null);

  const media = ["'self'", "blob:", ...needs.mediaFrom];
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        connectSrc: ["'self'", ...needs.mediaFrom],
        mediaSrc: media,
        imgSrc: ["'self'", "data:", ...needs.mediaFrom],
        workerSrc: ["'self'", "blob:"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
      },
    },
    // TLS is the business of whoever terminates it.
    strictTransportSecurity: false,
  });
  const budgets = openBudgets(app, needs.limits);
  const behindProxy = needs.trustedProxies.length > 0;
  ready.answers = readyAnswers({ ...needs, lists, budgets, behindProxy });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Understudy hub",
        version: health.version,
        license: { name: "MIT", identifier: "MIT" },
        description: [
          "Where a path is listed with and without the prefix /api, both spellings do the same; only",
          "/jobs is two things. A path that is not listed answers 404, a method that is not listed",
          "405 with `Allow`; either only to who may come in.",
        ].join(" "),
      },
      servers: [{ url: "/" }],
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer" },
          apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        },
      },
      security: [{ bearer: [] }, { apiKey: [] }],
    },
    transform,
    transformObject,
  });
  const files = existsSync(needs.webDir) ? readdirSync(needs.webDir) : [];
  // The page itself holds nothing secret: a stranger gets its login form.
  const page = Object.fromEntries(["", ...files].map((file) => [`/${file}`, "open" as const]));
  app.decorate("routeTable", gatherAccess(app, { "/docs": "known", ...page }));
  app.addHook("preParsing", authenticator(needs, audit, budgets.perKey));
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "unknown";
    metrics.answered(request.method, route, reply.statusCode, reply.elapsedTime / 1_000);
  });
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: true });
  app.get("/openapi.json", { config: { access: "known" }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
  let wire: ReturnType<typeof asyncApi> | undefined;
  app.get(
    "/asyncapi.json",
    { config: { access: "known" }, schema: { hide: true } },
    async () => (wire ??= asyncApi({ title: "Understudy", version: health.version })),
  );
  const graphql = schemaText(needs.graph);
  app.get(
    "/schema.graphql",
    { config: { access: "known" }, schema: { hide: true } },
    async (_request, reply) => reply.type("text/plain; charset=utf-8").send(graphql),
  );
  app.get(
    "/metrics",
    {
      config: { access: "scrape" },
      schema: { response: { 200: { content: { "text/plain": { schema: z.string() } } } } },
    },
    async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  for (const prefix of ["/api", ""]) {
    await app.register(healthRoutes, { prefix, health, view });
    await app.register(stateRoutes, { prefix, view, items, lists });
    await app.register(thumbnailRoutes, { prefix, view, thumbnails: needs.thumbnails, now });
    await app.register(historyRoutes, { prefix, store });
    await app.register(graphRoutes, { prefix, graph: needs.graph });
    await app.register(commandRoutes, { prefix, view, commands, store, linkUp, audit, asking });
    await app.register(thermalRoutes, { prefix, view });
    await app.register(validateRoutes, { prefix, view });
    await app.register(loadBalancerRoutes, { prefix, view });
    await app.register(monitoringRoutes, { prefix, view, items, health, now });
    await app.register(connectionHistoryRoutes, { prefix, view, commands, linkUp, now });
    await app.register(purgeRoutes, { prefix, view, commands, linkUp, audit });
    await app.register(slateRoutes, { prefix, view, commands, linkUp, audit });
    await app.register(hubKeyRoutes, { prefix, hubKeys: needs.hubKeys, webhooks, audit });
    await app.register(keyRoutes, { prefix, keys, audit });
    await app.register(loginRoutes, { prefix, sessions, tokens, audit, now });
    await app.register(signInRoutes, { prefix, signIn: needs.signIn, audit });
    await app.register(userRoutes, { prefix, sessions, audit, now });
    await app.register(userDataRoutes, { prefix, sessions, store, audit });
    await app.register(auditRoutes, { prefix, store });
    await app.register(webhookRoutes, { prefix, webhooks, audit, hub });
  }
  await app.register(notYetRoutes);
  if (files.length > 0) {
    // A route for each file: what is not one of them is as closed as the rest.
    await app.register(fastifyStatic, {
      ...{ root: needs.webDir, cacheControl: false, wildcard: false },
    });
  }
  return app;
}
