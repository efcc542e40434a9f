/** The keys of a stream that say how its encoders stand ready, and how they are set. */
import { z } from "zod";
import { id } from "./fields.ts";
import type { Finding } from "./problems.ts";
import { bitrate, section } from "./units.ts";

/** An encoder of a stream, where its id alone does not say enough. */
export const encoderOfStream = section({
  encoder: id.describe("Encoder id"),
  output: id.exactOptional().describe("Output of that encoder; the driver's first when left out"),
  spare: z
    .boolean()
    .prefault(false)
    .describe("Other streams use it, too: one at a time, for its own source, until released"),
  level: z
    .enum(["cold", "warm", "hot"])
    .prefault("warm")
    .describe(
      "cold: that it answers is enough; warm: also set like the primary, with a picture; hot: as " +
        "all but spares are on path relayed",
    ),
});

const side = z.int().min(16).max(8_192);

export const settings = section({
  videoBitrate: bitrate({ atLeast: "50kbps", atMost: "1Gbps" })
    .exactOptional()
    .describe("Of the picture"),
  audioBitrate: bitrate({ atLeast: "16kbps", atMost: "1Mbps" })
    .exactOptional()
    .describe("Of the sound"),
  width: side.exactOptional().describe("Pixels"),
  height: side.exactOptional().describe("Pixels"),
  framesPerSecond: z.number().min(1).max(240).exactOptional().describe("For encoders that tell it"),
  frameRateShare: z
    .literal([1, 0.5, 0.25])
    .exactOptional()
    .describe("Of the input's frame rate, for encoders that are set so"),
  gopFrames: z.int().min(1).max(1_000).exactOptional().describe("From keyframe to keyframe"),
  profile: z
    .enum(["constrainedBaseline", "baseline", "main", "high"])
    .exactOptional()
    .describe("Which H.264 its viewers understand"),
}).describe("How its encoders are to be set; what is left out is as on the primary");

type Box = {
  id?: string | undefined;
  source?: unknown;
  inputs?: unknown;
  input?: { kind?: unknown; ingest?: unknown };
};
type Listed = { encoder?: string | undefined; spare?: unknown };

/** Which of its inputs a box takes decides what it shows: nothing else may. */
export function inputFindings(encoders: readonly Box[]): Finding[] {
  return encoders.flatMap(({ source, inputs }, at) => {
    if (source === undefined || inputs === undefined) return [];
    const what = "stands beside inputs, which say what it shows: leave one of them out";
    return [{ path: ["encoders", at, "source"], what }];
  });
}

/** A spare has a primary before it, and both name what they show. */
export function spareFindings(p: {
  path: Finding["path"];
  listed: readonly Listed[];
  encoders: readonly Box[];
  takeover: string | undefined;
}): Finding[] {
  const sourceOf = (listed: Listed | undefined) => {
    const box = boxOf(p.encoders, listed);
    return box?.source ?? box?.inputs ?? box?.input?.ingest;
  };
  const ownOutputs = p.takeover === "primaryBackup" ? 2 : 1;
  return p.listed.flatMap((one, at) => {
    if (one.spare !== true) return [];
    const path = [...p.path, at];
    if (at < ownOutputs) {
      const what = `is a spare in place ${at + 1}, a stream has ${ownOutputs} of its own first`;
      return [{ path, what }];
    }
    const [primary] = p.listed;
    if (takesAnyIngest(boxOf(p.encoders, one))) {
      if (boxOf(p.encoders, primary)?.input?.ingest !== undefined) return [];
      const what = `takes in what ${primary?.encoder} takes in, and that is no ingest`;
      return [{ path, what }];
    }
    const nameless = [one, p.listed[0]].find((box) => sourceOf(box) === undefined);
    if (!nameless) return [];
    const what = `is a spare, but ${nameless.encoder} has no source: nobody could tell whether it shows the programme`;
    return [{ path, what }];
  });
}

const boxOf = (encoders: readonly Box[], listed: Listed | undefined) =>
  encoders.find(({ id }) => id !== undefined && id === listed?.encoder);

/** A spare may go without an ingest of its own: it takes that of the stream it covers. */
export const takesAnyIngest = (box: Box | undefined): boolean =>
  box?.input?.kind === "ingest" && box.input.ingest === undefined;

/** One without an ingest of its own has to be a spare wherever it is used. */
export function rovingFindings(
  encoders: readonly Box[],
  streams: readonly { sessions?: unknown; encoders: readonly Listed[] }[],
): Finding[] {
  return encoders.flatMap((box, at) => {
    if (!takesAnyIngest(box)) return [];
    const uses = streams.flatMap(({ sessions, encoders: listed }) =>
      listed.filter(({ encoder }) => encoder === box.id).map((one) => ({ ...one, sessions })),
    );
    const isFine = uses.length > 0 && uses.every((use) => use.spare === true && !use.sessions);
    const what = `is missing: only a spare goes without, and not where streams have sessions`;
    return isFine ? [] : [{ path: ["encoders", at, "input", "ingest"], what }];
  });
}
