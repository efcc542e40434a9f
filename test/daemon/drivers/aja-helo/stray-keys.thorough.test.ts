/** Keys of ours in places of a unit where nobody looks, until somebody selects them. */
import { expect, test } from "vitest";
import { aDriver, aTarget, aUnit } from "./a-unit.ts";

const { destination, address, streamKey } = aTarget;
const knownTargets = [{ destination, address, streamKey }];
const profiles = Object.fromEntries(
  Array.from({ length: 10 }, (_, at) => [
    [`RTMPStreamName_${at + 1}`, ""],
    [`RTMPServerURL_${at + 1}`, ""],
  ]).flat(),
) as Record<string, string>;
const byHand = { RTMPStreamName_5: streamKey, RTMPServerURL_5: address };
const others = { RTMPStreamName_7: "theirs", RTMPServerURL_7: "rtmp://elsewhere/live" };
const has = (values: Record<string, string>, named: Map<string, string>) =>
  Object.keys(values).map((name) => named.get(name));

test("a key of ours in a profile that is not selected is seen, and goes when the unit is benched", async () => {
  const unit = await aUnit({ ...profiles, ...byHand, ...others });
  const { pollAll, stop } = aDriver(unit.port, {}, { knownTargets });
  const output = async () => {
    for (let minutes = 0; minutes < 12; minutes += 1) await pollAll();
    return (await pollAll()).outputs["stream-1"];
  };
  expect(await output()).toEqual({ state: "idle", target: "none", holdsKey: true });
  await stop(true);
  expect(has(byHand, unit.parameters)).toEqual(["", ""]);
  expect(has(others, unit.parameters)).toEqual(Object.values(others));
  expect(await output()).toEqual({ state: "idle", target: "none" });
});

test("a unit that streams is not asked for the keys in its other profiles", async () => {
  const unit = await aUnit({ ...profiles, ReplicatorStreamState: "2", ...byHand });
  const { pollAll } = aDriver(unit.port, {}, { knownTargets });
  for (let minutes = 0; minutes < 12; minutes += 1) await pollAll();
  expect(unit.asked).not.toContain("get RTMPStreamName_5");
});
