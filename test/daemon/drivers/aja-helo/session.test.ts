import { expect, test } from "vitest";
import { aDriver, aUnit, aTarget } from "./a-unit.ts";
import { slow } from "../../../setup/slow.ts";

const logins = (asked: string[]) => asked.filter((what) => what === "login").length;

test("a unit without a password is read without a login", async () => {
  const unit = await aUnit();
  const { poll } = aDriver(unit.port, { password: "configured anyway" });
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
  expect(logins(unit.asked)).toBe(0);
});

test("a unit that wants a login is logged in to once, and the cookie serves from then on", async () => {
  const unit = await aUnit({}, "right");
  const { poll } = aDriver(unit.port, { password: "right" });
  await poll();
  await poll();
  expect(logins(unit.asked)).toBe(1);
});

test("a session that expires in the middle of a start does not end the start", async () => {
  const unit = await aUnit({}, "right");
  const { start } = aDriver(unit.port, { password: "right" });
  let expired = false;
  unit.interpose = (name) => {
    if (name === "RTMPStreamName_3" && !expired) {
      expired = true;
      unit.sessions.clear();
    }
    return false;
  };
  await start(aTarget);
  expect(unit.parameters.get("RTMPStreamName_3")).toBe(aTarget.streamKey);
  expect(unit.asked.at(-1)).toBe("set ReplicatorCommand");
});

test("a login that is switched on while we poll is followed, and so is one switched off", async () => {
  const open = await aUnit();
  const locked = await aUnit({}, "right");
  const { poll } = aDriver(locked.port, { password: "right" });
  await poll();
  // From now on the same unit answers as one without a login.
  locked.interpose = (name, res) => {
    res.end(
      JSON.stringify({
        name: `eParamID_${name}`,
        value: open.parameters.get(name) ?? "",
        paramid: "1",
      }),
    );
    return true;
  };
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
});

test("a wrong password is tried once in 60 s, however often we poll", async () => {
  const unit = await aUnit({}, "right");
  const { poll, pass } = aDriver(unit.port, { password: "wrong" });
  for (let polls = 0; polls < 20; polls += 1) {
    await expect(poll()).rejects.toMatchObject({ code: "unauthorized" });
  }
  expect(logins(unit.asked)).toBe(1);
  pass(59_000);
  await expect(poll()).rejects.toMatchObject({ code: "unauthorized" });
  expect(logins(unit.asked)).toBe(1);
  pass(1_500);
  await expect(poll()).rejects.toMatchObject({ code: "unauthorized" });
  expect(logins(unit.asked)).toBe(2);
});

test("a unit that wants a login we have no password for is unauthorized", async () => {
  const unit = await aUnit({}, "right");
  const { poll } = aDriver(unit.port);
  await expect(poll()).rejects.toMatchObject({ code: "unauthorized" });
  expect(logins(unit.asked)).toBe(0);
});

test("calls that overlap by mistake still put one request on the wire at a time", async () => {
  const unit = await aUnit();
  const { poll, own, stop } = aDriver(unit.port);
  await Promise.all([poll(), poll(), own(), stop(), poll()]);
  expect(unit.mostAtOnce).toBe(1);
  expect(unit.asked.length).toBeGreaterThan(15);
});

slow(
  "a call that waits for its turn behind a hanging one ends when its own time is up",
  async () => {
    const unit = await aUnit();
    const { poll } = aDriver(unit.port, { requestTimeoutMs: 2_000 });
    unit.interpose = () => true;
    const over: string[] = [];
    const runsOut = async (who: string, polling: Promise<unknown>) => {
      await expect(polling).rejects.toMatchObject({ code: "timeout" });
      over.push(who);
    };
    await Promise.all([runsOut("hanging", poll(10_000)), runsOut("waiting", poll(100))]);
    expect(over).toEqual(["waiting", "hanging"]);
  },
);
