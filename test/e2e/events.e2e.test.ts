/** A programme with on-air windows: from a calendar that changes, and planned over the hub. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { kill, until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

/** `20261122T100000Z` */
const stamp = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");

function aCalendar() {
  const folder = mkdtempSync(join(tmpdir(), "understudy-calendar-"));
  keep({ close: () => Promise.resolve(rmSync(folder, { recursive: true })) });
  const file = join(folder, "main.ics");
  const put = (fromMs: number, toMs: number) => {
    const lines = [
      ...["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", "UID:service"],
      ...["SUMMARY:Sunday service", `DTSTART:${stamp(Date.now() + fromMs)}`],
      ...[`DTEND:${stamp(Date.now() + toMs)}`, "END:VEVENT", "END:VCALENDAR", ""],
    ];
    writeFileSync(`${file}.new`, lines.join("\r\n"));
    renameSync(`${file}.new`, file);
  };
  return { file, put };
}

test("after its window a killed encoder is not missed; when the next begins a missing picture is", async () => {
  const calendar = aCalendar();
  calendar.put(-60_000, 3_600_000);
  const facility = await aFacility({
    stream: { events: { zone: "Europe/Vienna", calendar: calendar.file, missedAfter: "5s" } },
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");

  calendar.put(3_600_000, 7_200_000);
  await facility.untilTold("stream.windowEnded");
  expect(facility.onAir()).toBe("a");
  const alarms = () =>
    facility.told().filter((told) => "severity" in told && told.severity === "critical");
  const before = alarms().length;
  kill(facility.enginePid("a"));
  await facility.untilTold("stream.offDuty");
  expect(facility.told("stream.takingOver")).toHaveLength(1); // the first start

  calendar.put(-2_000, 3_600_000);
  await until("the next window", () => facility.told("stream.windowBegan").length === 2);
  expect(alarms()).toHaveLength(before);
  const missed = await facility.untilTold("stream.startMissed");
  expect(missed.message).toContain("its window has begun (Sunday service) and it is not on air");
  expect(facility.onAir()).toBeUndefined();
});

test("a window is planned over the hub, survives a restart, and freezes changes until overridden", async () => {
  const hub = keep(await Hub.start());
  const facility = await aFacility({
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
    stream: { autoStart: false },
  });
  facility.startDaemon();
  const start = new Date(Date.now() + 10 * 60_000).toISOString().slice(0, 19);
  const window = { id: "fair", name: "Fair", start, zone: "UTC", durationMs: 3_600_000 };
  await until("the window is planned", async () => {
    const asked = await hub
      .command("streams/main", "add-window", { window })
      .catch(() => undefined);
    return asked?.["status"] === "done";
  });
  await facility.untilTold("site.changeFreeze");
  await facility.untilTold("stream.lineUp");
  await facility.endDaemon();
  facility.startDaemon();

  const stream = await until("the stream is published", async () => {
    const item = await hub.get("/api/streams/main");
    return item["stale"] === false && item;
  });
  expect(stream["carriage"]).toBe("notExpected");
  expect(stream["schedule"]).toMatchObject({ phase: "lineUp", window: { name: "Fair" } });
  expect((stream["lineUp"] as { items: Json[] }).items).toHaveLength(9);

  const why = "the spare has a broken lens";
  // One that is sent while the site is not there yet ends without an answer, after half a minute.
  const isOverridden = async () => {
    const asked = await hub.command("sites/studio", "override-freeze", { why });
    return asked["status"] === "done";
  };
  await until("it is overridden", isOverridden, 90_000);
  expect(await hub.command("sites/studio", "override-freeze")).toMatchObject({ code: "malformed" });
  const told = await facility.untilTold("site.freezeOverridden");
  expect(told.message).toContain(why);
  const { freeze } = await hub.get("/api/sites/studio");
  expect(freeze).toMatchObject({ events: [{ name: "Fair" }], override: { why } });
  expect(await hub.command("streams/main", "remove-window", { windowId: "fair" })).toMatchObject({
    status: "done",
  });
  await facility.untilTold("site.changeFreeze", ({ message }) => message.includes("free again"));
}, 180_000);
