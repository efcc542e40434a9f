/**
 * The shipped unit in a booted systemd: a daemon that hangs is ended by the watchdog, again and
 * again, and the viewer sees nothing of it, on path direct or relayed. Each encoder has a control
 * group of its own meanwhile. All that a daemon may start is begun here at least once, for what the
 * unit's sandbox forbids is seen nowhere else.
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
const stream = (id: string, encoders: string[], more: object = { path: "direct" }) => ({
  ...{ id, destination: id, encoders },
  ...more,
});
/** It has an ingest, a relay, and an output of each kind that needs something else of the host. */
const relayed = {
  path: "relayed",
  outputs: [
    { id: "web", kind: "hls", folder: "/srv/hls/third", segment: "1s", window: "5min" },
    { id: "archive", kind: "recording", storage: "disk", file: "10s", leastFree: "0%" },
    {
      id: "copy",
      kind: "rtmp",
      address: "rtmp://127.0.0.1:1935/live",
      streamKey: "credential:copy",
    },
  ],
};
const destination = (id: string) => ({
  id,
  address: "rtmp://127.0.0.1:1935/live",
  streamKey: `credential:${id}`,
  observers: [{ kind: "nginx-rtmp", statisticsUrl: "http://127.0.0.1:8081/stat", app: "live" }],
});
const site = stringify({
  site: "studio",
  mqtt: { url: "mqtt://127.0.0.1:1883" },
  ingests: [{ id: "bars", kind: "testPattern", ...picture, bitrate: "200kbps" }],
  storages: [{ id: "disk", driver: "host-disk", places: [{ path: "/srv/recordings" }] }],
  encoders: [
    ...["a", "b", "c"].map((id) => ({
      ...encoder(id),
      ...(id === "c" && { limits: { cpuWeight: 50, memory: "512MiB" } }),
    })),
    ...["d", "e"].map((id) => ({ ...encoder(id), input: { kind: "ingest", ingest: "bars" } })),
  ],
  destinations: ["main", "second", "third"].map(destination),
  streams: [
    stream("main", ["a", "b"]),
    stream("second", ["c", "b"]),
    stream("third", ["d", "e"], relayed),
  ],
});
const keys = ["main", "second", "third", "copy"];

