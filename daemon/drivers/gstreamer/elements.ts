import type { Refusal } from "../../../machines/encoder/reading.ts";

/** Which Debian package an element comes with. What is not here comes with GStreamer itself. */
const packages: Record<string, string> = {
  ...from("gstreamer1.0-plugins-base", [
    ...["videotestsrc", "audiotestsrc", "videoconvert", "videoscale", "videorate"],
    ...["audioconvert", "audioresample"],
  ]),
  ...from("gstreamer1.0-plugins-good", [
    ...["flvmux", "flvdemux", "qtdemux", "matroskademux", "aacparse", "udpsrc", "udpsink"],
    ...["rtpgstpay", "rtpsession", "deinterlace"],
  ]),
  ...from("gstreamer1.0-plugins-bad", [
    ...["rtmp2src", "rtmp2sink", "srtsrc", "srtsink", "mpegtsmux", "tsdemux", "h264parse"],
  ]),
  ...from("gstreamer1.0-plugins-ugly", ["x264enc"]),
  ...from("gstreamer1.0-libav", ["avdec_h264", "avdec_aac", "avenc_aac"]),
  ...from("gstreamer1.0-x", ["textoverlay"]),
};

function from(name: string, elements: string[]): Record<string, string> {
  return Object.fromEntries(elements.map((element) => [element, name]));
}

/** @param argv arguments of gst-launch, in which every element stands by itself */
export function elementsIn(argv: readonly string[]): string[] {
  return [...new Set(argv)].filter((argument) => Object.hasOwn(packages, argument));
}

/** @param listing what gst-inspect prints without arguments: `plugin:  element: description` */
export const elementsListed = (listing: string): ReadonlySet<string> =>
  new Set(listing.split("\n").map((line) => /^\S+: {1,2}([\w-]+):/.exec(line)?.[1] ?? ""));

export function missingSentence(element: string): string {
  const name = packages[element];
  const remedy = name === undefined ? "" : `: install ${name}`;
  return `the GStreamer element ${element} is missing${remedy}`;
}

/** What gst-launch said last, as an operator should read it. */
export function lastWords(lines: readonly string[]): string[] {
  const missing = lines.flatMap((line) => /no element "([\w-]+)"/.exec(line)?.[1] ?? []);
  if (missing.length > 0) return missing.map(missingSentence);
  if (lines.some((line) => line.endsWith(": Unacceptable TLS certificate"))) {
    return [
      "the far end's certificate is out of date, for another name, or signed by nobody whom this host trusts (package ca-certificates)",
    ];
  }
  // The element that gave up says why; what follows are places in GStreamer's source.
  const errors = lines.flatMap((line) => {
    const [, name, why] = /^ERROR: from element \S*[/:]([\w-]+): (.*)$/.exec(line) ?? [];
    return name === undefined || why === undefined ? [] : [`${name}: ${why}`];
  });
  const told = errors.length > 0 ? [...errors, ...reasons(lines)] : lines;
  return told.slice(-3);
}

/** Of an RTMP server it repeats the answer; of SRT it tells only that there is no connection. */
export function refusalIn(lines: readonly string[]): Refusal | undefined {
  if (lines.some((line) => saysNo.test(line))) return "refused";
  return lines.some((line) => hungUp.test(line)) ? "maybeRefused" : undefined;
}
const saysNo =
  /^ERROR: from element \S*\/GstRtmp2Sink:\S+: .*(publish denied|Connect\.Rejected|authentication failed|Not authorized)/;
/** Many servers do no more to who has a wrong key. */
const hungUp =
  /^ERROR: from element \S*\/GstRtmp2Sink:\S+: Failed to connect: '\w+' cmd failed: (connection closed remotely|Error receiving data)/;

/** The line below a place in the source is the library's own reason. */
function reasons(lines: readonly string[]): string[] {
  const places = lines.flatMap((line, at) => (/^\S+\.c\(\d+\): /.test(line) ? [at] : []));
  return places.flatMap((at) => {
    const reason = lines[at + 1];
    return reason === undefined || /^(ERROR|WARNING|Additional)/.test(reason) ? [] : [reason];
  });
}
