import { expect, test } from "vitest";
import { mediaOf } from "../../../../daemon/drivers/aja-helo/media.ts";
import { alarmAtRest, encodeAlarm } from "../../../fakes/helo/alarms.ts";

const raised = (name: string) =>
  encodeAlarm({ ...alarmAtRest({ id: `eParamID_${name}`, name }), raised: true });
const atRest = (name: string) => encodeAlarm(alarmAtRest({ id: `eParamID_${name}`, name }));

const writeAlarms = ["SD_Card_Write_Protected_Alarm", "Remote_Media_Write_Protected_Alarm"];
const card: Record<string, string> = {
  ...{ RecordingDestination: "0", CurrentMediaMounted: "1", CurrentMediaAvailable: "42" },
  ...{ CurrentMediaUnusedBytes: "42000", CurrentMediaTotalBytes: "100000" },
  ...{ FilesystemType: "exfat", MediaLoading: "0", SecondaryRecordingDestination: "4" },
  ...{ SecondaryMediaMounted: "0", Media_Too_Slow_Alarm: atRest("Media_Too_Slow_Alarm") },
  ...Object.fromEntries(writeAlarms.map((name) => [name, atRest(name)])),
};
const read = (values: Record<string, string>) => mediaOf((name) => values[name]);

test("a card is told with its bytes, its file system and that it can be written to", () => {
  expect(read(card)).toEqual([
    {
      ...{ id: "sd", kind: "card", name: "primary recording", isNetwork: false, condition: "ok" },
      ...{ freeBytes: 42_000, totalBytes: 100_000, fileSystem: "exfat", source: "device" },
      ...{ isWriteProtected: false, isTooSlow: false },
    },
  ]);
});

test("a second path is a medium of its own, and a share is told as one", () => {
  const values = {
    ...card,
    ...{ RecordingDestination: "2", SecondaryRecordingDestination: "1" },
    ...{ SecondaryMediaMounted: "1", SecondaryMediaAvailable: "7" },
  };
  expect(read(values)).toMatchObject([
    { id: "smb", isNetwork: true },
    { id: "usb", isNetwork: false, freeRatio: 0.07 },
  ]);
  // Which of the two is too slow the unit does not say.
  expect(read(values)?.[0]).not.toHaveProperty("isTooSlow");
});

test.each([
  ["Media_Damaged_Alarm", "damaged"],
  ["Media_Unformatted_Alarm", "notSuitable"],
  ["Primary_Filesystem_Incompatible_Alarm", "notSuitable"],
])("a card with %s is %s, whatever its space", (name, condition) => {
  const [medium] = read({ ...card, [name]: raised(name) }) ?? [];
  expect(medium).toMatchObject({ condition });
  expect(medium).not.toHaveProperty("freeBytes");
});

test("a card that is not there is missing, and loading while the unit mounts it", () => {
  const gone = { ...card, CurrentMediaMounted: "0" };
  expect(read(gone)).toMatchObject([{ condition: "missing" }]);
  expect(read({ ...gone, MediaLoading: "1" })).toMatchObject([{ condition: "loading" }]);
});

test.each(writeAlarms)("%s is told as write protection", (name) => {
  expect(read({ ...card, [name]: raised(name) })).toMatchObject([{ isWriteProtected: true }]);
});

test("a card that is too slow is told so", () => {
  const name = "Media_Too_Slow_Alarm";
  expect(read({ ...card, [name]: raised(name) })).toMatchObject([{ isTooSlow: true }]);
});

test("what was not read is left out, and a medium of no bytes has no space, not none left", () => {
  expect(read({})).toBeUndefined();
  expect(read({ RecordingDestination: "0" })).toBeUndefined();
  const [bare] = read({ RecordingDestination: "0", CurrentMediaMounted: "1" }) ?? [];
  expect(bare).toEqual({
    ...{ id: "sd", kind: "card", name: "primary recording", isNetwork: false },
    ...{ condition: "ok", source: "device" },
  });
  const empty = { ...card, CurrentMediaUnusedBytes: "0", CurrentMediaTotalBytes: "0" };
  const [unread] = read({ ...empty, CurrentMediaAvailable: "0" }) ?? [];
  expect(unread).not.toHaveProperty("freeBytes");
  expect(unread).not.toHaveProperty("freeRatio");
});
