/** `understudy audit verify`: whether the audit log is whole, read from the hub's own file. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Database from "better-sqlite3";
import { flawsOf, type Head } from "../audit/chain.ts";
import { auditHeadOf, auditRowsIn } from "../store/sqlite-audit.ts";

const usage = `understudy audit verify: is every row of the audit log as it was written?

  understudy audit verify
  understudy audit verify --head 4711:9c1e…   and is the row that was logged on another day in it?

  --state-dir FOLDER   of the hub          ($STATE_DIRECTORY, /var/lib/understudy)
  --head N:HASH        a head the hub has logged (code audit_head); may be repeated
  --json               one object

Exit codes: 0 whole, 1 not whole, 2 usage, 3 there is no audit log.
`;

type Io = { out: (text: string) => void; tell: (text: string) => void };

export function audit(args: string[], env: NodeJS.ProcessEnv, { out, tell }: Io): number {
  const asked = read(args);
  if (!asked || asked.help || asked.verb !== "verify") {
    (asked?.help ? out : tell)(usage);
    return asked?.help ? 0 : 2;
  }
  const folder = asked.stateDir ?? env["STATE_DIRECTORY"] ?? "/var/lib/understudy";
  const file = join(folder, "hub.db");
  if (!existsSync(file)) {
    tell(`there is no ${file}; name the hub's folder with --state-dir\n`);
    return 3;
  }
  const db = new Database(file, { readonly: true });
  try {
    // One transaction: a hub that goes on writing does not move the head meanwhile.
    const { head, flaws } = db.transaction(() => {
      const own = auditHeadOf(db);
      return { head: own, flaws: flawsOf(auditRowsIn(db), [own, ...asked.heads]) };
    })();
    if (asked.json) out(`${JSON.stringify({ whole: flaws.length === 0, head, flaws })}\n`);
    else if (flaws.length === 0) out(`whole: ${head.n} rows, head ${head.n}:${head.hash}\n`);
    else for (const { n, what } of flaws) out(`row ${n}: ${what}\n`);
    return flaws.length === 0 ? 0 : 1;
  } finally {
    db.close();
  }
}

function read(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        "state-dir": { type: "string" },
        head: { type: "string", multiple: true },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    const heads = (values.head ?? []).map((text): Head => {
      const [, n, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
      if (n === undefined || hash === undefined) throw new TypeError(`--head ${text}`);
      return { n: Number(n), hash };
    });
    const { help = false, json = false } = values;
    const verb = positionals.length === 1 ? positionals[0] : undefined;
    return { heads, help, json, verb, stateDir: values["state-dir"] };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
