import { expect, test } from "vitest";
import type { CommandRequest, CommandResponse } from "../../machines/command/command.contract.ts";
import { topicFor, parseTopic } from "../../machines/contract.ts";
import type { CoreInput } from "../../machines/site/site-core.ts";
import { openCommands } from "../../daemon/commands.ts";
import type { Turned } from "../../daemon/decider.ts";

const noon = 1_790_000_000_000;

type Heard = Parameters<ReturnType<typeof openCommands>["heard"]>[0];
const ofMachine = (type: string, id: string, data: object = {}): Omit<Heard, "seq"> => ({
  type,
  subject: { kind: "stream", id },
  message: type === "command.done" ? "stopped" : "not proven off",
  data: { command: "c1", ...data },
});

/** A site with one programme of two legs and one encoder; what it may do is up to the test. */
function aSite(
  p: {
    offsetMs?: number | undefined;
    can?: boolean;
    kept?: unknown;
    /** Not connected: what is answered reaches nobody. */
    linkDown?: boolean;
    /** What the last run wrote down after the command came. */
    before?: Omit<Heard, "seq">[];
    /** Events that are told before whoever asked for the turn goes on. */
    toldAtOnce?: Omit<Heard, "seq">[];
  } & Partial<
    Pick<
      Parameters<typeof openCommands>[0],
      "streamOrder" | "consequence" | "sealedKey" | "beforeMove" | "question"
    >
  > = {},
) {
  const asked: CoreInput[] = [];
  const said: (CommandResponse & { on: string })[] = [];
  const underWay = new Map<string, string>();
  let seq = 7;
  const link = { down: p.linkDown ?? false };
  let kept: unknown = p.kept;
  const commands = openCommands({
    decider: {
      submit: (input) => {
        asked.push(input);
        if ("command" in input.event) underWay.set(input.to, input.event.command.id);
        for (const event of p.toldAtOnce ?? []) commands.heard({ ...event, seq: ++seq });
        return Promise.resolve({ accepted: true } as Turned);
      },
      seq: () => seq,
    },
    site: "studio",
    streams: [{ id: "main" }, { id: "main-backup", backupOf: "main" }],
    exists: (actor) => ["site", "stream:main", "encoder:helo-a"].includes(actor),
    situation: () => "it is stopped",
    can: () => p.can ?? true,
    underWay: (actor) => underWay.get(actor),
    question: p.question ?? (() => Promise.reject(new Error("nothing was to be asked"))),
    ...(p.streamOrder && { streamOrder: p.streamOrder }),
    ...(p.consequence && { consequence: p.consequence }),
    ...(p.beforeMove && { beforeMove: p.beforeMove }),
    ...(p.sealedKey && { sealedKey: p.sealedKey }),
    respond: ({ kind, id, verb }, response) => {
      if (!link.down) said.push({ ...response, on: `${kind}/${id}/${verb}` });
      return Promise.resolve(!link.down);
    },
    wallMs: () => noon,
    clockOffsetMs: () => ("offsetMs" in p ? p.offsetMs : 0),
    kept: structuredClone(p.kept),
    keep: (record) => {
      kept = structuredClone(record);
      return Promise.resolve(true);
    },
    eventsAfter: async function* (after) {
      await Promise.resolve();
      if (after === 7) for (const event of p.before ?? []) yield { ...event, seq: 8 };
    },
  });
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const request = (of: { kind: string; id: string; verb: string }, payload: unknown) => {
    commands.request(parseTopic(topicFor("studio", "request", of))!, payload);
    return settled();
  };
  return {
    asked,
    said,
    underWay,
    link,
    settled,
    /** The decider has turned, and tells of it some time later. */
    turns(...events: Omit<Heard, "seq">[]) {
      const told = events.map((event) => ({ ...event, seq: ++seq }));
      return () => {
        for (const event of told) commands.heard(event);
        commands.turned();
      };
    },
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
  const restarted = aSite({ kept: site.kept() });
  await restarted.asks("stop");
  expect(restarted.asked).toEqual([]);
  expect(told(restarted)).toEqual(["accepted"]);
});

test("a stop of a programme with two legs is done when both have stopped", async () => {
  const site = aSite();
  await site.asks("stop");
  expect(site.asked.map(({ to }) => to)).toEqual(["stream:main", "stream:main-backup"]);
  site.turns(ofMachine("command.done", "main"))();
  await site.settled();
  expect(told(site)).toEqual(["accepted"]);
  site.turns(ofMachine("command.done", "main-backup"))();
  await site.settled();
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
  site.turns(ofMachine("command.refused", "main", { code: "fence_unproven" }))();
  await site.settled();
  expect(told(site)).toEqual(["accepted", "fence_unproven"]);
});

