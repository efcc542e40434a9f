/** Picture and sound as they are seen: at the far end, and at each encoder. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { startCamera } from "../fakes/camera.ts";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { untilIncident } from "./off-air.ts";

const { facility: aFacility, keep } = closedAfterEach();

test(
  "a carrier that goes black is left for the understudy that shows the same programme",
  { timeout: 120_000 },
  async () => {
    const [one, two] = await Promise.all([
      startCamera({ readers: 2 }),
      startCamera({ readers: 2 }),
    ]);
    keep(one);
    keep(two);
    const box = (urls: readonly string[]) => ({
      driver: "ffmpeg" as const,
      config: { input: { kind: "udp", url: urls[0] }, preview: { url: urls[1] } },
    });
    const facility = await aFacility({
      encoders: { a: box(one.urls), b: box(two.urls) },
      farEnd: { hls: { segmentSeconds: 1 } },
      observers: (url) => [{ kind: "hls", url, content: { delayAtMost: "8s" } }],
      stream: { content: { black: { do: "act", after: "2s" } } },
    });
    facility.startDaemon();
    await facility.untilOnAir("a");
    const same = await facility.untilTold("stream.compared");
    expect(same.message).toContain("a and b show the same programme");

    one.cover(true);
    const black = await facility.untilTold("stream.content");
    expect(black.data).toMatchObject({ fault: "black", does: "act" });
    expect(await untilIncident(facility, "tookOver")).toMatchObject({
      cause: "shows-black",
      from: "a",
      to: "b",
    });
    await facility.untilOnAir("b");
    expect(facility.overlapMs()).toBe(0);
    // What the far end still gives back of the carrier before is not held against the new one.
    await facility.untilTold(
      "stream.content",
      ({ data }) => data["view"] === "farEnd" && data["isOver"] === true,
    );
    await facility.untilOnAir("b");

    const { pid } = facility.daemon;
    const watching = () => childrenOf(pid!).length;
    expect(watching()).toBeGreaterThanOrEqual(3);
    const children = childrenOf(pid!);
    await facility.endDaemon("SIGKILL");
    await until("nobody looks any more", () => children.every((child) => !runs(child)));
  },
);

function childrenOf(pid: number): number[] {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, child, parent, args = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return Number(parent) === pid && args.includes("skip_frame") ? [Number(child)] : [];
  });
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
