/**
 * Messages are taken out of what a broker sends before the MQTT client reads it, and acknowledged
 * here. The client takes each packet apart field by field, over queues and turns of their own, which
 * costs as much as all that the hub does with the message. What is not a message goes to the client.
 * Packets: https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html#_Toc398718020
 */
import { Duplex } from "node:stream";

export type OnMessage = (topic: string, payload: Buffer) => void;

/** @returns the stream for a client of MQTT 3.1.1: the same without messages of QoS 0 and 1 */
export function messagesFirst(stream: Duplex, onMessage: OnMessage): Duplex {
  const rest = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => void stream.write(chunk, done),
    writev: (chunks, done) =>
      void stream.write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done),
    final: (done) => void stream.end(done),
    destroy: (error, done) => {
      stream.destroy();
      done(error);
    },
  });
  const acks: Buffer[] = [];
  const take = packetsOf((packet, body) => {
    const message = messageIn(packet, body);
    if (!message) return void rest.push(packet);
    if (message.id !== undefined) acks.push(Buffer.from([0x40, 2, ...message.id]));
    onMessage(message.topic, message.payload);
  });
  stream.on("data", (chunk: Buffer) => {
    take(chunk);
    if (acks.length > 0) stream.write(Buffer.concat(acks.splice(0)));
  });
  stream.on("end", () => rest.push(null));
  stream.on("error", (error) => rest.destroy(error));
  stream.on("close", () => rest.destroy());
  return rest;
}

/**
 * Cuts bytes into packets.
 * @param onPacket `body` is where its variable header begins; undefined: this cannot be a packet
 */
export function packetsOf(
  onPacket: (packet: Buffer, body: number | undefined) => void,
): (chunk: Buffer) => void {
  let held: Buffer[] = [];
  let heldBytes = 0;
  /** Before that there is no whole packet. */
  let needed = 2;
  return (chunk) => {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < needed) return;
    const bytes = held.length === 1 ? chunk : Buffer.concat(held);
    let at = 0;
    needed = 2;
    while (at + 2 <= bytes.length) {
      let [length, body, scale, digit] = [0, at + 1, 1, 0x80];
      for (; digit >= 0x80 && body < at + 5 && body < bytes.length; body += 1, scale *= 128) {
        digit = bytes[body] ?? 0;
        length += (digit & 0x7f) * scale;
      }
      const isBroken = digit >= 0x80 && body === at + 5;
      if (isBroken) needed = bytes.length - at;
      else needed = digit >= 0x80 ? body + 1 - at : body + length - at;
      if (at + needed > bytes.length) break;
      onPacket(bytes.subarray(at, at + needed), isBroken ? undefined : body - at);
      at += needed;
      needed = 2;
    }
    held = at < bytes.length ? [bytes.subarray(at)] : [];
    heldBytes = bytes.length - at;
  };
}

type Message = { topic: string; payload: Buffer; id?: Uint8Array };

/** undefined: it is something else, or of QoS 2, or broken, which the client refuses. */
function messageIn(packet: Buffer, body: number | undefined): Message | undefined {
  const [first = 0] = packet;
  const qos = (first >> 1) & 3;
  if (body === undefined || packet.length < body + 2) return undefined;
  if (first >> 4 !== 3 || qos > 1) return undefined;
  const topicEnd = body + 2 + packet.readUInt16BE(body);
  const from = topicEnd + 2 * qos;
  if (from > packet.length) return undefined;
  const topic = packet.toString("utf8", body + 2, topicEnd);
  const payload = packet.subarray(from);
  return qos === 0 ? { topic, payload } : { topic, payload, id: packet.subarray(topicEnd, from) };
}
