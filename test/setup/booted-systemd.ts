/**
 * A real systemd, booted in namespaces over this machine's own files: what it runs sees the same
 * programs and libraries, may write where it likes, and all it wrote is gone when it stops.
 * It has a network of its own with nothing but loopback. Needs root and `systemd-nspawn`.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { cgroupFolders, removeCgroups } from "./cgroups.ts";

/** What a file inside holds: its text, or the file or folder of this machine to copy. */
export type FileInside = { text: string; mode?: number } | { copyOf: string };

export type BootOptions = {
  /** Unit files by name (`understudy-daemon.service`); none is started by itself. */
  units?: Record<string, string>;
  /** By absolute path inside. */
  files?: Record<string, FileInside>;
  /** Shown read-only: absolute path inside → absolute path on this machine. */
  showReadOnly?: Record<string, string>;
  /** Only control groups of version 2 inside, as on a Debian of today; else as out here. */
  unified?: boolean;
  /** Longest wait for the boot, ms. */
  bootWithinMs?: number;
};

export type Ran = { code: number; stdout: string; stderr: string };

export type BootedSystemd = {
  /** Runs a shell command as root inside; does not throw when the command fails. */
  run(command: string, options?: { timeoutMs?: number }): Promise<Ran>;
  /** As `run`, and gives stdout without its last line end. @throws when the command fails */
  tell(command: string, options?: { timeoutMs?: number }): Promise<string>;
  /** Powers it off and removes everything. Harmless when asked twice. */
  stop(): Promise<void>;
};

/** Why nothing can be booted here, as a sentence; undefined when it can. */
export function whyNotBootable(): string | undefined {
  if (process.getuid?.() !== 0) return "booting systemd in a namespace needs root";
  const needed = ["/usr/bin/systemd-nspawn", "/usr/bin/setpriv", "/lib/systemd/systemd"];
  const lacking = needed.filter((path) => !existsSync(path));
  return lacking.length > 0 ? `${lacking.join(" and ")} not installed` : undefined;
}

/** @throws when it is not up within `bootWithinMs`, with what its console said */
export async function bootSystemd(options: BootOptions = {}): Promise<BootedSystemd> {
  const why = whyNotBootable();
  if (why !== undefined) throw new Error(why);
  const id = `understudy-${randomBytes(4).toString("hex")}`;
  const folder = await mkdtemp(join(tmpdir(), `${id}-`));
  await writeLayer(join(folder, "layer"), options);
  for (const name of ["writes", "root"]) await mkdir(join(folder, name));

  const console: Buffer[] = [];
  const nspawn = startNspawn(id, folder, options, (part) => console.push(part));
  const gone = new Promise<void>((resolve) => {
    nspawn.once("close", () => resolve());
    nspawn.once("error", (error) => {
      console.push(Buffer.from(error.message));
      resolve();
    });
  });

  async function stop(): Promise<void> {
    // nspawn passes SIGTERM on as "power off"; a unit that will not stop is not waited for long.
    if (isRunning(nspawn)) nspawn.kill("SIGTERM");
    await Promise.race([gone, after(30_000, undefined, { ref: false })]);
    if (isRunning(nspawn)) nspawn.kill("SIGKILL");
    await gone;
    await removeCgroups(id);
    await rm(folder, { recursive: true, force: true });
  }

  try {
    const init = await untilUp(nspawn, options.bootWithinMs ?? 60_000);
    const run: BootedSystemd["run"] = (command, { timeoutMs = 60_000 } = {}) =>
      runInside(init, command, timeoutMs);
    const tell: BootedSystemd["tell"] = async (command, limits) => {
      const { code, stdout, stderr } = await run(command, limits);
      if (code !== 0) throw new Error(`"${command}" inside: exit ${code}: ${stdout}${stderr}`);
      return stdout.replace(/\n$/, "");
    };
    return { run, tell, stop };
  } catch (cause) {
    await stop();
    throw new Error(`systemd did not boot: ${Buffer.concat(console).toString()}`, { cause });
  }
}

