import type { SiteConfig } from "../../config/site.schema.ts";
import { inputArguments } from "../content/address.ts";
import { playbackOf } from "../content/plan.ts";
import { groupOf } from "../ingest/group.ts";
import type { RelayView } from "../content/relay-views.ts";
import type { Place } from "./settings.ts";

/**
 * Wherever a picture can be had without asking a box for more than the configuration allows: every
 * ingest, every preview, what a relay takes in, and every far end that is watched already.
 */
export function placesOf(
  config: Pick<
    SiteConfig,
    "site" | "stateDir" | "ingests" | "encoders" | "destinations" | "streams"
  >,
  relayViews: readonly RelayView[],
): Place[] {
  const inputs = new Map(relayViews.map(({ encoder, still }) => [encoder, still]));
  return [
    ...config.ingests.map(({ id }): Place => {
      return { kind: "ingest", id, from: seenIn(groupOf(config, id)) };
    }),
    ...config.encoders.flatMap(({ id, preview }): Place[] =>
      preview && !hasOneReader(preview.url)
        ? [{ kind: "encoder", id, from: seenAt(preview.url) }]
        : [],
    ),
    ...[...inputs].flatMap(([id, still]): Place[] =>
      still ? [{ kind: "encoder", id, from: { still: still.path } }] : [],
    ),
    ...config.destinations.flatMap((destination): Place[] => {
      const seen = playbackOf(destination);
      return seen ? [{ kind: "destination", id: destination.id, from: seenAt(seen.url) }] : [];
    }),
  ];
}

const seenAt = (url: string) => ({ input: inputArguments(url), address: url });

/** Packets to an own address go to one socket: they would be taken from whoever compares pictures. */
function hasOneReader(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  const first = Number(hostname.split(".")[0]);
  return protocol === "udp:" && !(first >= 224 && first <= 239) && !hostname.startsWith("[ff");
}

/** Joined in the middle of a GOP: what the picture is stands at the next keyframe only. */
function seenIn({ address, port }: ReturnType<typeof groupOf>): Place["from"] {
  const buffered = "fifo_size=50000&overrun_nonfatal=1&reuse=1&buffer_size=4194304";
  const group = `udp://${address}:${port}`;
  const input = [
    ...["-protocol_whitelist", "udp", "-format_whitelist", "mpegts"],
    ...["-fflags", "nobuffer", "-probesize", "5000000", "-analyzeduration", "5000000"],
    ...["-fpsprobesize", "0", "-f", "mpegts"],
    ...["-i", `${group}?localaddr=127.0.0.1&${buffered}`],
  ];
  return { input, address: group };
}
