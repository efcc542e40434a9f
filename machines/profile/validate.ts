/** Is a stream possible, is it wise, and what would be better? Pure: everything is handed in. */
import type { DestinationProfile, Protocol, Rung } from "./destination-profile.ts";
import type { EncoderCapability } from "./encoder-capability.ts";

export type WantedStream = {
  widthPx: number;
  heightPx: number;
  framesPerSecond: number;
  videoBps: number;
  /** What is left out is not judged. */
  audioBps?: number;
  keyframeEveryS?: number;
  protocol?: Protocol;
  /** Judged by its form; it appears in no finding. */
  streamKey?: string;
};
export type StreamField = keyof WantedStream;

/** `source`: where the limit is written down. */
export type Finding = { code: string; field: StreamField; message: string; source: string };

export type Judgement = {
  /** No errors: it can be tried. */
  isValid: boolean;
  /** The destination or the encoder does not do this. */
  errors: Finding[];
  /** It works, and is worse than it need be. */
  warnings: Finding[];
  /** It is good, and could be better. */
  recommendations: Finding[];
  /** The nearest settings without errors and warnings. */
  better: Pick<WantedStream, "widthPx" | "heightPx" | "framesPerSecond" | "videoBps"> & {
    audioBps?: number;
    keyframeEveryS: number;
  };
  /** What could not be judged, for people. */
  notJudged: string[];
};

/** Below and above this H.264 is blocky or wasteful, whatever the destination takes [ours]. */
const bitsPerPixel = { least: 0.03, best: 0.1, most: 0.4 };
const bitsPerPixelSource = "ours: H.264 needs 0.03 to 0.4 bit per pixel";
const evenSidesSource = "H.264, 4:2:0: two pixels share their colour";

/** @param capability null: what the encoder can make is not known */
export function judgeStream(
  wanted: WantedStream,
  profile: DestinationProfile,
  capability: EncoderCapability | null,
): Judgement {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const recommendations: Finding[] = [];
  const say = (isRefused: boolean, finding: Finding) =>
    (isRefused ? errors : warnings).push(finding);
  const { name } = profile;
  const better = betterThan(wanted, profile, capability);

  const sides = sidesOf(wanted);
  if (wanted.widthPx % 2 !== 0 || wanted.heightPx % 2 !== 0) {
    const message = `${sizeOf(wanted)}: both sides must be even`;
    say(true, { code: "odd_resolution", field: "widthPx", message, source: evenSidesSource });
  }
  const { picture } = profile;
  if (picture && !fits(sides, picture.is)) {
    const most = `${picture.is.longSidePx}x${picture.is.shortSidePx}`;
    const message = `${name} takes pictures up to ${most}, not ${sizeOf(wanted)}`;
    const { isRefused, source } = picture;
    say(isRefused, { code: "resolution_too_large", field: "widthPx", message, source });
  }
  const rate = profile.mostFramesPerSecond;
  if (rate && wanted.framesPerSecond > rate.is) {
    const message = `${name} takes up to ${rate.is} frames a second, not ${wanted.framesPerSecond}`;
    const { isRefused, source } = rate;
    say(isRefused, { code: "fps_too_high", field: "framesPerSecond", message, source });
  }

  const range = bitrateRange(wanted, profile);
  const most = profile.mostVideoBps;
  if (most && wanted.videoBps > most.is) {
    const message = `${name} takes up to ${mbps(most.is)}, not ${mbps(wanted.videoBps)}`;
    const { isRefused, source } = most;
    say(isRefused, { code: "bitrate_too_high", field: "videoBps", message, source });
  } else if (wanted.videoBps > range.most) {
    const message = `${mbps(wanted.videoBps)} is more than ${shapeOf(wanted)} gains from: up to ${mbps(range.most)}`;
    say(false, { code: "bitrate_high", field: "videoBps", message, source: range.source });
  } else if (wanted.videoBps < range.least) {
    const message = `${mbps(wanted.videoBps)} is little for ${shapeOf(wanted)}: at least ${mbps(range.least)}`;
    say(false, { code: "bitrate_low", field: "videoBps", message, source: range.leastSource });
  } else if (profile.ladder && wanted.videoBps < better.videoBps) {
    const message = `${name} recommends ${mbps(better.videoBps)} for ${shapeOf(wanted)}`;
    const { source } = profile.ladder;
    recommendations.push({ code: "bitrate_could_rise", field: "videoBps", message, source });
  }

  const { audioBps } = wanted;
  if (audioBps !== undefined && profile.audio && audioBps > profile.audio.most.is) {
    const { is, isRefused, source } = profile.audio.most;
    const message = `${name} takes sound up to ${kbps(is)}, not ${kbps(audioBps)}`;
    say(isRefused, { code: "audio_bitrate_too_high", field: "audioBps", message, source });
  }
  const { keyframeEveryS } = wanted;
  const { keyframes } = profile;
  if (keyframeEveryS !== undefined && keyframes.most && keyframeEveryS > keyframes.most.is) {
    const { is, isRefused, source } = keyframes.most;
    const message = `${name} wants a keyframe at least every ${is} s, not every ${keyframeEveryS} s`;
    say(isRefused, { code: "keyframes_too_rare", field: "keyframeEveryS", message, source });
  } else if (keyframeEveryS !== undefined && keyframeEveryS !== keyframes.bestS) {
    const message = `a keyframe every ${keyframes.bestS} s suits ${name} best`;
    const { source } = keyframes;
    recommendations.push({ code: "keyframe_interval", field: "keyframeEveryS", message, source });
  }
  const { protocol, streamKey } = wanted;
  if (protocol !== undefined && !profile.protocols.is.includes(protocol)) {
    const taken = profile.protocols.is.join(", ");
    const message = `${name} takes ${taken}, not ${protocol}`;
    const { isRefused, source } = profile.protocols;
    say(isRefused, { code: "protocol_not_taken", field: "protocol", message, source });
  } else if (protocol === "rtmp" && profile.protocols.is.includes("rtmps")) {
    const message = `rtmps keeps the stream key from those on the way`;
    const source = "RTMP sends it in clear";
    recommendations.push({ code: "use_rtmps", field: "protocol", message, source });
  }
  if (streamKey !== undefined && !profile.key.pattern.test(streamKey)) {
    const { looks, isRefused, source } = profile.key;
    const message = `this does not look like a stream key of ${name}: ${looks}`;
    say(isRefused, { code: "stream_key_form", field: "streamKey", message, source });
  }
  if (capability) errors.push(...beyondEncoder(wanted, capability));

  return {
    isValid: errors.length === 0,
    ...{ errors, warnings, recommendations, better },
    notJudged: capability ? [] : ["what the encoder can make is not known"],
  };
}

