/**
 * How a box was to talk to, and how hot it was, over the last week. Its site keeps that, and is asked for it: a site that
 * is away has no history here.
 */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import {
  ConnectionHistory as Answer,
  ConnectionPoint,
  historyKeptMs,
  historyPointMs,
  mostHistorySteps,
} from "../../../machines/encoder/connection-history.contract.ts";
import { seenBy } from "../../auth/own-sites.ts";
import type { Commands } from "../../commands.ts";
import type { View } from "../../view.ts";
import { refOf } from "../../view.ts";
import { mustHear } from "../asking.ts";
import { callerOf } from "../auth.ts";
import { ApiProblem, malformed, Problem, problems } from "../problem.ts";
import { actorBy, Ref } from "../subject.ts";
import { isoOf } from "../times.ts";

const dayMs = 86_400_000;
const answerWithinMs = 10_000;
/** As many as a picture of it is wide. */
const usualSteps = 288;

const moment = z.iso.datetime({ offset: true }).optional();
const Query = z.object({
  from: moment.describe("a day before `to` when left out; a week is kept"),
  to: moment.describe("now when left out"),
  step: z.coerce
    .number()
    .int()
    .min(historyPointMs / 1_000)
    .max(historyKeptMs / 1_000)
    .optional()
    .describe("s of each point, a multiple of 30; what gives about 288 points when left out"),
});

const Point = ConnectionPoint.omit({ atMs: true })
  .extend({
    at: z.iso.datetime().describe("when the step began"),
    healthScore: ConnectionPoint.shape.healthScore.describe("0 to 100, the lowest of the step"),
    latencyMs: ConnectionPoint.shape.latencyMs.describe("of one exchange; the slowest half minute"),
    resets: ConnectionPoint.shape.resets.describe("connections that the box broke"),
    temperatureC: z.number().nullable().describe("the hottest of the step; null: it told none"),
  })
  .meta({ id: "ConnectionPoint" });
const History = z
  .object({
    ref: z.string(),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    step: z.number().int().describe("s"),
    points: z.array(Point).describe("oldest first; none of a time that nobody watched it"),
  })
  .meta({ id: "ConnectionHistory" });

export const connectionHistoryRoutes: FastifyPluginAsyncZod<{
  view: View;
  commands: Pick<Commands, "question">;
  linkUp: () => boolean;
  now: () => number;
}> = async (app, { view, commands, linkUp, now }) => {
  app.get(
    "/encoders/:id/connection/history",
    {
      config: { access: "monitor" },
      schema: {
        params: z.object({ id: Ref }),
        querystring: Query,
        response: {
          200: History,
          ...{ 404: Problem, 409: Problem, 503: Problem, 504: Problem, ...problems },
        },
      },
    },
    async (request) => {
      const actor = actorBy(seenBy(request.caller, view), "encoder", request.params.id);
      const range = rangeOf(request.query, now());
      const { site, kind, id } = actor;
      mustHear({ linkUp, view }, site);
      const said = await commands.question({
        ...{ site, kind, id, verb: "connection-history", by: callerOf(request).name },
        ...{ args: range, answerWithinMs },
      });
      if (!said) throw new ApiProblem(504, "site_silent", `site ${site} did not answer in time`);
      if (said.status !== "done") {
        throw new ApiProblem(409, said.code ?? "refused", said.message);
      }
      const answer = Answer.safeParse(said.data);
      if (!answer.success) {
        throw new ApiProblem(504, "site_unclear", `site ${site} answered what is no history`);
      }
      return {
        ref: refOf(actor),
        from: isoOf(range.fromMs) ?? "",
        to: isoOf(range.toMs) ?? "",
        step: range.stepMs / 1_000,
        points: answer.data.points.map(({ atMs, ...point }) => {
          return { at: isoOf(atMs) ?? "", ...point };
        }),
      };
    },
  );
};

/** @throws ApiProblem 400 `malformed` */
function rangeOf({ from, to, step }: z.infer<typeof Query>, nowMs: number) {
  const toMs = to === undefined ? nowMs : Date.parse(to);
  const fromMs = from === undefined ? toMs - dayMs : Date.parse(from);
  if (fromMs > toMs) throw malformed([{ path: "from", message: "is after `to`" }]);
  const points = Math.max(1, Math.ceil((toMs - fromMs) / usualSteps / historyPointMs));
  const stepMs = step === undefined ? points * historyPointMs : step * 1_000;
  if (stepMs % historyPointMs !== 0) {
    throw malformed([{ path: "step", message: "is a multiple of 30" }]);
  }
  if ((toMs - fromMs) / stepMs > mostHistorySteps) {
    const message = `is too short: no more than ${mostHistorySteps} points are answered`;
    throw malformed([{ path: "step", message }]);
  }
  return { fromMs, toMs, stepMs };
}
