import { expect, test } from "vitest";
import type { CommandRequest, CommandResponse } from "../../machines/command/command.contract.ts";
import { topicFor, parseTopic } from "../../machines/contract.ts";
import type { CoreInput } from "../../machines/site/site-core.ts";
import { openCommands } from "../../daemon/commands.ts";
import type { Turned } from "../../daemon/decider.ts";

const noon = 1_790_000_000_000;

/** A site with one programme of two legs and one encoder; what it may do is up to the test. */
function aSite(p: { offsetMs?: number | undefined; can?: boolean; answered?: unknown } = {}) {
  const asked: CoreInput[] = [];
  const said: (CommandResponse & { on: string })[] = [];
  let kept: unknown;
  const commands = openCommands({
    decider: {
      submit: (input) => {
        asked.push(input);
        return Promise.resolve({ accepted: true } as Turned);
      },
      seq: () => 0,
      epochBegan: () => undefined,
      aliveMs: () => 0,
      close: () => Promise.resolve(),
    },
    site: "studio",
    streams: [{ id: "main" }, { id: "main-backup", backupOf: "main" }],
    exists: (actor) => ["site", "stream:main", "encoder:helo-a"].includes(actor),
    situation: () => "it is stopped",
    can: () => p.can ?? true,
    respond: ({ kind, id, verb }, response) =>
      void said.push({ ...response, on: `${kind}/${id}/${verb}` }),
    wallMs: () => noon,
    clockOffsetMs: () => ("offsetMs" in p ? p.offsetMs : 0),
    answered: p.answered,
    remember: (answers) => void (kept = structuredClone(answers)),
  });
  const request = (of: { kind: string; id: string; verb: string }, payload: unknown) => {
    commands.request(parseTopic(topicFor("studio", "request", of))!, payload);
    return new Promise<void>((resolve) => setImmediate(resolve));
  };
  return {
    asked,
    said,
    kept: () => kept,
    commands,
    asks: (verb: string, extra: Partial<CommandRequest> = {}, kind = "stream", id = "main") =>
      request(
        { kind, id, verb },
        { id: "c1", ttlMs: 10_000, sentAtMs: noon, by: "anna", ...extra },
      ),
    request,
  };
}
const told = (site: ReturnType<typeof aSite>) => site.said.map((s) => s.code ?? s.status);

test("a malformed command is answered with what is wrong, and does nothing", async () => {
  const site = aSite();
  await site.asks("stop", { ttlMs: -1 });
  expect(told(site)).toEqual(["malformed"]);
  expect(site.said[0]?.message).toContain("ttlMs");
  expect(site.asked).toEqual([]);
});

test("a command without an id cannot be answered, and does nothing", async () => {
  const site = aSite();
  await site.request({ kind: "stream", id: "main", verb: "stop" }, { by: "anna" });
  expect(site.said).toEqual([]);
  expect(site.asked).toEqual([]);
});

test("nobody of that name, and no such verb, are told apart", async () => {
  const site = aSite();
  await site.asks("stop", { id: "c1" }, "stream", "other");
  await site.asks("explode", { id: "c2" });
  await site.asks("off-air", { id: "c3" }, "site", "another-site");
  expect(told(site)).toEqual(["unknown_subject", "unknown_verb", "unknown_subject"]);
});

test("a command is judged by the hub's clock: good at 10.0 s, expired a millisecond later", async () => {
  const site = aSite({ offsetMs: 3_600_000 });
  await site.asks("failover", { id: "c1", sentAtMs: noon + 3_600_000 - 10_000 });
  await site.asks("failover", { id: "c2", sentAtMs: noon + 3_600_000 - 10_001 });
  expect(told(site)).toEqual(["accepted", "expired"]);
});

test("while the clocks cannot be compared only what is safe is done", async () => {
  const site = aSite({ offsetMs: undefined });
  await site.asks("failover", { id: "c1" });
  await site.asks("stop", { id: "c2" });
  expect(told(site)).toEqual(["clock_unknown", "accepted"]);
});

test("what the machines cannot do now is refused with how things stand", async () => {
  const site = aSite({ can: false });
  await site.asks("return");
  expect(site.said[0]).toMatchObject({ status: "refused", code: "not_possible" });
  expect(site.said[0]?.message).toContain("it is stopped");
});

test("a dry run says whether it would be possible, and does nothing", async () => {
  const site = aSite();
  await site.asks("failover", { dryRun: true });
  expect(told(site)).toEqual(["done"]);
  expect(site.asked).toEqual([]);
});

test("a command asked twice is done once and answered twice, also after a restart", async () => {
  const site = aSite();
  await site.asks("stop");
  await site.asks("stop");
  expect(site.asked).toHaveLength(2); // both legs, once
  expect(told(site)).toEqual(["accepted", "accepted"]);
  const restarted = aSite({ answered: site.kept() });
  await restarted.asks("stop");
  expect(restarted.asked).toEqual([]);
  expect(told(restarted)).toEqual(["accepted"]);
});

test("a stop of a programme with two legs is done when both have stopped", async () => {
  const site = aSite();
  await site.asks("stop");
  expect(site.asked.map(({ to }) => to)).toEqual(["stream:main", "stream:main-backup"]);
  const done = {
    seq: 1,
    atMs: noon,
    type: "command.done",
    subject: { kind: "stream", id: "main" },
    severity: "info" as const,
    message: "stopped",
    data: { command: "c1" },
  };
  site.commands.heard(done);
  expect(told(site)).toEqual(["accepted"]);
  site.commands.heard(done);
  expect(told(site)).toEqual(["accepted", "done"]);
});

test("off-air stops every stream of the site", async () => {
  const site = aSite();
  await site.asks("off-air", {}, "site", "studio");
  expect(site.asked.map(({ to, event }) => [to, event.type])).toEqual([
    ["stream:main", "stop"],
    ["stream:main-backup", "stop"],
  ]);
});

test("what a machine refuses later reaches the asker with its code", async () => {
  const site = aSite();
  await site.asks("failover", { args: { to: "helo-a" } });
  site.commands.heard({
    seq: 1,
    atMs: noon,
    type: "command.refused",
    subject: { kind: "stream", id: "main" },
    severity: "warning",
    message: "not proven off",
    data: { command: "c1", code: "fence_unproven" },
  });
  expect(told(site)).toEqual(["accepted", "fence_unproven"]);
});
