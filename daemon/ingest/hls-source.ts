/** An HLS server as the ingest knows it beside the ffmpeg that reads it. */
import { setTimeout as pause } from "node:timers/promises";
import { guardedConnect, placeOf } from "../web-guard/guarded-connect.ts";
import { openGuardedProxy } from "../web-guard/guarded-proxy.ts";
import { currentPlaylist } from "./playlist.ts";
import { addressOf, type IngestSource } from "./settings.ts";

const lookEveryMs = 1_000;

export type HlsSource = {
  /** On loopback: by it ffmpeg gets to what it may get to. */
  proxyPort: number;
  /**
   * What has been seen is not shown again: a list that stands still is left until it moves.
   * @param waits told why not yet
   */
  moves(waits: (why: string) => void): Promise<void>;
};

/** @param refused a place within this site's network that it was led to; each once */
export async function openHlsSource(
  source: IngestSource & { kind: "hls" },
  refused: (where: string, why: string) => void,
): Promise<HlsSource> {
  const connect = guardedConnect(placeOf(new URL(source.url)));
  return {
    proxyPort: await openGuardedProxy(connect, refused),
    async moves(waits) {
      for (let before: string | undefined; ; await pause(lookEveryMs)) {
        try {
          const now = await currentPlaylist(addressOf(source), connect);
          if (before !== undefined && now !== before) return;
          before = now;
          waits("the playlist does not go on");
        } catch (error) {
          waits((error as Error).message);
        }
      }
    },
  };
}
