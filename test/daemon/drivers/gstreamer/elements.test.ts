import { expect, test } from "vitest";
import { gstreamerArguments } from "../../../../daemon/drivers/gstreamer/arguments.ts";
import {
  elementsIn,
  elementsListed,
  lastWords,
  refusalIn,
} from "../../../../daemon/drivers/gstreamer/elements.ts";
import { GstreamerOptions } from "../../../../daemon/drivers/gstreamer/options.ts";

const publication = { encoder: "a", streamKey: "key", keyGeneration: 1, progressPort: 4711 };

test.each(["rtmp://h/live", "srt://h:9000"])(
  "of a pipeline to %s every element is known with its package, but those of GStreamer itself",
  (address) => {
    for (const input of [
      { kind: "testPattern", label: "Studio 1" },
      ...["mp4", "mkv", "ts", "flv"].map((ending) => ({ kind: "file", path: `/a.${ending}` })),
      { kind: "rtmp", url: "rtmp://h/live" },
      { kind: "srt", url: "srt://h:9000" },
      { kind: "udp", url: "udp://239.1.1.1:5000" },
    ]) {
      const argv = gstreamerArguments(GstreamerOptions.parse({ input }), {
        ...publication,
        address,
      });
      const elements = argv
        .slice(2)
        .filter((argument) => /^[a-z0-9_]+$/.test(argument))
        .filter(
          (element) =>
            !["queue", "tee", "identity", "fakesink", "filesrc", "clocksync"].includes(element),
        );
      expect(elementsIn(argv)).toEqual([...new Set(elements)]);
    }
  },
);

test("what gst-inspect does not list is missing", () => {
  const listing = "x264:  x264enc: x264 H.264 Encoder\nlibav:  avenc_aac: libav AAC encoder\n\n";
  const there = elementsListed(listing);
  expect(["x264enc", "avenc_aac", "rtmp2sink"].map((one) => there.has(one))).toEqual([
    true,
    true,
    false,
  ]);
});

test("a missing element is told with its package", () => {
  const said = ['WARNING: erroneous pipeline: no element "rtmp2sink"'];
  expect(lastWords(said)).toEqual([
    "the GStreamer element rtmp2sink is missing: install gstreamer1.0-plugins-bad",
  ]);
});

test("of an error the element, its sentence and the library's reason are told", () => {
  expect(
    lastWords([
      "ERROR: from element /GstPipeline:pipeline0/GstRtmp2Sink:rtmp2sink0: Connection error: timed out",
      "Additional debug info:",
      "../gst/rtmp2/gstrtmp2sink.c(1085): error_callback (): /GstPipeline:pipeline0/GstRtmp2Sink:rtmp2sink0:",
      "domain g-io-error-quark, code 24",
    ]),
  ).toEqual(["rtmp2sink0: Connection error: timed out", "domain g-io-error-quark, code 24"]);
});

test("a certificate that was not taken is told as what an operator can look at", () => {
  const from = "ERROR: from element /GstPipeline:pipeline0/GstRtmp2Sink:rtmp2sink0";
  expect(lastWords([`${from}: Failed to connect: Unacceptable TLS certificate`])).toEqual([
    expect.stringMatching(/certificate is out of date, for another name, or signed by nobody/),
  ]);
});

test("words in no known form are told as they are", () => {
  expect(lastWords(["a", "b", "c", "d"])).toEqual(["b", "c", "d"]);
});

test("who is refused is told by the server's answer to the element that publishes, by nothing else", () => {
  const by = (element: string, why: string) =>
    refusalIn([`ERROR: from element /GstPipeline:pipeline0/${element}: ${why}`]);
  const sink = "GstRtmp2Sink:rtmp2sink0";
  const exists = 'publish denied; stream already exists: { "code": "NetStream.Publish.BadName" }';
  const rejected = "'connect' cmd returned 'NetConnection.Connect.Rejected': no such application";
  for (const why of [exists, rejected, "Not authorized to connect: authentication failed"])
    expect([why, by(sink, `Failed to connect: ${why}`)]).toEqual([why, "refused"]);
  expect(by("GstRtmp2Src:rtmp2src0", `Failed to connect: ${rejected}`)).toBe(undefined);
  const closed = "Failed to connect: 'publish' cmd failed: connection closed remotely";
  expect([by(sink, closed), by("GstRtmp2Src:rtmp2src0", closed)]).toEqual([
    "maybeRefused",
    undefined,
  ]);
  for (const why of ["Connection refused: Could not connect to h", "Connection error: timed out"])
    expect([why, by(sink, why)]).toEqual([why, undefined]);
});
