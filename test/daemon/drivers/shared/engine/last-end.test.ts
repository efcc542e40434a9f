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

const never = () => undefined;

function anEnd({ words = [] as string[], awaitsWords = false } = {}) {
  const written: EngineRecord[] = [];
  const directory = {
    write: (text: EngineRecord) => Promise.resolve(void written.push(text)),
    words: () => words,
  } as unknown as EngineDirectory;
  const end = new LastEnd(directory);
  end.is(killed, record, true, awaitsWords);
  return { end, written, words };
}

test("that an exit was told is written down once the takeover it may cause had the disk", () => {
  const { end, written } = anEnd();
  expect(end.tell({}, never)).toEqual({ exit: killed });
  vi.advanceTimersByTime(200);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(written).toEqual([{ ...record, endSeen: true }]);
});

test("a daemon that is stopped meanwhile writes it down first", () => {
  const { end, written } = anEnd();
  end.tell({}, never);
  end.save();
  expect(written).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  expect(written).toHaveLength(1);
});

test("it is never written over the record of the next run", () => {
  const before = anEnd();
  before.end.tell({}, never);
  before.end.replace();
  const meanwhile = anEnd();
  meanwhile.end.replace();
  expect(meanwhile.end.tell({}, never)).toEqual({ exit: killed });
  vi.advanceTimersByTime(1_000);
  expect([...before.written, ...meanwhile.written]).toEqual([]);
});

test("the end of a run that never published is told with its last words, or when none come", () => {
  const refusalIn = (lines: readonly string[]) =>
    lines.includes("refused") ? ("refused" as const) : undefined;
  const { end, words } = anEnd({ awaitsWords: true });
  expect(end.tell({}, refusalIn)).toEqual({});
  words.push("refused");
  end.wordsAreOver({ ...record, run: "another" });
  expect(end.tell({}, refusalIn)).toEqual({});
  end.wordsAreOver(record);
  expect(end.tell({}, refusalIn)).toEqual({ exit: killed, refusal: "refused" });
  const silent = anEnd({ awaitsWords: true });
  silent.end.wordsAreOver(record);
  expect(silent.end.tell({}, refusalIn)).toEqual({ exit: killed });
});
