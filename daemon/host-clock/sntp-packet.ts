/** The 48 bytes of SNTP (RFC 5905 §7.3 and §14), client side. */

/** First byte: leap 0, version 4, mode 3 (client). */
const clientByte = 0x23;
const packetBytes = 48;
const unixEpochInNtpS = 2_208_988_800;
const eraS = 2 ** 32;
const serverMode = 4;
const notSynchronisedLeap = 3;
const worstStratum = 15;

/** Our two moments of the exchange, Unix ms, by the same clock. */
export type Exchange = { sentMs: number; receivedMs: number };

export type SntpAnswer =
  /** Our clock minus the server's; the truth is within `exactToMs` as far as the server knows it. */
  | { kind: "answer"; aheadMs: number; exactToMs: number }
  /** The server wants to be left alone: `RATE`, `DENY`, `RSTR` … */
  | { kind: "kiss"; code: string }
  /** Not an answer to our question: forged, late, or no NTP at all. */
  | { kind: "malformed" }
  | { kind: "unsynchronised" };

/**
 * @param cookie 8 bytes nobody can guess, in place of our time: what must come back, and tells a
 * stranger nothing of this host
 */
export function question(cookie: Buffer): Buffer {
  const packet = Buffer.alloc(packetBytes);
  packet[0] = clientByte;
  cookie.copy(packet, 40, 0, 8);
  return packet;
}

export function readAnswer(packet: Buffer, cookie: Buffer, ours: Exchange): SntpAnswer {
  if (packet.length < packetBytes || (packet[0]! & 7) !== serverMode) return { kind: "malformed" };
  if (!packet.subarray(24, 32).equals(cookie)) return { kind: "malformed" };
  const stratum = packet[1]!;
  if (stratum === 0) {
    const code = packet.toString("latin1", 12, 16);
    return /^[A-Z0-9]{4}$/.test(code) ? { kind: "kiss", code } : { kind: "malformed" };
  }
  if (packet[0]! >> 6 === notSynchronisedLeap || stratum > worstStratum) {
    return { kind: "unsynchronised" };
  }
  const cameMs = timeAt(packet, 32, ours.sentMs);
  const leftMs = timeAt(packet, 40, ours.sentMs);
  if (cameMs === undefined || leftMs === undefined) return { kind: "malformed" };
  const roundTripMs = ours.receivedMs - ours.sentMs - (leftMs - cameMs);
  // Counted in ms here and in finer steps there, a short trip may come out a little below 0.
  if (leftMs < cameMs || roundTripMs < -2) return { kind: "malformed" };
  const theirsMs = (cameMs - ours.sentMs + (leftMs - ours.receivedMs)) / 2;
  const rootMs = shortMs(packet, 4) / 2 + shortMs(packet, 8);
  return {
    kind: "answer",
    aheadMs: -theirsMs,
    exactToMs: Math.max(roundTripMs, 0) / 2 + rootMs + 1,
  };
}

/** 32.32 bits since 1900, which begin anew in 2036: the era nearest to our own time. */
function timeAt(packet: Buffer, at: number, nearMs: number): number | undefined {
  const seconds = packet.readUInt32BE(at);
  const fraction = packet.readUInt32BE(at + 4);
  if (seconds === 0 && fraction === 0) return undefined;
  const unixS = seconds - unixEpochInNtpS + fraction / eraS;
  const eras = Math.round((nearMs / 1_000 - unixS) / eraS);
  return (unixS + eras * eraS) * 1_000;
}

/** 16.16 bits of seconds. */
const shortMs = (packet: Buffer, at: number) => (packet.readUInt32BE(at) / 65_536) * 1_000;
