/** A box is asked to start or stop its stream, and the stream does. */
import { expect, test } from "vitest";
import { streamOrder } from "../../daemon/stream-order.ts";
import { aDestinationPlan, aPlan, asks, aStreamPlan, onAir, World } from "../machines/world.ts";

const command = { id: "c1", by: "anna" };
const order = (w: World, encoder: string, verb: string, more: object = {}) =>
  streamOrder(w.core, { encoder, verb, command, ...more });
const obeys = (w: World, encoder: string, verb: string, more: object = {}) => {
  for (const input of order(w, encoder, verb, more).inputs ?? []) w.send(input);
  w.pass(15);
};

test("start-stream on the understudy moves the stream there, and nobody publishes beside it", () => {
  const w = onAir();
  obeys(w, "b", "start-stream");
  expect([w.carrier(), w.publishers(), w.overlaps]).toEqual(["b", ["b"], []]);
  expect(order(w, "b", "start-stream")).toEqual({ done: "b carries main already" });
});

test("start-stream of a stopped stream puts it on air from that box", () => {
  const w = onAir();
  asks(w, "stop");
  w.pass(10);
  obeys(w, "b", "start-stream");
  expect([w.carrier(), w.carriage()]).toEqual(["b", "onAir"]);
});

test("stop-stream on air needs to be said with interrupt; then it is stopped, by its stream", () => {
  const w = onAir();
  expect(order(w, "a", "stop-stream").refused).toBe(
    "main is on air from a: say interrupt to take it off air",
  );
  expect(order(w, "b", "stop-stream").refused).toBe("b does not carry a stream");
  obeys(w, "a", "stop-stream", { interrupt: true });
  expect([w.word(), w.publishers()]).toEqual(["stopped", []]);
});

test("a box of no stream, or of several, is asked about", () => {
  const streams = [
    aStreamPlan({ encoders: ["a", "b"] }),
    aStreamPlan({ id: "two", destination: "other", encoders: ["b"], autoStart: false }),
  ];
  const destinations = [aDestinationPlan(), aDestinationPlan({ id: "other" })];
  const kinds = { a: "soft", b: "soft", c: "soft" } as const;
  const w = new World(aPlan({ kinds, streams, destinations }));
  w.pass(10);
  expect(order(w, "c", "start-stream").refused).toContain("is no encoder of a stream");
  expect(order(w, "b", "start-stream").refused).toContain("say which: main, two");
  expect(order(w, "b", "start-stream", { stream: "two" }).inputs).toMatchObject([
    { to: "stream:two", event: { type: "start", to: "b" } },
  ]);
});
