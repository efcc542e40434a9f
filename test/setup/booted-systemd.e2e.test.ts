import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BootedSystemd, bootSystemd, whyNotBootable } from "./booted-systemd.ts";

/** Tells systemd READY from its own pid, then shows what the sandbox lets it do. */
const program = `
  import { createRequire } from "node:module";
  import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
  import { networkInterfaces, setPriority, totalmem } from "node:os";
  import { spawn } from "node:child_process";
  const require = createRequire("/usr/lib/understudy/");
  const allowed = (what) => { try { what(); return true; } catch { return false; } };
  const state = process.env.STATE_DIRECTORY;
  const Database = require("better-sqlite3");
  const database = new Database(state + "/probe.sqlite");
  database.pragma("journal_mode = WAL");
  database.exec("create table if not exists start (atMs integer)");
  database.prepare("insert into start values (?)").run(Date.now());
  spawn("sleep", ["3600"], { detached: true, stdio: "ignore" }).unref();
  writeFileSync(state + "/can.json", JSON.stringify({
    interfaces: allowed(networkInterfaces),
    priority: allowed(() => setPriority(5)),
    memory: totalmem() > 0,
    writesEtc: allowed(() => writeFileSync("/etc/probe", "")),
    writesUsr: allowed(() => writeFileSync("/usr/lib/understudy/probe", "")),
    readsShadow: allowed(() => readFileSync("/etc/shadow")),
    user: process.getuid(),
  }));
  const socket = require("unix-dgram").createSocket("unix_dgram");
  const tell = (text) =>
    socket.send(Buffer.from(text), 0, Buffer.byteLength(text), process.env.NOTIFY_SOCKET);
  socket.on("error", (error) => { console.error(error); process.exit(1); });
  tell("READY=1\\nSTATUS=probing");
  setInterval(() => tell("WATCHDOG=1"), 1000);
  process.on("SIGTERM", () => { tell("STOPPING=1"); process.exit(0); });
`;

describe.skipIf(whyNotBootable() !== undefined)("a booted systemd", () => {
  let site: BootedSystemd | undefined;
  const tell = async (command: string) => {
    if (site === undefined) throw new Error("not booted");
    return site.tell(command);
  };

  beforeAll(async () => {
    site = await bootSystemd({
      units: {
        "probe.service": readFileSync("systemd/understudy-daemon.service", "utf8").replace(
          /^ExecStart=.*$/m,
          "ExecStart=/usr/bin/node /usr/lib/understudy/probe.mjs",
        ),
      },
      files: {
        "/usr/lib/understudy/probe.mjs": { text: program },
        "/usr/lib/sysusers.d/understudy.conf": { copyOf: "systemd/understudy.sysusers" },
        "/usr/lib/tmpfiles.d/understudy.conf": { copyOf: "systemd/understudy.tmpfiles" },
      },
      showReadOnly: { "/usr/lib/understudy/node_modules": `${process.cwd()}/node_modules` },
    });
  }, 120_000);
  afterAll(() => site?.stop(), 60_000);

  test("the shipped user and folders are there, with secrets closed to the service", async () => {
    expect(await tell("id -un understudy")).toBe("understudy");
    expect(await tell("stat -c '%U %a' /var/lib/understudy")).toBe("understudy 700");
    expect(await tell("stat -c '%U %a' /etc/understudy/credentials")).toBe("root 700");
  });

  test("node with its native addons gets ready in the daemon's sandbox", async () => {
    await tell("systemctl start probe.service || (journalctl -u probe.service; exit 1)");
    expect(await tell("systemctl show -P StatusText probe.service")).toBe("probing");
    const can = JSON.parse(await tell("cat /var/lib/understudy/can.json")) as unknown;
    expect(can).toEqual({
      interfaces: true,
      priority: true,
      memory: true,
      writesEtc: false,
      writesUsr: false,
      readsShadow: false,
      user: Number(await tell("id -u understudy")),
    });
  });

  test("what the daemon started outlives three restarts of it", async () => {
    const sleepers = () => tell("pgrep -u understudy -x sleep | wc -l");
    const before = Number(await sleepers());
    for (let restart = 1; restart <= 3; restart++) {
      await tell("systemctl restart probe.service");
      // The probe forgets what it started; a daemon must adopt it instead.
      expect(Number(await sleepers())).toBe(before + restart);
    }
  });

  test("a daemon that hangs is restarted by the watchdog", async () => {
    // The shipped 30 s would be a long test; the mechanism is the same at 3 s.
    await tell(
      "mkdir -p /run/systemd/system/probe.service.d && printf '[Service]\\nWatchdogSec=3\\n' " +
        "> /run/systemd/system/probe.service.d/quick.conf && systemctl daemon-reload && " +
        "systemctl restart probe.service",
    );
    const pid = await tell("systemctl show -P MainPID probe.service");
    await tell(`kill -STOP ${pid}`);
    await expect
      .poll(() => tell("systemctl show -P NRestarts probe.service"), {
        timeout: 40_000,
        interval: 500,
      })
      .not.toBe("0");
  });
});