describe.skipIf(whyNotBootable() !== undefined)("the shipped unit in a booted systemd", () => {
  let host: BootedSystemd | undefined;
  const tell = async (command: string) => {
    if (host === undefined) throw new Error("not booted");
    return host.tell(command);
  };
  /** What outlives the daemon, each with what it has started itself: `relays/third 4711`. */
  const kept = () =>
    tell(
      "cd /var/lib/understudy && for f in */*/engines/*/pid; do read -r run pid rest <$f; " +
        '[ -d /proc/$pid ] && echo "${f%%/engines*}" $pid $(pgrep -P $pid); done | sort',
    );
  const namesOf = (list: string) => list.split("\n").map((line) => line.split(" ")[0]);
  const pidIn = (list: string, name: string) =>
    list
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")[1];
  const mediaProcesses = [
    ...["encoders/a", "encoders/c", "encoders/d", "encoders/e", "encoders/third-relay"],
    ...["ingests/bars", "outputs/archive", "outputs/copy", "outputs/web", "relays/third"],
  ];
  const topic = (of: string) => `understudy/v1/studio/${of}`;
  const succeeds = async (command: string) => (await host!.run(command)).code === 0;
  const list = () => tell("cat /srv/hls/third/index.m3u8");
  const segments = (text: string) => text.split("#EXTINF").length - 1;
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
            ...["journal-writer.cjs", "launcher.sh", "ingest.cjs", "relay.cjs", "output.cjs"],
            "thumbnails.cjs",
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
    await tell("nginx -c /etc/far-end.conf && mosquitto -d -p 1883");
    // A disk that was there before the daemon: what is mounted later is no matter of its sandbox.
    await tell("mkdir -p /srv/recordings /srv/hls && mount -t tmpfs tmpfs /srv/recordings");
    await tell("chown understudy: /srv/recordings /srv/hls");
    await tell("chmod 755 /etc/understudy && chmod 644 /etc/understudy/site.yaml");
    await tell("install -d -o understudy -g understudy -m 700 /var/lib/understudy/credentials");
    for (const id of keys) {
      await tell(
        `f=/var/lib/understudy/credentials/${id}; echo key-${id} >$f; chown understudy: $f; chmod 600 $f`,
      );
    }
    await tell("systemctl start understudy-daemon || (journalctl -n 50 --no-pager; exit 1)");
    await until("all streams are published, and the copy", async () => {
      return (await publishers()).split(" ").length === keys.length;
    });
  }, 240_000);
  afterAll(async () => {
    // An ffmpeg whose input is silent does not end by one SIGTERM: the host would wait for it.
    await host?.run("systemctl kill --signal=KILL understudy-daemon");
    await host?.stop();
  }, 60_000);

  const ownGroup = "/sys/fs/cgroup/system.slice/understudy-daemon.service";
  const groups = async () => (await tell(`ls -d ${ownGroup}/*/ | xargs -n1 basename`)).split("\n");
  /** Whether each of the encoders, and whoever publishes for a relay, is in the group of its name. */
  const inOwnGroups = async () => {
    const encoders = [...(await kept()).matchAll(/^encoders\/(\S+) (\d+)$/gm)];
    const groupOf = (pid = "") => tell(`grep ^0:: /proc/${pid}/cgroup | sed 's#.*/##'`);
    const each = encoders.map(async ([, id, pid]) => (await groupOf(pid)) === `${id}.stream-1`);
    return encoders.length === 5 && (await Promise.all(each)).every(Boolean);
  };

  test("each encoder is in a control group of its own, the daemon is in none of theirs", async () => {
    await until("each is in its group", inOwnGroups);
    expect(await groups()).toEqual(expect.arrayContaining(["others", "a.stream-1", "c.stream-1"]));
    expect(await tell(`cat /proc/${await daemonPid()}/cgroup | grep ^0::`)).toMatch(/\/others$/);
    const [c] = /(?<=^encoders\/c )\d+/m.exec(await kept()) ?? [];
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

  test("the sandbox leaves to each what it needs: a disk, a look at the picture, other programs", async () => {
    expect(namesOf(await kept())).toEqual(mediaProcesses);
    await until("the encoders of the relay are looked at", () =>
      succeeds("test -s /run/understudy-daemon/relays/third/d.jpg"),
    );
    await until("there are thumbnails", () =>
      succeeds(`mosquitto_sub -t ${topic("ingest/bars/thumbnail")} -W 3 | grep -q '"jpeg":"/9j/'`),
    );
    await until("a whole file is recorded", () => succeeds("ls /srv/recordings/*.ts"));
    const disk = await tell(`mosquitto_sub -t ${topic("storage/disk/state")} -C 1 -W 30`);
    expect(JSON.parse(disk)).toMatchObject({ state: "healthy" });
  });

  test("three watchdog restarts: the same processes, the same publishers, and pictures all the time", async () => {
    const before = { kept: await kept(), publishers: await publishers(), list: await list() };
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
      expect(await kept()).toBe(before.kept);
      expect(await publishers()).toBe(before.publishers);
      await until("each is in its group still", inOwnGroups);
    }
    await until("it says so", async () => {
      const status = await tell("systemctl show -P StatusText understudy-daemon");
      return ["main carried", "third carried"].every((word) => status.includes(word));
    });
    const after = await list();
    expect(segments(after)).toBeGreaterThan(segments(before.list) + 6);
    expect(after).not.toContain("EXT-X-DISCONTINUITY\n");
  }, 300_000);

  test("a stop and a start touch nothing of it, and the next failure is still handled", async () => {
    const before = { kept: await kept(), publishers: await publishers() };
    await tell("systemctl stop understudy-daemon");
    expect(await kept()).toBe(before.kept);
    await tell("systemctl start understudy-daemon");
    expect(await kept()).toBe(before.kept);
    // One on path direct, and the source of the one on path relayed.
    for (const name of ["encoders/a", "ingests/bars"])
      await tell(`kill -9 ${pidIn(before.kept, name)}`);
    // Whether it is missed, and the slate shown, depends on how fast this host is.
    await until("the source is back", async () => {
      const said = await tell("journalctl -u understudy-daemon -o cat -n 500");
      return /bars: its process ended.*bars: receives a picture/s.test(said);
    });
    await until("all run again", async () => {
      const now = await kept();
      return now !== before.kept && namesOf(now).length === mediaProcesses.length;
    });
    await until("all publish", async () => {
      return (await publishers()).split(" ").length === keys.length;
    });
    // All but one by the connection that they had.
    const had = before.publishers.split(" ");
    const left = (await publishers()).split(" ").filter((id) => had.includes(id));
    expect(left).toHaveLength(keys.length - 1);
  }, 240_000);
});
