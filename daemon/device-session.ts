import { breakerLimits } from "../machines/breaker.ts";
import { type Circuit, openCircuit } from "./circuit.ts";
import {
  type Exchange,
  failuresIn,
  healthOf,
  type LatencyPoint,
  latencyOf,
  predictSlowness,
  resetsIn,
} from "../machines/encoder/connection-health.ts";
import { type ConnectionSample, historyPointMs } from "../machines/encoder/connection-history.ts";
import type { Connection, Prediction } from "../machines/encoder/connection.ts";
import type { Pool } from "./drivers/driver.ts";
import { requestPressure } from "../machines/encoder/request-pressure.ts";

/**
 * Looks at each of these every `lookEveryMs`, a few at a time: all at once would hold up what
 * decides for a tenth of a second where there are hundreds.
 */
export function lookInTurn(sessions: readonly Pick<DeviceSession, "look">[]): NodeJS.Timeout {
  let looks = 0;
  return setInterval(() => {
    looks += 1;
    const slot = looks % looksPerPeriod;
    for (let at = slot; at < sessions.length; at += looksPerPeriod) sessions[at]!.look();
  }, lookEveryMs / looksPerPeriod);
}

/** What is asked of one box over the network passes here, and what became of it is counted. */
export type DeviceSession = {
  ask: Circuit["ask"];
  /** One exchange, as its driver tells it. */
  exchanged(exchange: Exchange): void;
  /** One of its connections, as its driver opens it. */
  pooled(look: () => Pool): void;
  /** All of them now; undefined: nothing is kept open to it. */
  pool(): Pool | undefined;
  /** 0 … 100, as at the last look; undefined: not known yet. */
  requestPressure(): number | undefined;
  /** Looks whether there is news by now; called every `lookEveryMs`. */
  look(): void;
  /** Of the last 30 s; the score as at the last look. */
  sample(): ConnectionSample;
};

const lookEveryMs = 10_000;
const looksPerPeriod = 40;

/** Waiting costs more than asking. */
const urgentRestMs = 5_000;

/** What a score is made of, and how long its history is. */
const talkMs = 5 * 60_000;
const historyPoints = 60;
/** No box is asked so often; a driver that went mad shall not eat the memory. */
const mostExchanges = 3_000;
/** A smaller change of a score is no news. */
const newsPoints = 5;

/** How many requests a box stands in `periodMs`. */
export type Burst = { limit: number; periodMs: number };

/** By the options of its driver where these say so. */
export function burstOf(options: unknown): Burst {
  const { burstLimit = 100, coolingPeriodMs = 60_000 } = options as {
    burstLimit?: number;
    coolingPeriodMs?: number;
  };
  return { limit: burstLimit, periodMs: coolingPeriodMs };
}

export function openDeviceSession(p: {
  now: () => number;
  /** Somebody waits for what this box says: a programme, or we who have just rebooted it. */
  isUrgent: () => boolean;
  readingMaxAgeMs: number;
  burst: Burst;
  /** Told when it is left alone and when no longer, and when a score has moved. */
  report: (connection: Connection) => void;
}): DeviceSession {
  const { now, burst } = p;
  const circuit = openCircuit({
    now,
    restMs: () => (p.isUrgent() ? urgentRestMs : breakerLimits.openMs),
    changed: () => tell(connection()),
    answered: () => (answeredAtMs = now()),
  });
  const pools: (() => Pool)[] = [];
  let exchanges: Exchange[] = [];
  let history: LatencyPoint[] = [];
  let predicted: Prediction | undefined;
  let answeredAtMs: number | undefined;
  let pressed: number | undefined;
  let scored: number | undefined;
  let told: Connection = { breaker: "closed" };

  function tell(connection: Connection): void {
    told = connection;
    p.report(connection);
  }

  /** They stand in the order of their time. */
  function within(lengthMs: number): Exchange[] {
    const sinceMs = now() - lengthMs;
    return exchanges.slice(exchanges.findLastIndex(({ atMs }) => atMs <= sinceMs) + 1);
  }

  function pressure(): number | undefined {
    if (exchanges.length === 0) return undefined;
    const period = within(burst.periodMs);
    return requestPressure({
      requests: period.length,
      failed: failuresIn(period),
      burstLimit: burst.limit,
      medianLatencyMs: latencyOf(period),
    });
  }

  function connection(): Connection {
    const word = circuit.word();
    const talk = within(talkMs);
    const latencyMs = latencyOf(talk);
    const answeredAgoMs = answeredAtMs === undefined ? undefined : now() - answeredAtMs;
    const requestPressure = pressure();
    return {
      breaker: word,
      ...(word !== "closed" && { failure: circuit.failure() }),
      ...healthOf({ exchanges: talk, answeredAgoMs, readingMaxAgeMs: p.readingMaxAgeMs }),
      ...(requestPressure !== undefined && { requestPressure }),
      ...(latencyMs !== undefined && { latencyMs: Math.round(latencyMs) }),
      ...(talk.length > 0 && {
        failedRatio: Math.round((100 * failuresIn(talk)) / talk.length) / 100,
        resets: resetsIn(talk),
      }),
      ...(predicted && { predicted }),
    };
  }

  return {
    ask: circuit.ask,
    exchanged(exchange) {
      exchanges.push(exchange);
      if (exchanges.length > mostExchanges) exchanges = within(talkMs).slice(-mostExchanges / 2);
    },
    pooled: (look) => void pools.push(look),
    pool() {
      if (pools.length === 0) return undefined;
      const sum: Pool = { socketsOpen: 0, socketsBusy: 0, requestsWaiting: 0 };
      for (const look of pools) {
        const one = look();
        sum.socketsOpen += one.socketsOpen;
        sum.socketsBusy += one.socketsBusy;
        sum.requestsWaiting += one.requestsWaiting;
      }
      return sum;
    },
    requestPressure: () => pressed,
    look() {
      exchanges = within(talkMs);
      const latencyMs = latencyOf(within(lookEveryMs));
      if (latencyMs !== undefined) {
        history = [...history.slice(1 - historyPoints), { atMs: now(), latencyMs }];
      }
      pressed = pressure();
      predicted = predictSlowness(history, predicted !== undefined);
      const next = connection();
      scored = next.healthScore;
      if (isNews(told, next)) tell(next);
    },
    sample() {
      const recent = within(historyPointMs);
      const latencyMs = latencyOf(recent);
      return {
        healthScore: scored ?? null,
        latencyMs: latencyMs === undefined ? null : Math.round(latencyMs),
        requests: recent.length,
        failed: failuresIn(recent),
        resets: resetsIn(recent),
      };
    },
  };
}

/** A score that only wavers is not told again. */
function isNews(before: Connection, next: Connection): boolean {
  const moved = (figure: "healthScore" | "requestPressure") => {
    const [was, is] = [before[figure], next[figure]];
    if (was === undefined || is === undefined) return was !== is;
    return Math.abs(is - was) >= newsPoints || (is !== was && (is === 0 || is === 100));
  };
  return (
    moved("healthScore") ||
    moved("requestPressure") ||
    (before.predicted === undefined) !== (next.predicted === undefined)
  );
}
