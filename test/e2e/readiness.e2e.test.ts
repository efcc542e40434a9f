/** How the encoders stand ready, as the hub's REST tells it of a site that really runs. */
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

test("an understudy that would send another picture is told over REST, setting by setting", async () => {
  const hub = keep(await Hub.start());
  const video = { width: 320, height: 180, framesPerSecond: 15, gopSeconds: 1, threads: 1 };
  const facility = await aFacility({
    encoders: {
      a: { driver: "ffmpeg" },
      b: { driver: "ffmpeg", config: { video: { ...video, bitrate: "500kbps" } } },
    },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const b = await until("b is compared", async () => {
    const state = await hub.get("/api/encoders/b").catch((): Json => ({}));
    return (state["wanted"] as Json | undefined)?.["drift"] === undefined ? undefined : state;
  });
  expect(b["wanted"]).toMatchObject({
    stream: "main",
    like: "a",
    drift: [{ setting: "videoBitrateBps", wanted: 300_000, actual: 500_000 }],
    isAlarmed: false,
    // A program is set in site.yaml, not by command.
    sync: "observe",
  });
  expect(JSON.stringify(b)).not.toContain(facility.streamKey("main"));
  const main = await until("the stream tells of it", async () => {
    const state = await hub.get("/api/streams/main").catch((): Json => ({}));
    return state["understudy"] === "warming" ? state : undefined;
  });
  expect(main["understudies"]).toMatchObject([
    { encoder: "b", role: "understudy", wants: "warm", is: "cold", isAsWanted: false },
  ]);
  const refused = await until("the clocks can be compared", async () => {
    const answer = await hub.command("encoders/b", "sync");
    return answer["code"] === "clock_unknown" ? undefined : answer;
  });
  expect(refused).toMatchObject({
    status: "refused",
    message: "not now: b cannot be set by us: set it at the box",
  });
  // It is still the one to take over.
  expect(await hub.command("streams/main", "failover")).toMatchObject({ status: "done" });
  await facility.untilOnAir("b");
});