test("one that was overtaken by another is refused as superseded, once", async () => {
  const site = aSite();
  await site.asks("failover");
  site.commands.turned();
  expect(told(site)).toEqual(["accepted"]);
  site.underWay.set("stream:main", "c2");
  site.commands.turned();
  site.commands.turned();
  site.turns(ofMachine("command.done", "main"))();
  await site.settled();
  expect(told(site)).toEqual(["accepted", "superseded"]);
  // Asked again, it is told how it ended, and not done again.
  await site.asks("failover");
  expect(told(site)).toEqual(["accepted", "superseded", "superseded"]);
  expect(site.asked).toHaveLength(2);
});

test("after a restart one that the machines have let go of is refused as interrupted", async () => {
  const site = aSite();
  await site.asks("failover");
  const restarted = aSite({ kept: site.kept() });
  await restarted.commands.takeUp();
  await restarted.settled();
  expect(told(restarted)).toEqual(["interrupted"]);
  expect(restarted.said[0]?.on).toBe("stream/main/failover");
  const again = aSite({ kept: restarted.kept() });
  await again.commands.takeUp();
  again.commands.linkUp();
  await again.settled();
  expect(told(again)).toEqual([]);
});

test("after a restart one that a machine still works on is waited for", async () => {
  const site = aSite();
  await site.asks("stop");
  const restarted = aSite({ kept: site.kept() });
  restarted.underWay.set("stream:main", "c1").set("stream:main-backup", "c1");
  await restarted.commands.takeUp();
  expect(told(restarted)).toEqual([]);
  restarted.turns(ofMachine("command.done", "main"))();
  restarted.turns(ofMachine("command.done", "main-backup"))();
  await restarted.settled();
  expect(told(restarted)).toEqual(["done"]);
});

test("one that was finished just before the daemon died is answered as it ended", async () => {
  const site = aSite();
  await site.asks("stop");
  const before = [ofMachine("command.done", "main"), ofMachine("command.done", "main-backup")];
  const restarted = aSite({ kept: site.kept(), before });
  await restarted.commands.takeUp();
  await restarted.settled();
  expect(told(restarted)).toEqual(["done"]);
});

test("an end that nobody could be told is told when the link is back, once", async () => {
  const site = aSite();
  await site.asks("stop");
  site.link.down = true;
  site.turns(ofMachine("command.refused", "main", { code: "fence_unproven" }))();
  await site.settled();
  expect(told(site)).toEqual(["accepted"]);
  // Also when the daemon is restarted in between.
  const restarted = aSite({ kept: site.kept() });
  await restarted.commands.takeUp();
  restarted.commands.linkUp();
  restarted.commands.linkUp();
  await restarted.settled();
  restarted.commands.linkUp();
  await restarted.settled();
  expect(told(restarted)).toEqual(["fence_unproven"]);
});

test("what was kept in another form is left aside", async () => {
  const site = aSite({ kept: [["c1", { status: "done" }]] });
  await site.commands.takeUp();
  await site.asks("stop");
  expect(told(site)).toEqual(["accepted"]);
});

test("one that is finished, of which nothing has been told yet, is not taken for overtaken", async () => {
  const site = aSite();
  await site.asks("stop");
  const done = site.turns(
    ofMachine("command.done", "main"),
    ofMachine("command.done", "main-backup"),
  );
  site.underWay.clear();
  site.commands.turned(); // an earlier turn is told of
  done();
  await site.settled();
  expect(told(site)).toEqual(["accepted", "done"]);
});

test("a command that a box carries out ends with what the box says, and gives what was asked for", async () => {
  const site = aSite();
  await site.asks("list-clips", {}, "encoder", "helo-a");
  expect(told(site)).toEqual(["accepted"]);
  expect(site.asked).toEqual([
    {
      to: "encoder:helo-a",
      event: {
        type: "control",
        command: { id: "c1", by: "anna" },
        control: { verb: "listClips" },
      },
    },
  ]);
  const answer = { clips: [{ name: "clip_1.mov" }], count: 1 };
  const subject = { kind: "encoder", id: "helo-a" };
  site.turns({ ...ofMachine("command.done", "helo-a", { answer }), subject })();
  await site.settled();
  expect(site.said.at(-1)).toMatchObject({ status: "done", data: answer });
});

test("a preset without a number is no command", async () => {
  const site = aSite();
  await site.asks("recall-preset", {}, "encoder", "helo-a");
  expect(told(site)).toEqual(["malformed"]);
});

