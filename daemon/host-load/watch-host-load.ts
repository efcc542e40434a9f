import { join } from "node:path";
import type { HostLoad } from "../../machines/site/host-load.ts";
import {
  type CpuTime,
  cpuTimeIn,
  memoryUsageIn,
  temperatureAt,
  text,
  thermometersIn,
  type Traffic,
  trafficOf,
  wayOutIn,
} from "./read-host.ts";

const lookEveryMs = 5_000;
/** What has hardly moved is told this often. */
const tellEveryMs = 30_000;
const moves = {
  ...{ cpuUsageRatio: 0.05, memoryUsageRatio: 0.02, temperatureC: 2 },
  ...{ networkSentBps: 1e6, networkReceivedBps: 1e6, networkLinkBps: 1 },
} satisfies { [name in keyof HostLoad]: number };
const names = Object.keys(moves) as (keyof typeof moves)[];

/** Looks at the host it runs on, and tells what has moved. What it cannot read it leaves out. */
export function watchHostLoad(p: {
  tell: (load: HostLoad) => void;
  nowMs: () => number;
  proc?: string;
  sys?: string;
}) {
  const { proc = "/proc", sys = "/sys" } = p;
  let before: CpuTime | undefined;
  let wire: Seen | undefined;
  let told: { load: HostLoad; atMs: number } | undefined;
  let thermometers: string[] | undefined;

  async function look(): Promise<void> {
    thermometers ??= await thermometersIn(sys);
    const [stat, meminfo, route, temperatureC] = await Promise.all([
      text(join(proc, "stat")),
      text(join(proc, "meminfo")),
      text(join(proc, "net/route")),
      temperatureAt(thermometers),
    ]);
    const wayOut = wayOutIn(route ?? "");
    const seen = wayOut === undefined ? undefined : await trafficOf(sys, wayOut);
    const onTheWire = seen && { seen, atMs: p.nowMs() };
    const traffic = onTheWire && network(wire, onTheWire);
    wire = onTheWire;
    const now = cpuTimeIn(stat ?? "");
    const cpuUsageRatio = now && before && busyShare(before, now);
    before = now;
    const memoryUsageRatio = memoryUsageIn(meminfo ?? "");
    const load: HostLoad = {
      ...(cpuUsageRatio !== undefined && { cpuUsageRatio: percent(cpuUsageRatio) }),
      ...(memoryUsageRatio !== undefined && { memoryUsageRatio: percent(memoryUsageRatio) }),
      ...(temperatureC !== undefined && { temperatureC: Math.round(temperatureC) }),
      ...traffic,
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

type Seen = { seen: Traffic; atMs: number };

/** Counters that went back, or are another interface's, tell nothing of the time between. */
function network(before: Seen | undefined, { seen, atMs }: Seen): HostLoad {
  const { name, linkBps } = seen;
  const link = { network: name, ...(linkBps !== undefined && { networkLinkBps: linkBps }) };
  const spanMs = atMs - (before?.atMs ?? atMs);
  if (before?.seen.name !== name || spanMs <= 0) return link;
  const bps = (of: "sent" | "received") =>
    Math.round(((seen[of] - before.seen[of]) * 8) / spanMs) * 1_000;
  const [networkSentBps, networkReceivedBps] = [bps("sent"), bps("received")];
  if (networkSentBps < 0 || networkReceivedBps < 0) return link;
  return { ...link, networkSentBps, networkReceivedBps };
}

const percent = (share: number) => Math.round(100 * Math.min(1, Math.max(0, share))) / 100;

const hasMoved = (before: HostLoad, now: HostLoad) =>
  names.some((name) => {
    const [was, is] = [before[name], now[name]];
    if (was === undefined || is === undefined) return was !== is;
    return Math.abs(is - was) >= moves[name];
  });
