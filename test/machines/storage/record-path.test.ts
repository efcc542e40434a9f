/** A recording whose medium fails goes on on another one, and the stream never notices. */
import { expect, test } from "vitest";
import type { RecordPlan } from "../../../machines/site/plan.ts";
import type { MediumReading } from "../../../machines/storage/medium.ts";
import { storageState } from "../../../machines/storage/storage.published.ts";
import { aPlan, World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

const medium = (id: string, more: Partial<MediumReading> = {}): MediumReading => ({
  ...{ id, kind: "card", isNetwork: false, condition: "ok", source: "device" },
  ...{ freeRatio: 0.5, isTooSlow: false, isWriteProtected: false },
  ...more,
});

/** One box that is on air, records to its card and has a stick, too. */
function aRecordingBox(plan: Partial<RecordPlan> = {}) {
  const record = { paths: ["sd", "usb"], failover: "act", ...plan } as const;
  const w = new World({
    ...aPlan({ kinds: { a: "helo" } }),
    storages: [{ id: "a", readingMaxAgeMs: 144_000, record }],
  });
  const box = w.box("a");
  box.records = { state: "streaming", medium: "sd", media: {} };
  const says = (...media: MediumReading[]) => (box.says.media = media);
  says(medium("sd"), medium("usb"));
  w.pass(40);
  const told = () => w.told("storage.recording").map(({ data }) => data["recording"]);
  const lines = () => w.told("storage.recording").map(({ message }) => message);
  const state = () => {
    const published = { id: "a", epoch: "e", seq: 1, session: "s", atMs: w.now().wallMs };
    return storageState(w.core.storage("a"), { published, sinceMs: () => 0 });
  };
  const { told: _, ...rest } = { told };
  return { w, box, says, told, lines, state, ...rest };
}

test.each([
  ["is full", { freeRatio: 0.005 }],
  ["is failing", { condition: "damaged" }],
  ["is missing", { condition: "missing" }],
  ["is write protected", { isWriteProtected: true }],
  ["is nearly full", { freeRatio: 0.14 }],
  ["cannot keep up with what is written", { isTooSlow: true }],
] as const)("a card that %s: the recording moves to the stick, the stream stays", (why, change) => {
  const { w, box, says, told, lines } = aRecordingBox();
  says(medium("sd", change), medium("usb"));
  w.pass(3);
  expect(box.records).toMatchObject({ medium: "usb", state: "streaming" });
  expect(told()).toEqual(["moving", "moved"]);
  expect(lines()[1]).toBe(`a records to usb now, because sd ${why}; at most 0.5 s are missing`);
  expect(w.carriage()).toBe("onAir");
  expect(w.told("stream.suspect")).toEqual([]);
});

test("a recording that fell over moves, and what is missing counts from when it was last seen", () => {
  const { w, box, lines } = aRecordingBox();
  box.records!.state = "failing";
  w.pass(3);
  expect(box.records).toMatchObject({ medium: "usb", state: "streaming" });
  expect(lines()[1]).toMatch(
    /^a records to usb now, because sd lost its recording; at most 1\.\d s/,
  );
});

slow(
  "a card that is nearly full is not left for a stick that nobody has looked at; a full one is",
  () => {
    const { w, box, says, told } = aRecordingBox();
    says(medium("sd", { freeRatio: 0.1 }));
    w.pass(200); // by now the stick is unknown
    expect(told()).toEqual(["moving", "moved"]); // while it was still known
    const unseen = aRecordingBox({ paths: ["sd", "nfs"] });
    unseen.says(medium("sd", { freeRatio: 0.1 }));
    unseen.w.pass(60);
    expect(unseen.told()).toEqual([]);
    expect(unseen.state().warnings).toEqual([
      "records to sd, which is nearly full; it goes on on nfs when it ends there",
    ]);
    unseen.says(medium("sd", { freeRatio: 0.005 }));
    unseen.w.pass(3);
    expect(unseen.box.records).toMatchObject({ medium: "nfs", state: "streaming" });
    expect(box.records).toMatchObject({ medium: "usb" });
  },
);

test("no medium is left: one alarm, and once a card is put in the recording goes on", () => {
  const { w, box, says, lines, told, state } = aRecordingBox({ paths: ["sd"] });
  box.records!.state = "failing";
  says(medium("sd", { condition: "missing" }));
  w.pass(60);
  expect(told()).toEqual(["lost"]);
  expect(lines()[0]).toBe(
    "a DOES NOT RECORD: sd is missing, and it has no other medium to record to; put in another one or make room",
  );
  expect(state()).toMatchObject({ recording: { state: "lost", because: "sd is missing" } });
  says(medium("sd"));
  w.pass(5);
  expect(box.records).toMatchObject({ medium: "sd", state: "streaming" });
  expect(told()).toEqual(["lost", "moving", "moved"]);
  expect(lines()[2]).toMatch(/at most 6\d\.\d s are missing$/);
});

test("a stick that is not there either: it is tried once, and the loss is told once", () => {
  const { w, box, says, told } = aRecordingBox();
  says(medium("sd", { condition: "missing" }));
  box.records = { state: "failing", medium: "sd", media: { usb: false } };
  w.pass(120);
  expect(told()).toEqual(["moving", "failed", "lost"]);
});

test("a recording that a person stopped is not begun again, whatever its card is like", () => {
  const { w, box, says, told, state } = aRecordingBox();
  const command = { id: "c1", by: "anna" };
  w.plan.encoders[0]!.controls = ["startRecording", "stopRecording"];
  says(medium("sd", { freeRatio: 0.5 }));
  w.send({
    to: "encoder:a",
    event: { type: "control", command, control: { verb: "stopRecording" } },
  });
  w.pass(2);
  says(medium("sd", { condition: "missing" }));
  w.pass(60);
  expect(box.records!.state).toBe("idle");
  expect(told()).toEqual([]);
  expect(state().recording?.state).toBe("idle");
});

test("one that ends by itself on a good card was ended by somebody: it is left so", () => {
  const { w, box, told, state } = aRecordingBox();
  box.records!.state = "idle";
  w.pass(60);
  expect(told()).toEqual([]);
  expect(state().recording?.state).toBe("idle");
});

test("propose: a person is asked, and says yes", () => {
  const { w, box, says, told, state } = aRecordingBox({ failover: "propose" });
  says(medium("sd", { condition: "damaged" }), medium("usb"));
  box.records!.state = "failing";
  w.pass(10);
  expect(told()).toEqual(["proposed"]);
  expect(state().recording).toMatchObject({ state: "waiting", proposedTo: "usb" });
  expect(w.send({ to: "storage:a", event: { type: "moveRecording", by: "anna" } })).toBe(true);
  w.pass(2);
  expect(box.records).toMatchObject({ medium: "usb", state: "streaming" });
});

test.each([
  ["propose", "proposed"],
  ["observe", "wouldMove"],
] as const)("%s: as long as nothing changes it is told less and less often", (failover, word) => {
  const { w, box, says, told } = aRecordingBox({ failover });
  says(medium("sd", { condition: "damaged" }), medium("usb"));
  box.records!.state = "failing";
  const minutes = (n: number) => {
    for (let left = n; left > 0; left -= 1) w.leap(60, 6);
    return told().length;
  };
  expect(minutes(9)).toBe(1);
  // After 10 min, then 20, then 40.
  expect(minutes(2)).toBe(2);
  expect(minutes(18)).toBe(2);
  expect(minutes(3)).toBe(3);
  expect(minutes(37)).toBe(3);
  expect(minutes(4)).toBe(4);
  expect(new Set(told())).toEqual(new Set([word]));
});

test("observe: what would have been done is said, and nothing is done", () => {
  const { w, box, told } = aRecordingBox({ failover: "observe" });
  box.records!.state = "failing";
  w.pass(60);
  expect(told()).toEqual(["wouldMove"]);
  expect(box.records).toMatchObject({ medium: "sd" });
});

test("recorded to two media at once: as long as one of them is good nothing moves", () => {
  const { w, box, says, told } = aRecordingBox();
  box.says.recording = { output: "record-1", medium: "sd", also: "usb" };
  w.pass(2);
  says(medium("sd", { freeRatio: 0 }), medium("usb"));
  w.pass(60);
  expect(told()).toEqual([]);
});

slow("each medium is tried once in ten minutes, however ill the box is", () => {
  const { w, box, told } = aRecordingBox();
  for (let s = 0; s < 540; s++) {
    box.records!.state = "failing";
    w.pass(1);
  }
  expect(told().filter((news) => news === "moving").length).toBeLessThanOrEqual(3);
});

test("a daemon that was away while the card failed moves the recording when it is back", () => {
  const { w, box, says, told } = aRecordingBox();
  box.records!.state = "failing";
  says(medium("sd", { condition: "damaged" }), medium("usb"));
  w.restart();
  w.pass(5);
  expect(told()).toEqual(["moving", "moved"]);
  expect(box.records).toMatchObject({ medium: "usb", state: "streaming" });
});

const tooSlow = { isTooSlow: true };
const light = { paths: ["sd"], light: "half its bit rate, in files of 10 min at most" };

slow(
  "a card too slow with nothing better beside it: it records with less, and the stream stays",
  () => {
    const { w, box, says, told, lines, state } = aRecordingBox(light);
    says(medium("sd", tooSlow));
    w.pass(3);
    expect(box.records).toMatchObject({ medium: "sd", state: "streaming", light: true });
    expect(lines()).toEqual([
      "a records with half its bit rate, in files of 10 min at most now, because sd cannot keep up with what is written and nothing better is there; at most 0.5 s are missing",
    ]);
    expect(state().recording?.state).toBe("recording");
    expect(w.carriage()).toBe("onAir");
    w.pass(600);
    expect(told()).toEqual(["lightened"]);
  },
);

slow("what was taken from a recording is given back when it has ended, not before", () => {
  const { w, box, says, told, state } = aRecordingBox(light);
  says(medium("sd", tooSlow));
  w.pass(3);
  says(medium("sd"));
  w.pass(3_600);
  expect(box.records?.light).toBe(true);
  expect(state().warnings).toEqual([
    "records with half its bit rate, in files of 10 min at most until it has ended, because sd was too slow",
  ]);
  box.records!.state = "idle";
  w.pass(10);
  expect(box.records?.light).toBe(false);
  expect(told()).toEqual(["lightened", "full"]);
});

test("a stick that keeps up is better than less to record", () => {
  const { w, box, says, told } = aRecordingBox({ ...light, paths: ["sd", "usb"] });
  says(medium("sd", tooSlow), medium("usb"));
  w.pass(3);
  expect(box.records).toMatchObject({ medium: "usb", state: "streaming" });
  expect(told()).toEqual(["moving", "moved"]);
});

test("one of two media is too slow, nobody knows which: it records with less, and leaves neither", () => {
  const { w, box, says, told, lines, state } = aRecordingBox({
    ...light,
    paths: ["sd", "usb", "nfs"],
  });
  says(medium("sd"), medium("usb"), medium("nfs"));
  const both = { output: "record-1", isLinked: false, medium: "sd", also: "usb" };
  box.says.recording = both;
  w.pass(3);
  expect(told()).toEqual([]);
  box.says.recording = { ...both, isOneTooSlow: true };
  w.pass(60);
  expect(box.records).toMatchObject({ medium: "sd", state: "streaming", light: true });
  expect(told()).toEqual(["lightened"]);
  expect(lines()[0]).toContain("because sd or usb cannot keep up with what is written");
  expect(state().warnings[0]).toContain("because sd or usb was too slow");
});

test.each(["observe", "propose"] as const)(
  "with recording.failover: %s a recording on a slow card is left as it is",
  (failover) => {
    const { w, box, says, told } = aRecordingBox({ ...light, failover });
    says(medium("sd", tooSlow));
    w.pass(60);
    expect(box.records?.light).toBeUndefined();
    expect(told()).toEqual([]);
    expect(w.told("storage.slow")).toHaveLength(1);
  },
);

test("a box that cannot be told so goes on recording as it did, and it is said why", () => {
  const { w, box, says, lines } = aRecordingBox(light);
  box.deaf = true;
  says(medium("sd", tooSlow));
  w.pass(1.5);
  box.deaf = false;
  w.pass(60);
  expect(box.records).toMatchObject({ medium: "sd", state: "streaming" });
  expect(lines()[0]).toBe("a could not be told to record with less: failed");
});

test("that it records with less is still known after a restart of the daemon", () => {
  const { w, box, says } = aRecordingBox(light);
  says(medium("sd", tooSlow));
  w.pass(3);
  w.restart();
  w.pass(5);
  box.records!.state = "idle";
  w.pass(20);
  expect(box.records?.light).toBe(false);
});