test("a profile is of the stream unless it is said to be of the recording, and has a number", async () => {
  const site = aSite();
  await site.asks("select-profile", {}, "encoder", "helo-a");
  expect(told(site)).toEqual(["malformed"]);
  const args = { profile: 3, interrupt: true };
  await site.asks("select-profile", { id: "c2", args }, "encoder", "helo-a");
  expect(site.asked.at(-1)?.event).toMatchObject({
    control: { verb: "selectProfile", of: "stream", profile: 3, interrupt: true },
  });
});

test("a box asked to start its stream is answered when the stream has done so", async () => {
  const start = { type: "start", command: { id: "c1", by: "anna" }, to: "helo-a" } as const;
  const site = aSite({ streamOrder: () => ({ inputs: [{ to: "stream:main", event: start }] }) });
  await site.asks("start-stream", {}, "encoder", "helo-a");
  expect(site.asked).toEqual([{ to: "stream:main", event: start }]);
  expect(told(site)).toEqual(["accepted"]);
  site.turns(ofMachine("command.done", "main"))();
  await site.settled();
  expect(told(site)).toEqual(["accepted", "done"]);
});

test("what a boot costs is in the dry run, and a person's interrupt reaches the box", async () => {
  const site = aSite({ consequence: () => "main is on air" });
  await site.asks("reboot", { dryRun: true, args: { interrupt: true } }, "encoder", "helo-a");
  expect(site.said.at(-1)).toMatchObject({
    status: "done",
    message: "reboot would be possible now: main is on air",
  });
  await site.asks("reboot", { id: "c2", args: { interrupt: true } }, "encoder", "helo-a");
  expect(site.asked.at(-1)).toMatchObject({
    to: "encoder:helo-a",
    event: { type: "control", control: { verb: "reboot", interrupt: true } },
  });
});

test("before a person moves a stream both pictures are looked at once; before a stop they are not", async () => {
  const looked: string[] = [];
  const site = aSite({
    beforeMove: ({ to, event }) => {
      if (to === "stream:main") looked.push(`${event.type} after ${site.asked.length}`);
    },
  });
  await site.asks("failover", { args: { to: "helo-a" } });
  await site.asks("return", { id: "c2" });
  await site.asks("stop", { id: "c3" });
  expect(looked).toEqual(["failover after 0", "return after 2"]);
});

test("a session that is opened before its turn is over is answered with its key, however long that takes to seal", async () => {
  let seal = (_: string) => undefined as void;
  const answer = { stream: "main", session: "c1" };
  const site = aSite({
    toldAtOnce: [ofMachine("command.done", "main", { answer })],
    sealedKey: () => new Promise((resolve) => (seal = resolve)),
  });
  const settings = { widthPx: 640, heightPx: 360, framesPerSecond: 25, videoBps: 1_000_000 };
  const sealTo = { kty: "OKP" as const, crv: "X25519" as const, x: "x".repeat(43) };
  const session = { settings, input: "device" as const, sealTo };
  await site.asks("open-session", { args: { session } }, "site", "studio");
  site.commands.turned();
  await site.settled();
  expect(told(site)).toEqual(["accepted"]);
  seal("sealed");
  await site.settled();
  expect(site.said.at(-1)).toMatchObject({ status: "done", data: { ...answer, sealed: "sealed" } });
  expect(site.said).toHaveLength(2);
});

test("a question is answered at once, with nothing decided and nothing remembered of it", async () => {
  const asked: unknown[] = [];
  const data = { points: [] };
  const site = aSite({
    question: ({ kind, id }, ...question) => {
      asked.push([`${kind} ${id}`, ...question]);
      return Promise.resolve({ status: "done", message: "0 points of helo-a", data });
    },
  });
  const args = { fromMs: 1, toMs: 2, stepMs: 30_000 } as object as { why: string };
  for (let n = 0; n < 2; n++) {
    await site.asks("connection-history", { args }, "encoder", "helo-a");
  }
  expect(asked).toEqual([
    ["encoder helo-a", args, "anna"],
    ["encoder helo-a", args, "anna"],
  ]);
  expect(site.said).toMatchObject([
    { id: "c1", status: "done", data },
    { id: "c1", status: "done", data },
  ]);
  expect(site.asked).toEqual([]);
  expect(site.kept()).toBeUndefined();
  await site.asks("connection-history", { args }, "encoder", "nobody");
  expect(site.said.at(-1)).toMatchObject({ status: "refused", code: "unknown_subject" });
  await site.asks("connection-history", { args, sentAtMs: noon - 60_000 }, "encoder", "helo-a");
  expect(site.said.at(-1)).toMatchObject({ status: "refused", code: "expired" });
});
