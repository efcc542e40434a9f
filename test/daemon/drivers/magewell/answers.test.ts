import { expect, test } from "vitest";
import { statusOf } from "../../../../daemon/drivers/magewell/answers.ts";
import { mediaOf } from "../../../../daemon/drivers/magewell/media.ts";

const empty = (type: number) => ({
  ...{ "disk-status": 0, "disk-type": type, "total-size": 0, "used-size": 0, "free-size": 0 },
  ...{ "fs-type": "", "mount-path": "", id: type },
});
/** In the form of an Ultra Encode AIO that pushes by SRT, records nothing and has no medium. */
const status = {
  ...{ result: 0, "cur-status": 4, "cpu-temperature": 68_600, "input-source": 3 },
  "live-status": {
    ...{ result: 2, "run-ms": 90_000 },
    live: [
      {
        ...{ id: 0, type: 120, "is-use": 1, "is-skd-runnung": 0, name: "main", result: 22 },
        ...{ "run-ms": 90_000, "inst-bps": 1_441_005, "video-frame-count": 2_250, net: 1 },
      },
    ],
  },
  "rec-status": { result: 0, "run-ms": 0, rec: [] },
  nas: [],
  "input-signal": { cx: 1_920, cy: 1_080, hdmi: { cx: 1_920, cy: 1_080 }, sdi: { cx: 0, cy: 0 } },
  "disk-info": [empty(0), empty(1), { ...empty(2), "conn-state": 29 }],
};

test("an SRT session counts its pictures under another name, and places without a medium are none", () => {
  const read = statusOf(status)!;
  expect(read.sessions).toEqual([
    { id: 0, isInUse: true, result: 22, runMs: 90_000, bps: 1_441_005, frames: 2_250 },
  ]);
  expect([read.hasPicture, read.recordings]).toEqual([true, []]);
  expect(mediaOf(read)).toEqual([]);
});

test("a share, a stick and a card are told apart; what cannot be true of them is left out", () => {
  const of = (type: number, more: object) => ({ ...empty(type), "total-size": 1_000, ...more });
  const disks = [
    of(0, { "free-size": 250, "fs-type": "vfat" }),
    of(1, { "free-size": 2_000, "fs-type": "no <name>" }),
    of(2, { "free-size": 1_000, "fs-type": "nfs4" }),
    ...[of(9, {}), "no disk", null],
  ];
  const source = "device";
  expect(mediaOf(statusOf({ ...status, "disk-info": disks })!)).toEqual([
    {
      ...{ id: "usb", kind: "usb", isNetwork: false, condition: "ok", source },
      ...{ freeRatio: 0.25, fileSystem: "vfat" },
    },
    { id: "sd", kind: "card", isNetwork: false, condition: "ok", source },
    {
      ...{ id: "nas", kind: "nfs", isNetwork: true, condition: "ok", source },
      ...{ freeRatio: 1, fileSystem: "nfs4" },
    },
  ]);
});

test("a box that tells nothing of its disks, as an Ultra Stream, has none that are known", () => {
  const { "disk-info": _, ...other } = status;
  expect(mediaOf(statusOf(other)!)).toBeUndefined();
});
