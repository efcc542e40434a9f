/** What a stream shows while no encoder brings pictures. */
import { readFileSync } from "node:fs";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { contentOf, type Schemas } from "../client/client.ts";
import type { Noun } from "./cli.ts";
import type { Column } from "./print.ts";

const columns: readonly Column<Schemas["SlateItem"]>[] = [
  ["Stream", (s) => s.ref],
  ["Picture", (s) => s.picture],
  ["Size", (s) => (s.widthPx === null ? null : `${s.widthPx}x${s.heightPx}`)],
  ["Bytes", (s) => s.sizeBytes],
  ["Text", (s) => s.text.replaceAll("\n", " / ")],
  ["Clock", (s) => (s.clock ? "yes" : "no")],
  ["Changed", (s) => ({ at: s.changedAt })],
  ["By", (s) => s.changedBy],
];
const types: Record<string, string> = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg" };

type Wish = { picture?: string; text?: string; clock?: string; reset?: boolean };

export function addSlate(stream: Noun): void {
  stream.verb<Wish>(
    "slate <stream>",
    "what it shows while no encoder brings pictures; with an option, something else",
    async ({ hub, print }, { picture, text, clock, reset }, id = "") => {
      if (clock !== undefined && clock !== "on" && clock !== "off")
        throw new Ending(exitCode.usage, "say --clock on or --clock off");
      const { api } = await hub();
      const params = { path: { id } };
      if (reset === true) await api.DELETE("/api/streams/{id}/slate", { params });
      if (picture !== undefined) {
        const { bytes, type } = read(picture);
        await api.PUT("/api/streams/{id}/slate", {
          params,
          body: bytes,
          bodySerializer: (body) => body as Uint8Array<ArrayBuffer>,
          headers: { "Content-Type": type },
        });
      }
      const wish = {
        ...(text !== undefined && { text: text.replaceAll("\\n", "\n") }),
        ...(clock !== undefined && { clock: clock === "on" }),
      };
      const shown =
        Object.keys(wish).length > 0
          ? api.PATCH("/api/streams/{id}/slate", { params, body: wish })
          : api.GET("/api/streams/{id}/slate", { params });
      print.one(await contentOf(shown), columns);
    },
    [
      ["--picture <file>", "a PNG or JPEG, at most 4 MiB; scaled to fit"],
      ["--text <text>", 'in the middle; \\n begins a line, "" is none'],
      ["--clock <on|off>", "in the upper corner, by the site's clock"],
      ["--reset", "as site.yaml says"],
    ],
  );
}

function read(file: string): { bytes: Uint8Array<ArrayBuffer>; type: string } {
  const type = types[file.split(".").at(-1)?.toLowerCase() ?? ""];
  if (type === undefined) throw new Ending(exitCode.usage, `${file} is neither .png nor .jpg`);
  try {
    return { bytes: new Uint8Array(readFileSync(file)), type };
  } catch (error) {
    throw new Ending(exitCode.usage, `${file} cannot be read: ${(error as Error).message}`);
  }
}
