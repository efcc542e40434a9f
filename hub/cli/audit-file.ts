/** `understudy audit verify`: whether the audit log is whole, read from the hub's own file. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { z } from "zod";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { flawsOf, type AuditRow, type Head } from "../audit/chain.ts";
import { beginningOf, sealKeyIn, type Beginning } from "../audit/pruning.ts";
import { auditHeadOf, auditRowsIn, newestPruningIn } from "../store/sqlite-audit.ts";
import type { Cli } from "./cli.ts";

type Options = { stateDir?: string; head?: string[]; archive?: string };

/** @returns 0 whole, 1 not whole. @throws Ending where there is none */
export function verifyAudit(
  { io, print }: Pick<Cli, "io" | "print">,
  { stateDir, head: given = [], archive }: Options,
): number {
  const heads = given.map(headFrom);
  const folder = stateDir ?? io.env["STATE_DIRECTORY"] ?? "/var/lib/understudy-hub";
  const file = join(folder, "hub.db");
  if (!existsSync(file)) {
    const what = `there is no ${file}; name the hub's folder with --state-dir`;
    throw new Ending(exitCode.notFound, what);
  }
  const key = sealKeyIn(folder);
  const db = new Database(file, { readonly: true });
  try {
    // One transaction: a hub that goes on writing does not move the head meanwhile.
    const { head, start, flaws } = db.transaction(() => {
      const own = auditHeadOf(db);
      const { flaw, ...begins } = beginningOf(newestPruningIn(db), key);
      const gone = heads.find(({ n, hash }) => n < begins.head.n || isOther(begins.head, n, hash));
      if (gone && archive === undefined) {
        const what = `row ${gone.n} was pruned: name the folder of its file with --archive`;
        throw new Ending(exitCode.usage, what);
      }
      const known = [own, ...heads];
      const found =
        archive === undefined
          ? flawsOf(auditRowsIn(db), known, begins.head)
          : flawsOf(both(archivedRows(archive), auditRowsIn(db)), [begins.head, ...known]);
      return { head: own, start: begins, flaws: [...(flaw ? [flaw] : []), ...found] };
    })();
    const whole = flaws.length === 0;
    const before = start.head.n > 0 ? { pruned: { ...start.head, atMs: start.atMs } } : {};
    if (print.shape === "json")
      print.text(`${JSON.stringify({ whole, head, ...before, flaws })}\n`);
    else if (whole) print.text(`whole: ${wordsFor(head, start, archive)}\n`);
    else for (const { n, what } of flaws) print.text(`row ${n}: ${what}\n`);
    return whole ? exitCode.done : exitCode.failed;
  } finally {
    db.close();
  }
}

/** The last row that was pruned, with another hash. */
const isOther = (start: Head, n: number, hash: string) => n === start.n && hash !== start.hash;

function wordsFor(head: Head, { head: start, atMs = 0 }: Beginning, archive?: string): string {
  const end = `head ${head.n}:${head.hash}`;
  if (start.n === 0) return `${head.n} rows, ${end}`;
  const since = new Date(atMs).toISOString();
  if (archive !== undefined) return `${head.n} rows, those to ${start.n} from ${archive}, ${end}`;
  return `rows ${start.n + 1} to ${head.n}, those before were pruned by ${since}, ${end}`;
}

function* both(first: Iterable<AuditRow>, second: Iterable<AuditRow>): Iterable<AuditRow> {
  yield* first;
  yield* second;
}

const Row = z.strictObject({
  ...{ n: z.int(), atMs: z.number(), type: z.string(), actor: z.string() },
  ...{ body: z.string(), previous: z.string(), hash: z.string() },
});

/** What the hub has written before it pruned. @throws Ending for what it has not */
function* archivedRows(folder: string): Iterable<AuditRow> {
  const files = readdirSync(folder).filter((name) => /^audit-\d{12}\.jsonl$/.test(name));
  for (const name of files.sort()) {
    for (const line of readFileSync(join(folder, name), "utf8").split("\n")) {
      if (line === "") continue;
      try {
        yield Row.parse(JSON.parse(line));
      } catch (error) {
        if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
        throw new Ending(exitCode.failed, `${join(folder, name)} has a line that is no row`);
      }
    }
  }
}

function headFrom(text: string): Head {
  const [, n, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (n !== undefined && hash !== undefined) return { n: Number(n), hash };
  throw new Ending(exitCode.usage, `--head must be like 4711:9c1e…, not ${text}`);
}
