import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

/** A process, named so that a reused pid is not mistaken for it. */
export type ProcessId = { pid: number; startTicks: number };
export type ProcessStatus = {
  state: string;
  group: number;
  threads: number;
  startTicks: number;
};

/** Fields 3, 5, 20 and 22 of `/proc/<pid>/stat`; the name in field 2 may hold anything. */
export function parseStat(text: string): ProcessStatus | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, group] = [fields[0], Number(fields[2])];
  const [threads, startTicks] = [Number(fields[17]), Number(fields[19])];
  if (!state || ![group, threads, startTicks].every(Number.isInteger)) return undefined;
  return { state, group, threads, startTicks };
}

/**
 * How it is now; undefined when it is over: gone, another one has its pid, or a zombie. The first
 * thread may be one while others still end, and until the last has, no descriptor is closed.
 */
export function statusOf({ pid, startTicks }: ProcessId): ProcessStatus | undefined {
  const status = statOf(pid);
  if (status?.startTicks !== startTicks) return undefined;
  return /^[ZX]$/.test(status.state) && status.threads <= 1 ? undefined : status;
}

const lookEveryMs = 2;

/**
 * Waits until these are over. That a lock is free comes sooner: the kernel closes the descriptors of
 * a process that ends one by one, and a connection with 55 kB to send was seen to go after the lock.
 * @returns false when `signal` aborted first
 */
export async function areOver(
  processes: readonly ProcessId[],
  signal: AbortSignal,
): Promise<boolean> {
  while (processes.some(statusOf)) {
    if (signal.aborted) return false;
    await pause(lookEveryMs);
  }
  return true;
}

function statOf(pid: number): ProcessStatus | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Signals its whole group: launcher, program, and what writes down its last words. */
export function signalGroupOf(process: ProcessId, signal: NodeJS.Signals): void {
  const status = statusOf(process);
  if (!status) return;
  const ours = statOf(globalThis.process.pid)?.group;
  // Launchers lead groups of their own. Anything else is signalled alone, never with us.
  const whole = status.group > 1 && status.group !== ours;
  send(whole ? -status.group : process.pid, signal);
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Everybody who has this file open. Costs a look at every descriptor of every process. */
export async function processesWithOpen(path: string): Promise<ProcessId[]> {
  const found: ProcessId[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    if (!(await openFiles(Number(name))).includes(path)) continue;
    const status = statOf(Number(name));
    if (status) found.push({ pid: Number(name), startTicks: status.startTicks });
  }
  return found;
}

/** What the descriptors of a process lead to, for example `socket:[4711]`. Empty when gone. */
export async function openFiles(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(ignoreGone<string[]>([]));
  return Promise.all(
    descriptors.map((fd) => readlink(`${folder}/${fd}`).catch(ignoreGone<string>(""))),
  );
}

/** As `openFiles`, at once: for a process that has some ten of them, 50 µs instead of 500. */
export function openFilesNow(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const orGone = <T>(look: () => T, instead: T): T => {
    try {
      return look();
    } catch (error) {
      return ignoreGone(instead)(error);
    }
  };
  return orGone(() => readdirSync(folder), []).map((fd) =>
    orGone(() => readlinkSync(`${folder}/${fd}`), ""),
  );
}

function ignoreGone<T>(instead: T) {
  return (error: unknown): T => {
    if (isGone(error)) return instead;
    throw error;
  };
}

/** Processes come and go while one looks; those of other users show nothing. */
function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM";
}

/** Clock ticks a second in `/proc/<pid>/stat`: 100 on every Linux that Node runs on. */
export const ticksPerSecond = 100;

export type Spent = {
  cpuTicks: number;
  residentBytes: number;
  /** From and to disks; undefined where the kernel does not say. */
  readBytes: number | undefined;
  writtenBytes: number | undefined;
};

/** By a process and all that it has started and still runs; undefined when it is over. */
export function spentBy({ pid, startTicks }: ProcessId): Spent | undefined {
  const own = spentByOne(pid, startTicks);
  if (!own) return undefined;
  const others = childrenOf(pid).flatMap((child) => spentByOne(child) ?? []);
  const sum = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : a + b;
  return others.reduce(
    (all, one) => ({
      cpuTicks: all.cpuTicks + one.cpuTicks,
      residentBytes: all.residentBytes + one.residentBytes,
      readBytes: sum(all.readBytes, one.readBytes),
      writtenBytes: sum(all.writtenBytes, one.writtenBytes),
    }),
    own,
  );
}

/** Fields 14, 15 and 24 of `/proc/<pid>/stat`, and `/proc/<pid>/io`. */
function spentByOne(pid: number, startTicks?: number): Spent | undefined {
  const fields = fieldsOf(pid);
  const [user, system, resident] = [fields?.[11], fields?.[12], fields?.[21]].map(Number);
  if (startTicks !== undefined && Number(fields?.[19]) !== startTicks) return undefined;
  if (!Number.isInteger(user! + system! + resident!)) return undefined;
  const io = textOf(`/proc/${pid}/io`) ?? "";
  const bytes = (name: string) => {
    const found = new RegExp(`^${name}: (\\d+)$`, "m").exec(io)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  return {
    cpuTicks: user! + system!,
    residentBytes: resident! * pageBytes(),
    readBytes: bytes("read_bytes"),
    writtenBytes: bytes("write_bytes"),
  };
}

/** With theirs; what its first thread has started, as programs that start others do. */
function childrenOf(pid: number): number[] {
  const text = textOf(`/proc/${pid}/task/${pid}/children`) ?? "";
  const children = text.split(" ").filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...childrenOf(child)]);
}

let bytesOfPage: number | undefined;
/** 4 KiB on most, 16 or 64 on some: whatever our own memory is counted in. */
function pageBytes(): number {
  const own = Number(fieldsOf(process.pid)?.[21]);
  bytesOfPage ??= 2 ** Math.round(Math.log2(process.memoryUsage.rss() / own));
  return bytesOfPage;
}

/** From the third field on; the name in the second may hold anything. */
function fieldsOf(pid: number): string[] | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    return ignoreGone(undefined)(error);
  }
}

export function runningForMs({ startTicks }: ProcessId): number {
  const uptimeS = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]);
  return Math.max(0, (uptimeS - startTicks / ticksPerSecond) * 1_000);
}
