/** How the boxes are to talk to, for `/metrics`. */
import type { Gauge } from "prom-client";
import {
  breakerWords,
  type EncoderConnection,
  type EncoderState,
} from "../../machines/encoder/encoder.contract.ts";
import type { DestinationState } from "../../machines/destination/destination.contract.ts";
import type { Actor } from "../view.ts";

const labels = ["site", "encoder"];
const figures = [
  ["connection_health_score", "healthScore", "0 (no use) to 100 (nothing wrong)."],
  ["request_pressure_score", "requestPressure", "0 to 100: what asking does to the box."],
] as const;

export function addConnectionMetrics(
  gauge: (name: string, help: string, labelNames: string[], fill: (g: Gauge) => void) => unknown,
  encoders: () => Iterable<Actor>,
  destinations: () => Iterable<Actor>,
): void {
  const connections = function* () {
    for (const { site, id: encoder, state } of encoders()) {
      const connection = state?.["connection"] as EncoderConnection | undefined;
      if (connection) yield { of: { site, encoder }, connection };
    }
  };
  const pools = function* () {
    for (const { site, id: encoder, telemetry } of encoders()) {
      const { socketsOpen } = telemetry?.figures ?? {};
      if (!telemetry || socketsOpen === undefined) continue;
      yield { of: { site, encoder }, live: { ...telemetry.figures, socketsOpen } };
    }
  };
  gauge(
    "understudy_destination_latency_seconds",
    "Age of the newest picture at the far end, by stamps in the programme.",
    ["site", "destination"],
    (g) => {
      for (const { site, id: destination, state } of destinations()) {
        const ms = (state?.["figures"] as DestinationState["figures"])?.latencyMs?.value;
        if (ms !== undefined) g.set({ site, destination }, ms / 1_000);
      }
    },
  );
  gauge(
    "understudy_encoder_detection_seconds",
    "How long the death of a box goes unnoticed at worst: silent = its first sign.",
    [...labels, "state"],
    (g) => {
      for (const { site, id: encoder, state } of encoders()) {
        const detection = state?.["detection"] as EncoderState["detection"];
        if (!detection) continue;
        g.set({ site, encoder, state: "silent" }, detection.silentWithinMs / 1_000);
        g.set({ site, encoder, state: "unreachable" }, detection.unreachableWithinMs / 1_000);
      }
    },
  );
  gauge(
    "understudy_encoder_breaker_state",
    "1 for what is done about a box that fails: open = left alone.",
    [...labels, "state"],
    (g) => {
      for (const { of, connection } of connections()) {
        for (const state of breakerWords) {
          g.set({ ...of, state }, connection.breaker === state ? 1 : 0);
        }
      }
    },
  );
  gauge(
    "understudy_destination_breaker_state",
    "1 for what is done about who looks at a far end and fails: open = left alone.",
    ["site", "destination", "state"],
    (g) => {
      for (const { site, id: destination, state: known } of destinations()) {
        const breaker = known?.["breaker"];
        if (breaker === undefined) continue;
        for (const state of breakerWords) {
          g.set({ site, destination, state }, breaker === state ? 1 : 0);
        }
      }
    },
  );
  gauge(
    "understudy_encoder_connection_sockets",
    "Connections open to the box: busy = with a request on it, idle = kept for the next.",
    [...labels, "state"],
    (g) => {
      for (const { of, live } of pools()) {
        g.set({ ...of, state: "busy" }, live.socketsBusy ?? 0);
        g.set({ ...of, state: "idle" }, live.socketsOpen - (live.socketsBusy ?? 0));
      }
    },
  );
  gauge(
    "understudy_encoder_requests_waiting",
    "Requests and commands that wait for their turn with the box.",
    labels,
    (g) => {
      for (const { of, live } of pools()) g.set(of, live.requestsWaiting ?? 0);
    },
  );
  for (const [suffix, figure, help] of figures) {
    gauge(`understudy_encoder_${suffix}`, help, labels, (g) => {
      for (const { of, connection } of connections()) {
        const value = connection[figure];
        if (value !== undefined) g.set(of, value);
      }
    });
  }
}
