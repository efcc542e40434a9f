import { decodeAmf0 } from "./amf0.ts";
import { messageType, type RtmpMessage } from "./chunk-stream.ts";

/** What the sequence headers and `onMetaData` say about a stream. Unknown is left out. */
export type MediaInfo = {
  /** AVCDecoderConfigurationRecord, as sent. */
  videoHeader?: RtmpMessage;
  /** AudioSpecificConfig, as sent. */
  audioHeader?: RtmpMessage;
  metadata?: RtmpMessage;
  width?: number;
  height?: number;
  frameRate?: number;
  hasAudio?: boolean;
  hasVideo?: boolean;
};

const samplingHz = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
  7_350,
];
const avcProfiles: Record<number, string> = {
  66: "Baseline",
  77: "Main",
  88: "Extended",
  100: "High",
};
const aacProfiles: Record<number, string> = { 1: "Main", 2: "LC", 3: "SSR", 4: "LTP", 5: "SBR" };

/** Codec id 7 (AVC) in the low nibble, packet type 0 behind it. */
export function isVideoHeader({ type, payload }: RtmpMessage): boolean {
  return type === messageType.video && (payload[0] ?? 0) % 16 === 7 && payload[1] === 0;
}
/** Sound format 10 (AAC) in the high nibble, packet type 0 behind it. */
export function isAudioHeader({ type, payload }: RtmpMessage): boolean {
  return type === messageType.audio && (payload[0] ?? 0) >> 4 === 10 && payload[1] === 0;
}
export function isKeyframe({ type, payload }: RtmpMessage): boolean {
  return type === messageType.video && (payload[0] ?? 0) >> 4 === 1;
}

/** Remember what a message tells about the stream. */
export function learn(info: MediaInfo, message: RtmpMessage): void {
  if (isVideoHeader(message)) info.videoHeader = message;
  else if (isAudioHeader(message)) info.audioHeader = message;
  else if (message.type === messageType.dataAmf0) {
    const [name, ...rest] = decodeAmf0(message.payload);
    const values = name === "@setDataFrame" ? rest[1] : rest[0];
    if (typeof values !== "object" || values === null || Array.isArray(values)) return;
    const { width, height, framerate, audiocodecid, videocodecid } = values;
    if (typeof width === "number") info.width = width;
    if (typeof height === "number") info.height = height;
    if (typeof framerate === "number") info.frameRate = framerate;
    info.hasAudio = audiocodecid !== undefined;
    info.hasVideo = videocodecid !== undefined;
    // A file wants the bare `onMetaData`; "@setDataFrame" (16 bytes) is for the server.
    const payload = name === "@setDataFrame" ? message.payload.subarray(16) : message.payload;
    info.metadata = { ...message, payload };
  }
}

/** Codec, profile and level in the words of nginx-rtmp's statistics. */
export function videoWords(info: MediaInfo) {
  const record = info.videoHeader?.payload.subarray(5);
  if (!record || record.length < 4) return undefined;
  const [, profile = 0, compat = 0, level = 0] = record;
  return { codec: "H264", profile: avcProfiles[profile], compat, level: level / 10 };
}

export function audioWords(info: MediaInfo) {
  const config = info.audioHeader?.payload.subarray(2);
  if (!config || config.length < 2) return undefined;
  const bits = config.readUInt16BE(0);
  return {
    codec: "AAC",
    profile: aacProfiles[bits >> 11],
    channels: (bits >> 3) & 0x0f,
    sampleRateHz: samplingHz[(bits >> 7) & 0x0f],
  };
}
