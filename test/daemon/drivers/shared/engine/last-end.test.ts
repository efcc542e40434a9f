import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type {
  EngineDirectory,
  EngineRecord,
} from "../../../../../daemon/drivers/shared/engine/engine-directory.ts";
import { LastEnd } from "../../../../../daemon/drivers/shared/engine/last-end.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const record = { run: "one", endSeen: false, highest: {} } as EngineRecord;
const killed = { code: null, signal: "SIGKILL" };

function anEnd() {
  const written: EngineRecord[] = [];
  const directory = {
    write: (text: EngineRecord) => Promise.resolve(void written.push(text)),
  } as unknown as EngineDirectory;
  const end = new LastEnd(directory);
  end.is(killed, record, true);
  return { end, written };
}

test("that an exit was told is written down once the takeover it may cause had the disk", () => {
  const { end, written } = anEnd();
  expect(end.tell({})).toEqual({ exit: killed });
  vi.advanceTimersByTime(200);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(written).toEqual([{ ...record, endSeen: true }]);
});

test("a daemon that is stopped meanwhile writes it down first", () => {
  const { end, written } = anEnd();
  end.tell({});
  end.save();
  expect(written).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  expect(written).toHaveLength(1);
});

test("it is never written over the record of the next run", () => {
  const before = anEnd();
  before.end.tell({});
  before.end.replace();
  const meanwhile = anEnd();
  meanwhile.end.replace();
  expect(meanwhile.end.tell({})).toEqual({ exit: killed });
  vi.advanceTimersByTime(1_000);
  expect([...before.written, ...meanwhile.written]).toEqual([]);
});
