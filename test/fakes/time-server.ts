/** An NTP server on loopback whose clock, and manners, the test sets. */
import { createSocket } from "node:dgram";

const unixEpochInNtpS = 2_208_988_800;

export type TimeServerTraits = {
  /** Its clock minus ours, ms. */
  aheadMs: number;
  /** The first two bits of an answer: 3 = it is not synchronised. */
  leap: number;
  /** 0 = a kiss of death, with `code`. */
  stratum: number;
  code: string;
  rootDelayMs: number;
  rootDispersionMs: number;
  /** Sends this before each answer, from the same address. */
  forgedFirst: boolean;
  isSilent: boolean;
};

export async function aTimeServer(given: Partial<TimeServerTraits> = {}) {
  const traits: TimeServerTraits = {
    ...{ aheadMs: 0, leap: 0, stratum: 2, code: "RATE", rootDelayMs: 4, rootDispersionMs: 1 },
    ...{ forgedFirst: false, isSilent: false },
    ...given,
  };
  const socket = createSocket("udp4");
  const asked: Buffer[] = [];
  socket.on("message", (question, from) => {
    asked.push(question);
    if (traits.isSilent) return;
    if (traits.forgedFirst) {
      const forged = answerTo(question, { ...traits, aheadMs: 1e9 });
      forged.fill(0, 24, 32);
      socket.send(forged, from.port, from.address);
    }
    socket.send(answerTo(question, traits), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  return {
    traits,
    /** Every question that came. */
    asked,
    port: socket.address().port,
    close: () =>
      new Promise<void>((resolve) => {
        socket.close(resolve);
      }),
  };
}

function answerTo(question: Buffer, traits: TimeServerTraits): Buffer {
  const packet = Buffer.alloc(48);
  packet[0] = (traits.leap << 6) | (4 << 3) | 4;
  packet[1] = traits.stratum;
  packet.writeUInt32BE(Math.round((traits.rootDelayMs / 1_000) * 65_536), 4);
  packet.writeUInt32BE(Math.round((traits.rootDispersionMs / 1_000) * 65_536), 8);
  if (traits.stratum === 0) packet.write(traits.code, 12, 4, "latin1");
  question.copy(packet, 24, 40, 48);
  const nowMs = Date.now() + traits.aheadMs;
  writeTime(packet, 32, nowMs);
  writeTime(packet, 40, nowMs);
  return packet;
}

/** 32.32 bits since 1900, the era left out as on the wire. */
export function writeTime(packet: Buffer, at: number, unixMs: number): void {
  const seconds = Math.floor(unixMs / 1_000) + unixEpochInNtpS;
  packet.writeUInt32BE(((seconds % 2 ** 32) + 2 ** 32) % 2 ** 32, at);
  packet.writeUInt32BE(Math.floor(((unixMs % 1_000) / 1_000) * 2 ** 32), at + 4);
}
