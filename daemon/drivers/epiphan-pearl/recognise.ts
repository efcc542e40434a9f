import { z } from "zod";
import type { HttpRecogniser } from "../recogniser.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";

const Firmware = z.object({ status: z.literal("ok"), result: z.string().max(200) });
const Channels = z.object({
  status: z.literal("ok"),
  result: z.array(z.object({ id: z.union([z.string(), z.int()]), name: z.string() })).min(1),
});

/**
 * Epiphan's envelope under `/api/v2.0/system/firmware/version`. With a password a box answers 401
 * to everything; then only the name of what wants the login can tell (encoder-devices.md §2.2).
 */
export const recognisePearl: HttpRecogniser = {
  over: "http",
  driver: "epiphan-pearl",
  section: "encoders",
  // Pearl User Manual p. 26: none of its users has a password until one is set.
  factoryPasswords: [],
  async recognise(eyes) {
    const { status, body, challenge = "" } = await eyes.get("/api/v2.0/system/firmware/version");
    const untold = [
      "what feeds it",
      "which of its channels and publishers carries the programme (keys channel and publisher)",
    ];
    const json = jsonOrUndefined(body);
    const firmware = Firmware.safeParse(json).data?.result;
    if (status === 200 && firmware !== undefined)
      return {
        kind: "Epiphan Pearl",
        certainty: "certain",
        because: "it answers to Epiphan's API v2.0",
        untold: ["its model and serial number", ...untold],
        firmware,
        login: "none",
        entries: [{ keys: {} }],
      };
    if (status === 401 && /realm="?[^"]*(pearl|epiphan)/i.test(challenge))
      return {
        kind: "Epiphan Pearl",
        certainty: "likely",
        because: `it wants a login and calls itself ${challenge}`,
        untold: ["its model and firmware, before it is given its password", ...untold],
        login: "wanted",
        entries: [{ keys: {} }],
      };
    // Older firmware has the same envelope under /api alone.
    if (status === 401) return undefined;
    const older = await eyes.get("/api/channels");
    if (!Channels.safeParse(jsonOrUndefined(older.body)).success) return undefined;
    return {
      kind: "Epiphan Pearl",
      certainty: "likely",
      because: "it lists channels as Epiphan's API before v2.0 does",
      untold: [
        "its model, serial number and firmware",
        "which publisher was set up by hand for each destination (key publishers, needed here)",
        ...untold,
      ],
      login: "none",
      entries: [{ keys: {} }],
    };
  },
};
