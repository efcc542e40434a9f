import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { tellCosts } from "./beside-prometheus.ts";
import type { Bench } from "./bench.ts";
import { readings } from "./journal-inputs.ts";
import { Running, startBroker } from "./processes.ts";
import { startPrometheus, startSnmpExporter } from "./prometheus.ts";

/** What the driver reads of any agent at each poll. */
const always = ["25.1.1", "1.3", "25.1.2", "1.1", "1.2"];
const texts: Record<string, string> = {
  "25.1.2": "DateAndTime",
  "1.1": "DisplayString",
  "1.2": "DisplayString",
};
/** Scalars of `mib-2` that any net-snmp agent on Linux has: TCP, UDP, SNMP. */
const figures: Record<string, { oid: string; scale: number }> = {
  temperatureC: { oid: "6.9", scale: 0.1 },
  cpuUsageRatio: { oid: "7.3", scale: 1e-6 },
  memoryUsageRatio: { oid: "6.8", scale: 1e-9 },
  fanSpeedRpm: { oid: "6.7", scale: 0.001 },
  bitrateBps: { oid: "6.10", scale: 1 },
  framesPerSecond: { oid: "7.2", scale: 1e-6 },
  droppedFrames: { oid: "6.12", scale: 1 },
  outputBytes: { oid: "6.11", scale: 1 },
};
const alarms = ["6.5", "6.6", "6.14", "6.15", "7.1", "7.4", "11.1"];
const scalars = [...always, ...Object.values(figures).map(({ oid }) => oid), ...alarms];
const oidOf = (scalar: string) => `1.3.6.1.2.1.${scalar}`;
const community = "bench";

/**
 * The daemon reads 20 OIDs of 300 devices each second over SNMP v2c, and decides, journals and
 * publishes. Beside it Debian's Prometheus does so through its SNMP exporter, at the same time. One
 * agent answers for all of them; its view ends with these OIDs, so neither side finds more to ask.
 */
export const p7: Bench = {
  name: "p7",
  about: "300 SNMP devices, beside Prometheus with the SNMP exporter asking for equal OIDs",
  async run(options) {
    const { quick, realtime, say } = options;
    const count = quick ? 60 : 300;
    const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
    const stateDir = join(folder, "state");
    mkdirSync(stateDir);
    const running = new Running({ realtime });
    running.onEnd(() => rmSync(folder, { recursive: true, force: true }));
    try {
      const port = await startAgent(running, folder);
      say(`${count} devices, ${scalars.length} OIDs each`);
      const daemon = await running.daemon(
        await configure(running, { folder, stateDir, count, port }),
      );
      const exporter = await startSnmpExporter(running, folder, {
        ...{ version: 2, auth: { community }, get: scalars.map((scalar) => `${oidOf(scalar)}.0`) },
        metrics: scalars.map((scalar) => ({
          ...{ name: `mib2_${scalar.replaceAll(".", "_")}`, oid: oidOf(scalar) },
          ...{ type: texts[scalar] ?? "gauge", help: "as the agent gives it" },
        })),
      });
      const prometheus = await startPrometheus(running, folder, {
        ...{ metrics_path: "/snmp", params: { module: ["bench"] } },
        static_configs: [{ targets: Array.from({ length: count }, (_, at) => `device-${at}`) }],
        relabel_configs: [
          { source_labels: ["__address__"], target_label: "instance" },
          { target_label: "__param_target", replacement: `127.0.0.1:${port}` },
          { target_label: "__address__", replacement: exporter.address },
        ],
      });
      await tellCosts(options, {
        id: "p7",
        ours: [daemon],
        theirs: { name: "Prometheus + exporter", pids: [prometheus.pid, exporter.pid] },
        atMost: { cpu: 0.25 },
        asked: async () => ({
          polls: readings(stateDir),
          scrapes: await prometheus.samples(`mib2_${always[0]!.replaceAll(".", "_")}`),
        }),
        perSecond: count,
      });
    } finally {
      await running.end();
    }
  },
};

async function configure(
  running: Running,
  p: { folder: string; stateDir: string; count: number; port: number },
): Promise<string> {
  const site = join(p.folder, "site.yaml");
  const secret = join(p.folder, "community");
  writeFileSync(secret, `${community}\n`, { mode: 0o600 });
  const map = [
    ...Object.entries(figures).map(([reading, { oid, scale }]) => ({
      ...{ reading, oid: `${oidOf(oid)}.0`, scale },
    })),
    ...alarms.map((oid) => ({
      ...{ reading: "alarm", oid: `${oidOf(oid)}.0`, enum: { "-1": "never said" } },
    })),
  ];
  writeFileSync(
    site,
    stringify(
      {
        ...{ site: "studio", stateDir: p.stateDir, mqtt: await startBroker(running, p.folder) },
        encoders: Array.from({ length: p.count }, (_, at) => ({
          ...{ id: `box-${at}`, driver: "snmp", host: "127.0.0.1", port: p.port, map },
          access: { version: "v2c", community: `file:${secret}` },
          polling: { normal: "1s" },
        })),
        ...{ destinations: [], streams: [] },
      },
      { aliasDuplicateObjects: false },
    ),
  );
  return site;
}

async function startAgent(running: Running, folder: string): Promise<number> {
  const udp = createSocket("udp4").bind(0, "127.0.0.1");
  await once(udp, "listening");
  const { port } = udp.address();
  udp.close();
  const config = join(folder, "snmpd.conf");
  const view = scalars.map((scalar) => `view only included .${oidOf(scalar)}`);
  const access = `rocommunity ${community} 127.0.0.1 -V only`;
  writeFileSync(config, [`agentaddress udp:127.0.0.1:${port}`, access, ...view, ""].join("\n"));
  const files = ["-C", "-c", config, "-p", join(folder, "snmpd-pid")];
  const agent = running.spawn("/usr/sbin/snmpd", ["-f", "-Lo", "-I", "-smux,agentx", ...files], {
    ...{ SNMP_PERSISTENT_DIR: join(folder, "snmpd-kept"), MIBS: "" },
  });
  // Devices that answer late are not what is measured.
  running.hurry(agent.pid!);
  return port;
}
