/**
 * The shipped unit in a booted systemd: a daemon that hangs is ended by the watchdog, again and
 * again, and the viewer sees nothing of it. Each encoder has a control group of its own meanwhile.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type BootedSystemd, bootSystemd, whyNotBootable } from "../setup/booted-systemd.ts";

const nginx = `
  load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
  daemon on; worker_processes 1; pid /run/far-end.pid; error_log /run/far-end.log;
  events { worker_connections 64; }
  rtmp { server { listen 127.0.0.1:1935; application live { live on; } } }
  http { access_log off; server { listen 127.0.0.1:8081; location /stat { rtmp_stat all; } } }
`;
const picture = { width: 160, height: 90, framesPerSecond: 10 };
const encoder = (id: string) => ({
  id,
  driver: "ffmpeg",
  input: { kind: "testPattern", ...picture },
  video: { ...picture, bitrate: "100kbps", gopSeconds: 1, preset: "ultrafast", threads: 1 },
});
const stream = (id: string, encoders: string[]) => ({ id, destination: id, encoders });
const destination = (id: string) => ({
  id,
  address: "rtmp://127.0.0.1:1935/live",
  streamKey: `credential:${id}`,
  observers: [{ kind: "nginx-rtmp", statisticsUrl: "http://127.0.0.1:8081/stat", app: "live" }],
});
const site = stringify({
  site: "studio",
  mqtt: { url: "mqtt://127.0.0.1:1883" },
  encoders: ["a", "b", "c"].map((id) => ({
    ...encoder(id),
    ...(id === "c" && { limits: { cpuWeight: 50, memory: "512MiB" } }),
  })),
  destinations: ["main", "second"].map(destination),
  streams: [stream("main", ["a", "b"]), stream("second", ["c", "b"])],
});

describe.skipIf(whyNotBootable() !== undefined)("the shipped unit in a booted systemd", () => {
  let host: BootedSystemd | undefined;
  const tell = async (command: string) => {
    if (host === undefined) throw new Error("not booted");
    return host.tell(command);
  };
  const engines = () => tell("pgrep -u understudy -x ffmpeg | sort | tr '\\n' ' '");
  const daemonPid = () => tell("systemctl show -P MainPID understudy-daemon");
  /** Who publishes, as the far end numbers its clients: another number is another connection. */
  const publishers = async () => {
    const page = await tell("curl -s http://127.0.0.1:8081/stat");
    return [...page.matchAll(/<client><id>(\d+)<\/id>(?:(?!<\/client>).)*<publishing\/>/gs)]
      .map((found) => found[1])
      .sort()
      .join(" ");
  };
  async function until(what: string, holds: () => Promise<boolean>, withinMs = 90_000) {
    const endMs = performance.now() + withinMs;
    while (!(await holds())) {
      if (performance.now() > endMs) {
        throw new Error(`${what}: not seen\n${await tell("journalctl -n 40 --no-pager")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  beforeAll(async () => {
    const here = process.cwd();
    host = await bootSystemd({
      unified: true,
      units: {
        "understudy-daemon.service": readFileSync("systemd/understudy-daemon.service", "utf8"),
      },
      files: {
        // Only the patience is another one: three watchdog restarts of 30 s each would take long.
        "/etc/systemd/system/understudy-daemon.service.d/patience.conf": {
          text: "[Service]\nWatchdogSec=4\nRestartSec=500ms\n",
        },
        ...Object.fromEntries(
          [
            ...["daemon.cjs", "daemon-program.cjs", "daemon-program.cjs.cache"],
            ...["journal-writer.cjs", "launcher.sh"],
          ].map((name) => [`/usr/lib/understudy/${name}`, { copyOf: `dist/${name}` }]),
        ),
        "/usr/lib/understudy/package.json": { text: '{"type":"module"}' },
        "/etc/understudy/site.yaml": { text: site },
        "/etc/far-end.conf": { text: nginx },
        "/usr/lib/sysusers.d/understudy.conf": { copyOf: "systemd/understudy.sysusers" },
        "/usr/lib/tmpfiles.d/understudy.conf": { copyOf: "systemd/understudy.tmpfiles" },
      },
      showReadOnly: { "/usr/lib/understudy/node_modules": `${here}/node_modules` },
    });
    await tell("nginx -c /etc/far-end.conf");
    await tell("chmod 755 /etc/understudy && chmod 644 /etc/understudy/site.yaml");
    await tell("install -d -o understudy -g understudy -m 700 /var/lib/understudy/credentials");
    for (const id of ["main", "second"]) {
      await tell(
        `f=/var/lib/understudy/credentials/${id}; echo key-${id} >$f; chown understudy: $f; chmod 600 $f`,
      );
    }
    await tell("systemctl start understudy-daemon || (journalctl -n 50 --no-pager; exit 1)");
    await until("both streams published", async () => (await publishers()).split(" ").length === 2);
  }, 240_000);
  afterAll(() => host?.stop(), 60_000);

  const ownGroup = "/sys/fs/cgroup/system.slice/understudy-daemon.service";
  const groups = async () => (await tell(`ls -d ${ownGroup}/*/ | xargs -n1 basename`)).split("\n");
  /** Who is in which of the groups: `a.stream-1 4711`. */
  const groupsOfEngines = () =>
    tell(
      `for p in $(pgrep -u understudy -x ffmpeg); do echo "$(grep ^0:: /proc/$p/cgroup | sed 's#.*/##') $p"; done | sort`,
    );
  const inOwnGroups = async () =>
    (await groupsOfEngines()).replaceAll(/ \d+/g, "") === "a.stream-1\nc.stream-1";

  test("each encoder is in a control group of its own, the daemon is in none of theirs", async () => {
    await until("each is in its group", inOwnGroups);
    expect(await groups()).toEqual(expect.arrayContaining(["others", "a.stream-1", "c.stream-1"]));
    expect(await tell(`cat /proc/${await daemonPid()}/cgroup | grep ^0::`)).toMatch(/\/others$/);
    const [c] = /(?<=c.stream-1 )\d+/.exec(await groupsOfEngines()) ?? [];
    const has = await tell(`cat ${ownGroup}/cgroup.controllers`);
    const niceOf = async (pid = "") => Number(await tell(`ps -o nice= -p ${pid}`));
    const nice = (await niceOf(c)) - (await niceOf(await daemonPid()));
    if (has.includes("cpu") && has.includes("memory")) {
      const [weight, high] = ["cpu.weight", "memory.high"].map((file) =>
        tell(`cat ${ownGroup}/c.stream-1/${file}`),
      );
      expect([await weight, await high, nice]).toEqual(["50", String(512 * 2 ** 20), 0]);
    } else expect(nice).toBe(5);
  });

  test("three watchdog restarts leave one engine per stream, never interrupted", async () => {
    const before = { engines: await engines(), publishers: await publishers() };
    expect(before.engines.trim().split(" ")).toHaveLength(2);
    for (let round = 1; round <= 3; round++) {
      const pid = await daemonPid();
      await tell(`kill -STOP ${pid}`);
      await until("the watchdog ended the daemon", async () => {
        const now = await daemonPid();
        return now !== pid && now !== "0";
      });
      await until(
        "the daemon is ready again",
        async () => (await tell("systemctl is-active understudy-daemon || true")) === "active",
      );
      expect(await engines()).toBe(before.engines);
      expect(await publishers()).toBe(before.publishers);
      await until("each is in its group still", inOwnGroups);
    }
    await until("it says so", async () =>
      (await tell("systemctl show -P StatusText understudy-daemon")).includes("main carried"),
    );
  }, 300_000);

  test("a stop and a start touch no encoder, and the next failure is still handled", async () => {
    const before = await engines();
    await tell("systemctl stop understudy-daemon");
    expect(await engines()).toBe(before);
    await tell("systemctl start understudy-daemon");
    expect(await engines()).toBe(before);
    const [first] = before.trim().split(" ");
    await tell(`kill -9 ${first}`);
    await until("two engines again", async () => {
      const now = await engines();
      return now !== before && now.trim().split(" ").length === 2;
    });
    await until("two publishers", async () => (await publishers()).split(" ").length === 2);
  }, 240_000);
});
