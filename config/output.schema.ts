/** Where a relayed stream goes besides its destination: each output is a process of its own. */
import { z } from "zod";
import { absolutePath, displayName, host, id, port } from "./fields.ts";
import { SecretReference } from "./secrets.ts";
import { duration, section } from "./units.ts";

const common = {
  id: id
    .refine((given) => given !== "pusher", "is what feeds the destination; choose another id")
    .describe("Stable id, of this output alone on the whole site"),
  name: displayName.exactOptional().describe("What people call it"),
};

export const output = z.discriminatedUnion("kind", [
  section({
    ...common,
    kind: z.literal("hls").describe("Live HLS in a folder, served from here where a port is given"),
    folder: absolutePath
      .exactOptional()
      .describe("Where it is written; a folder of the state directory when left out"),
    container: z
      .enum(["ts", "fmp4"])
      .prefault("ts")
      .describe(
        "What segments are: MPEG-TS, or fragmented MP4 with a file that stands before them",
      ),
    segment: duration({ atLeast: "1s", atMost: "20s" })
      .prefault("4s")
      .describe("Length of a segment; it ends with a GOP"),
    window: duration({ atLeast: "3s", atMost: "24h" })
      .prefault("60s")
      .describe("How much the list holds; at least three segments"),
    host: host.prefault("127.0.0.1").describe("Own address to be read at"),
    port: port.min(1).exactOptional().describe("Read at http://HOST:PORT/index.m3u8"),
    token: SecretReference.exactOptional().describe(
      "Where the token is kept: read at http://HOST:PORT/TOKEN/index.m3u8 then, and not without",
    ),
  }),
]);
