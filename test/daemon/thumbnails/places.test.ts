import { expect, test } from "vitest";
import type { RelayView } from "../../../daemon/content/relay-views.ts";
import { placesOf } from "../../../daemon/thumbnails/places.ts";

const site = (over: object, relayViews: RelayView[] = []) =>
  placesOf(
    {
      ...{ site: "studio", stateDir: "/state", ingests: [], encoders: [], destinations: [] },
      streams: [],
      ...over,
    },
    relayViews,
  );

test("pictures are taken of every ingest, every preview and every far end that is watched", () => {
  const hls = { kind: "hls", url: "https://far.example/live.m3u8" };
  const places = site({
    ingests: [{ id: "stage" }],
    encoders: [{ id: "a", preview: { url: "rtsp://192.0.2.10/preview" } }, { id: "b" }],
    destinations: [
      { id: "far", observers: [{ ...hls, content: { delayAtMostMs: 8_000 } }] },
      { id: "other", observers: [hls] },
    ],
  });
  expect(places.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
    "ingest stage",
    "encoder a",
    "destination far",
  ]);
  for (const { from } of places) {
    expect(from).toMatchObject({
      input: expect.arrayContaining(["-protocol_whitelist"]) as string[],
    });
  }
});

test("a preview that only one can read is left to whoever compares pictures", () => {
  const preview = (url: string) => site({ encoders: [{ id: "a", preview: { url } }] }).length;
  expect(preview("udp://127.0.0.1:5000")).toBe(0);
  expect(preview("udp://[::1]:5000")).toBe(0);
  expect(preview("udp://239.1.1.1:5000")).toBe(1);
  expect(preview("udp://[ff15::1]:5000")).toBe(1);
});

test("of what a relay takes in there is a picture already; an encoder of two relays has one", () => {
  const view = (stream: string) => {
    const still = { path: `/memory/${stream}/a.jpg`, everyMs: 2_000, widthPx: 320 };
    return { stream, encoder: "a", spool: `/memory/${stream}/a`, still };
  };
  expect(site({}, [view("main"), view("other")])).toEqual([
    { kind: "encoder", id: "a", from: { still: "/memory/other/a.jpg" } },
  ]);
  expect(site({}, [{ ...view("main"), still: undefined }])).toEqual([]);
});
