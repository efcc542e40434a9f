import { describe, expect, test } from "vitest";
import type { EncoderReading } from "../../../machines/encoder/reading.ts";
import { aPlan, onAir, type World } from "../world.ts";

type Told = Partial<EncoderReading> & {
  state?: EncoderReading["outputs"][string]["state"];
  target?: string;
  mbps?: number;
};

/** `b` is a benched HELO; `a` carries the programme. Nothing of ours was done to them lately. */
function aSite() {
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
  const says = (id: string, p: Told = {}, sinceOursMs = 600_000) => {
    const { state = id === "a" ? "streaming" : "idle", target, mbps, ...rest } = p;
    const to = target ?? (id === "a" ? "far" : "none");
    w.send({
      to: `encoder:${id}`,
      event: {
        type: "reading",
        sinceOursMs,
        reading: {
          outputs: {
            "stream-1": {
              state,
              target: to === "none" || to === "elsewhere" ? to : { destination: to },
            },
          },
          selfStart: { autoRecover: false, powerUp: "idle", scheduler: false },
          figures: mbps ? { bitrateBps: { value: mbps * 1e6, source: "configured" } } : {},
          ...rest,
        },
      },
    });
  };
  return { w, says };
}
const told = (w: World) => w.told("encoder.changedElsewhere").map(({ message }) => message);
const warnings = (w: World) =>
  w.told("encoder.anotherController").map(({ data }) => data["anotherController"]);
const autoRecover = {
  selfStart: { autoRecover: true, powerUp: "idle", scheduler: false },
} as const;

describe("a box that is off the key and changed by other hands", () => {
  test("is told of, with what has become of what", () => {
    const { w, says } = aSite();
    says("b", { mbps: 8 });
    says("b", { mbps: 4, target: "elsewhere" });
    expect(told(w)).toEqual([
      "b was changed, and not by us: destination of stream-1: none → elsewhere; bit rate 8 Mb/s → 4 Mb/s; it is left so while it holds no key",
    ]);
  });

  test("and streams elsewhere is left alone", () => {
    const { w, says } = aSite();
    says("b");
    says("b", { state: "starting", target: "elsewhere" });
    says("b", { state: "streaming", target: "elsewhere" });
    expect(told(w)).toHaveLength(2);
    expect(w.told("encoder.rogue")).toEqual([]);
  });

  test("and uses our key is stopped all the same", () => {
    const { w, says } = aSite();
    says("b");
    says("b", { state: "streaming", target: "far" });
    expect(w.told("encoder.rogue")).toHaveLength(1);
  });
});

test.each<[string, Partial<EncoderReading>, Partial<EncoderReading>]>([
  ["input select HDMI → SDI", { inputSelect: "HDMI" }, { inputSelect: "SDI" }],
  [
    "media its own → Data-LAN",
    { isDataLan: false },
    { isDataLan: true, booting: true, unfit: "it" },
  ],
  [
    "streaming profile 1 → 2",
    { profiles: { streaming: { number: 1 } }, settings: { gopFrames: 60 } },
    { profiles: { streaming: { number: 2 } }, settings: { gopFrames: 30 } },
  ],
  [
    "recording profile 3 → 1",
    { profiles: { recording: { number: 3 } } },
    { profiles: { recording: { number: 1 } } },
  ],
  [
    "width 1280 instead of 1920, frame rate 50 % of its input instead of 100 % of its input, frames between keyframes 30 instead of 60",
    { settings: { widthPx: 1920, frameRateShare: 1, gopFrames: 60, videoBitrateBps: 1 } },
    { settings: { widthPx: 1280, frameRateShare: 0.5, gopFrames: 30, videoBitrateBps: 2 } },
  ],
])(
  "by another hand: %s, and a second time within 10 min is another controller",
  (what, was, is) => {
    const { w, says } = aSite();
    says("b", was);
    says("b", is);
    expect(told(w)).toEqual([
      `b was changed, and not by us: ${what}; it is left so while it holds no key`,
    ]);
    expect(warnings(w)).toEqual([]);
    w.wait(60_000);
    says("b", was);
    expect(warnings(w)).toEqual([true]);
  },
);

