/** One RTMP message, put together from its chunks (Adobe RTMP 1.0, §5.3). */
export type RtmpMessage = {
  type: number;
  streamId: number;
  /** Of the sender's clock; wraps at 2^32 ms. */
  timestampMs: number;
  payload: Buffer;
};

export const messageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAcknowledgementSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  commandAmf3: 17,
  dataAmf0: 18,
  commandAmf0: 20,
} as const;

type ChunkStream = {
  timestampMs: number;
  deltaMs: number;
  extended: boolean;
  length: number;
  type: number;
  streamId: number;
  parts: Buffer[];
  received: number;
};

/** No message of a live encoder comes near this; more is a broken or hostile sender. */
const maxMessageBytes = 8 * 1024 * 1024;
const messageHeaderBytes = [11, 7, 3, 0] as const;

/** Cuts a byte stream into RTMP messages. Obeys the sender's chunk size by itself. */
export class ChunkReader {
  #pending: Buffer = Buffer.alloc(0);
  #chunkBytes = 128;
  readonly #streams = new Map<number, ChunkStream>();

  /** Throws `RangeError` on bytes that are no chunk stream. */
  push(data: Buffer): RtmpMessage[] {
    this.#pending = this.#pending.length === 0 ? data : Buffer.concat([this.#pending, data]);
    const messages: RtmpMessage[] = [];
    let at = 0;
    for (;;) {
      const used = this.#chunk(at, messages);
      if (used === 0) break;
      at += used;
    }
    this.#pending = this.#pending.subarray(at);
    return messages;
  }

  /** Takes one chunk at `start`. Answers its size in bytes, or 0 while it is not all here. */
  #chunk(start: number, messages: RtmpMessage[]): number {
    const bytes = this.#pending;
    if (bytes.length - start < 1) return 0;
    const basic = bytes.readUInt8(start);
    const format = basic >> 6;
    let id = basic & 0x3f;
    const basicBytes = id === 0 ? 2 : id === 1 ? 3 : 1;
    if (bytes.length - start < basicBytes) return 0;
    if (id === 0) id = 64 + bytes.readUInt8(start + 1);
    else if (id === 1) id = 64 + bytes.readUInt16LE(start + 1);
    let at = start + basicBytes;
    const known = this.#streams.get(id);
    if (!known && format !== 0) throw new RangeError(`chunk stream ${id} starts without a header`);
    const stream = known ?? newChunkStream();

    const headerBytes = messageHeaderBytes[format] ?? 0;
    if (bytes.length - at < headerBytes) return 0;
    const field = format < 3 ? bytes.readUIntBE(at, 3) : 0;
    const extended = format < 3 ? field === 0xffffff : stream.extended;
    const length = format < 2 ? bytes.readUIntBE(at + 3, 3) : stream.length;
    const type = format < 2 ? bytes.readUInt8(at + 6) : stream.type;
    const streamId = format === 0 ? bytes.readUInt32LE(at + 7) : stream.streamId;
    at += headerBytes;
    if (extended && bytes.length - at < 4) return 0;
    const time = extended ? bytes.readUInt32BE(at) : field;
    if (extended) at += 4;
    if (length > maxMessageBytes) throw new RangeError(`message of ${length} bytes`);

    const size = Math.min(this.#chunkBytes, length - stream.received);
    if (bytes.length - at < size) return 0;

    // From here on the chunk is whole, so remembering its header cannot be done twice.
    if (stream.received === 0) {
      if (format < 3) stream.deltaMs = time;
      stream.timestampMs = format === 0 ? time : (stream.timestampMs + stream.deltaMs) >>> 0;
    }
    Object.assign(stream, { extended, length, type, streamId });
    this.#streams.set(id, stream);
    stream.parts.push(Buffer.from(bytes.subarray(at, at + size)));
    stream.received += size;
    if (stream.received >= length) this.#finish(stream, messages);
    return at + size - start;
  }

  #finish(stream: ChunkStream, messages: RtmpMessage[]): void {
    const payload = stream.parts.length === 1 ? stream.parts[0] : Buffer.concat(stream.parts);
    stream.parts = [];
    stream.received = 0;
    const { type, streamId, timestampMs } = stream;
    const message = { type, streamId, timestampMs, payload: payload ?? Buffer.alloc(0) };
    if (type === messageType.setChunkSize) {
      this.#chunkBytes = Math.max(1, message.payload.readUInt32BE(0) & 0x7fffffff);
    } else if (type === messageType.abort) {
      const aborted = this.#streams.get(message.payload.readUInt32BE(0));
      if (aborted) Object.assign(aborted, { parts: [], received: 0 });
    } else messages.push(message);
  }
}

function newChunkStream(): ChunkStream {
  return {
    timestampMs: 0,
    deltaMs: 0,
    extended: false,
    length: 0,
    type: 0,
    streamId: 0,
    parts: [],
    received: 0,
  };
}

/** One message as chunks with a full header: what a server says is short and rare. */
export function encodeMessage(
  chunkStreamId: number,
  message: RtmpMessage,
  chunkBytes: number,
): Buffer {
  const { payload, timestampMs } = message;
  const extended = timestampMs >= 0xffffff;
  const time = Buffer.alloc(extended ? 4 : 0);
  if (extended) time.writeUInt32BE(timestampMs);
  const head = Buffer.alloc(12);
  head.writeUInt8(chunkStreamId, 0);
  head.writeUIntBE(extended ? 0xffffff : timestampMs, 1, 3);
  head.writeUIntBE(payload.length, 4, 3);
  head.writeUInt8(message.type, 7);
  head.writeUInt32LE(message.streamId, 8);
  const out = [head, time, payload.subarray(0, chunkBytes)];
  for (let at = chunkBytes; at < payload.length; at += chunkBytes) {
    out.push(Buffer.from([0xc0 | chunkStreamId]), time, payload.subarray(at, at + chunkBytes));
  }
  return Buffer.concat(out);
}
