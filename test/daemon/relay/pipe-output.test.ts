import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { adtsStreamType, h264StreamType } from "../../../daemon/relay/frame.ts";
import { withAnnounced } from "../../../daemon/relay/announced.ts";
import type { OutputState } from "../../../daemon/relay/output-state.ts";
import { PipeOutput } from "../../../daemon/relay/pipe-output.ts";
import type { OutFrame } from "../../../daemon/relay/restamp.ts";
import { type SavedState, StateFile } from "../../../daemon/relay/saved-state.ts";
import { Mux } from "../../../daemon/relay/ts/mux.ts";
import { adtsFrame, picture } from "./pictures.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

const streams = [h264StreamType, adtsStreamType].map((streamType) => {
  return { streamType, descriptors: Buffer.alloc(0) };
});

/** A picture and a sound in turn; keyframes are larger than what a pipe takes at once. */
const frames = Array.from({ length: 30 }, (_, n): OutFrame => {
  if (n % 2 === 1) {
    const times = { pts: n * 1_800, dts: n * 1_800 };
    return { track: 1, key: false, payload: adtsFrame(300, n), ...times };
  }
  const { key, payload } = picture(n / 2, n % 24 === 0 ? 150_000 : 700);
  return { track: 0, key, payload, pts: n * 1_800, dts: n * 1_800 };
});

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pipe-"));
  ends.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A named pipe whose reader holds it open, as a pusher does. */
function aPipe() {
  const path = join(aFolder(), "out");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  ends.push(() => closeSync(reader));
  const read = () => {
    const parts: Buffer[] = [];
    try {
      for (;;) {
        const part = Buffer.alloc(65_536);
        parts.push(part.subarray(0, readSync(reader, part)));
      }
    } catch {
      // Empty.
      return Buffer.concat(parts);
    }
  };
  return { path, read };
}

function anOutput(path: string, written: (output: PipeOutput) => void, state?: OutputState) {
  const output: PipeOutput = new PipeOutput({
    ...{ id: "far", path, announced: `${path}.next`, written: () => written(output) },
    ...(state && { state }),
  });
  ends.push(() => output.close());
  return output;
}

const patiently = { timeout: 30_000, interval: 1 };
const copy = <T>(it: T): T => JSON.parse(JSON.stringify(it)) as T;

test("killed after any of its writes, the next process writes exactly what is missing", async () => {
  const mux = new Mux(streams);
  const whole = Buffer.concat(frames.map((frame) => mux.write(frame)));
  const pipe = aPipe();
  const states: { state: OutputState; bytes: Buffer }[] = [];
  let before = Buffer.alloc(0);
  const first = anOutput(pipe.path, (output) => {
    before = Buffer.concat([before, pipe.read()]);
    states.push({ state: copy(output.state()!), bytes: before });
  });
  for (const frame of frames) first.push(frame, streams);
  await vi.waitFor(() => expect(before.length).toBe(whole.length), patiently);
  expect(before.equals(whole)).toBe(true);
  expect(states.some(({ state }) => state.partly)).toBe(true);

  for (const { state, bytes } of states) {
    const next = anOutput(pipe.path, () => undefined, state);
    for (const frame of frames) next.push(frame, streams);
    let all = bytes;
    await vi.waitFor(() => {
      all = Buffer.concat([all, pipe.read()]);
      expect(all.length).toBe(whole.length);
    }, patiently);
    expect(all.equals(whole)).toBe(true);
    next.close();
  }
});

test("killed between a write and the note of it, the next process does not write it again", async () => {
  const mux = new Mux(streams);
  const whole = Buffer.concat(frames.map((frame) => mux.write(frame)));
  const pipe = aPipe();
  const announced = `${pipe.path}.next`;
  type Moment = { state: OutputState; bytes: Buffer; announced: Buffer; mark: number };
  const moments: Moment[] = [];
  let bytes = Buffer.alloc(0);
  const first = anOutput(pipe.path, (output) => {
    bytes = Buffer.concat([bytes, pipe.read()]);
    const [state, mark] = [copy(output.state()!), statSync(pipe.path).mtimeMs / 1_000];
    moments.push({ state, bytes, mark, announced: readFileSync(announced) });
  });
  for (const frame of frames) first.push(frame, streams);
  await vi.waitFor(() => expect(bytes.length).toBe(whole.length), patiently);
  first.close();

  let tried = 0;
  for (const [n, { state: before, mark: markBefore }] of moments.slice(0, -1).entries()) {
    const written = moments[n + 1]!;
    // How much of a frame went into a pipe that was full is not known.
    if (written.state.partly) continue;
    const kills = [
      ["before the write", { mark: markBefore, bytes: moments[n]!.bytes }],
      ["before its mark", { mark: Date.now() / 1_000, bytes: written.bytes }],
      ["before its note", { mark: written.mark, bytes: written.bytes }],
    ] as const;
    for (const [, { mark, bytes: there }] of kills) {
      writeFileSync(announced, written.announced);
      utimesSync(pipe.path, mark, mark);
      const state = withAnnounced(before, { pipe: pipe.path, announced });
      const next = anOutput(pipe.path, () => undefined, copy(state));
      for (const frame of frames) next.push(frame, streams);
      let all = there;
      await vi.waitFor(() => {
        all = Buffer.concat([all, pipe.read()]);
        expect(all.length).toBe(whole.length);
      }, patiently);
      expect(all.equals(whole)).toBe(true);
      next.close();
      tried++;
    }
  }
  expect(tried).toBeGreaterThan(60);
});

