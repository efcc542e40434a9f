import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RecordFile } from "../../../../../daemon/drivers/shared/engine/record-file.ts";

let folder: string;
let file: RecordFile;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "understudy-record-"));
  file = new RecordFile(folder);
});
afterEach(async () => {
  await file.close();
  rmSync(folder, { recursive: true, force: true });
});
const found = () => readFileSync(join(folder, "record.json"), "utf8");

test("a record can be read when its writing is over, and by nobody else", async () => {
  file.prepare();
  await file.write("one");
  expect(found()).toBe("one");
  expect(statSync(join(folder, "record.json")).mode & 0o777).toBe(0o600);
});

test("a shorter one leaves nothing of the longer one before, prepared or not", async () => {
  await file.write("the first of them");
  await file.write("2nd");
  expect(found()).toBe("2nd");
  file = new RecordFile(folder);
  await file.write("3");
  expect(found()).toBe("3");
});

test("of several at once the last one stays", async () => {
  await Promise.all(["a", "b", "c"].map((text) => file.write(text)));
  expect(found()).toBe("c");
});

test("one that cannot be written is refused, and the next one is tried anew", async () => {
  const inTheWay = join(folder, "record.json.new");
  mkdirSync(inTheWay);
  file.prepare();
  await expect(file.write("lost")).rejects.toThrow("EISDIR");
  rmSync(inTheWay, { recursive: true });
  await file.write("kept");
  expect(found()).toBe("kept");
});

test("nothing is held open when it is closed", async () => {
  const open = () =>
    readdirSync("/proc/self/fd").flatMap((fd) => {
      const target = statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false });
      return target && target.ino === statSync(join(folder, "record.json.new")).ino ? [fd] : [];
    });
  await file.write("one");
  file.prepare();
  await file.write("two");
  await file.close();
  file = new RecordFile(folder);
  file.prepare();
  await expect.poll(() => open().length).toBe(1);
  await file.close();
  expect(open()).toEqual([]);
});
