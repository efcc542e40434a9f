/** Debian's Prometheus and its SNMP exporter, each on a free port with files of its own. */
import { createServer, type AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { until } from "../e2e/facility.ts";
import type { Running } from "./processes.ts";

export type Prometheus = {
  pid: number;
  /** How many targets answered when they were asked last. */
  targetsUp(): Promise<number>;
  /** How many samples of this series it has taken by now, over all targets. */
  samples(name: string): Promise<number>;
};

/** Scrapes each second, keeps what it read as it comes from the package, and has no rules. */
export async function startPrometheus(
  running: Running,
  folder: string,
  job: Record<string, unknown>,
): Promise<Prometheus> {
  const config = join(folder, "prometheus.yml");
  const global = { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1m" };
  const scrapes = [{ job_name: "devices", ...job }];
  writeFileSync(config, stringify({ global, scrape_configs: scrapes }));
  const address = `127.0.0.1:${await freePort()}`;
  const { pid } = running.spawn("prometheus", [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, "tsdb")}`,
    `--web.listen-address=${address}`,
    "--log.level=error",
  ]);
  running.hurry(pid!);
  await untilAnswers(`http://${address}/-/ready`);
  async function value(query: string): Promise<number> {
    const reply = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await reply.json()) as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1] ?? 0);
  }
  return {
    pid: pid!,
    targetsUp: () => value("sum(up)"),
    samples: (name) => value(`sum(count_over_time(${name}[1h]))`),
  };
}

/** @param module what it asks each target, in the exporter's own words */
export async function startSnmpExporter(
  running: Running,
  folder: string,
  module: Record<string, unknown>,
): Promise<{ pid: number; address: string }> {
  const config = join(folder, "snmp-exporter.yml");
  writeFileSync(config, stringify({ bench: module }));
  const address = `127.0.0.1:${await freePort()}`;
  const { pid } = running.spawn("prometheus-snmp-exporter", [
    `--config.file=${config}`,
    `--web.listen-address=${address}`,
    "--log.level=error",
  ]);
  running.hurry(pid!);
  await untilAnswers(`http://${address}/`);
  return { pid: pid!, address };
}

async function untilAnswers(url: string): Promise<void> {
  await until(url, () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
