/** A transport stream packet, H.222.0 (2.4.3.2). */
export const packetBytes = 188;
export const syncByte = 0x47;

const nothing = Buffer.alloc(0);

/** Cuts a byte stream into transport stream packets. */
export class PacketCutter {
  #rest: Buffer = nothing;
  /** How often the packets were not where they should be. */
  syncLosses = 0;

  /** @param onPacket gets the bytes and where in them the packet begins; valid during the call */
  cut(chunk: Buffer, onPacket: (bytes: Buffer, at: number) => void): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + packetBytes <= bytes.length) {
      if (bytes[at] === syncByte) {
        onPacket(bytes, at);
        at += packetBytes;
      } else {
        this.syncLosses++;
        at = nextPacket(bytes, at);
      }
    }
    this.#rest = at === bytes.length ? nothing : Buffer.from(bytes.subarray(at));
  }
}

/** Where packets begin again: best after one packet, else where two sync bytes stand in line. */
function nextPacket(bytes: Buffer, at: number): number {
  if (bytes[at + packetBytes] === syncByte) return at + packetBytes;
  for (let from = at + 1; ; from++) {
    const next = bytes.indexOf(syncByte, from);
    if (next === -1) return bytes.length;
    if (next + packetBytes >= bytes.length || bytes[next + packetBytes] === syncByte) return next;
    from = next;
  }
}
