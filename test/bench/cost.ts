import { readdirSync, readFileSync } from "node:fs";
import { pause } from "./drill.ts";

/** Something that costs CPU: a process with all it has started. */
export type Costly = { name: string; pid: number };
/** Over one window: CPU as a share of one core, and memory at its end. */
export type Cost = { cores: number; rssMiB: number };

/**
 * What several programs cost at the same time, window after window: whoever else takes the cores
 * meanwhile disturbs all of them alike, so the ratios of one window hold.
 */
export async function costsOf<N extends string>(
  all: Record<N, number[]>,
  { windows, windowMs }: { windows: number; windowMs: number },
): Promise<Record<N, Cost[]>> {
  const names = Object.keys(all) as N[];
  const costs = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<N, Cost[]>;
  const sum = (roots: number[], of: (pid: number) => number) =>
    roots.flatMap(withDescendants).reduce((total, pid) => total + of(pid), 0);
  for (let window = 0; window < windows; window += 1) {
    const begin = names.map((name) => ({
      cpuMs: sum(all[name], cpuMsOf),
      atMs: performance.now(),
    }));
    await pause(windowMs);
    for (const [at, name] of names.entries()) {
      const spentMs = sum(all[name], cpuMsOf) - begin[at]!.cpuMs;
      const cores = spentMs / (performance.now() - begin[at]!.atMs);
      costs[name].push({ cores, rssMiB: sum(all[name], rssMiBOf) });
    }
  }
  return costs;
}

/**
 * What it has spent by itself, by the scheduler's own count in ns (the one of `stat` moves in steps
 * of 10 ms), and what those of its children had spent that are gone and waited for.
 */
export function cpuMsOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return orGone(0, () => {
    const ownMs = readdirSync(tasks)
      .map((task) => readFileSync(`${tasks}/${task}/schedstat`, "latin1").split(" ")[0])
      .reduce((sum, ns) => sum + Number(ns) / 1e6, 0);
    const afterName = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)!;
    const [childrenUser, childrenSystem] = afterName.split(" ").slice(13, 15).map(Number);
    return ownMs + (childrenUser! + childrenSystem!) * tickMs;
  });
}
/** `sysconf(_SC_CLK_TCK)` is 100 wherever Node runs. */
const tickMs = 10;

export function rssMiBOf(pid: number): number {
  return orGone(0, () => {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    // A process that has just ended has no memory any more.
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_024;
  });
}

function withDescendants(pid: number): number[] {
  const children = orGone([], () =>
    readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "latin1")
        .split(" ")
        .filter((child) => child.trim() !== "")
        .map(Number),
    ),
  );
  return [pid, ...children.flatMap(withDescendants)];
}

/** A question to the system's clock is a process of some ms: it may be gone between two looks. */
function orGone<T>(gone: T, look: () => T): T {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return gone;
    throw error;
  }
}
