/**
 * Does what is published at once fit through the site's uplink? Known from the file alone, before
 * anything is on air; what the line really carries is a reading, not a setting.
 */
import { z } from "zod";
import type { Finding } from "./problems.ts";
import { rungs } from "./rungs.ts";
import type { EncoderConfig, SiteConfig, StreamConfig } from "./site.schema.ts";

/** The rest is for retransmissions, bursts, the hub's link and whoever else uses the line. */
const usableRatio = 0.75;

export type UplinkUse = {
  capacityBps: number | undefined;
  /** The most that is published at once, as far as the file says. */
  publishedBps: number;
  /** Encoders of which the file does not say what they send. */
  unknown: string[];
};

type Site = Pick<SiteConfig, "uplink" | "encoders" | "destinations" | "streams">;

export function uplinkUse({ uplink, encoders, destinations, streams }: Site): UplinkUse {
  const sends = new Map(encoders.map((encoder) => [encoder.id, bitrateBps(encoder)]));
  const legs = streams.flatMap((stream) => {
    const [first, second, ...spares] = stream.encoders.map(({ encoder }) => encoder);
    const { takeover } = destinations.find(({ id }) => id === stream.destination) ?? {};
    if (takeover !== "primaryBackup") return [[first, second, ...spares]];
    // Both addresses all the time, each by its own encoder or by a spare.
    return [
      [first, ...spares],
      [second ?? first, ...spares],
    ];
  });
  // The same once more to each of its other receivers, and a ladder's smaller sizes with it.
  const sent = streams.flatMap((stream) =>
    stream.outputs.filter(leavesTheSite).map((output) => ({ stream, output })),
  );
  const copies = sent.map(({ stream }) => stream.encoders.map(({ encoder }) => encoder));
  const smallerBps = sent.map(({ stream, output }) =>
    output.kind === "ladder" ? smallerSizesBps(output, heightPx(stream, encoders)) : 0,
  );
  legs.push(...copies);
  const used = legs.flat().filter((id) => id !== undefined);
  return {
    capacityBps: uplink?.capacityBps,
    publishedBps: legs
      .map((leg) => Math.max(0, ...leg.map((id) => sends.get(id ?? "") ?? 0)))
      .concat(smallerBps)
      .reduce((sum, bps) => sum + bps, 0),
    unknown: [...new Set(used)].filter((id) => sends.get(id) === undefined),
  };
}

type Output = StreamConfig["outputs"][number];

/**
 * Lists stay here until somebody fetches them, but where they are put onto a CDN; so do recordings. A
 * multicast group is of the house, and what goes to this host takes nothing of the line.
 */
function leavesTheSite(output: Output): boolean {
  if (output.kind === "recording") return false;
  const isList = output.kind === "hls" || output.kind === "ladder";
  const address = isList ? output.push?.address : output.address;
  if (address === undefined) return false;
  const isGroup = /^(udp|rtp):\/\/(2(2[4-9]|3\d)\.|\[ff)/i.test(address);
  const isHere = /^\w+:\/\/(localhost|127(\.\d+){3}|\[::1\])([:/]|$)/i.test(address);
  return !isGroup && !isHere;
}

/** Of the picture as it comes; undefined: the file does not say it. */
function heightPx({ settings, encoders: listed }: StreamConfig, encoders: Site["encoders"]) {
  const [first] = listed.map(({ encoder }) => encoders.find(({ id }) => id === encoder));
  return (
    settings?.height ?? OwnHeight.safeParse(first?.options, { jitless: true }).data?.video.height
  );
}

/** What is not smaller than the source is left out. */
const smallerSizesBps = ({ sizes }: Output & { kind: "ladder" }, sourcePx = Infinity): number =>
  sizes
    .filter((size) => rungs[size].heightPx < sourcePx)
    .reduce((sum, size) => sum + rungs[size].bitrateBps, 0);

/** Too much for the line is found before the start, not by the viewers. */
export function uplinkFindings(site: Site): Finding[] {
  const { capacityBps, publishedBps } = uplinkUse(site);
  if (capacityBps === undefined || publishedBps <= capacityBps * usableRatio) return [];
  const what =
    `${megabits(publishedBps)} are published at once, that is ` +
    `${Math.round((publishedBps / capacityBps) * 100)} % of ${megabits(capacityBps)}; ` +
    `more than ${usableRatio * 100} % leaves no headroom`;
  return [{ path: ["uplink", "capacity"], what }];
}

/** One line for people. */
export function uplinkSentence(site: Site): string {
  const { capacityBps, publishedBps, unknown } = uplinkUse(site);
  const least = unknown.length > 0 ? "at least " : "";
  const missing = unknown.length > 0 ? `; not known what ${unknown.join(", ")} sends` : "";
  const line =
    capacityBps === undefined ? "of a capacity not known" : `of ${megabits(capacityBps)}`;
  return `uplink: ${least}${megabits(publishedBps)} ${line} published at once${missing}`;
}

/** Two legs all the time, and nobody can say whether the line carries both. */
export function uplinkWarnings(site: Site): string[] {
  const { capacityBps, unknown } = uplinkUse(site);
  const doubled = site.destinations.some(({ takeover }) => takeover === "primaryBackup");
  if (!doubled || (capacityBps !== undefined && unknown.length === 0)) return [];
  return [
    `two legs are published all the time, and the headroom is not known: ${uplinkSentence(site)}`,
  ];
}

const megabits = (bps: number) => `${Number((bps / 1_000_000).toFixed(2))} Mbit/s`;

/** Options of a driver that sets the rates itself; a box of which we only know the address has none. */
const OwnRates = z.object({
  video: z.object({ codec: z.string().optional(), bitrateBps: z.number() }),
  audio: z.object({ codec: z.string().optional(), bitrateBps: z.number() }),
});

const OwnHeight = z.object({ video: z.object({ height: z.number().optional() }) });

/** What one output of it sends, as far as the file says. */
export function bitrateBps({ expectedBitrateBps, options }: EncoderConfig): number | undefined {
  if (expectedBitrateBps !== undefined) return expectedBitrateBps;
  const own = OwnRates.safeParse(options, { jitless: true }).data;
  if (!own || own.video.codec === "copy" || own.audio.codec === "copy") return undefined;
  return own.video.bitrateBps + (own.audio.codec === "none" ? 0 : own.audio.bitrateBps);
}