function beyondEncoder(wanted: WantedStream, can: EncoderCapability): Finding[] {
  const { longSidePx, shortSidePx } = sidesOf(wanted);
  const { source } = can;
  const found: Finding[] = [];
  if (!within(longSidePx, can.longSidePx) || !within(shortSidePx, can.shortSidePx)) {
    const most = `${can.longSidePx.most}x${can.shortSidePx.most}`;
    const least = `${can.longSidePx.least}x${can.shortSidePx.least}`;
    const message = `the encoder makes ${least} to ${most}, not ${sizeOf(wanted)}`;
    found.push({ code: "encoder_resolution", field: "widthPx", message, source });
  }
  if (wanted.framesPerSecond > can.mostFramesPerSecond) {
    const message = `the encoder makes up to ${can.mostFramesPerSecond} frames a second, not ${wanted.framesPerSecond}`;
    found.push({ code: "encoder_fps", field: "framesPerSecond", message, source });
  }
  if (!within(wanted.videoBps, can.videoBps)) {
    const message = `the encoder makes ${mbps(can.videoBps.least)} to ${mbps(can.videoBps.most)}, not ${mbps(wanted.videoBps)}`;
    found.push({ code: "encoder_bitrate", field: "videoBps", message, source });
  }
  if (wanted.audioBps !== undefined && !within(wanted.audioBps, can.audioBps)) {
    const message = `the encoder makes sound of ${kbps(can.audioBps.least)} to ${kbps(can.audioBps.most)}, not ${kbps(wanted.audioBps)}`;
    found.push({ code: "encoder_audio_bitrate", field: "audioBps", message, source });
  }
  return found;
}

