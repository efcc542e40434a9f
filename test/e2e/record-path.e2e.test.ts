/** A card that fills while it is recorded to: the recording goes on on the stick, the stream stays. */
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

test("a HELO on air whose card is full records to its stick, and the hub says what is missing", async () => {
  const hub = keep(await Hub.start());
  const facility = await aFacility({
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
    encoders: {
      helo: { driver: "aja-helo", ...{ otherMedia: { usb: {} }, timings: { mountMs: 300 } } },
    },
  });
  facility.startDaemon();
  const box = facility.helos["helo"]!;
  await facility.untilOnAir("helo");
  const publishers = facility.publishers().length;
  box.faults.frontPanel("record");
  const itemsOf = async (path: string) => ((await hub.get(path)) as { items: Json[] }).items;
  const recordsTo = async () => {
    const box = (await itemsOf("/api/storage")).find(({ id }) => id === "helo");
    const { state, medium } = (box?.["recording"] ?? {}) as Json;
    return state === "recording" ? medium : undefined;
  };
  await until("it is seen to record to its card", async () => (await recordsTo()) === "sd");

  box.faults.fillCard(0);
  const told = await facility.untilTold(
    "storage.recording",
    ({ data }) => data["recording"] === "moved",
  );
  expect(told.data).toMatchObject({ from: "sd", to: "usb" });
  expect(box.recorded("sd").length).toBeGreaterThan(0);
  expect(box.recorded("usb")).toHaveLength(1);
  await until("the hub says so", async () => (await recordsTo()) === "usb");

  const gap = { encoder: "helo", by: "helo", to: "usb", because: "sd is full", coveredBy: null };
  const incident = await until("the hub has its incident", async () =>
    (await itemsOf("/api/incidents")).find(({ cause }) => cause === "recording"),
  );
  expect(incident).toMatchObject({ outcome: "recovered", offAirMs: null, recordingGaps: [gap] });
  const [{ ms }] = incident["recordingGaps"] as [{ ms: number }];
  expect(ms).toBe(told.data["gapMs"]);
  expect(ms).toBeLessThan(20_000);

  expect(box.get("ReplicatorStreamState")).toBe("2");
  expect(facility.publishers()).toHaveLength(publishers);
});
