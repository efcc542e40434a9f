/**
 * Which packets came, and when: by this a browser knows how much it may send
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01).
 */

const ticksPerMs = 4;
/** The clock of one report begins with a multiple of this. */
const clockStepMs = 64;
const tellEveryMs = 50;
/** Fewer than are between two reports at 500 Mbit/s; more is another beginning. */
const mostPackets = 4_096;
const perChunk = 7;

export type Arrival = { number: number; atMs: number };
export type Addressed = { senderSsrc: number; mediaSsrc: number };

/** The packets of one connection, picture and sound together: their numbers count as one. */
export class Arrivals {
  readonly #to: () => Addressed | undefined;
  readonly #tell: (report: Buffer) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #origin = performance.now();
  #arrived: Arrival[] = [];
  /** Before it everything has been told. */
  #next: number | undefined;
  #reports = 0;

  constructor(to: () => Addressed | undefined, tell: (report: Buffer) => void) {
    this.#to = to;
    this.#tell = tell;
    this.#timer = setInterval(() => this.#report(), tellEveryMs).unref();
  }

  /** @param number of 16 bits, which the publisher gave this packet; undefined: none */
  handleTWCC(number: number | undefined): void {
    if (number === undefined) return;
    const near = this.#arrived.at(-1)?.number ?? this.#next ?? number;
    // Unrolled: the first after 65535 is 65536.
    const unrolled = near + (((number - near) << 16) >> 16);
    this.#arrived.push({ number: unrolled, atMs: performance.now() - this.#origin });
  }

  #report(): void {
    const to = this.#to();
    if (!to || this.#arrived.length === 0) return;
    const arrived = this.#arrived.sort((a, b) => a.number - b.number);
    this.#arrived = [];
    const [first, last] = [arrived[0]!.number, arrived.at(-1)!.number];
    const begin = Math.min(this.#next ?? first, first);
    this.#next = Math.max(this.#next ?? 0, last + 1);
    if (last - begin >= mostPackets) return;
    this.#tell(reportOf(arrived, begin, this.#reports++, to));
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/**
 * @param arrived in the order of their numbers
 * @param begin number of the first packet that is told of; what is missing from there on is lost
 * @param count how many reports there were before
 * @param to a browser does not read what names none of its own tracks; which one does not matter
 */
export function reportOf(
  arrived: readonly Arrival[],
  begin: number,
  count: number,
  to: Addressed,
): Buffer {
  const clock = Math.floor(arrived[0]!.atMs / clockStepMs);
  let ticks = clock * clockStepMs * ticksPerMs;
  const symbols: number[] = [];
  const steps: Buffer[] = [];
  for (const { number, atMs } of arrived) {
    // The same packet twice.
    if (number - begin < symbols.length) continue;
    while (symbols.length < number - begin) symbols.push(0);
    const step = Math.max(-0x8000, Math.min(0x7fff, Math.round(atMs * ticksPerMs) - ticks));
    ticks += step;
    const isSmall = step >= 0 && step <= 0xff;
    symbols.push(isSmall ? 1 : 2);
    steps.push(isSmall ? Buffer.from([step]) : int16(step));
  }
  const chunks: Buffer[] = [];
  for (let at = 0; at < symbols.length; at += perChunk) {
    const chunk = symbols.slice(at, at + perChunk);
    // A vector of two bits each.
    chunks.push(int16(chunk.reduce((bits, it, n) => bits | (it << (12 - 2 * n)), 0xc000)));
  }
  const body = Buffer.concat([...chunks, ...steps]);
  const padding = -body.length & 3;
  const head = Buffer.alloc(20);
  head.set([0x80 | (padding > 0 ? 0x20 : 0) | 15, 205]);
  head.writeUInt16BE((head.length + body.length + padding) / 4 - 1, 2);
  head.writeUInt32BE(to.senderSsrc, 4);
  head.writeUInt32BE(to.mediaSsrc, 8);
  head.writeUInt16BE(begin & 0xffff, 12);
  head.writeUInt16BE(symbols.length, 14);
  head.writeUIntBE(clock & 0xffffff, 16, 3);
  head[19] = count & 0xff;
  return Buffer.concat([head, body, Buffer.from(Array.from({ length: padding }, () => padding))]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value & 0xffff);
  return bytes;
}
