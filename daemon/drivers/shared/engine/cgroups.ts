/**
 * Control groups (version 2) of encoder processes, one each, below the group that systemd has given
 * to the daemon's unit. Only there: elsewhere the groups are somebody else's.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** What a software encoder may take of its host. What is left out is not limited. */
export type Limits = {
  cpuWeight?: number | undefined;
  cpuCores?: number | undefined;
  memoryBytes?: number | undefined;
  nice?: number | undefined;
};

/** The unit file says so, beside `Delegate=`. */
export const delegatedBy = "UNDERSTUDY_CGROUP";
/** Whoever is not an encoder: a group that hands out controllers must hold no process itself. */
const others = "others";
const periodUs = 100_000;
const controllers = ["cpu", "memory", "io"] as const;
type Controller = (typeof controllers)[number];

type Base = { folder: string; has: ReadonlySet<Controller> } | { why: string };

export type Group = {
  /** Where its figures stand once `process` is in it. */
  holds(pid: number): string | undefined;
  /** Never rejects: a process that is not in it runs as it is. */
  place(pid: number): Promise<void>;
  /** Of what is configured, what the kernel is not told, and why; undefined: all of it is. */
  lacks: string | undefined;
  /** What it is started with. */
  nice: number;
};

/** Where the processor cannot be shared out by groups, it is at least not asked for first. */
const niceInstead = 5;

export class Cgroups {
  readonly #proc: string;
  readonly #isOurs: boolean;
  #base: Base | undefined;
  #hasControllers = false;

  /** @param proc tells of this process; another folder for tests */
  constructor(isOurs = process.env[delegatedBy] === "delegated", proc = "/proc/self") {
    this.#proc = proc;
    this.#isOurs = isOurs;
  }

  /** @param name of a folder; asked for again it is the same group, with these limits */
  group(name: string, limits: Limits = {}): Group {
    const { cpuWeight, cpuCores, memoryBytes } = limits;
    const wantsCpu = cpuWeight !== undefined || cpuCores !== undefined;
    const wanted = [...(wantsCpu ? ["cpu"] : []), ...(memoryBytes === undefined ? [] : ["memory"])];
    const made = this.#made(name, limits, wanted.length > 0);
    const missing = wanted.filter((one) => !("has" in made && made.has.has(one as Controller)));
    const nice = limits.nice ?? (missing.includes("cpu") ? niceInstead : 0);
    const instead = nice > 0 ? `; it is started with nice ${nice}` : "";
    const why = "why" in made ? made.why : "the kernel does not give these to its group";
    let held: number | undefined;
    return {
      nice,
      lacks:
        missing.length === 0
          ? undefined
          : `its limits of ${missing.join(" and ")} are not kept: ${why}${instead}`,
      holds: (pid) => (held === pid && "folder" in made ? made.folder : undefined),
      async place(pid) {
        if (held === pid || !("folder" in made)) return;
        await writeFile(join(made.folder, "cgroup.procs"), String(pid)).then(
          () => (held = pid),
          () => undefined, // It has ended meanwhile, or is not ours to move.
        );
      },
    };
  }

  #made(name: string, limits: Limits, isLimited: boolean): Base {
    this.#base ??= this.#open();
    const base = this.#base;
    if ("why" in base) return base;
    if (isLimited) this.#handOut(base.folder);
    const folder = join(base.folder, name.replaceAll(/[^\w.-]/g, "_"));
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      return { why: `no group can be made for it (${codeOf(error)})` };
    }
    const { cpuWeight = 100, cpuCores, memoryBytes } = limits;
    const quota = cpuCores === undefined ? "max" : Math.round(cpuCores * periodUs);
    const has = new Set<Controller>();
    const tell = (controller: Controller, files: Record<string, string | number>) => {
      const all = Object.entries(files);
      if (all.every(([file, value]) => written(join(folder, file), String(value))))
        has.add(controller);
    };
    if (this.#hasControllers) {
      tell("cpu", { "cpu.weight": cpuWeight, "cpu.max": `${quota} ${periodUs}` });
      tell("memory", { "memory.high": memoryBytes ?? "max" });
    }
    return { folder, has };
  }

  /** Everybody who is in our group goes into one below it; also who outlived a daemon before. */
  #open(): Base {
    if (!this.#isOurs)
      return { why: `the daemon was given no control group (Delegate= of its unit)` };
    const own = ownGroup(this.#proc);
    if (own === undefined) return { why: "this host has no control groups of version 2" };
    const folder = basename(own) === others ? dirname(own) : own;
    try {
      mkdirSync(join(folder, others), { recursive: true });
      for (let round = 0; round < 20; round += 1) {
        const pids = readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
        if (pids.length === 0) break;
        for (const pid of pids) written(join(folder, others, "cgroup.procs"), pid);
      }
      return { folder, has: new Set() };
    } catch (error) {
      return { why: `its control group cannot be written to (${codeOf(error)})` };
    }
  }

  /**
   * Only where somebody is limited: systemd can start nothing in a group that hands out controllers,
   * so the unit takes them back after each end of the daemon (`ExecStopPost=`).
   */
  #handOut(folder: string): void {
    if (this.#hasControllers) return;
    this.#hasControllers = true;
    for (const one of controllers) written(join(folder, "cgroup.subtree_control"), `+${one}`);
  }
}

/** By what `/proc/self` says of where it is, and of where version 2 is mounted. */
function ownGroup(proc: string): string | undefined {
  const read = (file: string) => readFileSync(join(proc, file), "utf8");
  const path = /^0::(\/.*)$/m.exec(read("cgroup"))?.[1];
  const mount = /^\d+ \d+ \S+ (\S+) (\S+) .* - cgroup2 /m.exec(read("mountinfo"));
  const [, root = "/", at] = mount ?? [];
  if (path === undefined || at === undefined || path.startsWith("/..")) return undefined;
  return join(at, root !== "/" && path.startsWith(root) ? path.slice(root.length) : path);
}

function written(file: string, text: string): boolean {
  try {
    // Made by the kernel or not there at all.
    writeFileSync(file, text, { flag: "r+" });
    return true;
  } catch {
    return false;
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? "unknown";

/** Those of this daemon. */
export const cgroups = new Cgroups();
