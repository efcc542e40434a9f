import { RtcpHeader, RunLengthChunk, TransportWideCC } from "werift";
import { expect, onTestFinished, test, vi } from "vitest";
import { Arrivals, type Arrival, reportOf } from "../../../daemon/ingest/arrivals.ts";

const to = { senderSsrc: 7, mediaSsrc: 9 };

/** As another one reads it: the number and time of each packet; undefined: it is missing. */
function read(report: Buffer) {
  expect(report.length % 4).toBe(0);
  const header = RtcpHeader.deSerialize(report.subarray(0, 4));
  expect(header).toMatchObject({ version: 2, count: 15, type: 205 });
  expect(header.length).toBe(report.length / 4 - 1);
  const body = report.subarray(4, report.length - (header.padding ? report.at(-1)! : 0));
  const it = TransportWideCC.deSerialize(body, header);
  let atMs = it.referenceTime * 64;
  const deltas = it.recvDeltas.map(({ delta }) => delta / 1_000);
  const symbols = it.packetChunks.flatMap((chunk) => {
    if (chunk instanceof RunLengthChunk) throw new Error("a run");
    return chunk.symbolList;
  });
  const came = symbols.slice(0, it.packetStatusCount).map((symbol, n) => {
    if (symbol === 0) return undefined;
    atMs += deltas.shift()!;
    return { number: it.baseSequenceNumber + n, atMs };
  });
  expect(deltas).toEqual([]);
  return { came, count: it.fbPktCount, from: it.senderSsrc, of: it.mediaSourceSsrc };
}

test("each packet is told with its time; what is missing, late or early is told as it was", () => {
  const arrived: Arrival[] = [
    { number: 101, atMs: 1_000 },
    { number: 102, atMs: 1_000.25 },
    { number: 104, atMs: 1_090.5 },
    { number: 105, atMs: 1_080 },
    ...Array.from({ length: 8 }, (_, n) => ({ number: 108 + n, atMs: 1_091 + n })),
  ];
  const { came, ...rest } = read(reportOf(arrived, 100, 258, to));
  expect(rest).toEqual({ count: 2, from: 7, of: 9 });
  const whole = Array.from({ length: 16 }, (_, n) =>
    arrived.find(({ number }) => number === 100 + n),
  );
  expect(came).toEqual(whole);
});

test("one report goes on where the one before ended, also over the end of the numbers", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const told: Buffer[] = [];
  const arrivals = new Arrivals(
    () => to,
    (report) => told.push(report),
  );
  const numbers = () => read(told.shift()!).came.map((it) => it?.number);
  for (const number of [65_533, 65_534, undefined]) arrivals.handleTWCC(number);
  vi.advanceTimersByTime(50);
  expect(numbers()).toEqual([65_533, 65_534]);
  for (const number of [1, 0]) arrivals.handleTWCC(number);
  vi.advanceTimersByTime(50);
  expect(numbers()).toEqual([undefined, 65_536, 65_537]);
  // The one that was missing comes after all.
  for (const number of [65_535, 2]) arrivals.handleTWCC(number);
  vi.advanceTimersByTime(50);
  expect(numbers()).toEqual([65_535, undefined, undefined, 65_538]);
  vi.advanceTimersByTime(500);
  expect(told).toEqual([]);
});
