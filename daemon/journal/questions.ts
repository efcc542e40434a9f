import type { FromWriter, ToWriter } from "./writer-protocol.ts";

type Answer = Extract<FromWriter, { ask: number }>;

/** What is asked of the writer and has no answer yet. */
export function openQuestions(post: (message: ToWriter) => void) {
  let last = 0;
  const waiting = new Map<number, (answer: Answer | undefined) => void>();
  return {
    /** Undefined when the writer died before it could answer. */
    put(question: (ask: number) => ToWriter): Promise<Answer | undefined> {
      const ask = ++last;
      return new Promise((resolve) => {
        waiting.set(ask, resolve);
        post(question(ask));
      });
    },
    answered(answer: Answer): void {
      waiting.get(answer.ask)?.(answer);
      waiting.delete(answer.ask);
    },
    /** The writer died: nobody will answer these any more. */
    giveUp(): void {
      for (const resolve of waiting.values()) resolve(undefined);
      waiting.clear();
    },
  };
}
