/** As much of node-media-server as is used: its reading of RTMP, and its writing of FLV. */
declare module "node-media-server/src/protocol/rtmp.js" {
  class Rtmp {
    streamApp?: string;
    streamName?: string;
    streamId: number;
    onOutputCallback: (bytes: Buffer) => void;
    onPacketCallback: (packet: Packet) => void;
    respondPublish(): void;
    respondPlay(): void;
    onDeleteStream(message: unknown): void;
    sendStatusMessage(stream: number, level: string, code: string, description: string): void;
    /** @returns what is wrong with it; may also throw */
    parserData(bytes: Buffer): string | null;
  }
  export type Packet = {
    /** 8 sound, 9 picture, 18 data. */
    codec_type: number;
    /** 0 and 2 headers of sound and picture, 1 sound, 3 keyframe, 4 picture, 5 metadata. */
    flags: number;
    dts: number;
    size: number;
    data: Buffer;
  };
  export default Rtmp;
}
declare module "node-media-server/src/protocol/flv.js" {
  import type { Packet } from "node-media-server/src/protocol/rtmp.js";
  class Flv {
    static createHeader(hasAudio: boolean, hasVideo: boolean): Buffer;
    static createMessage(packet: Packet): Buffer;
  }
  export default Flv;
}