/** What lies over this machine's own files. */
async function writeLayer(layer: string, { units = {}, files = {} }: BootOptions): Promise<void> {
  const machineId = randomBytes(16).toString("hex");
  const written: Record<string, FileInside> = {
    "/etc/machine-id": { text: `${machineId}\n` },
    // This machine's disks and its own services are none of our business.
    "/etc/fstab": { text: "" },
    "/etc/systemd/system/understudy-test.target": {
      text: "[Unit]\nDescription=Nothing but the basics\nRequires=basic.target\nAfter=basic.target\n",
    },
    ...Object.fromEntries(
      Object.entries(units).map(([name, text]) => [`/etc/systemd/system/${name}`, { text }]),
    ),
    ...files,
  };
  for (const [path, file] of Object.entries(written)) {
    const target = join(layer, path);
    await mkdir(dirname(target), { recursive: true });
    if ("copyOf" in file) {
      await cp(file.copyOf, target, { recursive: true });
    } else {
      await writeFile(target, file.text);
      await chmod(target, file.mode ?? 0o644);
    }
  }
  for (const target of ["timers.target", "paths.target"]) {
    await symlink("/dev/null", join(layer, "etc/systemd/system", target));
  }
  // The shipped units say /usr/bin/node.
  if (!existsSync("/usr/bin/node")) {
    await mkdir(join(layer, "usr/bin"), { recursive: true });
    await symlink(process.execPath, join(layer, "usr/bin/node"));
  }
}

function startNspawn(
  id: string,
  folder: string,
  { showReadOnly = {}, unified = false }: BootOptions,
  onOutput: (part: Buffer) => void,
): ChildProcess {
  // On a machine that runs systemd itself, that one gives nspawn its control group.
  const hostHasSystemd = existsSync("/run/systemd/system");
  const joinCgroups = hostHasSystemd
    ? []
    : cgroupFolders(id).map((path) => `mkdir -p '${path}' && echo $$ > '${path}/cgroup.procs'`);
  const script = [
    "set -e",
    ...joinCgroups,
    `mount -t tmpfs tmpfs '${folder}/writes'`,
    `mkdir '${folder}/writes/upper' '${folder}/writes/work'`,
    `mount -t overlay overlay '${folder}/root' -o ` +
      `'lowerdir=/,upperdir=${folder}/writes/upper,workdir=${folder}/writes/work'`,
    // As tar does it, folders that are there keep their mode, and /lib stays a link to /usr/lib.
    `tar -C '${folder}/layer' -cf - . | ` +
      `tar -C '${folder}/root' -xf - --no-overwrite-dir --keep-directory-symlink`,
    'exec systemd-nspawn "$@"',
  ].join("\n");
  const nspawn = [
    "--quiet",
    "--register=no",
    ...(hostHasSystemd ? [] : ["--keep-unit"]),
    "--private-network",
    "--link-journal=no",
    "--console=pipe",
    `--machine=${id}`,
    `--directory=${folder}/root`,
    ...Object.entries(showReadOnly).map(([inside, outside]) => `--bind-ro=${outside}:${inside}`),
    "--boot",
    "--",
    "--unit=understudy-test.target",
  ];
  // The mounts live in a namespace of their own, and all of it dies with this process: a test
  // that is killed leaves neither mounts nor processes behind.
  const child = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", "unshare", "--mount", "sh", "-c", script, "sh", ...nspawn],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...(unified && { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" }) },
    },
  );
  child.stdout.on("data", onOutput);
  child.stderr.on("data", onOutput);
  return child;
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Waits until the inner systemd has reached its target. Returns its process id out here. */
async function untilUp(nspawn: ChildProcess, withinMs: number): Promise<number> {
  const givesUpAtMs = performance.now() + withinMs;
  let seen = "nothing started yet";
  while (performance.now() < givesUpAtMs) {
    if (!isRunning(nspawn)) throw new Error("systemd-nspawn ended");
    const init = innerSystemd(nspawn.pid ?? 0);
    if (init !== undefined) {
      const { code, stdout, stderr } = await runInside(
        init,
        "systemctl is-active understudy-test.target",
        10_000,
      );
      if (code === 0) return init;
      seen = `${stdout}${stderr}`.trim();
    }
    await after(100);
  }
  throw new Error(`not up within ${withinMs} ms: ${seen}`);
}

function innerSystemd(nspawnPid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${nspawnPid}/task/${nspawnPid}/children`, "utf8");
    return children
      .split(" ")
      .filter((pid) => pid !== "")
      .map(Number)
      .find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") === "systemd\n");
  } catch {
    // A process that went away between two reads: look again later.
    return undefined;
  }
}

function runInside(init: number, command: string, timeoutMs: number): Promise<Ran> {
  const args = ["-t", String(init), "-a", "sh", "-c", command];
  const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", LC_ALL: "C.UTF-8" };
  const limits = { env, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile("nsenter", args, limits, (error, stdout, stderr) => {
      const failed = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code: failed, stdout, stderr });
    });
  });
}
