import { expect, test } from "vitest";
import { senderReports } from "../../../../daemon/drivers/gstreamer/sender-reports.ts";

/** A report as rtpsession sends it: head, SSRC, times, counters. */
function aReport(packets: number, octets: number, type = 200): Buffer {
  const report = Buffer.alloc(80);
  report.set([0x80, type, 0, 6]);
  report.writeUInt32BE(packets >>> 0, 20);
  report.writeUInt32BE(octets >>> 0, 24);
  return report;
}

test("bytes are counted from report to report, without what RTP puts before each packet", () => {
  const read = senderReports();
  expect(read(aReport(30, 10_240))).toEqual({ countedBytes: 10_000 });
  expect(read(aReport(31, 11_248))).toEqual({ countedBytes: 11_000 });
  expect(read(aReport(31, 11_248))).toEqual({ countedBytes: 11_000 });
});

test("a counter that turns over after 4 GiB goes on, also for a run that was adopted", () => {
  const read = senderReports();
  const before = read(aReport(2 ** 32 - 1, 2 ** 32 - 500))?.countedBytes ?? 0;
  expect(read(aReport(1, 516))?.countedBytes).toBe(before + 1_000);
});

test("a counter that begins anew is no 4 GiB of output", () => {
  const read = senderReports();
  expect(read(aReport(1_000, 508_000))?.countedBytes).toBe(500_000);
  expect(read(aReport(10, 1_080))?.countedBytes).toBe(500_000);
  expect(read(aReport(20, 2_160))?.countedBytes).toBe(501_000);
});

test("the heads of a stream are not its beginning to move", () => {
  const read = senderReports();
  expect(read(aReport(5, 1_547))).toBeUndefined();
  expect(read(aReport(20, 9_000))).toBeDefined();
});

test.each([
  ["a receiver report, which says nothing of output", aReport(30, 10_240, 201)],
  ["an empty datagram", Buffer.alloc(0)],
  ["a report cut short", aReport(30, 10_240).subarray(0, 27)],
  ["another version", Buffer.concat([Buffer.from([0x40]), aReport(30, 10_240).subarray(1)])],
])("%s is no progress", (_, datagram) => {
  expect(senderReports()(datagram)).toBeUndefined();
});
