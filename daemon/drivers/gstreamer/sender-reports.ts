import type { ProgressBlock } from "../shared/engine/progress.ts";

/** Two reports are never further apart. */
export const reportEveryMs = 100;

const version = 2;
const senderReport = 200;
/** Head and sender information of a sender report (RFC 3550, 6.4.1). */
const leastLength = 28;
/** Of X-GST, before each packet's payload. */
const payloadHeadBytes = 8;
const counterBits = 2 ** 32;
/**
 * The first packets are heads and what is taken while the connection is still being made: up to
 * half a second may pass before the next.
 */
const firstPackets = 20;

/**
 * Reads one run's sender reports. Their counters have 32 bits, and were at nobody knows which turn
 * when an adopted run is heard again.
 */
export function senderReports(): (datagram: Buffer) => ProgressBlock | undefined {
  let packets: number | undefined;
  let octets = 0;
  let countedBytes = 0;
  return (datagram) => {
    const [head = 0, type] = datagram;
    if (head >> 6 !== version || type !== senderReport || datagram.length < leastLength) {
      return undefined;
    }
    const [packetsNow, octetsNow] = [datagram.readUInt32BE(20), datagram.readUInt32BE(24)];
    if (packets === undefined && packetsNow < firstPackets) return undefined;
    const since = (now: number, before: number) => (now - before + counterBits) % counterBits;
    const morePackets = since(packetsNow, packets ?? 0);
    const moreOctets = since(octetsNow, octets);
    // A counter that went back began anew: counting goes on from there.
    const back = morePackets > counterBits / 2;
    if (!back) countedBytes += Math.max(0, moreOctets - payloadHeadBytes * morePackets);
    [packets, octets] = [packetsNow, octetsNow];
    return { countedBytes };
  };
}
