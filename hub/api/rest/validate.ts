/** Would this stream work, there and from that encoder? Nothing is started and nothing is kept. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { capabilityOf } from "../../../machines/profile/encoder-capability.ts";
import { profileIds, profiles } from "../../../machines/profile/profiles.ts";
import { judgeStream, type Finding } from "../../../machines/profile/validate.ts";
import { seenBy } from "../../auth/own-sites.ts";
import { refOf, type View } from "../../view.ts";
import { Problem, problems } from "../problem.ts";
import { actorBy, Ref } from "../subject.ts";
import { fieldNames, StreamSettings, wantedFrom } from "./stream-settings.ts";

const FindingItem = z
  .object({
    code: z.string(),
    field: z.enum(Object.values(fieldNames)),
    message: z.string(),
    source: z.string().describe("where the limit is written down"),
  })
  .meta({ id: "StreamFinding" });

const StreamJudgement = z
  .object({
    valid: z.boolean(),
    destination: z.enum(profileIds),
    encoder_id: z.string().nullable(),
    errors: z.array(FindingItem).describe("destination or encoder do not do this"),
    warnings: z.array(FindingItem).describe("works, and is worse than it need be"),
    recommendations: z.array(FindingItem).describe("good, and could be better"),
    recommended: z
      .object({
        resolution: z.string(),
        bitrate: z.number().int(),
        fps: z.number(),
        audio_bitrate: z.number().int().nullable(),
        keyframe_interval: z.number(),
      })
      .describe("the nearest settings without errors and warnings"),
    not_judged: z.array(z.string()),
  })
  .meta({ id: "StreamJudgement" });

const Identity = z.object({ identity: z.object({ vendor: z.string() }) });

export const validateRoutes: FastifyPluginAsyncZod<{ view: View }> = async (app, { view }) => {
  app.post(
    "/streams/validate",
    {
      config: { access: "watch" },
      schema: {
        body: StreamSettings.extend({
          destination: z.enum(profileIds).default("rtmp"),
          encoder_id: Ref.optional(),
        }),
        response: { 200: StreamJudgement, 404: Problem, 409: Problem, ...problems },
      },
    },
    async (request) => {
      const { destination, encoder_id, ...settings } = request.body;
      const seen = seenBy(request.caller, view);
      const encoder = encoder_id === undefined ? null : actorBy(seen, "encoder", encoder_id);
      const vendor = Identity.safeParse(encoder?.state).data?.identity.vendor;
      const judged = judgeStream(wantedFrom(settings), profiles[destination], capabilityOf(vendor));
      const { better } = judged;
      return {
        valid: judged.isValid,
        destination,
        encoder_id: encoder && refOf(encoder),
        errors: judged.errors.map(itemOf),
        warnings: judged.warnings.map(itemOf),
        recommendations: judged.recommendations.map(itemOf),
        recommended: {
          resolution: `${better.widthPx}x${better.heightPx}`,
          bitrate: better.videoBps,
          fps: better.framesPerSecond,
          audio_bitrate: better.audioBps ?? null,
          keyframe_interval: better.keyframeEveryS,
        },
        not_judged: judged.notJudged,
      };
    },
  );
};

const itemOf = ({ field, ...finding }: Finding): z.infer<typeof FindingItem> => ({
  ...finding,
  field: fieldNames[field],
});
