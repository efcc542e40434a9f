/** A real net-snmp agent on a free port of the loopback, with its own files and nobody's config. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { SnmpAccess } from "../../../daemon/drivers/shared/snmp/access.ts";

export const snmpdCommunity = {
  version: "v2c",
  community: "real-readers",
} satisfies SnmpAccess;
export const snmpdUser = {
  version: "v3",
  user: "watcher",
  authProtocol: "sha256",
  authPassword: "right auth password",
  privProtocol: "aes",
  privPassword: "right priv password",
} satisfies SnmpAccess;

/** What `snmpd` itself lacks, told through its `pass` scripts: OID, type as it names it, value. */
export type PassRow = [oid: string, type: "integer" | "string" | "gauge", value: string];

export type Snmpd = {
  port: number;
  /** Ends the agent and starts it anew, as an update does. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

/** @param roots each served from `rows` by a script */
export async function startSnmpd(roots: string[] = [], rows: PassRow[] = []): Promise<Snmpd> {
  const dir = await mkdtemp(join(tmpdir(), "understudy-snmpd-"));
  const port = await freePort();
  const config = join(dir, "snmpd.conf");
  const script = join(dir, "pass.sh");
  await writeFile(script, passScript(rows), { mode: 0o755 });
  await writeFile(
    config,
    [
      `agentaddress udp:127.0.0.1:${port}`,
      `rocommunity ${snmpdCommunity.community} 127.0.0.1`,
      `createUser ${snmpdUser.user} SHA-256 "${snmpdUser.authPassword}" AES "${snmpdUser.privPassword}"`,
      `rouser ${snmpdUser.user} authpriv`,
      "disk / 1%",
      ...roots.map((root) => `pass .${root} /bin/sh ${script}`),
      "",
    ].join("\n"),
  );

  async function start(): Promise<ChildProcess> {
    const modules = "-smux,agentx";
    const started = spawn(
      "/usr/sbin/snmpd",
      ["-f", "-Lo", "-C", "-c", config, "-I", modules, "-p", join(dir, "pid")],
      {
        stdio: "ignore",
        env: { SNMP_PERSISTENT_DIR: join(dir, "kept"), MIBS: "", PATH: "/usr/bin:/bin" },
      },
    );
    try {
      await answers(port);
    } catch (error) {
      started.kill("SIGKILL");
      throw error;
    }
    return started;
  }

  async function stop(): Promise<void> {
    if (agent.exitCode !== null || agent.signalCode !== null) return;
    const ended = once(agent, "exit");
    agent.kill("SIGTERM");
    await ended;
  }

  let agent = await start();
  return {
    port,
    async restart() {
      await stop();
      agent = await start();
    },
    async close() {
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const udp = createSocket("udp4").bind(0, "127.0.0.1");
  await once(udp, "listening");
  const { port } = udp.address();
  udp.close();
  return port;
}

/** Asks with net-snmp's own tool until the agent is there. */
async function answers(port: number): Promise<void> {
  const question = ["-v2c", "-c", snmpdCommunity.community, "-m", "", "-r", "0", "-t", "1"];
  for (let left = 40; ; left -= 1) {
    try {
      const oid = ".1.3.6.1.2.1.1.3.0";
      await promisify(execFile)("snmpget", [...question, `127.0.0.1:${port}`, oid]);
      return;
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

/** `-g OID` is get, `-n OID` is get next: an exact row leads to the next one, a root to its first. */
function passScript(rows: PassRow[]): string {
  const print = ([oid, type, value]: PassRow) => `printf '%s\\n' .${oid} ${type} '${value}'`;
  const exact = rows.map((row) => `    .${row[0]}) ${print(row)} ;;`);
  const after = rows.map(([oid], at) => {
    const next = rows[at + 1];
    return `    .${oid}) ${next ? print(next) : ":"} ;;`;
  });
  const firsts = new Map<string, PassRow>();
  for (const row of rows) {
    const numbers = row[0].split(".");
    for (let length = 7; length < numbers.length; length += 1) {
      const root = numbers.slice(0, length).join(".");
      if (!firsts.has(root)) firsts.set(root, row);
    }
  }
  const roots = [...firsts].map(([root, row]) => `    .${root}) ${print(row)} ;;`);
  return [
    "#!/bin/sh",
    'case "$1" in',
    '  -g) case "$2" in',
    ...exact,
    "  esac ;;",
    '  -n) case "$2" in',
    ...after,
    ...roots,
    "  esac ;;",
    "esac",
    "",
  ].join("\n");
}
