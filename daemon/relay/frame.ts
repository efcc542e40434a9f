/** Ticks of the MPEG system clock's 90 kHz base, unrolled: they go on above 2^33. */
export type Ticks = number;

export const ticksPerMs = 90;

/** One coded picture or one audio frame, as it stands in a PES packet. */
export type Frame = {
  /** 0 is the video; 1 and on are the other streams, in the order of the PMT. */
  track: number;
  pts: Ticks;
  dts: Ticks;
  /** A picture that a decoder can begin with (IDR). */
  key: boolean;
  /** It needs no other picture, and is no IDR all the same. Absent: it does. */
  intra?: boolean;
  /** Bytes of it are missing or wrong. */
  damaged: boolean;
  /** Something of its track is missing before it. */
  gapBefore: boolean;
  payload: Buffer;
};

/** An elementary stream as the PMT tells it. */
export type ElementaryStream = {
  /** H.222.0 table 2-34: 0x1b H.264, 0x0f AAC in ADTS. */
  streamType: number;
  /** The ES descriptors, unchanged: language, registration. */
  descriptors: Buffer;
  /** Of the picture: splice information is told beside it. */
  splices?: true;
};

export const h264StreamType = 0x1b;
export const adtsStreamType = 0x0f;

/** A section of splice information (SCTE 35) is a frame of this track: above that of any sound. */
export const spliceTrack = 31;
