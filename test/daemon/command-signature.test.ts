import { expect, test } from "vitest";
import { signatureCheck } from "../../daemon/command-signature.ts";
import { commandSigner, makeCommandKey, publicHalf } from "../../hub/command-key.ts";
import { signedText } from "../../machines/command/signature.contract.ts";

const topic = "understudy/v1/studio/request/stream/main/failover";
const request = {
  id: "1",
  ttlMs: 30_000,
  sentAtMs: 1_790_000_000_000.5,
  by: "änna",
  args: { to: "b" },
};

function aCheck(pinned: string[]) {
  const clock = { ms: 0 };
  const told: { count: number; topic: string }[] = [];
  const check = signatureCheck({
    ...{ pinned, monoMs: () => clock.ms, tell: (one) => told.push(one), changed: () => undefined },
  });
  return {
    refuse: (to: string, payload: unknown) => check.refuse(to, payload),
    warnings: () => check.warnings(),
    ...{ clock, told },
  };
}
const signerOf = (now: string, before?: string) =>
  commandSigner({
    held: async () => ({
      now,
      before: before === undefined ? null : { text: before, endsAtMs: 1 },
    }),
    rotate: () => Promise.reject(new Error("not here")),
  });

test("what is signed is the topic and all of the request, in whatever order it comes", async () => {
  const key = makeCommandKey();
  const signatures = await signerOf(key)(signedText(topic, request));
  const { refuse } = aCheck([publicHalf(key)]);
  const { id, ...others } = request;
  expect(refuse(topic, { ...request, signatures })).toBeUndefined();
  expect(refuse(topic, { signatures, ...others, id })).toBeUndefined();
  const changes = [
    ...[{ id: "2" }, { ttlMs: 30_001 }, { sentAtMs: 1 }, { by: "anna" }, { args: {} }],
    ...[{ args: { to: "b", unproven: true } }, { dryRun: false }, { more: 1 }],
  ];
  for (const change of changes) {
    expect([change, refuse(topic, { ...request, ...change, signatures })]).toEqual([
      ...[change, expect.stringContaining("signed it as it came") as string],
    ]);
  }
  expect(refuse(topic.replace("main", "other"), { ...request, signatures })).toBeDefined();
  expect(refuse(topic.replace("studio", "chapel"), { ...request, signatures })).toBeDefined();
  for (const none of [undefined, [], "x", [1], [""], ["!"], Array(5).fill(signatures[0])]) {
    expect(refuse(topic, { ...request, signatures: none })).toBeDefined();
  }
});

test("while a key is replaced both sign, and a site that knows either obeys", async () => {
  const [first, second, third] = [makeCommandKey(), makeCommandKey(), makeCommandKey()];
  const signatures = await signerOf(second, first)(signedText(topic, request));
  const signed = { ...request, signatures };
  expect(aCheck([publicHalf(first)]).refuse(topic, signed)).toBeUndefined();
  expect(aCheck([publicHalf(second)]).refuse(topic, signed)).toBeUndefined();
  expect(aCheck([publicHalf(third)]).refuse(topic, signed)).toBeDefined();
  expect(aCheck([publicHalf(third), publicHalf(first)]).refuse(topic, signed)).toBeUndefined();
});

test("a stranger who goes on all night calls ten times, and one who comes again the next day calls at once", () => {
  const { refuse, clock, told } = aCheck([publicHalf(makeCommandKey())]);
  const hourMs = 3_600_000;
  for (clock.ms = 0; clock.ms < 8 * hourMs; clock.ms += 1_000) refuse(topic, request);
  expect(told).toHaveLength(10);
  clock.ms += 2 * hourMs;
  refuse(topic, request);
  expect(told).toHaveLength(11);
  clock.ms += 61_000;
  refuse(topic, request);
  expect(told).toHaveLength(12);
});

test("a flood of strangers is told at once and after a minute, with how many they were, and warned of for an hour", () => {
  const { refuse, warnings, clock, told } = aCheck([publicHalf(makeCommandKey())]);
  expect(warnings()).toEqual([]);
  for (let n = 0; n < 1_000; n++) {
    clock.ms = n * 100;
    refuse(topic, request);
  }
  expect(told).toEqual([
    { count: 1, topic },
    { count: 600, topic },
  ]);
  expect(warnings()[0]).toContain("1000 command(s)");
  clock.ms += 3_600_001;
  expect(warnings()).toEqual([]);
});
