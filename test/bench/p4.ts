import { join } from "node:path";
import { type Facility, kill, until } from "../e2e/facility.ts";
import { Hub } from "../e2e/hub.ts";
import { aSmallDisk } from "../e2e/small-disk.ts";
import { startFaultProxy } from "../fakes/fault-proxy.ts";
import type { Bench } from "./bench.ts";
import { Drill, ffmpegs } from "./drill.ts";
import { commandOf, compared, type Condition, gapOf, inTurn } from "./in-turn.ts";
import { RelayedDrill } from "./relayed-drill.ts";

/** A carrier that lost its picture three times in two minutes rests: so many share the kills. */
const encoders = 12;
const against = { what: "with all of it there", ratioAtMost: 1.05 };

/** What a site decides does not lean on the hub, its broker, the way to them, or the disk. */
export const p4: Bench = {
  name: "p4",
  about: "takeover and air gap with hub, broker, uplink and disk gone, beside all of it there",
  async run({ quick, kills = quick ? 2 : 12, figure: tell, say }) {
    await withRest(async (rest) => {
      const drill = await Drill.begin({ encoders: ffmpegs(encoders), ...rest.options });
      rest.last(() => drill.close());
      await drill.startDaemon();
      await drill.onAirAgain(0);
      const commands = await inTurn(kills, commandOf(drill), rest.gone(drill.facility));
      say(`${2 * kills} takeovers, every other with nothing there`);
      tell(compared("p4.command.p50", commands, 0.5, against));
      tell(compared("p4.command.p99", commands, 0.99, { what: against.what }));
    });
    await withRest(async (rest) => {
      const drill = await RelayedDrill.begin("gop-atomic", rest.options);
      rest.last(() => drill.close());
      const gaps = await inTurn(kills, gapOf(drill), rest.gone(drill.facility));
      say(`${2 * kills} gaps, every other with nothing there`);
      tell(compared("p4.gap.p50", gaps, 0.5, against));
      tell(compared("p4.gap.p95", gaps, 0.95, against));
    });
  },
};

type Rest = {
  /** Of a facility that uses it. */
  options: { mqttUrl: string; stateDir: string };
  /** What is closed before it. */
  last(close: () => Promise<void>): void;
  gone(facility: Facility): Condition;
};

/** A hub with its broker, a way to it, and a disk of its own. */
async function withRest(use: (rest: Rest) => Promise<void>): Promise<void> {
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const hub = await Hub.start();
    ends.push(() => hub.close());
    const proxy = await startFaultProxy({ host: "127.0.0.1", port: hub.mqttPort });
    ends.push(() => proxy.close());
    const disk = aSmallDisk(64);
    ends.push(() => disk.close());
    const signalled = [hub.pid(), hub.brokerPid()];
    await use({
      options: { mqttUrl: `mqtt://127.0.0.1:${proxy.port}`, stateDir: join(disk.folder, "state") },
      last: (close) => void ends.push(close),
      gone: (facility) => ({
        async begin() {
          const isLost = saidAnew(facility, "link_lost");
          await proxy.down(true);
          for (const pid of signalled) kill(pid, "SIGSTOP");
          disk.fill();
          await until("the way to the hub is gone", isLost, 60_000);
          // The journal says so when it needs room; by then the room that was kept is given up.
          disk.fill();
        },
        async end() {
          const isOnline = saidAnew(facility, "link_online");
          disk.empty();
          for (const pid of signalled) kill(pid, "SIGCONT");
          await proxy.down(false);
          await until("the hub is there again", isOnline, 120_000);
          await until("the journal is written", () => isWritten(facility), 120_000);
        },
      }),
    });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

const often = (facility: Facility, words: string) => facility.log.split(words).length;

/** @returns whether the daemon has said this once more than until now */
function saidAnew(facility: Facility, words: string): () => boolean {
  const before = often(facility, words);
  return () => often(facility, words) > before;
}

/** It never said that the disk is full, or that it is well again since. */
const isWritten = (facility: Facility) =>
  often(facility, "the journal is written again") >= often(facility, "the disk is full");
