/**
 * How long answers took, by method, route and class of status: a Prometheus histogram that costs an
 * answer two look-ups. The package's own hashes all labels each time, a tenth of a ready answer.
 */
import type { Metric, Registry } from "prom-client";

const name = "http_request_duration_seconds";
const help = "How long requests took.";
/** Upper bounds, s. */
const bounds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60];

type Series = { counts: number[]; count: number; sum: number };
/** By route, then by the first digit of the status. */
type Routes = Map<string, (Series | undefined)[]>;

/** @returns counts one answer */
export function addDurations(registry: Registry) {
  const methods = new Map<string, Routes>();

  function made(method: string, route: string, digit: number): Series {
    const routes = methods.get(method) ?? (new Map() as Routes);
    const series = routes.get(route) ?? [];
    const fresh = { counts: bounds.map(() => 0), count: 0, sum: 0 };
    series[digit] = fresh;
    methods.set(method, routes.set(route, series));
    return fresh;
  }
  function* values() {
    for (const [method, routes] of methods) {
      for (const [route, all] of routes) {
        for (const [digit, series] of all.entries()) {
          if (!series) continue;
          const labels = { method, route, status: `${digit}xx` };
          let below = 0;
          for (const [at, le] of bounds.entries()) {
            below += series.counts[at] ?? 0;
            yield { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below };
          }
          const { count, sum } = series;
          yield { metricName: `${name}_bucket`, labels: { le: "+Inf", ...labels }, value: count };
          yield { metricName: `${name}_sum`, labels, value: sum };
          yield { metricName: `${name}_count`, labels, value: count };
        }
      }
    }
  }
  const type = "histogram";
  const get = async () => ({ name, help, type, aggregator: "sum", values: [...values()] });
  // What a registry asks of a metric; its type names only the classes of the package.
  registry.registerMetric({ name, help, type, get } as unknown as Metric);

  return (method: string, route: string, status: number, seconds: number): void => {
    const digit = Math.floor(status / 100);
    const series = methods.get(method)?.get(route)?.[digit] ?? made(method, route, digit);
    const at = bounds.findIndex((bound) => seconds <= bound);
    if (at >= 0) series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.count += 1;
    series.sum += seconds;
  };
}
