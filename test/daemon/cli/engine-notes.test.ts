import { expect, test } from "vitest";
import { stringify } from "yaml";
import { parseConfig } from "../../../config/load.ts";
import { siteFormat } from "../../../config/site.ts";
import { engineNotes } from "../../../daemon/cli/engine-notes.ts";
import { drivers } from "../../config/drivers.ts";

test("--check says of each encoder that leaves it open which program will run, and why", () => {
  const ingest = { kind: "ingest", ingest: "stage" };
  const encoder = (id: string, more: object = {}) => ({
    id,
    driver: "auto",
    input: ingest,
    ...more,
  });
  const to = (id: string, address: string) => ({ id, address, streamKey: "credential:k" });
  const text = stringify({
    site: "studio",
    mqtt: { url: "mqtt://hub" },
    ingests: [{ id: "stage", kind: "testPattern" }],
    encoders: [
      ...[encoder("a"), encoder("b"), encoder("c", { audio: { tracks: 2 } })],
      encoder("d", { driver: "ffmpeg" }),
    ],
    destinations: [to("cdn", "rtmps://cdn/live"), to("far", "srt://far:9000")],
    streams: [
      { id: "main", destination: "cdn", encoders: ["a", "d"], path: "relayed" },
      { id: "side", destination: "far", encoders: ["b", "c"], path: "direct" },
    ],
  });
  const { config } = parseConfig("site.yaml", text, siteFormat({ encoders: drivers }));
  expect(engineNotes(config)).toEqual([
    "a encodes main by ffmpeg: its relay needs the times of the source, which only ffmpeg keeps",
    "b encodes side by GStreamer, where that works: live pictures straight to SRT",
    'c encodes side by ffmpeg: only ffmpeg does "audio.tracks: 2"',
  ]);
});
