import { z } from "zod";
import type { HttpEyes, HttpRecogniser } from "../recogniser.ts";
import { isHeloPlus } from "./reads.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";

/**
 * A HELO is asked for `ProductID`, which it answers as JSON under the name that was asked. With a
 * login it answers 404 to everything; then only its web server, Seminole, can be seen, and other
 * boxes of AJA have that too (encoder-devices.md §1.2, §1.3).
 */
export const recogniseHelo: HttpRecogniser = {
  over: "http",
  driver: "aja-helo",
  section: "encoders",
  // AJA FS1 manual p. 94: what holds until a password is set; the HELO's is not printed anywhere.
  factoryPasswords: ["password"],
  async recognise(eyes) {
    const first = await eyes.get(pathOf("ProductID"));
    const model = valueIn(first.body, "ProductID");
    if (model !== undefined) return /helo/i.test(model) ? await told(eyes, model) : undefined;
    if (first.status !== 404 || !/^Seminole\b/i.test(first.server ?? "")) return undefined;
    return {
      kind: "AJA box",
      certainty: "likely",
      because: `its web server is ${first.server} and answers 404 without a login, as a HELO does`,
      untold: [
        "its model (a Ki Pro looks the same from outside)",
        "its name, serial number and firmware, before it is given its password",
      ],
      login: "wanted",
      entries: [{ keys: {} }],
    };
  },
};

async function told(eyes: HttpEyes, model: string) {
  const read = async (name: string) => valueIn((await eyes.get(pathOf(name))).body, name);
  const name = await read("SystemName");
  const serialNumber = await read("FormattedSerialNumber");
  const firmware = await read("CurrentlyRunningImageVersion");
  const authentication = await read("Authentication");
  return {
    kind: "AJA HELO",
    certainty: "certain" as const,
    because: `it answers to eParamID_ProductID with ${model}`,
    untold: [
      ...["what feeds it", "the age of its firmware"],
      ...(isHeloPlus(model)
        ? ["how its second stream is set and started: that one is only watched"]
        : []),
    ],
    ...{ name, model, serialNumber, firmware },
    ...(authentication === "0" && { login: "none" as const }),
    entries: [{ name, keys: {} }],
  };
}

const pathOf = (name: string) => `/config?action=get&paramid=eParamID_${name}`;

function valueIn(body: string, name: string): string | undefined {
  const Answer = z.object({ name: z.literal(`eParamID_${name}`), value: z.string().max(200) });
  return Answer.safeParse(jsonOrUndefined(body)).data?.value;
}
