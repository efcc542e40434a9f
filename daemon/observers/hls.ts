import HLS from "hls-parser";
import type { FarEndSight } from "../../machines/destination/sight.ts";
import { askHttp, reasonOf } from "./http-ask.ts";
import type { Figure } from "../../machines/published.ts";
import { lookLimitsMs, unseen, type FarEndObserver, type ObserverContext } from "./observer.ts";

export type HlsOptions = {
  kind: "hls";
  /** A live playlist, media or multivariant. */
  url: string;
};

const ask = { limitMs: lookLimitsMs.hls, maxBytes: 1024 * 1024 };

/** Further off than this the two clocks disagree, or the list is of another day. */
const plausibleMs = { least: -1_000, most: 600_000 };

// It prints every oddity of other people's playlists otherwise.
HLS.setOptions({ silent: true });

/**
 * Looks whether a live playlist advances. That proves presence; a playlist that stands still may
 * as well be a packager's or a CDN's fault, so it is `unseen`, never quiet. A sight carries no
 * counter: segments come every few seconds and in between nothing moves although all is well.
 */
export function openHls(options: HlsOptions, context: ObserverContext): FarEndObserver {
  const { host } = new URL(options.url);
  const wallMs = context.wallMs ?? Date.now;
  let latencyMs: Figure | undefined;
  let last: { end: number; advancedAtMs: number | undefined } | undefined;

  async function observe(signal: AbortSignal): Promise<FarEndSight> {
    const sight = await look(options.url, signal, true).catch((cause: unknown) =>
      unseen(`the playlist ${reasonOf(cause)}`),
    );
    if (sight.word !== "publishing") latencyMs = undefined;
    return sight;
  }

  async function look(url: string, signal: AbortSignal, mayFollow: boolean): Promise<FarEndSight> {
    const { status, body } = await askHttp(url, ask, signal);
    if (status !== 200) return unseen(`the playlist answered ${status}`);
    const playlist = parse(body);
    if (playlist instanceof HLS.types.MasterPlaylist) {
      const uri = playlist.variants.find((variant) => !variant.isIFrameOnly)?.uri;
      const media = uri === undefined ? undefined : resolve(uri, url);
      if (media === undefined || !mayFollow) return unseen("the playlist lists no media playlist");
      return look(media, signal, false);
    }
    if (!(playlist instanceof HLS.types.MediaPlaylist)) return unseen("that is not a playlist");
    return judge(playlist);
  }

  function judge(playlist: HLS.types.MediaPlaylist): FarEndSight {
    const { segments, mediaSequenceBase = 0, targetDuration, endlist } = playlist;
    if (endlist) return unseen("the playlist has ended");
    if (segments.length === 0 || !(targetDuration > 0)) return unseen("the playlist is empty");
    const end = mediaSequenceBase + segments.length;
    const before = last;
    // A playlist that went back was started anew, so the count begins anew too.
    if (!before || end < before.end) {
      last = { end, advancedAtMs: undefined };
      return unseen("the playlist was seen once: whether it advances is not known yet");
    }
    const advancedAtMs = end > before.end ? context.now() : before.advancedAtMs;
    last = { end, advancedAtMs };
    if (advancedAtMs === undefined) return unseen("the playlist has not been seen to advance");
    // A segment may be as long as the target, and comes late by its own upload.
    const stillMs = context.now() - advancedAtMs;
    if (stillMs > targetDuration * 1_500 + 1_000) {
      return unseen(`the playlist has not advanced for ${Math.round(stillMs / 1_000)} s`);
    }
    latencyMs = ageOf(endOf(segments));
    return { word: "publishing", by: null, bytes: null, publishers: null };
  }

  function ageOf(endsAtMs: number | undefined): Figure | undefined {
    const atMs = wallMs();
    const ms = endsAtMs === undefined ? NaN : Math.round(atMs - endsAtMs);
    if (!(ms >= plausibleMs.least && ms <= plausibleMs.most)) return undefined;
    const source = `PROGRAM-DATE-TIME of the playlist at ${host}, against this host's clock`;
    return { value: Math.max(0, ms), atMs, source };
  }

  return {
    name: `HLS at ${host}`,
    provesAbsence: false,
    lookLimitMs: lookLimitsMs.hls,
    observe,
    latencyMs: () => latencyMs,
    close: async () => undefined,
  };
}

/** When the last moment of the list was, by its packager's stamps. One stamp counts on until a break. */
function endOf(segments: readonly HLS.types.Segment[]): number | undefined {
  let lengthS = 0;
  for (const segment of segments.toReversed()) {
    lengthS += segment.duration;
    if (segment.programDateTime) return segment.programDateTime.getTime() + lengthS * 1_000;
    if (segment.discontinuity) return undefined;
  }
  return undefined;
}

function parse(text: string): HLS.types.Playlist | undefined {
  if (!text.startsWith("#EXTM3U")) return undefined;
  try {
    return HLS.parse(text);
  } catch {
    return undefined; // it throws all sorts of things on what is not a playlist
  }
}

/** A playlist may name another of its own kind, not a file or a host's other services. */
function resolve(uri: string, base: string): string | undefined {
  const url = URL.canParse(uri, base) ? new URL(uri, base) : undefined;
  return url?.protocol === "http:" || url?.protocol === "https:" ? url.href : undefined;
}
