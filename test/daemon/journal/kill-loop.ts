/** The endless writer of `endurance.ts` as a process to be killed, and what it left on disk. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";

/** The bundled `endurance.ts` and the bundled writer thread. */
export type WriterPrograms = { program: URL; writer: URL };

/** Starts the endless writer; `before` are words in front of the command line. */
export function startWriter(
  { program, writer }: WriterPrograms,
  file: string,
  { before = [] as string[], turns = 1e9 } = {},
) {
  const command = [
    ...before,
    process.execPath,
    fileURLToPath(program),
    file,
    writer.href,
    String(turns),
  ];
  const child: ChildProcess = spawn(command[0] ?? "", command.slice(1), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  let errors = "";
  child.stdout?.on("data", (data: Buffer) => (text += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (errors += data.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const numbers = (word: string): number[] =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => Number(line.split(" ")[1]));
  return { child, exited, numbers, text: () => text, errors: () => errors };
}
export type Writer = ReturnType<typeof startWriter>;

/** What stands in the file now; every event should have followed the one before. */
export function inspect(file: string) {
  const db = new Database(file, { readonly: true });
  const seqs = db.prepare<[], number>("select seq from event order by seq").pluck().all();
  const undurable = db.prepare<[], number>("select seq from event where undurable = 1").pluck();
  const found = {
    seqs,
    gaps: seqs.filter((seq, at) => seq !== at + 1).length,
    undurable: undurable.all(),
    epochs: db.prepare<[], number>("select count(*) from epoch").pluck().get(),
    integrity: db.pragma("integrity_check", { simple: true }),
  };
  db.close();
  return found;
}

export type Kill = {
  /** Highest seq the process before this one had called durable. */
  acknowledgedBefore: number;
  /** Highest seq this process found when it opened the file. */
  openedAt: number;
  text: string;
};

/** Kills one writer after another on the same file with -9, each after some durable turns. */
export async function killAgainAndAgain(p: {
  kills: number;
  start: () => Writer;
  /** Waits; rejects when it takes too long. */
  until: (what: string, holds: () => boolean) => Promise<void>;
  killed?: (kill: Kill) => void;
}): Promise<{ acknowledged: number; lost: number }> {
  let acknowledged = 0;
  let lost = 0;
  for (let kill = 1; kill <= p.kills; kill++) {
    const writer = p.start();
    const enough = 5 + ((kill * 37) % 120);
    try {
      await p.until("some turns", () => writer.numbers("durable").length >= enough);
    } finally {
      // Also one that is given up: it would write for ever.
      writer.child.kill("SIGKILL");
      await writer.exited;
    }
    const [openedAt = -1] = writer.numbers("open");
    lost += Math.max(0, acknowledged - openedAt);
    p.killed?.({ acknowledgedBefore: acknowledged, openedAt, text: writer.text() });
    acknowledged = Math.max(...writer.numbers("durable"));
  }
  return { acknowledged, lost };
}
