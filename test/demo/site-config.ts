/** The site of the demo, as its engineer would write it. */
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import type { FakeHelo } from "../fakes/helo/helo.ts";
import type { FarEnd } from "../fakes/rtmp-far-end/far-end.ts";
import type { DemoFolder } from "./folder.ts";

export const siteId = "studio";

/** The programmes, who may carry each, and the key each is published with. */
export const streams = {
  main: {
    name: "Main (HELO boxes)",
    destination: "platform",
    encoders: ["helo-a", "helo-b"],
    key: "main-4f1d09c6e2",
  },
  second: {
    name: "Second (ffmpeg)",
    destination: "archive",
    encoders: ["soft-a", "soft-b"],
    key: "second-b77a35d018",
  },
  /** Both encode all the time and a relay publishes: whichever dies, every picture arrives once. */
  third: {
    name: "Third (relayed)",
    destination: "web",
    encoders: ["hot-a", "hot-b"],
    key: "third-9e02c71fa4",
  },
} as const;
export type StreamId = keyof typeof streams;
export const streamIds = Object.keys(streams) as StreamId[];
export const relayedId = "third" satisfies StreamId;
export const directIds: readonly StreamId[] = streamIds.filter((id) => id !== relayedId);
export const softwareEncoders: readonly string[] = [
  ...streams.second.encoders,
  ...streams[relayedId].encoders,
];
/** What its two encoders read the same pictures from. */
const cameraId = "camera";

const inputOf = (encoder: string) => {
  const { width, height, framesPerSecond } = picture;
  return streams[relayedId].encoders.some((id) => id === encoder)
    ? { input: { kind: "ingest", ingest: cameraId } }
    : { source: "test-picture", input: { kind: "testPattern", width, height, framesPerSecond } };
};

/** Small enough for an old laptop, large enough to read the name in it. */
export const picture = { width: 480, height: 270, framesPerSecond: 15, kbps: 500 };

export function writeSiteConfig(p: {
  folder: DemoFolder;
  farEnd: FarEnd;
  helos: Record<string, FakeHelo>;
  mqttUrl: string;
  /** Key of this site at the hub's broker. */
  siteKey: string;
  /** What the hub signs its requests with. */
  commandKeys: string[];
}): void {
  const { folder, farEnd, helos } = p;
  const { width, height, framesPerSecond, kbps } = picture;
  const config = {
    site: siteId,
    name: "Demo studio",
    stateDir: folder.siteState,
    mqtt: {
      ...{ url: p.mqttUrl, username: siteId, password: folder.secret("mqtt", p.siteKey) },
      commandKeys: p.commandKeys,
    },
    ingests: [{ id: cameraId, kind: "testPattern", width, height, framesPerSecond }],
    encoders: [
      ...Object.entries(helos).map(([id, { host, port }]) => ({
        ...{ id, driver: "aja-helo", host, port, source: "studio-camera" },
        polling: { normal: "2s", suspect: "500ms" },
      })),
      ...softwareEncoders.map((id) => ({
        id,
        driver: "ffmpeg",
        ...inputOf(id),
        video: {
          ...{ width, height, framesPerSecond, bitrate: `${kbps}kbps` },
          ...{ gopSeconds: 1, preset: "ultrafast", threads: 1 },
        },
        audio: { bitrate: "64kbps" },
      })),
    ],
    destinations: streamIds.map((id) => ({
      id: streams[id].destination,
      address: farEnd.rtmpUrl,
      streamKey: folder.secret(`key-${id}`, streams[id].key),
      // Longer than the 30 s that an empty far end takes to be proof: nobody is called before.
      fenceTimeout: "60s",
      observers: [{ kind: "nginx-rtmp", statisticsUrl: farEnd.statisticsUrl, app: "live" }],
    })),
    streams: streamIds.map((id) => ({
      ...{ id, name: streams[id].name, destination: streams[id].destination },
      encoders: [...streams[id].encoders],
      // As the boxes: what is shown of the second is a takeover.
      path: id === relayedId ? "relayed" : "direct",
    })),
  };
  writeFileSync(folder.siteFile, stringify(config), { mode: 0o600 });
}
