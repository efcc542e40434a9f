/** How the relay of a stream on path `relayed` works, and where its boxes reach it. */
import { z } from "zod";
import { host, port } from "./fields.ts";
import { section } from "./units.ts";

export const relayModes = ["gop-atomic", "delay-line", "next-keyframe"] as const;

/** A box of its own pushes to this port, the next one to the next. */
export const firstRelayPort = 1_940;

export const relay = section({
  mode: z
    .enum(relayModes)
    .exactOptional()
    .describe(
      "gop-atomic: programs that read one source and so make the same GOPs; delay-line: encoders " +
        "with clocks and GOPs of their own, held by a GOP and half a second more; next-keyframe: " +
        "those without a delay, and with a hole of up to a GOP. delay-line where a box is among " +
        "them, else gop-atomic",
    ),
  host: host.exactOptional().describe("Own address that the boxes reach this host by"),
  port: port
    .min(1)
    .prefault(firstRelayPort)
    .describe("TCP port that the first box pushes to; the next box has the next one"),
}).describe("On path relayed: how the relay works, and where boxes push to");
