/**
 * What a player relies on in a live media playlist, and from one to the next (RFC 8216, 4.3.3, 6.2.1, 6.2.2).
 * A fault is a sentence without the name of the list.
 */
import HLS from "hls-parser";

export type MediaList = HLS.types.MediaPlaylist;
export type MasterList = HLS.types.MasterPlaylist;

/** As strictly as the library reads it. @throws with the rule that it breaks */
export function readList(text: string): MediaList | MasterList {
  if (!text.startsWith("#EXTM3U\n")) throw new Error("does not begin with #EXTM3U");
  try {
    return parsed(text, true);
  } catch (cause) {
    // Its own sentences do not say which segment it is.
    const loose = parsed(text, false);
    throw new Error((!isMaster(loose) && listFault(loose)) || (cause as Error).message, { cause });
  }
}

function parsed(text: string, strictMode: boolean): MediaList | MasterList {
  HLS.setOptions({ strictMode, silent: true });
  return HLS.parse(text);
}

export const isMaster = (list: MediaList | MasterList): list is MasterList => list.isMasterPlaylist;

/** Files that a player asks for. */
export const filesOf = ({ segments }: MediaList): string[] => [
  ...new Set(segments.flatMap(({ uri, map }) => (map ? [map.uri, uri] : [uri]))),
];

export function listFault({ segments, targetDuration, endlist }: MediaList): string | undefined {
  if (segments.length === 0) return "lists no segment";
  if (endlist) return "says that it is over, so players stop (EXT-X-ENDLIST)";
  for (const [n, { uri, duration, programDateTime, discontinuity }] of segments.entries()) {
    if (Math.round(duration) > targetDuration) {
      return `${uri} is ${duration} s long, more than EXT-X-TARGETDURATION:${targetDuration} allows`;
    }
    if (!(duration > 0)) return `${uri} has no length (EXTINF:${duration})`;
    const before = segments[n - 1]?.programDateTime;
    if (before && programDateTime && programDateTime < before && !discontinuity) {
      return `EXT-X-PROGRAM-DATE-TIME runs back at ${uri} without a discontinuity`;
    }
  }
  return undefined;
}

/** @param before the list as players had it until now */
export function stepFault(before: MediaList, now: MediaList): string | undefined {
  const [was, is] = [numberOf(before), numberOf(now)];
  const [last, newest] = [was + before.segments.length - 1, is + now.segments.length - 1];
  if (is < was) return `EXT-X-MEDIA-SEQUENCE runs back from ${was} to ${is}`;
  if (newest < last) return `ended with segment ${last}, and ends with ${newest} now`;
  if (is > last + 1) return `EXT-X-MEDIA-SEQUENCE skips from segment ${last} to ${is}`;
  for (const [n, { uri, discontinuitySequence: breaks }] of now.segments.entries()) {
    const old = before.segments[is + n - was];
    if (!old) break;
    if (old.uri !== uri) return `segment ${is + n} was ${old.uri}, and is ${uri} now`;
    if (old.discontinuitySequence !== breaks) {
      return `the discontinuity sequence of ${uri} was ${old.discontinuitySequence}, and is ${breaks} now`;
    }
  }
  const [from, to] = [before, now].map(({ segments }) => segments.at(-1)!.discontinuitySequence);
  if (to! < from!) return `the discontinuity sequence runs back from ${from} to ${to}`;
  return undefined;
}

/** Of its first segment. */
const numberOf = ({ mediaSequenceBase = 0 }: MediaList) => mediaSequenceBase;
