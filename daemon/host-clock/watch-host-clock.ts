import {
  type HostClockLook,
  jumpBetween,
  type TimeServerAnswer,
} from "../../machines/site/host-clock.ts";
import type { Stamp } from "../../machines/time.ts";
import { askKeeper, type Run, runProgram } from "./keeper.ts";
import { openSntp, type SntpOutcome, type TimeServer } from "./sntp.ts";

const jumpEveryMs = 5_000;
const firstLookAfterMs = 100;
/** An answer counts for so many looks: a lost packet is no news. */
const keepLooks = 3;

type Asked = {
  server: TimeServer;
  answer?: Omit<TimeServerAnswer, "ageMs"> & { atMs: number };
  problem?: string;
  /** Not asked before this, monotonic ms. */
  restsUntilMs: number;
  /** A server that finds us too eager is asked ever more seldom. */
  everyMs: number;
};

/**
 * Finds out, every few minutes, how the clock of this host is, and notices when it is set. Decides
 * nothing: each look is passed on.
 */
export function watchHostClock(p: {
  servers: readonly TimeServer[];
  everyMs: number;
  now: () => Stamp;
  tell: (look: HostClockLook) => void;
  jumped: (byMs: number) => void;
  run?: Run;
}): { close(): Promise<void> } {
  const monoMs = () => p.now().monoMs;
  const wallMs = () => p.now().wallMs;
  const sntp = openSntp({ monoMs, wallMs });
  const asked = p.servers.map((server): Asked => ({
    server,
    restsUntilMs: -Infinity,
    everyMs: p.everyMs,
  }));
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const keeper = await askKeeper(p.run ?? runProgram, wallMs);
    for (const one of asked) {
      if (closing.signal.aborted) return;
      if (monoMs() < one.restsUntilMs) continue;
      note(one, await sntp.ask(one.server, closing.signal));
    }
    if (closing.signal.aborted) return;
    p.tell({
      keeper,
      answers: asked.flatMap(({ answer }) => (answer ? stillCounting(answer) : [])),
      problems: asked.flatMap(({ server, problem }) =>
        problem === undefined ? [] : [`${server.host}: ${problem}`],
      ),
    });
  }

  function note(one: Asked, outcome: SntpOutcome): void {
    const server = one.server.host;
    delete one.problem;
    if (outcome.kind === "answer") {
      const { aheadMs, exactToMs } = outcome;
      one.answer = { server, aheadMs, exactToMs, atMs: monoMs() };
      return;
    }
    one.problem = problemOf(outcome);
    if (outcome.kind !== "kiss") return;
    one.everyMs *= 2;
    one.restsUntilMs = outcome.code === "RATE" ? monoMs() + one.everyMs : Infinity;
  }

  function stillCounting({ atMs, ...answer }: NonNullable<Asked["answer"]>): TimeServerAnswer[] {
    const ageMs = Math.round(monoMs() - atMs);
    return ageMs > keepLooks * p.everyMs ? [] : [{ ...answer, ageMs }];
  }

  function lookNow(): void {
    clearTimeout(timer);
    looking ??= look().finally(() => {
      looking = undefined;
      if (!closing.signal.aborted) timer = setTimeout(lookNow, p.everyMs);
    });
  }

  let before = p.now();
  const jumps = setInterval(() => {
    const now = p.now();
    const byMs = jumpBetween(before, now);
    before = now;
    if (byMs === undefined) return;
    // What was measured before it is not so any more.
    for (const one of asked) delete one.answer;
    p.jumped(byMs);
    lookNow();
  }, jumpEveryMs);
  // Whoever opened us has more urgent work: the first look starts a program.
  timer = setTimeout(lookNow, firstLookAfterMs);

  return {
    async close() {
      closing.abort();
      clearInterval(jumps);
      clearTimeout(timer);
      await looking;
    },
  };
}

function problemOf(outcome: Exclude<SntpOutcome, { kind: "answer" }>): string {
  if (outcome.kind === "failed") return outcome.why;
  if (outcome.kind === "kiss") return `wants to be left alone (${outcome.code})`;
  return outcome.kind === "unsynchronised" ? "is not synchronised itself" : "speaks no NTP";
}
