import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { alarmNames, codeOf, decodeAlarm } from "../../../../daemon/drivers/aja-helo/alarms.ts";

/** The bytes of §1.6: `08 <state> 10 <severity> 1a <len> 0a <len> <text>`. */
function alarm(state: number, severity: number, ...texts: string[]): string {
  const parts = texts.map((text) => {
    const body = Buffer.from(text);
    const inner = Buffer.concat([Buffer.from([0x0a, body.length]), body, Buffer.from([0x12, 0])]);
    return Buffer.concat([Buffer.from([0x1a, inner.length]), inner]);
  });
  return Buffer.concat([Buffer.from([8, state, 0x10, severity]), ...parts]).toString("base64");
}

test("each of the 63 has a code of its own in plain letters", () => {
  const codes = [...alarmNames.error, ...alarmNames.warning].map(codeOf);
  expect(new Set(codes).size).toBe(63);
  for (const code of codes) expect(code).toMatch(/^[a-z0-9][A-Za-z0-9]*$/);
  expect(codes).toEqual(
    expect.arrayContaining(["ntpNameResolutionFailure", "smbV1InUse", "2ChannelFormat"]),
  );
});

test("an alarm at rest is not raised and still has its text", () => {
  expect(decodeAlarm(alarm(0, 1, "Streaming Failed"))).toEqual({
    raised: false,
    severity: "error",
    text: "Streaming Failed",
  });
});

test("a raised alarm keeps every text the unit added", () => {
  expect(decodeAlarm(alarm(1, 0, "Dropped Frames", "12 so far"))).toEqual({
    raised: true,
    severity: "warning",
    text: "Dropped Frames; 12 so far",
  });
});

test("an alarm of the severity fatal is known, one beyond counts as an error", () => {
  expect(decodeAlarm(alarm(1, 2, "x"))?.severity).toBe("fatal");
  expect(decodeAlarm(alarm(1, 9, "x"))?.severity).toBe("error");
});

test("a field that a newer firmware adds is passed over", () => {
  const withMore = Buffer.concat([
    Buffer.from(alarm(1, 1, "HW Error"), "base64"),
    Buffer.from([0x20, 0xac, 0x02, 0x2a, 1, 0x61]),
  ]);
  expect(decodeAlarm(withMore.toString("base64"))).toMatchObject({
    raised: true,
    text: "HW Error",
  });
});

test.each([
  ["nothing", ""],
  ["a web page", "<html></html>"],
  ["no state", Buffer.from([0x10, 1]).toString("base64")],
  ["a text longer than the message", Buffer.from([8, 1, 0x1a, 200, 0x0a]).toString("base64")],
  ["a number without an end", Buffer.from([8, 255, 255, 255, 255, 255]).toString("base64")],
  ["an unknown kind of field", Buffer.from([8, 1, 0x0d, 1, 2, 3, 4]).toString("base64")],
])("%s is no alarm, neither raised nor at rest", (_, value) => {
  expect(decodeAlarm(value)).toBeUndefined();
});

test("every alarm that cut short anywhere is either unknown or says what it says whole", () => {
  const whole = Buffer.from(alarm(1, 1, "Streaming Failed"), "base64");
  for (let length = 0; length < whole.length; length += 1) {
    const cut = decodeAlarm(whole.subarray(0, length).toString("base64"));
    if (cut) expect(cut.raised).toBe(true);
  }
});

test("the table holds the 63 alarms of a HELO by their own spelling", () => {
  const rows = JSON.parse(
    readFileSync(new URL("../../../fakes/helo/helo-parameters.json", import.meta.url), "utf8"),
  ) as { id: string; type: string }[];
  const real = rows
    .filter(({ id, type }) => type === "alarm" && /Alarm$/.test(id))
    .map(({ id }) => id.replace("eParamID_", ""));
  const ours: string[] = [...alarmNames.error, ...alarmNames.warning];
  expect(real).toHaveLength(63);
  expect([...ours].sort()).toEqual([...real].sort());
});
