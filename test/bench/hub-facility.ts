/** A hub with its broker, and the states of many sites that it hears. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { until } from "../e2e/facility.ts";
import { startMosquitto } from "../e2e/mosquitto.ts";
import { refOf } from "./hub-refs.ts";
import type { Running, Speaking } from "./processes.ts";

const key = "bench-8Rk2vTq7Wm4Xz9Lp3Nc6Hd1Fs5Gy0Ja";
const login = { username: "bench", password: "bench" };

export type HubFacility = {
  pid: number;
  url: string;
  /** For `X-API-Key`. */
  key: string;
  mqtt: { url: string; username: string; password: string };
  /** Publishes states; see `hub-sites.ts`. */
  sites: Speaking;
  get(path: string): Promise<Buffer>;
};

/** @param encoders how many, 20 to a site; the hub has heard of all of them when this resolves */
export async function startHub(running: Running, encoders: number): Promise<HubFacility> {
  const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  running.onEnd(() => rmSync(folder, { recursive: true, force: true }));
  const mosquitto = await startMosquitto({
    users: { [login.username]: login.password },
    acl: `user ${login.username}\ntopic readwrite #\n`,
    // It must lose nothing, and not wait to make packets bigger.
    more: "max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\n",
  });
  running.onEnd(() => mosquitto.close());
  const mqtt = { url: `mqtt://127.0.0.1:${mosquitto.port}`, ...login };
  const stateDir = join(folder, "state");
  mkdirSync(stateDir);
  writeFileSync(join(folder, "password"), `${login.password}\n`, { mode: 0o600 });
  const config = join(folder, "hub.yaml");
  const external = { ...mqtt, password: `file:${join(folder, "password")}` };
  const rateLimit = { requests: 1_000_000, keyPerHour: 100_000_000 };
  writeFileSync(config, stringify({ port: 0, stateDir, mqtt: { external }, rateLimit }));
  const hub = await running.hub(config, { MASTER_API_KEY: key });
  const get = async (path: string) => {
    const response = await fetch(`${hub.url}${path}`, { headers: { "X-API-Key": key } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  };
  const sites = await running.fork("test/bench/hub-sites.ts", [mqtt.url, encoders]);
  const last = refOf(encoders - 1);
  await until(
    `the hub knows ${encoders} encoders`,
    async () => (await get(`/api/encoders?site=${last.split("~")[0]}`)).includes(`"${last}"`),
    60_000,
  );
  return { ...hub, key, mqtt, sites, get };
}
