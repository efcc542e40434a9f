/**
 * Small pictures of what the sites see. Each says how old it is; one that is too old to be taken
 * for what is there now is not available.
 */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import {
  type ThumbnailKind,
  thumbnailKinds,
} from "../../../machines/content/thumbnail.contract.ts";
import { seenBy } from "../../auth/own-sites.ts";
import { shownForMs, shownNow, type Place, type Thumbnails } from "../../thumbnails.ts";
import { refOf, type View } from "../../view.ts";
import { callerOf } from "../auth.ts";
import { isHeld } from "../pages.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { actorBy, Ref } from "../subject.ts";
import { isoOf } from "../times.ts";

const ThumbnailItem = z
  .object({
    ref: z.string(),
    site: z.string(),
    kind: z.enum(thumbnailKinds),
    id: z.string(),
    name: z.string().nullable(),
    at: z.iso.datetime().nullable().describe("when the last picture was taken, by the hub's clock"),
    ageMs: z.number().nullable().describe("of the last picture, when this was answered"),
    available: z
      .boolean()
      .describe(`false from ${shownForMs / 1_000} s on, or where there is none`),
    because: z.string().nullable().describe("why it is not available"),
    jpeg: z.string().nullable().optional().describe("base64, with `pictures=true`"),
  })
  .meta({ id: "ThumbnailItem" });
const Query = z.object({
  pictures: z.enum(["true", "false"]).default("false").describe("with the pictures themselves"),
  site: z.string().optional(),
});
const lists: Record<ThumbnailKind, string> = {
  ingest: "ingests",
  encoder: "encoders",
  destination: "destinations",
};

export const thumbnailRoutes: FastifyPluginAsyncZod<{
  view: View;
  thumbnails: Thumbnails;
  now: () => number;
}> = async (app, { view, thumbnails, now }) => {
  const config = { access: "watch" } as const;

  app.get(
    "/thumbnails",
    {
      config,
      schema: {
        querystring: Query,
        response: { 200: z.object({ items: z.array(ThumbnailItem) }), ...problems },
      },
    },
    async (request, reply) => {
      const seen = seenBy(callerOf(request), view);
      const { pictures, site } = request.query;
      const nowMs = now();
      const item = (place: Place, name: string | null) => {
        const { ageMs, isShown, because } = shownNow(place, nowMs);
        return {
          ...{ ref: refOf(place), site: place.site, kind: place.kind, id: place.id, name },
          at: isoOf(place.picture?.takenAtMs ?? null),
          ...{ ageMs, available: isShown, because },
          ...(pictures === "true" && {
            jpeg: isShown ? (place.picture?.jpeg.toString("base64") ?? null) : null,
          }),
        };
      };
      const found = thumbnails.all().flatMap((place) => {
        const actor = seen.find(place);
        if (!actor || actor.goneAtMs !== null) return [];
        if (site !== undefined && site !== place.site) return [];
        const name: unknown = actor.state?.["name"];
        return [item(place, typeof name === "string" ? name : null)];
      });
      reply.header("Cache-Control", "no-store");
      return { items: found.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)) };
    },
  );

  for (const kind of thumbnailKinds) {
    app.get(
      `/${lists[kind]}/:id/thumbnail`,
      {
        config,
        schema: {
          params: z.object({ id: Ref }),
          response: {
            200: { content: { "image/jpeg": { schema: z.any() } } },
            ...{ 404: Problem, 409: Problem, ...problems },
          },
        },
      },
      async (request, reply) => {
        const actor = actorBy(seenBy(callerOf(request), view), kind, request.params.id);
        const place = thumbnails.find(actor);
        if (!place) {
          throw new ApiProblem(
            404,
            "no_thumbnail",
            `${actor.site} takes no picture of ${actor.id}`,
          );
        }
        const { ageMs, isShown, because } = shownNow(place, now());
        if (!isShown || !place.picture || ageMs === null) {
          const last = ageMs === null ? "" : `; the last one is ${Math.round(ageMs / 1_000)} s old`;
          throw new ApiProblem(404, "no_thumbnail", `${because ?? "there is none"}${last}`);
        }
        const { jpeg, takenAtMs } = place.picture;
        const tag = `"${takenAtMs}"`;
        reply
          .header("ETag", tag)
          .header("Cache-Control", "private, no-cache")
          .header("Age", String(Math.round(ageMs / 1_000)))
          .header("Last-Modified", new Date(takenAtMs).toUTCString());
        if (isHeld(request.headers["if-none-match"], tag)) return reply.code(304).send();
        return reply.type("image/jpeg").send(jpeg);
      },
    );
  }
};

/** By site; in each what comes in, what is encoded and what is seen of it. */
const orderOf = ({ site, kind, id }: { site: string; kind: ThumbnailKind; id: string }) =>
  `${site} ${thumbnailKinds.indexOf(kind)} ${id}`;
