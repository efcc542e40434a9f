import { expect, test } from "vitest";
import { relayViews } from "../../../daemon/content/relay-views.ts";
import type { SiteConfig } from "../../../config/site.schema.ts";

type Content = Partial<Record<"black" | "frozen" | "silent" | "loudness", { do: string }>>;

/** The stream `main` is relayed and has the encoders `a` and `b`. */
function views(p: { preview?: string; everyMs?: number | null; content?: object } = {}) {
  const fault = { do: "observe" };
  const usual = { black: fault, frozen: fault, silent: fault, loudness: { do: "off" } };
  const content = { ...usual, compareEveryMs: 60_000, ...p.content };
  const box = (id: string) => ({ id, ...(p.preview === id && { preview: { url: "srt://b:1" } }) });
  const config = {
    encoders: [box("a"), box("b")],
    streams: [{ id: "main", content }],
    thumbnails: { everyMs: p.everyMs === undefined ? 2_000 : p.everyMs, width: 320 },
  } as unknown as SiteConfig;
  const input = (encoder: string) => ({ encoder, spool: `/memory/${encoder}` });
  const inputs = ["a", "b"].map(input) as never[];
  return relayViews(config, [{ stream: "main", memory: "/memory", inputs }]);
}

test("every input of a relay is looked at, and leaves small pictures", () => {
  expect(views()).toEqual(
    ["a", "b"].map((encoder) => ({
      ...{ stream: "main", encoder, spool: `/memory/${encoder}` },
      still: { path: `/memory/${encoder}.jpg`, everyMs: 2_000, widthPx: 320 },
    })),
  );
});

test("an encoder with a preview is seen there", () => {
  expect(views({ preview: "b" }).map(({ encoder }) => encoder)).toEqual(["a"]);
});

const off: Content = { black: { do: "off" }, frozen: { do: "off" }, silent: { do: "off" } };
test("nobody looks where nobody wants to know anything of it", () => {
  expect(views({ everyMs: null }).map(({ still }) => still)).toEqual([undefined, undefined]);
  expect(views({ everyMs: null, content: off })).toHaveLength(2);
  expect(views({ everyMs: null, content: { ...off, compareEveryMs: null } })).toEqual([]);
  expect(views({ content: { ...off, compareEveryMs: null } })).toHaveLength(2);
});
