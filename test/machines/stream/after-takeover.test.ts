/** What a box said before its picture was seen at the far end is no evidence against it after. */
import { expect, test } from "vitest";
import { aPlan, onAir } from "../world.ts";

const suspects = (w: ReturnType<typeof onAir>) => w.told("stream.suspect").length;

test("a device read idle before its takeover is not suspect when the far end has its picture", () => {
  const w = onAir(aPlan({ kinds: { a: "soft", b: "helo" } }));
  w.kill("a");
  const before = suspects(w);
  // Until the far end shows the picture the device is not read again.
  for (let i = 0; i < 40 && w.word() !== "carried"; i++) w.passUnread(250);
  expect([w.word(), w.carrier()]).toEqual(["carried", "b"]);
  w.passUnread(250);
  expect([w.word(), suspects(w)]).toEqual(["carried", before]);
  w.read("b");
  expect([w.word(), suspects(w)]).toEqual(["carried", before]);
});

test("a queue that stood while the connection was made is not the network after it", () => {
  const w = onAir();
  w.kill("a");
  w.box("b").says = {
    outputs: { "stream-1": { state: "starting", sendQueue: "stuck", progress: "frozen" } },
  };
  w.read("b");
  delete w.box("b").says.outputs;
  w.box("b").says = {
    outputs: { "stream-1": { state: "idle", target: "none" } },
  };
  w.read("b");
  w.passUnread(500);
  w.passUnread(500);
  w.box("b").says = {
    outputs: {
      "stream-1": {
        state: "streaming",
        target: { destination: "far" },
        sendQueue: "stuck",
        progress: "moving",
      },
    },
  };
  w.read("b");
  for (let i = 0; i < 40 && w.word() !== "carried"; i++) w.passUnread(250);
  w.passUnread(250);
  expect([w.word(), w.told("stream.suspect")]).toEqual(["carried", []]);
  w.box("b").says = {};
  w.read("b");
  expect(w.word()).toBe("carried");
});

test("a carrier that is read anew and still does not get rid of anything is told: network", () => {
  const w = onAir();
  w.kill("a");
  w.pass(5);
  expect(w.carrier()).toBe("b");
  w.uplink = false;
  w.pass(5);
  expect(w.word()).toBe("suspect");
  expect(w.told("stream.suspect").at(-1)?.data["cause"]).toBe("network");
});
