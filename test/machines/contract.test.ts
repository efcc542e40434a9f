import { expect, test } from "vitest";
import { filterFor, parseTopic, stateSchemas, topicFor, topics } from "../../machines/contract.ts";
import type { TopicName } from "../../machines/contract.ts";
import { SiteEvent } from "../../machines/site/site.contract.ts";

const levels = { kind: "encoder", id: "helo-a", verb: "maintenance", hub: "main" };

for (const name of Object.keys(topics) as TopicName[]) {
  test(`a topic for ${name} is read back as what it was`, () => {
    const topic = topicFor("studio", name, levels);
    const parsed = parseTopic(topic);
    expect(parsed).toMatchObject({ site: "studio", name });
    const asked = Object.fromEntries(
      Object.entries(levels).filter(([level]) => topics[name].path.includes(`:${level}`)),
    );
    expect(parsed).toMatchObject(asked);
    const filter = filterFor("+", name).replaceAll("+", "[^/]+");
    expect(topic).toMatch(new RegExp(`^${filter}$`));
  });
}

test("a topic of somebody else, or with an id that is none, is not ours", () => {
  for (const topic of [
    "understudy/v2/studio/info",
    "understudy/v1/studio/info/more",
    "understudy/v1/Studio/info",
    "understudy/v1/studio/encoder/HELO A/state",
    "understudy/v1/studio",
    "",
  ]) {
    expect(parseTopic(topic)).toBeUndefined();
  }
});

test("a topic cannot be made with a level missing", () => {
  expect(() => topicFor("studio", "ack")).toThrow("hub");
});

const far = {
  id: "far",
  epoch: "e",
  seq: 1,
  session: "s",
  atMs: 0,
  state: "quiet",
  stalled: false,
  by: null,
  source: null,
  observedAtMs: null,
  sinceMs: 0,
  takeover: "exclusive",
};

test("a word of a site upgraded first reads as unknown, and the rest stays", () => {
  const read = stateSchemas.destination.parse({ ...far, state: "levitating" });
  expect(read).toEqual({ ...far, state: "unknown" });
});

test("a field of a site upgraded first passes", () => {
  expect(stateSchemas.destination.safeParse({ ...far, colour: "blue" }).success).toBe(true);
});

test("an event of a type that nobody knows yet is read", () => {
  const event = {
    epoch: "e",
    seq: 7,
    session: "s",
    atMs: 0,
    type: "stream.levitated",
    subject: { kind: "hologram", id: "main" },
    severity: "catastrophic",
    message: "it flies",
    data: {},
  };
  expect(SiteEvent.parse(event)).toEqual({ ...event, severity: "unknown" });
});

test("an event without a sequence number is refused", () => {
  expect(SiteEvent.safeParse({ epoch: "e", type: "x" }).success).toBe(false);
});
