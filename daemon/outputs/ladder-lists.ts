/** How players are told of all sizes and sounds: the master playlist (RFC 8216), the MPD (ISO 23009-1). */
import type { Segment } from "./live-list.ts";
import type { TrackForm } from "./ladder-track.ts";

const rate = 90_000;

/** What lies between two breaks. */
export type Epoch = { tag: string; pts: number; atMs: number; forms: TrackForm[] };
/** @param bps the most that each track has had, by its id */
export function masterText({ forms }: Epoch, bps: Readonly<Record<string, number>>): string {
  const sounds = forms.filter(({ sound }) => sound);
  const soundBps = Math.max(0, ...sounds.map(({ id }) => bps[id] ?? 0));
  const lines = sounds.map(({ id, sound }, n) => {
    const language = sound!.language === undefined ? "" : `,LANGUAGE="${sound!.language}"`;
    const name = `${sound!.language ?? "sound"} ${n + 1}`;
    const use = n === 0 ? "DEFAULT=YES,AUTOSELECT=YES" : "DEFAULT=NO,AUTOSELECT=YES";
    return `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="${name}",${use}${language},CHANNELS="${sound!.channels}",URI="${id}.m3u8"`;
  });
  const sizes = forms.flatMap(({ id, codecs, picture }) => {
    if (!picture) return [];
    const all = [codecs, ...new Set(sounds.map((one) => one.codecs))].join(",");
    const group = sounds.length === 0 ? "" : ',AUDIO="sound"';
    return [
      `#EXT-X-STREAM-INF:BANDWIDTH=${Math.max(1, (bps[id] ?? 0) + soundBps)},RESOLUTION=${picture.widthPx}x${picture.heightPx},CODECS="${all}"${group}`,
      `${id}.m3u8`,
    ];
  });
  const head = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"];
  return `${[...head, ...lines, ...sizes].join("\n")}\n`;
}

export function mpdText(p: {
  epochs: readonly Epoch[];
  segments: readonly Segment[];
  bps: Readonly<Record<string, number>>;
  targetS: number;
  windowS: number;
  nowMs: number;
}): string {
  const periods = p.epochs.flatMap((epoch) => {
    const segments = p.segments.filter(({ name }) => epochOf(name) === epoch.tag);
    return segments.length === 0 ? [] : [periodText(epoch, segments, p.bps)];
  });
  const most = Math.max(0, ...p.segments.map(({ lengthS }) => lengthS));
  return `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z" publishTime="${new Date(p.nowMs).toISOString()}" minimumUpdatePeriod="PT${p.targetS}S" timeShiftBufferDepth="PT${p.windowS}S" suggestedPresentationDelay="PT${3 * p.targetS}S" maxSegmentDuration="PT${most}S" minBufferTime="PT${p.targetS}S">
${periods.join("\n")}
</MPD>
`;
}

function periodText(
  { tag, pts, atMs, forms }: Epoch,
  segments: readonly Segment[],
  bps: Readonly<Record<string, number>>,
): string {
  const times = segments.map(({ name }) => timeOf(name));
  const rows = segments.map(({ lengthS }, n) => {
    const length = (times[n + 1] ?? times[n]! + Math.round(lengthS * rate)) - times[n]!;
    return `<S t="${times[n]}" d="${length}"/>`;
  });
  const template = `<SegmentTemplate timescale="${rate}" presentationTimeOffset="${pts}" initialization="$RepresentationID$-${tag}.mp4" media="$RepresentationID$-${tag}-$Time$.m4s"><SegmentTimeline>${rows.join("")}</SegmentTimeline></SegmentTemplate>`;
  const own = ({ id, codecs }: TrackForm) =>
    `id="${id}" codecs="${codecs}" bandwidth="${Math.max(1, bps[id] ?? 0)}"`;
  const pictures = forms.flatMap((form) =>
    form.picture
      ? [
          `<Representation ${own(form)} width="${form.picture.widthPx}" height="${form.picture.heightPx}"/>`,
        ]
      : [],
  );
  const sounds = forms.flatMap((form, n) => {
    if (!form.sound) return [];
    const { rateHz, channels, language } = form.sound;
    const lang = language === undefined ? "" : ` lang="${language}"`;
    return [
      `<AdaptationSet id="${n}" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1"${lang}>${template}<Representation ${own(form)} audioSamplingRate="${rateHz}"><AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="${channels}"/></Representation></AdaptationSet>`,
    ];
  });
  return `<Period id="${tag}" start="PT${atMs / 1_000}S"><AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">${template}${pictures.join("")}</AdaptationSet>${sounds.join("")}</Period>`;
}

/** Names are EPOCH-TIME.m4s. */
export const epochOf = (name: string): string => name.split("-")[0]!;
const timeOf = (name: string) => Number(/-(\d+)\./.exec(name)?.[1]);
