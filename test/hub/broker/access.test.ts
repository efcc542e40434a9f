import { expect, test } from "vitest";
import { maySubscribe, mayPublish, type Holder } from "../../../hub/broker/access.ts";

const site: Holder = { role: "site", site: "studio" };
const hub: Holder = { role: "hub" };

test.each([
  "understudy/v1/studio/info",
  "understudy/v1/studio/availability",
  "understudy/v1/studio/event",
  "understudy/v1/studio/encoder/a/state",
  "understudy/v1/studio/response/stream/main/failover",
])("a site may publish %s", (topic) => {
  expect(mayPublish(site, topic)).toBe(true);
});

test.each([
  "understudy/v1/other/info",
  "understudy/v1/studio2/info",
  "understudy/v1/studio/ack/main",
  "understudy/v1/studio/replay",
  "understudy/v1/studio/streaming-events",
  "understudy/v1/studio/dead-letter",
  "understudy/v1/studio/request/stream/main/failover",
  "understudy/v1/studio",
  "understudy/v2/studio/info",
  "$SYS/broker",
  "anything",
])("a site may not publish %s", (topic) => {
  expect(mayPublish(site, topic)).toBe(false);
});

test.each([
  "understudy/v1/studio/request/#",
  "understudy/v1/studio/request/+/+/+",
  "understudy/v1/studio/ack/+",
  "understudy/v1/studio/ack/main",
  "understudy/v1/studio/replay",
  "understudy/v1/studio/availability",
  "understudy/v1/studio/streaming-events",
  "understudy/v1/studio/all-events",
  "understudy/v1/studio/dead-letter",
])("a site may subscribe to %s", (filter) => {
  expect(maySubscribe(site, filter)).toBe(true);
});

test.each([
  "#",
  "+/v1/studio/ack/main",
  "understudy/v1/+/ack/main",
  "understudy/v1/other/request/#",
  "understudy/v1/other/all-events",
  "understudy/v1/+/all-events",
  "understudy/v1/studio/all-events/#",
  "understudy/v1/studio/#",
  "understudy/v1/studio/+",
  "understudy/v1/studio/replay/#",
  "$SYS/#",
])("a site may not subscribe to %s", (filter) => {
  expect(maySubscribe(site, filter)).toBe(false);
});

test("a reader hears all of its site and says nothing", () => {
  const reader: Holder = { role: "reader", site: "studio" };
  expect(maySubscribe(reader, "understudy/v1/studio/#")).toBe(true);
  expect(maySubscribe(reader, "understudy/v1/studio/+/+/state")).toBe(true);
  for (const filter of ["#", "understudy/v1/+/event", "understudy/v1/studio2/#", "$SYS/#"]) {
    expect(maySubscribe(reader, filter)).toBe(false);
  }
  for (const below of ["event", "request/stream/main/off-air", "ack/main"]) {
    expect(mayPublish(reader, `understudy/v1/studio/${below}`)).toBe(false);
  }
});

test("the hub hears everything and cannot forge the broker's own topics", () => {
  expect(maySubscribe(hub, "$SYS/#")).toBe(true);
  expect(maySubscribe(hub, "understudy/v1/+/event")).toBe(true);
  expect(mayPublish(hub, "understudy/v1/studio/ack/main")).toBe(true);
  expect(mayPublish(hub, "$SYS/broker")).toBe(false);
});
