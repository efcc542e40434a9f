/**
 * npm hands Ctrl-C and SIGTERM on, but a script that gives up on us may kill npm with -9, and then
 * nobody is told. So a demo started by npm looks whether npm is still there.
 */
import { readFileSync } from "node:fs";

const lookEveryMs = 500;
/** A shell and tsx may stand between npm and us, and one to spare. */
const generations = 4;

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw cause;
  }
}

function isNpm(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("npm ");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw cause;
  }
}

/** Calls once when npm, or anything between npm and us, has gone. Never without npm. */
export function whenAbandoned(tell: () => void): void {
  const chain = [process.pid];
  while (chain.length <= generations && !isNpm(chain.at(-1)!)) {
    const parent = parentOf(chain.at(-1)!);
    if (parent === undefined || parent <= 1) return;
    chain.push(parent);
  }
  if (!isNpm(chain.at(-1)!)) return;
  const timer = setInterval(() => {
    if (chain.slice(1).every((parent, child) => parentOf(chain[child]!) === parent)) return;
    clearInterval(timer);
    tell();
  }, lookEveryMs);
  timer.unref();
}
