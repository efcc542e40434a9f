/** What a command is given of the process it runs in. */
export type Io = {
  /** Data: what a script reads. */
  out: (text: string) => void;
  /** For the person: progress, warnings, questions. */
  err: (text: string) => void;
  /** Ctrl-C. */
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
  stdin: () => Promise<string>;
  /** Yes or no; absent where nobody sits in front of it. */
  ask?: (question: string) => Promise<boolean>;
  /** Absent: not a terminal. */
  terminal: { out?: { columns: number }; err?: { columns: number } };
};
