/** What a person may tell a box directly, and what is refused for the programme's sake. */
import { expect, test } from "vitest";
import {
  type Control,
  controlRefusal,
  type ControlEvent,
} from "../../../machines/encoder/control.ts";
import { encoderFacts } from "../../../machines/encoder/encoder.published.ts";
import { aPlan, onAir, type World } from "../world.ts";

const recordings = ["startRecording", "stopRecording", "listClips"] as const;
const settings = ["recallPreset", "selectProfile"] as const;
const controls = [...recordings, ...settings, "reboot", "powerCycle"] as const;

function facility(isLinked?: boolean): World {
  const plan = aPlan({ kinds: { a: "helo", b: "helo" }, outlets: true });
  const w = onAir({ ...plan, encoders: plan.encoders.map((box) => ({ ...box, controls })) });
  const recording = { output: "record-1", ...(isLinked !== undefined && { isLinked }) };
  for (const id of ["a", "b"]) w.box(id).says = { recording };
  w.pass(3);
  return w;
}
const event = (control: Control): ControlEvent => ({
  type: "control",
  command: { id: "c1", by: "anna" },
  control,
});
const asks = (w: World, id: string, control: Control) =>
  w.send({ to: `encoder:${id}`, event: event(control) });
const why = (w: World, id: string, control: Control) => {
  const box = w.core.encoder(id);
  return controlRefusal(box.context, encoderFacts(box), control);
};

test("a recording is started on air, and the answer names the command", () => {
  const w = facility(false);
  expect(asks(w, "a", { verb: "startRecording" })).toBe(true);
  w.pass(2);
  expect(w.told("command.done").at(-1)).toMatchObject({
    of: "encoder:a",
    message: "a records",
    data: { command: "c1" },
  });
  expect(w.carriage()).toBe("onAir");
});

test("one command at a time: a second is refused until the first has ended", () => {
  const w = facility(false);
  expect(asks(w, "a", { verb: "startRecording" })).toBe(true);
  expect(asks(w, "a", { verb: "stopRecording" })).toBe(false);
  expect(why(w, "a", { verb: "stopRecording" })).toBe("a is busy with another command");
  w.pass(2);
  expect(asks(w, "a", { verb: "stopRecording" })).toBe(true);
});

test("a stop of the recording that would stop the stream on air is refused, with the reason", () => {
  const w = facility(true);
  expect(asks(w, "a", { verb: "stopRecording" })).toBe(false);
  expect(why(w, "a", { verb: "stopRecording" })).toContain("would stop its stream");
  expect(asks(w, "b", { verb: "stopRecording" })).toBe(true);
});

test("a start of the recording that would start a stream is refused", () => {
  const w = facility(true);
  expect(why(w, "b", { verb: "startRecording" })).toContain("would start its stream, too");
  expect(asks(w, "b", { verb: "startRecording" })).toBe(false);
  expect(asks(w, "a", { verb: "startRecording" })).toBe(true);
});

test("on air nothing is recorded or stopped before it is known whether the two are linked", () => {
  const w = facility();
  expect(why(w, "a", { verb: "stopRecording" })).toContain("has not told yet");
});

test("a preset is recalled on a benched box only, and what was put back is told", () => {
  const w = facility(false);
  expect(why(w, "a", { verb: "recallPreset", preset: 3 })).toContain("carries a stream");
  expect(asks(w, "a", { verb: "recallPreset", preset: 3 })).toBe(false);
  expect(asks(w, "b", { verb: "recallPreset", preset: 3 })).toBe(true);
  w.pass(2);
  expect(w.told("command.done").at(-1)!.message).toBe(
    "b has recalled preset 3; it held another stream key, which was put back",
  );
});

const ofStream = { verb: "selectProfile", of: "stream", profile: 3 } as const;
const ofRecording = { verb: "selectProfile", of: "recording", profile: 3 } as const;

test("a profile is selected on a benched box, and the answer says what the box calls it", () => {
  const w = facility(false);
  expect(asks(w, "b", ofStream)).toBe(true);
  w.pass(2);
  expect(w.told("command.done").at(-1)).toMatchObject({
    message: "b has selected profile 3 (720p) for its stream",
    data: { verb: "selectProfile", by: "anna" },
  });
});

test("a carrier selects another profile only where it was said that its picture may go; then the understudy takes over", () => {
  const w = facility(false);
  expect(why(w, "a", ofStream)).toBe(
    "a carries a stream, which stops for another profile: move it to its understudy first, or say interrupt",
  );
  expect(asks(w, "a", ofStream)).toBe(false);
  expect(asks(w, "a", { ...ofStream, interrupt: true })).toBe(true);
  w.pass(30);
  expect([w.carrier(), w.carriage(), w.overlaps]).toEqual(["b", "onAir", []]);
});