describe("is not taken for the hand of others:", () => {
  test("settings, profile and input that we have set, though they are read up to 3 min later", () => {
    const { w, says } = aSite();
    const one = { inputSelect: "SDI", isDataLan: true, settings: { gopFrames: 30 } };
    const other = { inputSelect: "HDMI", isDataLan: false, settings: { gopFrames: 60 } };
    says("b", { ...one, profiles: { streaming: { number: 1 } } });
    says("b", { ...other, profiles: { streaming: { number: 2 } } }, 179_999);
    says("b", { ...other, profiles: { streaming: { number: 2 } } });
    expect(told(w)).toEqual([]);
  });

  test("what another profile brings that is read piece by piece after it", () => {
    const { w, says } = aSite();
    says("b", { profiles: { streaming: { number: 1 } }, settings: { gopFrames: 60 }, mbps: 8 });
    const next = { profiles: { streaming: { number: 2 } } };
    says("b", next);
    says("b", { ...next, settings: { gopFrames: 30 } });
    says("b", { ...next, settings: { gopFrames: 30 }, mbps: 4 });
    expect(told(w)).toHaveLength(1);
  });

  test("settings that a reboot brings", () => {
    const { w, says } = aSite();
    says("b", { bootMark: "1", settings: { gopFrames: 60 }, inputSelect: "SDI", mbps: 8 });
    says("b", { bootMark: "2" });
    says("b", { bootMark: "2", settings: { gopFrames: 30 }, inputSelect: "HDMI", mbps: 4 });
    expect(told(w)).toEqual([]);
  });

  test("what we did ourselves a moment ago", () => {
    const { w, says } = aSite();
    says("b", { mbps: 8 });
    says("b", { state: "streaming", target: "elsewhere", mbps: 4 }, 59_999);
    says("b", { state: "streaming", target: "elsewhere", mbps: 4 });
    expect(told(w)).toEqual([]);
  });

  test("a bit rate that is read seldom, up to 3 min after our last command", () => {
    const { w, says } = aSite();
    says("b", { mbps: 8 });
    says("b", { mbps: 4 }, 179_999);
    expect(told(w)).toEqual([]);
    says("b", { mbps: 8 }, 180_000);
    expect(told(w)).toHaveLength(1);
  });

  test("what a reboot brings, and what the box does not tell now", () => {
    const { w, says } = aSite();
    says("b", { bootMark: "1" });
    says("b", { bootMark: "2", state: "streaming", target: "elsewhere" });
    says("b", { bootMark: "2", state: "unknown", target: "elsewhere" });
    says("b", { bootMark: "2", state: "idle", target: "elsewhere" });
    expect(told(w)).toEqual([]);
  });

  test("a bit rate that is measured, and a process of ours", () => {
    const { w, says } = aSite();
    const measured = (value: number) => ({
      figures: { bitrateBps: { value, source: "progress" } },
    });
    says("b", measured(8e6));
    says("b", measured(4e6));
    const soft = onAir();
    soft.pass(30);
    expect([...told(w), ...told(soft)]).toEqual([]);
  });
});

describe("another controller", () => {
  test("is alarmed at the second change within 10 min, and over when there was none for so long", () => {
    const { w, says } = aSite();
    says("b", { target: "elsewhere" });
    says("b", { target: "none" });
    expect(warnings(w)).toEqual([]);
    w.wait(599_000);
    says("b", { target: "elsewhere" });
    expect(warnings(w)).toEqual([true]);
    for (let minute = 0; minute < 11; minute++) w.wait(60_000);
    expect(warnings(w)).toEqual([true, false]);
  });

  test("is not alarmed when the changes are more than 10 min apart", () => {
    const { w, says } = aSite();
    says("b", { target: "elsewhere" });
    says("b", { target: "none" });
    w.wait(600_000);
    says("b", { target: "elsewhere" });
    expect(warnings(w)).toEqual([]);
  });

  test("is still counted after a restart", () => {
    const { w, says } = aSite();
    says("b");
    says("b", { target: "elsewhere" });
    w.restart();
    says("b", { target: "elsewhere" });
    says("b", { target: "none" });
    expect(warnings(w)).toEqual([true]);
  });

  test("is not one visit whose changes are read one after the other", () => {
    const { w, says } = aSite();
    says("b", { settings: { gopFrames: 60, heightPx: 1080 }, inputSelect: "SDI" });
    says("b", { settings: { gopFrames: 30, heightPx: 1080 }, inputSelect: "SDI" });
    says("b", { settings: { gopFrames: 30, heightPx: 720 }, inputSelect: "SDI" });
    w.wait(59_000);
    says("b", { settings: { gopFrames: 30, heightPx: 720 }, inputSelect: "HDMI" });
    expect(told(w)).toHaveLength(3);
    expect(warnings(w)).toEqual([]);
  });

  test("is not blamed for a box that gives up: that is told, and counts for nothing", () => {
    const { w, says } = aSite();
    for (let i = 0; i < 3; i++) {
      says("b", { state: "streaming", target: "elsewhere" });
      says("b", { state: "idle", target: "elsewhere" });
    }
    const stops = told(w).filter((message) => message.includes("was stopped, or has given up"));
    expect(stops).toHaveLength(3);
  });
});

test("auto-recover that others switch on while it holds no key is theirs until it gets one", () => {
  const { w, says } = aSite();
  const owned = () => w.told("encoder.selfStart").length;
  // What was switched off at the start has settled by now.
  w.pass(31);
  says("b");
  const before = owned();
  says("b", autoRecover);
  w.passUnread(1_000);
  says("b", autoRecover);
  w.passUnread(1_000);
  expect(told(w)).toHaveLength(1);
  expect(owned()).toBe(before);
  w.send({ to: "encoder:b", event: { type: "granted", output: "stream-1" } });
  says("b", autoRecover);
  w.passUnread(1_000);
  expect(owned()).toBe(before + 1);
});
