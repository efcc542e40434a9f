/**
 * How the hub itself is. `/health` tells a stranger one word, and that it answers; `/health/ready` is
 * 503 while the word is `degraded`; `/health/detailed` tells the rest.
 */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { BreakerWord } from "../../machines/breaker.ts";
import { breakerWords } from "../../machines/encoder/encoder.contract.ts";
import type { IngestCounts } from "../ingest/counts.ts";
import { seenBy } from "../auth/own-sites.ts";
import type { View } from "../view.ts";
import { problems } from "./problem.ts";

export type HubHealth = {
  /** Our link to the broker is up. */
  linkUp: () => boolean;
  /** The store takes what arrives. */
  storeOk: () => boolean;
  storeBreaker: () => BreakerWord;
  counts: IngestCounts;
  /** null with an external broker. */
  broker: (() => { up: boolean; restarts: number }) | null;
  version: string;
  startedAtMs: number;
};

const word = z.enum(["ok", "degraded"]);
const Word = z.object({ status: word });

export const healthRoutes: FastifyPluginAsyncZod<{ health: HubHealth; view: View }> = async (
  app,
  { health, view },
) => {
  const status = (): z.infer<typeof word> =>
    health.linkUp() && health.storeOk() ? "ok" : "degraded";
  // What is open to strangers has one path.
  if (app.prefix === "") {
    app.get(
      "/health",
      { config: { access: "open" }, schema: { response: { 200: Word } } },
      async () => ({ status: status() }),
    );
    app.get(
      "/health/ready",
      { config: { access: "open" }, schema: { response: { 200: Word, 503: Word } } },
      async (_request, reply) => {
        const now = status();
        return reply.code(now === "ok" ? 200 : 503).send({ status: now });
      },
    );
  }
  app.get(
    "/health/detailed",
    {
      config: { access: "monitor" },
      schema: {
        response: {
          200: z.object({
            status: word,
            version: z.string(),
            startedAt: z.iso.datetime(),
            link: z.enum(["up", "down"]),
            store: z.enum(["ok", "failing"]),
            storeBreaker: z
              .enum(breakerWords)
              .describe("open: three writes in a row failed, and it is left alone for 10 s"),
            broker: z.object({ up: z.boolean(), restarts: z.number() }).nullable(),
            sites: z.object({ known: z.number(), online: z.number() }),
            ingest: z.record(z.string(), z.number()),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const sites = [...seenBy(request.caller, view).sites.values()];
      return {
        status: status(),
        version: health.version,
        startedAt: new Date(health.startedAtMs).toISOString(),
        link: health.linkUp() ? ("up" as const) : ("down" as const),
        store: health.storeOk() ? ("ok" as const) : ("failing" as const),
        storeBreaker: health.storeBreaker(),
        broker: health.broker?.() ?? null,
        sites: { known: sites.length, online: sites.filter((s) => s.online === true).length },
        ingest: { ...health.counts },
      };
    },
  );
};