test("a state without anything announced, or with the rest of another run, stands as it is", () => {
  const pipe = aPipe();
  const announced = `${pipe.path}.next`;
  const state: OutputState = {
    progress: { pts: 1, dts: 1, sounds: [] },
    ...{ mux: { continuity: [0], pmtVersion: 0, tablesAt: null }, partly: null, writes: 7 },
  };
  expect(withAnnounced(state, { pipe: pipe.path, announced })).toBe(state);
  writeFileSync(announced, JSON.stringify({ ...state, writes: 12 }));
  expect(withAnnounced(state, { pipe: pipe.path, announced })).toBe(state);
  writeFileSync(announced, "{");
  expect(withAnnounced(state, { pipe: pipe.path, announced })).toBe(state);
});

test("killed within a picture, its rest goes before the sound that has come since", async () => {
  const pipe = aPipe();
  let cut: OutputState | undefined;
  const first = anOutput(pipe.path, (output) => (cut ??= copy(output.state()!)));
  first.push(frames[0]!, streams);
  expect(cut?.partly?.track).toBe(0);
  first.close();
  const begun = pipe.read();
  const mux = new Mux(streams);
  const whole = Buffer.concat(frames.slice(0, 2).map((frame) => mux.write(frame)));

  const next = anOutput(pipe.path, () => undefined, cut);
  next.push(frames[1]!, streams);
  expect(pipe.read()).toHaveLength(0);
  next.push(frames[0]!, streams);
  let all = begun;
  await vi.waitFor(() => {
    all = Buffer.concat([all, pipe.read()]);
    expect(all.length).toBe(whole.length);
  }, patiently);
  expect(all.equals(whole)).toBe(true);
});

test("killed within a picture that nobody has any more: what comes after it goes out", async () => {
  const pipe = aPipe();
  let cut: OutputState | undefined;
  const first = anOutput(pipe.path, (output) => (cut ??= copy(output.state()!)));
  first.push(frames[0]!, streams);
  first.close();
  pipe.read();
  const next = anOutput(pipe.path, () => undefined, cut);
  for (const frame of frames.slice(2, 6)) next.push(frame, streams);
  expect(next.pictures).toBe(2);
});

test("a reader that does not drain loses whole pictures up to a keyframe, and that is counted", async () => {
  const pipe = aPipe();
  const output = anOutput(pipe.path, () => undefined);
  const large = (n: number): OutFrame => {
    const { key, payload } = picture(n, 400_000);
    return { track: 0, key, payload, pts: n * 3_600, dts: n * 3_600 };
  };
  for (let n = 0; n < 30; n++) output.push(large(n), streams);
  expect(output.droppedPictures).toBeGreaterThan(10);
  expect(output.backlogBytes).toBeLessThanOrEqual(10 * 2 ** 20);
  output.push(large(35), streams);
  const dropped = output.droppedPictures;
  output.push(large(36), streams);
  expect(output.droppedPictures).toBe(dropped);
  await vi.waitFor(() => {
    pipe.read();
    expect(output.backlogBytes).toBe(0);
  }, patiently);
});

test("who comes later begins with a keyframe; nobody is waited for", async () => {
  const path = join(aFolder(), "out");
  execFileSync("mkfifo", [path]);
  const output = anOutput(path, () => undefined);
  for (const frame of frames) output.push(frame, streams);
  expect([output.connected, output.pictures]).toEqual([false, 0]);
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  ends.push(() => closeSync(reader));
  await vi.waitFor(() => expect(output.connected).toBe(true));
  const small = { ...frames[24]!, payload: picture(12).payload };
  for (const frame of [...frames.slice(2, 24), small, ...frames.slice(25)]) {
    output.push(frame, streams);
  }
  expect(output.pictures).toBe(3);
});

test("what was saved is read again, the last of it only", () => {
  const path = join(aFolder(), "state");
  const state: SavedState = {
    playout: {
      orders: { generation: 3, eligible: ["a", "b"], preferred: null },
      selected: "b",
      clock: { offsetMs: -12.25, shift: 5, bornMs: 9, jumped: false },
      baseMs: 4.5,
    },
    outputs: {
      far: {
        progress: { pts: 2 ** 34, dts: 2 ** 34, sounds: [null, 7] },
        mux: { continuity: [1, 2, 3, 4], pmtVersion: 1, tablesAt: null },
        partly: { track: 0, dts: 9, bytes: 3_948 },
        writes: 1,
      },
    },
  };
  const file = new StateFile(path);
  expect(file.load()).toBeUndefined();
  file.save({ ...state, outputs: {} });
  file.save(state);
  // A hole in the array is null in JSON, as it was.
  expect(new StateFile(path).load()).toEqual(state);
  file.save({ ...state, outputs: {} });
  expect(new StateFile(path).load()?.outputs).toEqual({});
});
