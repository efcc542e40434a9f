/** Understudies that are practised where nobody watches, while the programme goes on. */
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

test("a HELO and a software encoder are practised one after the other; the programme goes on", async () => {
  const hub = keep(await Hub.start());
  const facility = await aFacility({
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
    range: true,
    encoders: {
      a: { driver: "ffmpeg" },
      b: { driver: "ffmpeg" },
      helo: { driver: "aja-helo" },
    },
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  const practise = (encoder: string, also = {}) =>
    hub.command(`encoders/studio~${encoder}`, "practise", undefined, also);

  await until("the carrier is left alone", async () => {
    const { status, message } = await practise("a");
    return status === "refused" && message === "not now: a carries main";
  });
  for (const encoder of ["b", "helo"]) {
    const dryRun = await until(`${encoder} may be practised`, async () => {
      const answer = await practise(encoder, { dryRun: true });
      return answer["status"] === "done" && answer;
    });
    expect(dryRun["message"]).toBe("practise would be possible now");
    expect(facility.publishers("range").filter(({ endedAtMs }) => endedAtMs === null)).toEqual([]);
    expect(await practise(encoder)).toMatchObject({ status: "done" });
    const { data } = await facility.untilTold(
      "encoder.exercise",
      ({ data, message }) => data["exercise"] !== "begun" && message.startsWith(encoder),
    );
    expect(data).toMatchObject({ exercise: "done", destination: "range" });
    expect(data["startMs"]).toBeGreaterThan(0);
    const state = await until("the hub says so", async () => {
      const { items } = (await hub.get("/api/encoders")) as { items: Json[] };
      const { practice } = items.find(({ id }) => id === encoder)!;
      return (practice as Json | undefined)?.["startMs"] !== undefined && (practice as Json);
    });
    expect(state).toMatchObject({ isOverdue: false, startMs: data["startMs"] });
    expect(state).not.toHaveProperty("underWayAt");
  }
  await until("nobody is left there", () =>
    facility.publishers("range").every(({ endedAtMs }) => endedAtMs !== null),
  );
  expect(facility.publishers("range").length).toBe(2);
  expect(facility.publishers()).toHaveLength(1);
  expect(facility.onAir()).toBe("a");
  expect(facility.told("encoder.rogue")).toEqual([]);
  expect(facility.helos["helo"]!.get("RTMPStreamName")).toBe("");
});
