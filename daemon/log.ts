import { pino, type Logger } from "pino";
import { redact } from "../config/redaction.ts";

/** syslog priorities, so that journald's filters work on what we print. */
const priorities: Record<number, string> = {
  10: "<7>",
  20: "<7>",
  30: "<6>",
  40: "<4>",
  50: "<3>",
};

/**
 * JSON lines on stdout. Secrets are taken out by value from the whole line: by key, nested and
 * reworded ones slip through (measured).
 */
export function openLog(p: {
  level: string;
  secrets: () => ReadonlySet<string>;
  /** Lines begin with their priority, which journald takes off again. */
  toJournal: boolean;
  write?: (line: string) => void;
}): Logger {
  const write = p.write ?? ((line: string) => void process.stdout.write(line));
  return pino(
    { level: p.level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    {
      write(line: string) {
        const clean = redact(line, p.secrets());
        if (!p.toJournal) return write(clean);
        const level = Number(/"level":(\d+)/.exec(clean)?.[1] ?? 30);
        write(`${priorities[level] ?? "<2>"}${clean}`);
      },
    },
  );
}
