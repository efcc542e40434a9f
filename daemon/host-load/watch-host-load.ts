import { join } from "node:path";
import type { HostLoad } from "../../machines/site/host-load.ts";
import {
  type CpuTime,
  cpuTimeIn,
  memoryUsageIn,
  temperatureAt,
  text,
  thermometersIn,
} from "./read-host.ts";

const lookEveryMs = 5_000;
/** What has hardly moved is told this often. */
const tellEveryMs = 30_000;
const moves: Required<HostLoad> = { cpuUsageRatio: 0.05, memoryUsageRatio: 0.02, temperatureC: 2 };
const names = Object.keys(moves) as (keyof HostLoad)[];

/** Looks at the host it runs on, and tells what has moved. What it cannot read it leaves out. */
export function watchHostLoad(p: {
  tell: (load: HostLoad) => void;
  nowMs: () => number;
  proc?: string;
  sys?: string;
}) {
  const { proc = "/proc", sys = "/sys" } = p;
  let before: CpuTime | undefined;
  let told: { load: HostLoad; atMs: number } | undefined;
  let thermometers: string[] | undefined;

  async function look(): Promise<void> {
    thermometers ??= await thermometersIn(sys);
    const [stat, meminfo, temperatureC] = await Promise.all([
      text(join(proc, "stat")),
      text(join(proc, "meminfo")),
      temperatureAt(thermometers),
    ]);
    const now = cpuTimeIn(stat ?? "");
    const cpuUsageRatio = now && before && busyShare(before, now);
    before = now;
    const memoryUsageRatio = memoryUsageIn(meminfo ?? "");
    const load: HostLoad = {
      ...(cpuUsageRatio !== undefined && { cpuUsageRatio: percent(cpuUsageRatio) }),
      ...(memoryUsageRatio !== undefined && { memoryUsageRatio: percent(memoryUsageRatio) }),
      ...(temperatureC !== undefined && { temperatureC: Math.round(temperatureC) }),
    };
    const atMs = p.nowMs();
    if (told && atMs - told.atMs < tellEveryMs && !hasMoved(told.load, load)) return;
    told = { load, atMs };
    p.tell(load);
  }

  let looking = look();
  const timer = setInterval(() => void (looking = looking.then(look)), lookEveryMs);
  return {
    async close(): Promise<void> {
      clearInterval(timer);
      await looking;
    },
  };
}

/** @returns undefined where no time has passed */
function busyShare(before: CpuTime, now: CpuTime): number | undefined {
  const total = now.total - before.total;
  // The kernel's idle time may go back by a tick.
  return total > 0 ? 1 - Math.max(0, now.idle - before.idle) / total : undefined;
}

const percent = (share: number) => Math.round(100 * Math.min(1, Math.max(0, share))) / 100;

const hasMoved = (before: HostLoad, now: HostLoad) =>
  names.some((name) => {
    const [was, is] = [before[name], now[name]];
    if (was === undefined || is === undefined) return was !== is;
    return Math.abs(is - was) >= moves[name];
  });
