/** Interlaced pictures that nothing flags: seen where they come in, told, and gone at the far end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { lookAtScan } from "../../daemon/scan/look-at-scan.ts";
import { copyWhole } from "../fakes/flv-tags.ts";
import { interlacedPictures, interlacedSource } from "../fakes/interlaced.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { carriers } from "./off-air.ts";
import { long } from "../setup/slow.ts";

const { facility: aFacility } = closedAfterEach();

/** Until the test is over. */
function aSource(to: string): void {
  // prettier-ignore
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "nice", "-n", "-10", "ffmpeg", "-nostdin", "-v", "error", "-re",
    ...interlacedSource, "-re", "-f", "lavfi", "-i", "sine=sample_rate=48000", ...interlacedPictures(false),
    "-c:a", "aac", "-pes_payload_size", "0", "-f", "mpegts", `${to}?pkt_size=1316`], { stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(async () => {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  });
}

long(
  "combed pictures that are flagged progressive are told where they come in and go out, and with what helps",
  async () => {
    const port = await freePort();
    const takes = (interlace: string) => ({
      driver: "ffmpeg" as const,
      config: {
        input: { kind: "ingest", ingest: "stage" },
        video: {
          ...{ interlace, framesPerSecond: 25, bitrate: "2Mbps", gopSeconds: 1 },
          ...{ preset: "ultrafast", threads: 1 },
        },
      },
    });
    const hub = await Hub.start();
    try {
      const facility = await aFacility({
        mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
        farEnd: { behaviour: "refuseSecond", record: true },
        encoders: { a: takes("automatic"), b: takes("deinterlace") },
        stream: { path: "relayed", carry: { scan: "progressive" } },
        site: { ingests: [{ id: "stage", kind: "udp", url: `udp://127.0.0.1:${port}` }] },
      });
      aSource(`udp://127.0.0.1:${port}`);
      facility.startDaemon();
      await facility.untilTold("stream.onAir");
      type Item = { warnings: string[]; scan?: { told: string; seen: string | null } };
      const ingest = await until("it is seen where it comes in", async () => {
        const item = (await hub.get("/api/ingests/stage")) as unknown as Item;
        return item.scan?.seen === "interlaced" && item;
      });
      expect(ingest).toMatchObject({
        scan: { told: "progressive", seen: "interlaced" },
        warnings: ["its pictures are combed, and not flagged as interlaced"],
      });
      const warnings = async (encoder: string) => {
        const { warnings: all } = (await hub.get(`/api/encoders/${encoder}`)) as unknown as Item;
        return all.filter((text) => text.startsWith("the pictures of"));
      };
      expect(await until("the hint", async () => (await warnings("a")).at(0))).toBe(
        "the pictures of stage are combed, and not flagged as interlaced, and stay combed in it: " +
          "set its video.interlace to deinterlace",
      );
      expect(await warnings("b")).toEqual([]);

      const relay = async () =>
        (await hub.get("/api/streams/main"))["relay"] as {
          selected: string;
          inputs: {
            encoder: string;
            lacks?: string[];
            carried?: { scan: string; looks?: string };
          }[];
        } | null;
      const seen = await until(
        "what goes out is looked at",
        async () => {
          const { inputs = [] } = (await relay()) ?? {};
          return inputs.length === 2 && inputs.every(({ carried }) => carried?.looks) && inputs;
        },
        60_000,
      );
      expect(seen).toMatchObject([
        {
          ...{ encoder: "a", lacks: ["deinterlaced pictures"] },
          carried: { scan: "progressive", looks: "interlaced" },
        },
        { encoder: "b", lacks: [], carried: { scan: "progressive", looks: "progressive" } },
      ]);
      if ((await relay())?.selected !== "a")
        await hub.command("streams/main", "failover", { to: "a" });
      const told = await facility.untilTold("stream.carried");
      expect(told.message).toBe(
        "main goes out without deinterlaced pictures: a brings none; b has all of it and could be put on air",
      );
      expect(await hub.command("streams/main", "failover", { to: "b" })).toMatchObject({
        status: "done",
      });
      await until("b is sent", async () => (await relay())?.selected === "b");
      const frames = carriers(facility)[0]!.videoFrames;
      await until("some seconds of it", () => carriers(facility)[0]!.videoFrames > frames + 150);
      expect(carriers(facility)).toHaveLength(1);
      const recording = join(facility.folder, "last.flv");
      copyWhole(carriers(facility)[0]!.recordingPath!, recording);
      const last = ["-protocol_whitelist", "file", "-sseof", "-5", "-i", `file:${recording}`];
      expect(await lookAtScan(last)).toBe("progressive");
    } finally {
      await hub.close();
    }
  },
  180_000,
);
