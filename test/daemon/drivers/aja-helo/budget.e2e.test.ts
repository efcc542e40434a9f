import { expect, onTestFinished, test } from "vitest";
import { at } from "../../../setup/effort.ts";
import { aDriver, aUnit, atRest } from "./a-unit.ts";
import { Parameters } from "../../../fakes/helo/parameters.ts";

const whole = Object.fromEntries(
  Object.entries(new Parameters().all()).map(([id, value]) => [id.replace("eParamID_", ""), value]),
);

/** Over the first minute, which asks most, and given time over two. */
const lastsMs = at({ check: 65_000, test: 65_000, torture: 125_000 });

test.concurrent.each([
  { state: "streaming, its duration told each second", ReplicatorStreamState: "2", chatty: true },
  { state: "idle, with events that have nothing to tell", ReplicatorStreamState: "1" },
])(
  "a unit with events that is $state is asked at most 100 times a minute, waits included",
  { timeout: 200_000 },
  async ({ ReplicatorStreamState, chatty }) => {
    const unit = await aUnit({ ...whole, ...atRest, ReplicatorStreamState });
    const startedAtMs = performance.now();
    const seconds = () => Math.floor((performance.now() - startedAtMs) / 1_000);
    const duration = () => {
      const at = new Date(seconds() * 1_000).toISOString().slice(11, 19);
      return `00:${at}`;
    };
    const ticks = setInterval(() => unit.parameters.set("StreamingDuration", duration()), 100);
    onTestFinished(() => clearInterval(ticks));
    const arrivedAtMs: number[] = [];
    let waits = 0;
    let toldS = 0;
    unit.interpose = (_name, res, req) => {
      arrivedAtMs.push(performance.now() - startedAtMs);
      if (req.url?.includes("action=connect")) {
        res.end('{"connectionid":7}');
        return true;
      }
      if (req.url?.includes("wait_for") !== true) return false;
      waits += 1;
      if (!chatty) {
        setTimeout(() => res.end("[]"), 30_000).unref();
        return true;
      }
      const timer = setInterval(() => {
        if (seconds() === toldS || res.destroyed) return;
        toldS = seconds();
        clearInterval(timer);
        const event = { param_id: "eParamID_StreamingDuration", str_value: duration() };
        res.end(JSON.stringify([event]));
      }, 10).unref();
      return true;
    };

    const { driver, poll } = aDriver(unit.port);
    driver.watch?.(() => undefined);
    while (performance.now() - startedAtMs < lastsMs) {
      const { outputs } = await poll();
      expect(outputs["stream-1"]?.state).toBe(chatty ? "streaming" : "idle");
      expect(outputs["stream-1"]?.progress).not.toBe("frozen");
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    }
    const within = (fromS: number) =>
      arrivedAtMs.filter((atMs) => atMs >= fromS * 1_000 && atMs < (fromS + 60) * 1_000).length;
    const minutes = Array.from({ length: lastsMs / 1_000 - 59 }, (_, fromS) => within(fromS));
    if (process.env["UNDERSTUDY_FIGURES"])
      console.log(
        `requests in the first minute ${minutes[0]}, in the last ${minutes.at(-1)}, ${waits} waits`,
      );
    expect(Math.max(...minutes)).toBeLessThanOrEqual(100);
  },
);
