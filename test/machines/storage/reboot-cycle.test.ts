/** A card that makes its box boot again and again is released, and stays out of use. */
import { expect, test } from "vitest";
import type { RecordPlan } from "../../../machines/site/plan.ts";
import type { MediumReading } from "../../../machines/storage/medium.ts";
import { storageState } from "../../../machines/storage/storage.published.ts";
import { aPlan, World } from "../world.ts";

const medium = (id: string, more: Partial<MediumReading> = {}): MediumReading => ({
  ...{ id, kind: "card", isNetwork: false, condition: "ok", source: "device" },
  ...{ freeRatio: 0.5, isTooSlow: false, isWriteProtected: false },
  ...more,
});

/** On air, recording to a card that reads well after each boot, and with a stick beside it. */
function aBox(plan: Partial<RecordPlan> = {}) {
  const record = { paths: ["sd", "usb"], failover: "act", releases: true, ...plan } as const;
  const w = new World({
    ...aPlan({ kinds: { a: "helo" } }),
    storages: [{ id: "a", readingMaxAgeMs: 144_000, record }],
  });
  const box = w.box("a");
  let boots = 0;
  const boot = () => {
    boots += 1;
    box.says.media = [medium("sd"), medium("usb")];
    box.says.bootMark = `boot ${boots}`;
  };
  const breaks = () => (box.says.media = [medium("sd", { condition: "damaged" }), medium("usb")]);
  box.records = { state: "streaming", medium: "sd", media: {} };
  boot();
  w.pass(40);
  const state = () =>
    storageState(w.core.storage("a"), {
      published: { id: "a", epoch: "e", seq: 1, session: "s", atMs: w.now().wallMs },
      sinceMs: () => 0,
    });
  return {
    ...{ w, box, boot, state },
    told: () => w.told("storage.rebootCycle").map(({ message }) => message),
    sd: () => state().media.find(({ id }) => id === "sd"),
    /** Three boots in six minutes; before each the card is seen to be damaged. */
    cycle: () => {
      for (let times = 0; times < 3; times++) {
        breaks();
        w.pass(60);
        boot();
        w.pass(60);
      }
    },
  };
}

test("a card that reads well after each boot is released, once for each boot, and retired", () => {
  const { w, box, boot, cycle, told, sd, state } = aBox();
  cycle();
  expect(box.released).toEqual(["sd"]);
  expect(box.records).toMatchObject({ medium: "usb", state: "streaming" });
  expect(told().slice(1)).toEqual([
    "a: sd is released, and out of use until a person brings it back",
  ]);
  expect(sd()).toMatchObject({ state: "retired", retiredBy: "us, for the reboots" });
  expect(state().warnings.join()).toContain("sd is released, go on recording to usb");
  boot();
  w.pass(10);
  expect(box.released).toEqual(["sd", "sd"]);
  expect(told()).toHaveLength(2);
  w.pass(660);
  expect(told().at(-1)).toContain("has not rebooted again for 10 min");
  expect(sd()?.state).toBe("retired");
  expect(box.records).toMatchObject({ medium: "usb", state: "streaming" });
  expect(w.carriage()).toBe("onAir");
});

test("a person who brings it back may record to it again", () => {
  const { w, cycle, sd } = aBox();
  cycle();
  w.pass(700);
  w.send({ to: "storage:a", event: { type: "bringBack", medium: "sd", by: "ops" } });
  w.pass(10);
  expect(sd()?.state).toBe("healthy");
});

test.each([
  ["observed", { failover: "observe" }],
  ["proposed", { failover: "propose" }],
  ["what its box cannot do", { releases: undefined }],
] as const)("where it is only %s, nothing is released and a person is told to do it", (_, plan) => {
  const { box, cycle, told } = aBox(plan as Partial<RecordPlan>);
  cycle();
  expect(box.released).toBeUndefined();
  expect(told()).toEqual([
    "a rebooted 3 times in 10 min and sd is damaged: release sd, go on recording to usb",
  ]);
});

test("a box that does not do it is asked again and again, and that is told once", () => {
  const { w, box, cycle, told } = aBox();
  box.deaf = true;
  cycle();
  w.pass(120);
  expect(told().slice(1)).toEqual(["a: sd could not be released (notPossible): trying again"]);
  box.deaf = false;
  w.pass(40);
  expect(box.released).toBeUndefined(); // it still records to it
  box.records!.medium = "usb";
  w.pass(40);
  expect(box.released).toEqual(["sd"]);
});

test("a restarted daemon that finds the cycle under way releases it, too", () => {
  const { w, box, cycle } = aBox();
  cycle();
  w.restart();
  w.pass(60);
  expect(box.released).toEqual(["sd", "sd"]);
});
