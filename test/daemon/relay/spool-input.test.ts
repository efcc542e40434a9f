import { appendFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { SpoolInput } from "../../../daemon/relay/spool-input.ts";
import { spoolFiles } from "../../../machines/stream/spool.ts";
import { packetBytes, syncByte } from "../../../daemon/relay/ts/packets.ts";

/** A writer of numbered packets, whose files change a second apart, and a reader beside it. */
function aSpool() {
  const folder = mkdtempSync(join(tmpdir(), "understudy-spool-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  let [next, file, nowS] = [0, -1, 1_000_000];
  const stamp = (path: string) => utimesSync(path, ++nowS, nowS);
  const path = () => join(folder, spoolFiles[file % spoolFiles.length]!);
  const packet = () => {
    const bytes = Buffer.alloc(packetBytes, syncByte);
    bytes.writeUInt32BE(next++, 4);
    return bytes;
  };
  return {
    folder,
    count: () => next,
    /** When the last was written, wall time, ms. */
    nowMs: () => nowS * 1_000,
    /** The clock on the wall is set back by an hour. */
    setBack: () => void (nowS -= 3_600),
    /** The next file, with so many packets; half a packet more where the writer is killed. */
    file(packets: number, half = 0): void {
      file++;
      writeFileSync(path(), Buffer.concat(Array.from({ length: packets }, packet)));
      if (half) appendFileSync(path(), Buffer.alloc(half));
      stamp(path());
    },
    more(packets: number): void {
      appendFileSync(path(), Buffer.concat(Array.from({ length: packets }, packet)));
      stamp(path());
    },
    /** Another process takes over: it begins with the first file. */
    anew: () => void (file = spoolFiles.length - 1),
    read(sinceMs?: number) {
      const numbers: number[] = [];
      const input = new SpoolInput({
        ...{ folder, sinceMs },
        onBytes(bytes) {
          for (let at = 0; at < bytes.length; at += packetBytes) {
            numbers.push(bytes.readUInt32BE(at + 4));
          }
        },
      });
      onTestFinished(() => input.close());
      let nowMs = 0;
      return { numbers, poll: () => input.poll((nowMs += 20)) };
    },
  };
}
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

test("file after file, round and round, each packet once", () => {
  const spool = aSpool();
  const { numbers: read, poll } = spool.read();
  for (let n = 0; n < 3 * spoolFiles.length + 1; n++) {
    spool.file(400 + n);
    if (n % 3 === 0) poll();
    spool.more(n);
    poll();
  }
  expect(read).toEqual(numbers(0, spool.count()));
});

test("who begins anew reads what came since it was told, and who was never there the newest", () => {
  const spool = aSpool();
  for (let n = 0; n < 6; n++) spool.file(10);
  const later = spool.read(spool.nowMs() - 1_000);
  const fresh = spool.read();
  for (const { poll } of [later, fresh]) poll();
  expect([later.numbers, fresh.numbers]).toEqual([numbers(40, 60), []]);
  spool.more(5);
  spool.file(5);
  // What is in the next file is seen when there is nothing more in this one.
  for (const { poll } of [later, fresh, later, fresh]) poll();
  expect([later.numbers, fresh.numbers]).toEqual([numbers(40, 70), numbers(60, 70)]);
});

test("another process of the encoder begins with the first file, also while that one is read", () => {
  for (const before of [0, 2]) {
    const spool = aSpool();
    const { numbers: read, poll } = spool.read();
    for (let n = 0; n <= before; n++) {
      spool.file(10, 100);
      poll();
    }
    spool.anew();
    spool.file(3);
    poll();
    spool.more(40);
    poll();
    expect(read).toEqual(numbers(0, spool.count()));
  }
});

test("the clock on the wall is set back: the files go on in turn", () => {
  const spool = aSpool();
  const { numbers: read, poll } = spool.read();
  for (let n = 0; n < 9; n++) {
    if (n === 5) spool.setBack();
    spool.file(10);
    poll();
  }
  expect(read).toEqual(numbers(0, spool.count()));
});
