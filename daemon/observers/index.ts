import { openFfprobe, type FfprobeOptions } from "./ffprobe.ts";
import { openHls, type HlsOptions } from "./hls.ts";
import { openNginxRtmp, type NginxRtmpOptions } from "./nginx-rtmp.ts";
import { openNodeMediaServer, type NodeMediaServerOptions } from "./node-media-server.ts";
import type { FarEndObserver, ObserverContext } from "./observer.ts";

/** One entry of a destination's `observers`, its secrets already fetched. */
export type ObserverOptions =
  NginxRtmpOptions | NodeMediaServerOptions | HlsOptions | FfprobeOptions;

/** Starts nothing and asks nobody: the first look does. */
export function openObserver(options: ObserverOptions, context: ObserverContext): FarEndObserver {
  switch (options.kind) {
    case "nginx-rtmp":
      return openNginxRtmp(options, context);
    case "node-media-server":
      return openNodeMediaServer(options, context);
    case "hls":
      return openHls(options, context);
    case "ffprobe":
      return openFfprobe(options);
  }
}
