/** How hot the boxes are. Degrees of the chassis and what we do to its web server are two things. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { thermalWords } from "../../../machines/encoder/encoder.contract.ts";
import { seenBy } from "../../auth/own-sites.ts";
import { refOf, type Actor, type View } from "../../view.ts";
import { Problem, problems } from "../problem.ts";
import { actorBy, Ref } from "../subject.ts";
import { isoOf } from "../times.ts";

/** What a box does not tell is null, never 0. */
export const ThermalItem = z
  .object({
    ref: z.string(),
    encoder: z.string(),
    site: z.string(),
    thermal: z.enum(thermalWords),
    /** Cooling step 0…5; 0 is full load. */
    thermalStep: z.number().int().nullable(),
    /** Chassis, °C. */
    temperatureC: z.number().nullable(),
    /** When that was read, and where. */
    at: z.iso.datetime().nullable(),
    source: z.string().nullable(),
    /** 0 to 100: what our asking does to it. No temperature. */
    requestPressure: z.number().nullable(),
    /** The last thing known, not the truth. */
    stale: z.boolean(),
  })
  .meta({ id: "ThermalItem" });
export type ThermalItem = z.infer<typeof ThermalItem>;

/** Of a state only what is needed here, whatever else a site sends. */
const Heat = z.object({
  thermal: z.enum(thermalWords).catch("unknown"),
  thermalStep: z.number().int().optional().catch(undefined),
  figures: z
    .object({
      temperatureC: z
        .object({ value: z.number(), atMs: z.number().nullish(), source: z.string() })
        .optional(),
    })
    .catch({}),
  connection: z.object({ requestPressure: z.number().optional() }).optional().catch(undefined),
});

export const thermalRoutes: FastifyPluginAsyncZod<{ view: View }> = async (app, { view }) => {
  const config = { access: "monitor" } as const;
  const itemOf = (actor: Actor): ThermalItem => {
    const state = Heat.safeParse(actor.state ?? {}).data;
    const figure = state?.figures.temperatureC;
    return {
      ref: refOf(actor),
      encoder: actor.id,
      site: actor.site,
      thermal: state?.thermal ?? "unknown",
      thermalStep: state?.thermalStep ?? null,
      temperatureC: figure?.value ?? null,
      at: figure?.atMs == null ? null : isoOf(figure.atMs),
      source: figure?.source ?? null,
      requestPressure: state?.connection?.requestPressure ?? null,
      stale: view.isStale(actor),
    };
  };

  app.get(
    "/monitoring/thermal/status",
    {
      config,
      schema: { response: { 200: z.object({ encoders: z.array(ThermalItem) }), ...problems } },
    },
    async (request) => ({
      encoders: seenBy(request.caller, view).shown("encoder").map(itemOf),
    }),
  );
  app.get(
    "/monitoring/thermal/:id/temperature",
    {
      config,
      schema: {
        params: z.object({ id: Ref }),
        response: { 200: ThermalItem, 404: Problem, 409: Problem, ...problems },
      },
    },
    async (request) => itemOf(actorBy(seenBy(request.caller, view), "encoder", request.params.id)),
  );
};
