/** `understudy` as a shell runs it, in this process. */
import type { Io } from "../../../hub/cli/io.ts";
import { understudy } from "../../../hub/cli/program.ts";

export type Ended = { code: number; out: string; err: string };
type Over = {
  env?: Record<string, string>;
  stdin?: string;
  /** Somebody sits at a terminal and answers so. */
  answers?: boolean;
  columns?: number;
  signal?: AbortSignal;
  onOut?: (text: string) => void;
};

export async function shell(args: readonly string[], over: Over = {}): Promise<Ended> {
  let out = "";
  let err = "";
  // What was read is gone.
  const stdin = [over.stdin ?? ""];
  const { answers, columns = 80, signal = new AbortController().signal } = over;
  const io: Io = {
    out: (text) => {
      out += text;
      over.onOut?.(text);
    },
    err: (text) => void (err += text),
    signal,
    // No file of whoever runs the tests is read.
    env: { HOME: "/nowhere", ...over.env },
    stdin: async () => stdin.splice(0).join(""),
    ...(answers !== undefined && {
      ask: async (question: string) => {
        err += question;
        return answers;
      },
    }),
    terminal: answers === undefined ? {} : { out: { columns }, err: { columns } },
  };
  const code = await understudy([...args], io, "1.2.3");
  return { code, out, err };
}