test("a profile for the recording is selected on air, but not while the box records", () => {
  const w = facility(false);
  expect(asks(w, "a", ofRecording)).toBe(true);
  w.pass(2);
  expect(w.told("command.done").at(-1)?.message).toContain("for its recording");
  asks(w, "a", { verb: "startRecording" });
  w.pass(3);
  w.box("a").records = { state: "streaming", medium: "sd", media: { sd: true } };
  w.pass(3);
  expect(why(w, "a", ofRecording)).toContain("a records: stop its recording");
  expect([w.carrier(), w.carriage()]).toEqual(["a", "onAir"]);
});

test("a box that is kept set like its primary by itself is given no profile that would be undone at once", () => {
  const plan = aPlan({ kinds: { a: "helo", b: "helo" } });
  const of = (sync: "act" | "propose") => {
    const more = { controls, canBeSet: true, sync };
    const w = onAir({ ...plan, encoders: plan.encoders.map((box) => ({ ...box, ...more })) });
    for (const id of ["a", "b"]) w.box(id).says = { settings: { videoBitrateBps: 6_000_000 } };
    w.pass(3);
    return w;
  };
  expect(why(of("act"), "b", ofStream)).toBe(
    "b is kept set as main wants it like a: the new profile would be set otherwise at once. Set its `sync` to propose first",
  );
  expect(why(of("propose"), "b", ofStream)).toBeUndefined();
});

test("a box that works at less load keeps its profile, which is set so, until it is at full load", () => {
  const w = facility(false);
  const figures = { temperatureC: { value: 80, source: "chassis" } };
  w.box("b").says = { ...w.box("b").says, figures };
  w.pass(5);
  expect(w.core.encoder("b").context.heat.step).toBeGreaterThan(0);
  expect(why(w, "b", ofStream)).toContain("b works at less load");
  expect(why(w, "b", ofRecording)).toBeUndefined();
});

test("clips are told by name, the newest fifty of them", () => {
  const w = facility(false);
  asks(w, "a", { verb: "listClips" });
  w.pass(2);
  const { answer } = w.told("command.done").at(-1)!.data as {
    answer: { clips: { name: string }[]; count: number };
  };
  expect(answer.count).toBe(60);
  expect(answer.clips).toHaveLength(50);
  expect(answer.clips.at(-1)).toEqual({ name: "clip_60.mov" });
});

test("a box that cannot, does not answer or fails is a refusal with its reason", () => {
  const w = facility(false);
  w.box("b").reachable = false;
  w.pass(10);
  expect(why(w, "b", { verb: "listClips" })).toBe("b does not answer now");
  w.box("a").deaf = true;
  asks(w, "a", { verb: "startRecording" });
  w.pass(2);
  expect(w.told("command.refused").at(-1)).toMatchObject({
    message: "a did not start a recording: failed",
    data: { command: "c1", code: "failed" },
  });
  const plain = onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
  expect(why(plain, "a", { verb: "listClips" })).toBe("a cannot be told to name its clips");
});

test("a box that carries nothing is booted by a person at once; it says who asked, and it counts", () => {
  const w = facility(false);
  expect(asks(w, "b", { verb: "reboot" })).toBe(true);
  w.pass(2);
  expect(w.told("command.done").at(-1)).toMatchObject({
    of: "encoder:b",
    message: "b was told to boot anew",
    data: { verb: "reboot", by: "anna" },
  });
  expect(w.core.encoder("b").context.repairs.done.map(({ action }) => action)).toEqual(["reboot"]);
  expect([w.carrier(), w.carriage()]).toEqual(["a", "onAir"]);
});

test("a carrier is booted only where it was said that its picture may go; its stream starts it again", () => {
  for (const verb of ["reboot", "powerCycle"] as const) {
    const w = facility(false);
    w.send({ to: "encoder:b", event: { type: "maintenance", by: "anna" } });
    expect(asks(w, "a", { verb })).toBe(false);
    expect(why(w, "a", { verb })).toBe(
      "a carries a stream, whose picture would be lost: say interrupt to do it all the same",
    );
    expect(asks(w, "a", { verb, interrupt: true })).toBe(true);
    w.pass(1);
    expect(w.box("a").running).toBeNull();
    w.pass(60);
    expect([w.carrier(), w.carriage(), w.overlaps]).toEqual(["a", "onAir", []]);
  }
});

test("a box that does not answer cannot be told to boot, but its outlet can be cycled; limits count it", () => {
  const w = facility(false);
  w.box("b").reachable = false;
  w.pass(10);
  expect(why(w, "b", { verb: "reboot" })).toBe("b does not answer now");
  expect(asks(w, "b", { verb: "reboot" })).toBe(false);
  expect(asks(w, "b", { verb: "powerCycle" })).toBe(true);
  w.pass(2);
  expect(w.told("command.done").at(-1)?.message).toContain("its outlet is on again");
  expect(w.core.encoder("b").context.cuts).toHaveLength(1);
});

test("a recording is not ended by a boot that nobody said may end it", () => {
  const w = facility(false);
  w.box("b").records = { state: "streaming", medium: "sd", media: {} };
  w.pass(2);
  expect(why(w, "b", { verb: "reboot" })).toBe(
    "record-1 of b is streaming: say interrupt to do it all the same",
  );
});
