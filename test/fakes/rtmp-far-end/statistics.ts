import { audioWords, videoWords, type MediaInfo } from "./media-info.ts";
import { hostOf, monotonicMs, type Publisher } from "./publications.ts";

/** nginx-rtmp averages over ten seconds, so a rate is 0 until the first ten are over. */
const averageMs = 10_000;

/** Bits per second over the last whole ten seconds, as nginx-rtmp counts it. */
export class Bandwidth {
  bytes = 0;
  #rateBps = 0;
  #inWindow = 0;
  #windowEndsMs = 0;

  add(bytes: number): void {
    const nowMs = monotonicMs();
    if (nowMs > this.#windowEndsMs) {
      this.#rateBps = Math.trunc((this.#inWindow * 8_000) / averageMs);
      this.#inWindow = 0;
      this.#windowEndsMs = nowMs + averageMs;
    }
    this.#inWindow += bytes;
    this.bytes += bytes;
  }

  get rateBps(): number {
    return monotonicMs() > this.#windowEndsMs + averageMs ? 0 : this.#rateBps;
  }
}

export type StreamFigures = { audio: Bandwidth; video: Bandwidth; total: Bandwidth };
export type ServerFigures = {
  app: string;
  startedAtMs: number;
  accepted: number;
  total: Bandwidth;
};
export type StreamSight = {
  key: string;
  figures: StreamFigures;
  publishers: Publisher[];
  ghost: Publisher | null;
  /** Of the last media message, ms. */
  timestampMs: number;
};

/** The document nginx-rtmp 1.1.4 answers on `rtmp_stat all`, element for element. */
export function statisticsXml(server: ServerFigures, streams: StreamSight[]): string {
  const clients = streams.reduce((sum, { publishers, ghost }) => {
    return sum + publishers.length + (ghost ? 1 : 0);
  }, 0);
  return [
    '<?xml version="1.0" encoding="utf-8" ?>',
    "<rtmp>",
    "<nginx_version>1.22.1</nginx_version>",
    "<nginx_rtmp_version>1.1.4</nginx_rtmp_version>",
    "<built>Feb 13 2023 11:56:56</built>",
    `<pid>${process.pid}</pid>`,
    `<uptime>${Math.trunc((monotonicMs() - server.startedAtMs) / 1_000)}</uptime>`,
    `<naccepted>${server.accepted}</naccepted>`,
    ...rates(server.total),
    "<server>",
    "<application>",
    `<name>${escape(server.app)}</name>`,
    "<live>",
    ...streams.map(streamXml),
    `<nclients>${clients}</nclients>`,
    "</live>",
    "</application>",
    "</server>",
    "</rtmp>",
    "",
  ].join("\r\n");
}

function rates(total: Bandwidth): string[] {
  return [
    `<bw_in>${total.rateBps}</bw_in>`,
    `<bytes_in>${total.bytes}</bytes_in>`,
    "<bw_out>0</bw_out>",
    "<bytes_out>0</bytes_out>",
  ];
}

function streamXml({ key, figures, publishers, ghost, timestampMs }: StreamSight): string {
  const holders = ghost ? [...publishers, ghost] : publishers;
  const first = holders[0];
  const sinceMs = first ? monotonicMs() - (first.record.publishedAtMs ?? 0) : 0;
  return [
    "<stream>",
    `<name>${escape(key)}</name>`,
    `<time>${Math.trunc(sinceMs)}</time>${rates(figures.total).join("\r\n")}`,
    `<bw_audio>${figures.audio.rateBps}</bw_audio>`,
    `<bw_video>${figures.video.rateBps}</bw_video>`,
    ...holders.map((publisher) => clientXml(publisher, timestampMs)),
    ...(first ? [metaXml(first.media)] : []),
    `<nclients>${holders.length}</nclients>`,
    "<publishing/>",
    "<active/>",
    "</stream>",
  ].join("\r\n");
}

function clientXml({ record }: Publisher, timestampMs: number): string {
  return [
    `<client><id>${record.id}</id>`,
    `<address>${escape(hostOf(record.address))}</address>`,
    `<time>${Math.trunc(monotonicMs() - record.connectedAtMs)}</time>`,
    `<flashver>${escape(record.flashVer)}</flashver>`,
    `<dropped>0</dropped><avsync>0</avsync><timestamp>${timestampMs}</timestamp>`,
    "<publishing/><active/></client>",
  ].join("");
}

function metaXml(media: MediaInfo): string {
  const video = videoWords(media);
  const audio = audioWords(media);
  const size =
    media.width === undefined || media.height === undefined
      ? ""
      : `<width>${media.width}</width><height>${media.height}</height>`;
  const rate =
    media.frameRate === undefined ? "" : `<frame_rate>${Math.round(media.frameRate)}</frame_rate>`;
  const picture = video
    ? `<video>${size}${rate}<codec>${video.codec}</codec><profile>${video.profile ?? ""}</profile>` +
      `<compat>${video.compat}</compat><level>${video.level.toFixed(1)}</level></video>`
    : "";
  const sound = audio
    ? `<audio><codec>${audio.codec}</codec><profile>${audio.profile ?? ""}</profile>` +
      `<channels>${audio.channels}</channels><sample_rate>${audio.sampleRateHz ?? 0}</sample_rate>` +
      "</audio>"
    : "";
  return `<meta>${picture}${sound}</meta>`;
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
