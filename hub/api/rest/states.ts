/** Sites, encoders, streams, destinations, storage, ingests and outputs as they are now. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { seenBy } from "../../auth/own-sites.ts";
import type { View } from "../../view.ts";
import { callerOf } from "../auth.ts";
import {
  DestinationItem,
  EncoderItem,
  IngestItem,
  OutputItem,
  pageOf,
  SiteItem,
  StorageItem,
  StreamItem,
  type Items,
} from "../items.ts";
import { ListQuery, stateLists, type Lists } from "../lists.ts";
import { cutPage, PageQuery, pageJson, sendJson } from "../pages.ts";
import { Problem, problems } from "../problem.ts";
import { actorBy, Ref, siteBy } from "../subject.ts";

const itemOf = {
  encoder: EncoderItem,
  stream: StreamItem,
  destination: DestinationItem,
  storage: StorageItem,
  ingest: IngestItem,
  output: OutputItem,
} as const;

export const stateRoutes: FastifyPluginAsyncZod<{
  view: View;
  items: Items;
  lists: Lists;
}> = async (app, { view, items, lists }) => {
  const config = { access: "watch" } as const;
  const missing = { 404: Problem, 409: Problem };

  app.get(
    "/sites",
    {
      config,
      schema: { querystring: PageQuery, response: { 200: pageOf(SiteItem), ...problems } },
    },
    async (request, reply) => {
      const { sites } = seenBy(request.caller, view);
      const all = [...sites.values()].sort((a, b) => (a.site < b.site ? -1 : 1));
      const { page, next } = cutPage(all, request.query, ({ site }) => site);
      const texts = page.map((site) => items.site(site).json);
      return sendJson(request, reply, pageJson(texts, next), next);
    },
  );
  app.get(
    "/sites/:site",
    {
      config,
      schema: {
        params: z.object({ site: z.string() }),
        response: { 200: SiteItem, 404: Problem, ...problems },
      },
    },
    async (request, reply) =>
      sendJson(
        request,
        reply,
        items.site(siteBy(seenBy(request.caller, view), request.params.site)),
      ),
  );

  for (const { path, kind, also } of stateLists) {
    const item = itemOf[kind];
    app.get(
      `/${path}`,
      { config, schema: { querystring: ListQuery, response: { 200: pageOf(item), ...problems } } },
      async (request, reply) => {
        const page = lists.page(callerOf(request), kind, request.query);
        return sendJson(request, reply, page, page.next);
      },
    );
    for (const url of [`/${path}/:id`, ...(also ? [`/${path}/:id/${also}`] : [])]) {
      app.get(
        url,
        {
          config,
          schema: {
            params: z.object({ id: Ref }),
            response: { 200: item, ...missing, ...problems },
          },
        },
        async (request, reply) =>
          sendJson(
            request,
            reply,
            items.actor(actorBy(seenBy(request.caller, view), kind, request.params.id)),
          ),
      );
    }
  }
};
