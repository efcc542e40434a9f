/** What the CDN of an output has is to be forgotten, now. The site tells it so, and what it said. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Audit } from "../../audit/audit.ts";
import { seenBy } from "../../auth/own-sites.ts";
import type { Commands } from "../../commands.ts";
import { refOf, type View } from "../../view.ts";
import { mustHear } from "../asking.ts";
import { callerOf } from "../auth.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { actorBy, Ref } from "../subject.ts";

/** The site waits 10 s for the CDN. */
const answerWithinMs = 15_000;

const Purged = z
  .object({
    ref: z.string(),
    message: z.string().describe("What the CDN answered"),
    files: z.number().int().describe("How many it was told of: all that are there"),
  })
  .meta({ id: "Purged" });
const Answer = z.object({ files: z.number().int() });

export const purgeRoutes: FastifyPluginAsyncZod<{
  view: View;
  commands: Pick<Commands, "question">;
  linkUp: () => boolean;
  audit: Audit;
}> = async (app, { view, commands, linkUp, audit }) => {
  app.post(
    "/outputs/:id/purge",
    {
      config: { access: "commandStream" },
      schema: {
        params: z.object({ id: Ref }),
        response: {
          200: Purged,
          ...{ 404: Problem, 409: Problem, 503: Problem, 504: Problem, ...problems },
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const actor = actorBy(seenBy(caller, view), "output", request.params.id);
      const { site, kind, id } = actor;
      mustHear({ linkUp, view }, site);
      const said = await commands.question({
        ...{ site, kind, id, verb: "purge", by: caller.name, args: {}, answerWithinMs },
      });
      const isDone = said?.status === "done";
      const code = said ? (said.code ?? "refused") : "site_silent";
      audit.add({
        ...{ type: "output.purged", actor: caller.id, name: caller.name, address: request.ip },
        ...{ requestId: request.id, site, object: `output:${refOf(actor)}` },
        ...(isDone ? { outcome: "ok" as const } : { outcome: "refused" as const, code }),
      });
      if (!said) throw new ApiProblem(504, code, `site ${site} did not answer in time`);
      if (!isDone) throw new ApiProblem(409, code, said.message);
      const { files } = Answer.parse(said.data);
      return { ref: refOf(actor), message: said.message, files };
    },
  );
};
