/** What a HELO tells of a stream that it does not keep up with: alarms, nothing else. */
import { expect, test } from "vitest";
import { alarmAtRest, encodeAlarm } from "../../../fakes/helo/alarms.ts";
import { aDriver, aUnit } from "./a-unit.ts";

const alarm = (name: string, raised: boolean) => ({
  [name]: encodeAlarm({ ...alarmAtRest({ id: `eParamID_${name}`, name }), raised }),
});
const streaming = { ReplicatorStreamState: "2", StreamingDuration: "00:01:00:00" };

async function told(values: Record<string, string>) {
  const unit = await aUnit({ ...streaming, ...values });
  const { outputs } = await aDriver(unit.port).pollAll();
  const { isOverloaded, isNetworkTooSlow } = outputs["stream-1"]!;
  return { isOverloaded, isNetworkTooSlow };
}

test("a unit that drops frames does not keep up, one whose network is too slow says that", async () => {
  const both = {
    ...alarm("Dropped_Frames_Alarm", true),
    ...alarm("Network_Too_Slow_Alarm", false),
  };
  expect(await told(both)).toEqual({ isOverloaded: true, isNetworkTooSlow: false });
  const other = {
    ...alarm("Dropped_Frames_Alarm", false),
    ...alarm("Network_Too_Slow_Alarm", true),
  };
  expect(await told(other)).toEqual({ isOverloaded: false, isNetworkTooSlow: true });
});

test("a unit that does not answer for these alarms, or is at rest, says neither", async () => {
  const unknown = { isOverloaded: undefined, isNetworkTooSlow: undefined };
  expect(await told({})).toEqual(unknown);
  const atRest = { ReplicatorStreamState: "1", ...alarm("Dropped_Frames_Alarm", true) };
  expect(await told(atRest)).toEqual(unknown);
});
