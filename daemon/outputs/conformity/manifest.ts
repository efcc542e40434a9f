/** What a DASH player relies on in a live manifest, and from one to the next (ISO/IEC 23009-1). */
import { XMLParser } from "fast-xml-parser";
import { z } from "zod";

const Whole = z.string().regex(/^\d+$/).transform(Number);
const Template = z.object({
  initialization: z.string(),
  media: z.string(),
  SegmentTimeline: z.object({ S: z.array(z.object({ t: Whole, d: Whole })).min(1) }),
});
const Period = z.object({
  id: z.string(),
  start: z.string().regex(/^PT[\d.]+S$/),
  AdaptationSet: z.array(
    z.object({
      SegmentTemplate: Template,
      Representation: z.array(z.object({ id: z.string() })).min(1),
    }),
  ),
});
const Document = z.object({ MPD: z.object({ Period: z.array(Period).min(1) }) });

export type Manifest = {
  periods: { id: string; startS: number; tracks: Track[] }[];
};
type Track = { id: string; times: { t: number; d: number }[]; files: string[] };

/** Lengths of the newest segment are told in whole ms. */
const roundedTicks = 90;
const lists = new Set(["Period", "AdaptationSet", "Representation", "S"]);
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseAttributeValue: false,
  isArray: (name) => lists.has(name),
});

/** @throws what makes it no manifest of a live programme */
export function readManifest(xml: string): Manifest {
  const document = Document.safeParse(parser.parse(xml, true));
  if (!document.success) throw new Error(z.prettifyError(document.error));
  const periods = document.data.MPD.Period.map(({ id, start, AdaptationSet: sets }) => ({
    ...{ id, startS: Number(start.slice(2, -1)) },
    tracks: sets.flatMap(({ SegmentTemplate: template, Representation: all }) =>
      all.map((one) => trackOf(one.id, template)),
    ),
  }));
  return { periods };
}

function trackOf(id: string, template: z.infer<typeof Template>): Track {
  const times = template.SegmentTimeline.S;
  const named = (pattern: string) => pattern.replaceAll("$RepresentationID$", id);
  const media = named(template.media);
  const files = times.map(({ t }) => media.replaceAll("$Time$", String(t)));
  return { id, times, files: [named(template.initialization), ...files] };
}

/** Files that a player asks for. */
export const filesIn = ({ periods }: Manifest): string[] =>
  periods.flatMap(({ tracks }) => tracks.flatMap(({ files }) => files));

export function manifestFault({ periods }: Manifest): string | undefined {
  for (const [n, { id, startS, tracks }] of periods.entries()) {
    const before = periods[n - 1];
    if (before && startS <= before.startS) return `period ${id} does not begin after ${before.id}`;
    for (const track of tracks) {
      const broken = track.times.find(
        ({ t }, at) => t !== endOf(track.times[at - 1] ?? { t, d: 0 }),
      );
      if (broken) return `the timeline of ${track.id} in period ${id} breaks at ${broken.t}`;
    }
  }
  return undefined;
}

/** @param before the manifest as players had it until now */
export function manifestStepFault(before: Manifest, now: Manifest): string | undefined {
  for (const { id, startS, tracks } of now.periods) {
    const was = before.periods.find((one) => one.id === id);
    if (!was) continue;
    if (was.startS !== startS)
      return `period ${id} began at ${was.startS} s, and at ${startS} s now`;
    for (const track of tracks) {
      const old = was.tracks.find((one) => one.id === track.id);
      const why = old && timelineFault(old.times, track.times);
      if (why) return `the timeline of ${track.id} in period ${id} ${why}`;
    }
  }
  return undefined;
}

function timelineFault(before: Track["times"], now: Track["times"]): string | undefined {
  const [first, last] = [now[0]!.t, before.at(-1)!];
  if (first < before[0]!.t) return `runs back from ${before[0]!.t} to ${first}`;
  if (now.at(-1)!.t < last.t) return `ended with ${last.t}, and ends with ${now.at(-1)!.t} now`;
  if (first > endOf(last) + roundedTicks) return `skips from ${endOf(last)} to ${first}`;
  const is = new Set(now.map(({ t }) => t));
  const gone = before.find(({ t }) => t >= first && !is.has(t));
  return gone && `has no segment ${gone.t} any more`;
}

const endOf = ({ t, d }: { t: number; d: number }) => t + d;
