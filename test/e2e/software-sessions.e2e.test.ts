/** The documented request, on a site whose encoders are programs: the far end gets just that picture. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, kill, until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

async function aSite() {
  const hub = keep(await Hub.start());
  const facility = await aFacility({
    encoders: { a: { driver: "ffmpeg" }, b: { driver: "gstreamer" } },
    farEnd: { record: true },
    stream: { sessions: true },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  facility.startDaemon();
  return { hub, facility };
}

/** What ffprobe says of the newest picture that came to the far end. */
function seenAtFarEnd(facility: Facility): unknown {
  const file = facility.publishers().at(-1)!.recordingPath!;
  const asked = "stream=codec_name,width,height,r_frame_rate";
  const argv = ["-v", "error", "-select_streams", "v", "-show_entries", asked, "-of", "json", file];
  const { streams } = JSON.parse(execFileSync("ffprobe", argv).toString()) as {
    streams: unknown[];
  };
  return streams[0];
}

const frames = (facility: Facility) => facility.publishers().at(-1)?.videoFrames ?? 0;

async function untilSeen(facility: Facility, count: number): Promise<unknown> {
  const before = frames(facility);
  await until("pictures", () => frames(facility) >= before + count);
  return seenAtFarEnd(facility);
}

test("ffmpeg and GStreamer make just what was asked for, the understudy and a later daemon, too", async () => {
  const { hub, facility } = await aSite();
  const wish = { resolution: "1920x1080", bitrate: "5M", fps: 30 };
  await until("the site could give one", async () => {
    const { status } = await hub.ask("POST", "/api/streams/init", { ...wish, dry_run: true });
    return status === 200;
  });
  const { status, body: opened } = await hub.ask("POST", "/api/streams/init", wish);
  expect({ status, opened }).toMatchObject({ status: 201 });
  const { encoder_id: carrier, backup_encoder_id: backup } = opened as Record<string, string>;
  expect([carrier, backup].toSorted()).toEqual(["a", "b"]);
  await facility.untilOnAir(carrier);
  const asked = { codec_name: "h264", width: 1_920, height: 1_080, r_frame_rate: "30/1" };
  expect(await untilSeen(facility, 60)).toEqual(asked);
  const health = await until("its health is on air", async () => {
    const { body } = await hub.ask("GET", "/api/streams/studio~main/health");
    return body["carriage"] === "onAir" && body;
  });
  expect(health).toMatchObject({ encoder_id: carrier, understudyEncoder: backup });

  const load = await until("what its process takes of the host", async () => {
    const { body } = await hub.ask("GET", `/api/encoders/studio~${carrier}`);
    const { cpuUsageRatio, memoryUsageRatio } = body["figures"] as Record<
      string,
      { value: number }
    >;
    return cpuUsageRatio && memoryUsageRatio && { cpu: cpuUsageRatio.value };
  });
  expect(load.cpu).toBeGreaterThan(0.01);
  expect(load.cpu).toBeLessThanOrEqual(1);
  const metrics = await (await fetch(`${hub.url}/metrics`)).text();
  expect(metrics).toContain(
    `understudy_encoder_cpu_usage_ratio{site="studio",encoder="${carrier}"}`,
  );
  for (const name of [
    "cpu_seconds_total",
    "memory_bytes",
    "io_read_bytes_total",
    "io_written_bytes_total",
  ])
    expect(metrics).toMatch(
      new RegExp(`^understudy_encoder_${name}\\{site="studio",encoder="${carrier}"\\} \\d`, "m"),
    );
  expect(metrics).toMatch(/understudy_site_host_cpu_usage_ratio\{site="studio"\} (0\.\d+|1)\n/);
  const { body: balance } = await hub.ask("GET", "/api/monitoring/load-balancer");
  for (const { cpu_usage: cpu, memory_usage: memory } of balance["encoders"] as Json[]) {
    expect(cpu).toBeGreaterThan(0);
    expect(memory).toBeGreaterThan(0);
  }
  // Of one that runs nothing there is nothing to measure.
  expect(metrics).not.toContain(`cpu_usage_ratio{site="studio",encoder="${backup}"}`);

  // The next daemon knows what runs, and that it is as wanted.
  const endedAtMs = Date.now();
  await facility.endDaemon("SIGKILL");
  const pid = facility.enginePid(carrier!);
  facility.startDaemon();
  const settings = { widthPx: 1_920, heightPx: 1_080, framesPerSecond: 30, videoBitrateBps: 5e6 };
  for (const id of [carrier, backup]) {
    const told = await until(`${id} is known again`, async () => {
      const { body } = await hub.ask("GET", `/api/encoders/studio~${id}`);
      const { wanted } = body as { wanted?: { stream: string } };
      return facility.told("site.started").length === 2 && wanted?.stream === "main" && body;
    });
    expect(told).toMatchObject({ settings, wanted: { drift: [] } });
  }
  expect(facility.enginePid(carrier!)).toBe(pid);

  await hub.untilStandsBy(backup!, endedAtMs);
  kill(pid);
  await facility.untilOnAir(backup);
  expect(await untilSeen(facility, 60)).toEqual(asked);

  // On air it is made anew only where that is asked for.
  const smaller = { resolution: "1280x720", bitrate: "3M" };
  const path = "/api/streams/studio~main/config";
  expect(await hub.ask("PUT", path, smaller)).toMatchObject({
    status: 409,
    body: { code: "on_air" },
  });
  const changed = await hub.ask("PUT", path, { ...smaller, restart: true });
  expect(changed).toMatchObject({ status: 200, body: { resolution: "1280x720", bitrate: 3e6 } });
  const publications = facility.publishers().length;
  await until(
    "another start",
    () => facility.publishers().length > publications && frames(facility),
  );
  expect(await untilSeen(facility, 30)).toEqual({ ...asked, width: 1_280, height: 720 });

  expect(await hub.ask("DELETE", "/api/streams/studio~main")).toMatchObject({ status: 200 });
  expect(facility.onAir()).toBeUndefined();
}, 120_000);
