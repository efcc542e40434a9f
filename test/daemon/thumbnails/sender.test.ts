import { expect, test } from "vitest";
import { Sender } from "../../../daemon/thumbnails/sender.ts";

function cameras(...ids: string[]) {
  const clock = { nowMs: 100_000 };
  const shots = new Map<string, { jpeg: Buffer; atMs: number }>();
  const sender = new Sender(
    ids.map((id) => ({
      ...{ kind: "ingest" as const, id },
      camera: { newest: () => shots.get(id), because: () => "it could not be opened" },
    })),
    () => clock.nowMs,
  );
  const shoots = (id: string, text: string) =>
    void shots.set(id, { jpeg: Buffer.from(text), atMs: clock.nowMs });
  const next = () => {
    const it = sender.next();
    if (!it) return undefined;
    const { jpeg, ageMs, because } = it.thumbnail;
    return [it.id, jpeg === null ? because : Buffer.from(jpeg, "base64").toString(), ageMs];
  };
  return { clock, shoots, next };
}

test("a picture goes once, the newest only, and with the age that it has when it goes", () => {
  const { clock, shoots, next } = cameras("a");
  shoots("a", "one");
  clock.nowMs += 500;
  shoots("a", "two");
  clock.nowMs += 300;
  expect(next()).toEqual(["a", "two", 300]);
  expect(next()).toBeUndefined();
});

test("the place that waited longest is next, however fast another one is", () => {
  const { clock, shoots, next } = cameras("a", "b");
  shoots("a", "a1");
  expect(next()).toEqual(["a", "a1", 0]);
  clock.nowMs += 100;
  shoots("b", "b1");
  clock.nowMs += 1;
  shoots("a", "a2");
  expect(next()).toEqual(["b", "b1", 1]);
  expect(next()).toEqual(["a", "a2", 0]);
});

test("a picture that could not go within 10 s never goes; that there is none is told, every 5 s", () => {
  const { clock, shoots, next } = cameras("a");
  shoots("a", "one");
  clock.nowMs += 10_000;
  expect(next()).toEqual(["a", "it could not be opened", 0]);
  clock.nowMs += 4_999;
  expect(next()).toBeUndefined();
  clock.nowMs += 1;
  expect(next()).toEqual(["a", "it could not be opened", 0]);
  shoots("a", "two");
  expect(next()).toEqual(["a", "two", 0]);
});