/** Picture first, then rate, then bits: each is chosen for what was settled before it. */
function betterThan(
  wanted: WantedStream,
  profile: DestinationProfile,
  can: EncoderCapability | null,
): Judgement["better"] {
  const framesPerSecond = halved(
    wanted.framesPerSecond,
    Math.min(profile.mostFramesPerSecond?.is ?? Infinity, can?.mostFramesPerSecond ?? Infinity),
  );
  const shape = { ...scaled(wanted, profile, can), framesPerSecond };
  const range = bitrateRange(shape, profile);
  const most = Math.min(
    range.most,
    profile.mostVideoBps?.is ?? Infinity,
    can?.videoBps.most ?? Infinity,
  );
  const isGood = wanted.videoBps >= range.best && wanted.videoBps <= most;
  const videoBps = isGood ? wanted.videoBps : Math.min(range.best, most);
  const audioMost = Math.min(profile.audio?.most.is ?? Infinity, can?.audioBps.most ?? Infinity);
  const audioBps = wanted.audioBps ?? profile.audio?.bestBps;
  return {
    ...shape,
    videoBps: Math.max(Math.round(videoBps), can?.videoBps.least ?? 0),
    ...(audioBps !== undefined && {
      audioBps: Math.max(Math.min(audioBps, audioMost), can?.audioBps.least ?? 0),
    }),
    keyframeEveryS: profile.keyframes.bestS,
  };
}

type Shape = Pick<WantedStream, "widthPx" | "heightPx" | "framesPerSecond">;

function bitrateRange(shape: Shape, profile: DestinationProfile) {
  const pixelsPerSecond = shape.widthPx * shape.heightPx * shape.framesPerSecond;
  const byPixels = (bits: number) => bits * pixelsPerSecond;
  const own = {
    least: byPixels(bitsPerPixel.least),
    best: byPixels(bitsPerPixel.best),
    most: byPixels(bitsPerPixel.most),
    ...{ source: bitsPerPixelSource, leastSource: bitsPerPixelSource },
  };
  const rung = profile.ladder && rungFor(shape, profile.ladder.rungs);
  if (!profile.ladder || !rung) return own;
  const { source } = profile.ladder;
  return {
    // What the page recommends is never called little.
    least: rung.leastBps ?? Math.min(own.least, rung.bestBps),
    best: rung.bestBps,
    most: rung.mostBps,
    source,
    leastSource: rung.leastBps === undefined ? bitsPerPixelSource : source,
  };
}

/** The first rung that is large and fast enough; the last one for what is beyond all. */
function rungFor(shape: Shape, rungs: readonly Rung[]): Rung | undefined {
  const { shortSidePx } = sidesOf(shape);
  const enough = (rung: Rung) =>
    rung.shortSidePx >= shortSidePx && rung.framesPerSecond >= shape.framesPerSecond;
  return rungs.find(enough) ?? rungs.at(-1);
}

/** As large as destination and encoder allow, in its own shape, with even sides. */
function scaled(
  { widthPx, heightPx }: Shape,
  profile: DestinationProfile,
  can: EncoderCapability | null,
) {
  const { longSidePx, shortSidePx } = sidesOf({ widthPx, heightPx });
  const long = Math.min(
    profile.picture?.is.longSidePx ?? Infinity,
    can?.longSidePx.most ?? Infinity,
  );
  const short = Math.min(
    profile.picture?.is.shortSidePx ?? Infinity,
    can?.shortSidePx.most ?? Infinity,
  );
  const share = Math.min(1, long / longSidePx, short / shortSidePx);
  const even = (side: number) => Math.max(2, Math.floor((side * share) / 2) * 2);
  return { widthPx: even(widthPx), heightPx: even(heightPx) };
}

/** Half of it, or half of that: what is left out is then every second frame. */
function halved(rate: number, most: number): number {
  return rate <= most ? rate : halved(rate / 2, most);
}

function sidesOf({ widthPx, heightPx }: Pick<Shape, "widthPx" | "heightPx">) {
  return { longSidePx: Math.max(widthPx, heightPx), shortSidePx: Math.min(widthPx, heightPx) };
}

type Sides = ReturnType<typeof sidesOf>;
const fits = (sides: Sides, most: Sides) =>
  sides.longSidePx <= most.longSidePx && sides.shortSidePx <= most.shortSidePx;
const within = (value: number, { least, most }: { least: number; most: number }) =>
  value >= least && value <= most;

const sizeOf = ({ widthPx, heightPx }: Pick<Shape, "widthPx" | "heightPx">) =>
  `${widthPx}x${heightPx}`;
const shapeOf = (shape: Shape) => `${sizeOf(shape)} at ${shape.framesPerSecond} frames a second`;
const mbps = (bps: number) => `${Math.round(bps / 10_000) / 100} Mb/s`;
const kbps = (bps: number) => `${Math.round(bps / 1_000)} kb/s`;
