import { z } from "zod";
import type { HttpRecogniser } from "../recogniser.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";
import { resultOf } from "./answers.ts";
import { result } from "./words.ts";

const text = z.string().max(200).optional().catch(undefined);
const Info = z.object({
  product: z.object({
    sn: text,
    "product-name": z.string().max(200),
    "firmware-ver-s": text,
    "manu-name": text,
  }),
});

/**
 * `usapi` is Magewell's own; `get-info` names the product. Logged out, a box answers −17 to it,
 * which says Magewell and not which of them (encoder-devices.md §2.1).
 */
export const recogniseMagewell: HttpRecogniser = {
  over: "http",
  driver: "magewell",
  section: "encoders",
  factoryPasswords: ["Admin", "admin"],
  async recognise(eyes) {
    const { status, body } = await eyes.get("/usapi?method=get-info");
    const json = jsonOrUndefined(body);
    const answer = resultOf(json);
    if (status !== 200 || answer === undefined) return undefined;
    if (answer === result.needsLogin)
      return {
        kind: "Magewell Ultra",
        certainty: "likely",
        because: "it answers to usapi with -17, which is Magewell's word for a login",
        untold: ["its model, serial number and firmware, before it is given its password"],
        login: "wanted",
        entries: [{ keys: {} }],
      };
    const product = Info.safeParse(json).data?.product;
    if (answer !== result.succeeded || product === undefined) return undefined;
    const model = product["product-name"];
    const isUltra = /^Ultra (Encode|Stream)/i.test(model);
    return {
      kind: isUltra ? "Magewell Ultra" : `Magewell ${model}`,
      certainty: isUltra ? "certain" : "possible",
      because: `it answers to usapi as ${model}${isUltra ? "" : ", which the driver was not made for"}`,
      untold: [
        "what feeds it",
        "which entry of its list of streaming servers may be the daemon's (key server)",
      ],
      model,
      serialNumber: product.sn,
      firmware: product["firmware-ver-s"],
      login: "none",
      entries: [{ keys: {} }],
    };
  },
};
