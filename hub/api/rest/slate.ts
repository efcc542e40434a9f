/**
 * What a relayed stream shows while no encoder brings pictures. The site keeps it and judges it; a
 * picture goes there in pieces, over the same link as everything else.
 */
import { createHash } from "node:crypto";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import {
  mostPictureBytes,
  type SlateAsk,
  slatePartBytes,
  SlateTold,
} from "../../../machines/stream/slate.contract.ts";
import type { Audit } from "../../audit/audit.ts";
import { seenBy } from "../../auth/own-sites.ts";
import type { Commands } from "../../commands.ts";
import { type Actor, refOf, type View } from "../../view.ts";
import { mustHear } from "../asking.ts";
import { callerOf } from "../auth.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { actorBy, Ref } from "../subject.ts";
import { isoOf } from "../times.ts";

const pieceWithinMs = 10_000;
/** To make it, the site has to encode it, while what is on air goes first. */
const madeWithinMs = 60_000;
const handlerTimeout = 120_000;

const SlateItem = SlateTold.omit({ changedAtMs: true })
  .extend({ ref: z.string(), changedAt: z.iso.datetime().nullable() })
  .meta({ id: "SlateItem" });
const SlateChange = z
  .strictObject({
    text: z
      .string()
      .max(400)
      .nullable()
      .optional()
      .describe("in the middle; null: as site.yaml says; empty: none"),
    clock: z.boolean().nullable().optional().describe("null: as site.yaml says"),
  })
  .meta({ id: "SlateChange" });

export const slateRoutes: FastifyPluginAsyncZod<{
  view: View;
  commands: Pick<Commands, "question">;
  linkUp: () => boolean;
  audit: Audit;
}> = async (app, { view, commands, linkUp, audit }) => {
  const answers = {
    ...{ 404: Problem, 409: Problem, 422: Problem, 503: Problem, 504: Problem, ...problems },
  };
  const params = z.object({ id: Ref });

  app.addContentTypeParser(["image/png", "image/jpeg"], { parseAs: "buffer" }, (_, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser("*", (_, __, done) =>
    done(new ApiProblem(415, "not_an_image", "Content-Type: image/png or image/jpeg"), undefined),
  );

  app.get(
    "/streams/:id/slate",
    { config: { access: "watch" }, schema: { params, response: { 200: SlateItem, ...answers } } },
    async (request) => itemOf(...(await asked(request, request.params.id, [{ do: "tell" }]))),
  );
  app.put(
    "/streams/:id/slate",
    {
      config: { access: "commandStream" },
      bodyLimit: mostPictureBytes,
      handlerTimeout,
      schema: {
        params,
        consumes: ["image/png", "image/jpeg"],
        body: z.unknown(),
        response: { 200: SlateItem, ...answers },
      },
    },
    async (request) => {
      const bytes = request.body;
      if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
        throw new ApiProblem(400, "malformed", "the body is the picture itself");
      }
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const detail = { sha256, sizeBytes: bytes.length };
      return change(request, request.params.id, pieces(bytes, sha256), detail);
    },
  );
  app.patch(
    "/streams/:id/slate",
    {
      ...{ config: { access: "commandStream" }, handlerTimeout },
      schema: { params, body: SlateChange, response: { 200: SlateItem, ...answers } },
    },
    async (request) => {
      const { text, clock } = request.body;
      const wish = { ...(text !== undefined && { text }), ...(clock !== undefined && { clock }) };
      return change(request, request.params.id, [{ do: "set", ...wish }], wish);
    },
  );
  app.delete(
    "/streams/:id/slate",
    {
      ...{ config: { access: "commandStream" }, handlerTimeout },
      schema: { params, response: { 200: SlateItem, ...answers } },
    },
    async (request) => change(request, request.params.id, [{ do: "reset" }], { reset: true }),
  );

  async function change(
    request: FastifyRequest,
    id: string,
    asks: SlateAsk[],
    detail: Record<string, unknown>,
  ) {
    const { id: actor, name } = callerOf(request);
    const row = { type: "slate.changed", actor, name, address: request.ip, requestId: request.id };
    try {
      const [stream, told] = await asked(request, id, asks);
      const object = `stream:${refOf(stream)}`;
      audit.add({ ...row, outcome: "ok", site: stream.site, object, detail });
      return itemOf(stream, told);
    } catch (error) {
      if (error instanceof ApiProblem) {
        const { code } = error;
        audit.add({ ...row, outcome: "refused", object: `stream:${id}`, code, detail });
      }
      throw error;
    }
  }

  /** One after the other; the answer to the last one. @throws ApiProblem */
  async function asked(
    request: FastifyRequest,
    ref: string,
    asks: SlateAsk[],
  ): Promise<[Actor, SlateTold]> {
    const caller = callerOf(request);
    const actor = actorBy(seenBy(caller, view), "stream", ref);
    const { site, kind, id } = actor;
    let last: unknown;
    for (const [at, args] of asks.entries()) {
      mustHear({ linkUp, view }, site);
      const isLast = at === asks.length - 1 && args.do !== "tell";
      const said = await commands.question({
        ...{ site, kind, id, verb: "slate", by: caller.name, args },
        answerWithinMs: isLast ? madeWithinMs : pieceWithinMs,
      });
      if (!said) throw new ApiProblem(504, "site_silent", `site ${site} did not answer in time`);
      if (said.status !== "done") {
        const isWrong = said.code === "not_a_picture" || said.code === "not_made";
        throw new ApiProblem(isWrong ? 422 : 409, said.code ?? "refused", said.message);
      }
      last = said.data;
    }
    const told = SlateTold.safeParse(last);
    if (told.success) return [actor, told.data];
    throw new ApiProblem(504, "site_unclear", `site ${site} answered what is no slate`);
  }
};

function itemOf(stream: Actor, { changedAtMs, ...told }: SlateTold) {
  return { ref: refOf(stream), ...told, changedAt: isoOf(changedAtMs) };
}

function pieces(bytes: Buffer, sha256: string): SlateAsk[] {
  const asks: SlateAsk[] = [];
  for (let at = 0; at < bytes.length; at += slatePartBytes) {
    const data = bytes.subarray(at, at + slatePartBytes).toString("base64");
    asks.push({ do: "part", sha256, totalBytes: bytes.length, offsetBytes: at, data });
  }
  return asks;
}
