/** How a box is to talk to. Pressure is what we do to it, and no temperature. */
import { row } from "./box.ts";
import type { EncoderItem } from "./items.ts";
import { lengthOf, state, type Tone, word } from "./words.ts";

/** From here on it is asked less often. */
const highPressure = 75;

export function connectionRows({ connection, live }: EncoderItem): HTMLElement[] {
  if (!connection) return [];
  const { breaker, healthScore, burden, requestPressure, predicted } = connection;
  const words =
    breaker === "open"
      ? word("critical", "left alone for a while, it failed again and again")
      : breaker === "halfOpen"
        ? word("warning", "asked carefully")
        : healthScore === undefined
          ? state(undefined)
          : word(healthTone(healthScore), `${healthScore} of 100`);
  const because = burden === undefined || breaker !== "closed" ? "" : ` for its ${burden}`;
  return [
    ...row("Connection", words, because),
    ...(predicted
      ? row(
          "",
          word(
            "warning",
            `trouble in about ${lengthOf(predicted.inMs)}: ${predicted.what} (${predicted.method})`,
          ),
        )
      : []),
    ...(live?.socketsOpen === undefined
      ? []
      : row(
          "Connections",
          `${live.socketsOpen} open, ${live.socketsBusy ?? 0} in use, ${live.requestsWaiting ?? 0} waiting`,
        )),
    ...(requestPressure === undefined
      ? []
      : row(
          "Request pressure",
          word(requestPressure < highPressure ? "good" : "warning", `${requestPressure} of 100`),
        )),
  ];
}

export function healthTone(score: number): Tone {
  if (score >= 75) return "good";
  return score >= 40 ? "warning" : "critical";
}
