/** What a relayed stream shows while no encoder brings it pictures. */
import { z } from "zod";
import { absolutePath } from "./fields.ts";
import { section } from "./units.ts";

export const slate = section({
  picture: absolutePath.exactOptional().describe("A PNG or JPEG on this host, scaled to fit"),
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/, "a colour like #1c2530")
    .prefault("#1c2530")
    .describe("Where there is no picture"),
  text: z
    .string()
    .max(400)
    .exactOptional()
    .describe(
      "In the middle, in several lines if need be; left out: the stream's name and that it will be " +
        "right back, where there is no picture",
    ),
  clock: z
    .boolean()
    .prefault(false)
    .describe("In the upper corner, by this host's clock and zone; exact to some seconds"),
});
