/** How a box is to talk to, as measured by whoever asks it; and what of it is worth telling. */
import type { Decision } from "../decision.ts";
import { breakerLimits, type BreakerWord } from "../breaker.ts";

/** What pulls a health score down. */
export type Burden = "latency" | "errors" | "resets" | "staleness";

/** A figure that cannot be told, because too little was asked, is left out. */
export type Connection = {
  breaker: BreakerWord;
  /** What the last failure was, for people. */
  failure?: string;
  /** 0 (no use) … 100 (nothing wrong); see `healthOf`. */
  healthScore?: number;
  /** What is worst of it, where the score is below 100. */
  burden?: Burden;
  /** 0 … 100, what we do to its small web server; not a temperature. See `requestPressure`. */
  requestPressure?: number;
  /** Median of one exchange, ms. */
  latencyMs?: number;
  /** Of the exchanges, 0 … 1. */
  failedRatio?: number;
  /** Connections it broke. */
  resets?: number;
  predicted?: Prediction;
};

/** Trouble that is on its way. */
export type Prediction = {
  what: "latency";
  /** What is reached, ms, and when. */
  reachesMs: number;
  inMs: number;
  /** How it was told, for people. */
  method: string;
};

/** What has become of the connection since `before`, in words for people; undefined: no news. */
export function connectionNews(
  encoder: string,
  before: Connection | undefined,
  now: Connection,
): Decision | undefined {
  const wasLeftAlone = before !== undefined && before.breaker !== "closed";
  const { failures, answers, openMs } = breakerLimits;
  if (now.breaker === "open" && !wasLeftAlone) {
    return {
      type: "encoder.breaker",
      severity: "warning",
      message: `${encoder} failed ${failures} times in a row (${now.failure ?? "no answer"}): it is left alone for ${openMs / 1_000} s at a time, only stop and fence still go out`,
      data: { breaker: "open", failure: now.failure },
    };
  }
  if (now.breaker === "closed" && wasLeftAlone) {
    return {
      type: "encoder.breaker",
      severity: "info",
      message: `${encoder} has answered ${answers} times: it is asked as usual again`,
      data: { breaker: "closed" },
    };
  }
  const { latencyMs, healthScore } = now;
  if (now.predicted && !before?.predicted) {
    return {
      type: "encoder.connection",
      severity: "warning",
      message: `${encoder} answers ever more slowly: ${latencyMs ?? "?"} ms now, ${predictionSentence(now.predicted)}`,
      data: { ...now.predicted, latencyMs, healthScore },
    };
  }
  if (!now.predicted && before?.predicted && now.breaker === "closed") {
    return {
      type: "encoder.connection",
      severity: "info",
      message: `${encoder} does not get slower any more: ${latencyMs ?? "?"} ms`,
      data: { latencyMs, healthScore },
    };
  }
  return undefined;
}

function predictionSentence({ reachesMs, inMs, method }: Prediction): string {
  return `${reachesMs} ms in ${Math.max(1, Math.round(inMs / 60_000))} min (${method})`;
}

/** Sentences for the operator while it is so. */
export function connectionWarnings({ breaker, failure, predicted }: Connection): string[] {
  const how = { closed: undefined, open: "left alone", halfOpen: "asked carefully" }[breaker];
  return [
    ...(how === undefined ? [] : [`is ${how}: ${failure ?? "it failed"}`]),
    ...(predicted ? [`answers ever more slowly: ${predictionSentence(predicted)}`] : []),
  ];
}
