/** `understudy audit verify`: whether the audit log is whole, read from the hub's own file. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { flawsOf, type Head } from "../audit/chain.ts";
import { auditHeadOf, auditRowsIn } from "../store/sqlite-audit.ts";
import type { Cli } from "./cli.ts";

/** @returns 0 whole, 1 not whole. @throws Ending where there is none */
export function verifyAudit(
  { io, print }: Pick<Cli, "io" | "print">,
  { stateDir, head: given = [] }: { stateDir?: string; head?: string[] },
): number {
  const heads = given.map(headFrom);
  const folder = stateDir ?? io.env["STATE_DIRECTORY"] ?? "/var/lib/understudy";
  const file = join(folder, "hub.db");
  if (!existsSync(file)) {
    const what = `there is no ${file}; name the hub's folder with --state-dir`;
    throw new Ending(exitCode.notFound, what);
  }
  const db = new Database(file, { readonly: true });
  try {
    // One transaction: a hub that goes on writing does not move the head meanwhile.
    const { head, flaws } = db.transaction(() => {
      const own = auditHeadOf(db);
      return { head: own, flaws: flawsOf(auditRowsIn(db), [own, ...heads]) };
    })();
    const whole = flaws.length === 0;
    if (print.shape === "json") print.text(`${JSON.stringify({ whole, head, flaws })}\n`);
    else if (whole) print.text(`whole: ${head.n} rows, head ${head.n}:${head.hash}\n`);
    else for (const { n, what } of flaws) print.text(`row ${n}: ${what}\n`);
    return whole ? exitCode.done : exitCode.failed;
  } finally {
    db.close();
  }
}

function headFrom(text: string): Head {
  const [, n, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (n !== undefined && hash !== undefined) return { n: Number(n), hash };
  throw new Ending(exitCode.usage, `--head must be like 4711:9c1e…, not ${text}`);
}
