import { z } from "zod";
import {
  CommandRequest,
  type CommandResponse,
  questions,
  verbs,
} from "../machines/command/command.contract.ts";
import type { SealTo } from "../machines/session/session.contract.ts";
import type { Control } from "../machines/encoder/control.ts";
import type { ControlVerb } from "../machines/site/plan.ts";
import { topicFor, type ParsedTopic } from "../machines/contract.ts";
import type { SiteEvent } from "../machines/site/site.contract.ts";
import type { ActorName, CoreInput } from "../machines/site/site-core.ts";
import { argsProblem, foreseen } from "./command-args.ts";
import { type Addressed, type Answer, commandMemory, type OpenCommand } from "./command-memory.ts";
import type { Decider } from "./decider.ts";

/** One of these. */
export type StreamOrder = { inputs?: CoreInput[]; done?: string; refused?: string };
type Heard = Pick<SiteEvent, "seq" | "type" | "subject" | "message" | "data">;

/**
 * Commands from a hub: checked, judged by the clock they came with, given to the machines, and
 * answered with what became of them. The site may refuse any of them. One that was accepted gets
 * one final answer, also when the daemon is restarted or the link is down meanwhile.
 */
export function openCommands(p: {
  decider: Pick<Decider, "submit" | "seq">;
  site: string;
  /** Every stream; the second leg of a programme names the first. */
  streams: readonly { id: string; backupOf?: string }[];
  exists: (actor: ActorName) => boolean;
  /** How a stream is doing, for the sentence of a refusal. */
  situation: (actor: ActorName) => string;
  can: (input: CoreInput) => boolean;
  /** Why not, where that is known more exactly than by the situation. */
  whyNot?: (input: CoreInput) => string | undefined;
  /** What a stream is asked where a box was asked to start or stop it. */
  streamOrder?: (encoder: string, request: CommandRequest, verb: string) => StreamOrder;
  /** Before a person moves a stream: look at once whether both show the same. */
  beforeMove?: (input: CoreInput) => void;
  /** What it does besides, for the answer to whoever asked. */
  consequence?: (input: CoreInput) => string | undefined;
  /** Id of the command this actor works on now. */
  underWay: (actor: ActorName) => string | undefined;
  /** What a dry run would answer, where more is known than that it would be possible. */
  foresee?: (input: CoreInput) => Answer | undefined;
  /** What is asked of it and moves no machine; `args` as they came. */
  question: (of: Addressed, args: unknown, by: string) => Promise<Answer>;
  /** The stream key of this session, for nobody else to read. */
  sealedKey?: (session: { stream: string; session: string }, to: SealTo) => Promise<string>;
  /** Resolves with whether a broker has it. */
  respond: (to: Addressed, response: CommandResponse) => Promise<boolean>;
  wallMs: () => number;
  /** The hub's clock minus ours; undefined until it is known. */
  clockOffsetMs: () => number | undefined;
  /** Why a request must not be obeyed, as it came; undefined: it is the hub's. */
  unsigned?: (topic: string, payload: unknown) => string | undefined;
  /** What the last run kept. */
  kept: unknown;
  /** Keep it over a restart. Resolves when it is on disk, or was not taken in time. */
  keep: (record: unknown) => Promise<unknown>;
  /** Events of the last run after this one, oldest first. */
  eventsAfter: (seq: number) => AsyncIterable<Heard>;
}) {
  const hubMs = () => p.wallMs() + (p.clockOffsetMs() ?? 0);
  const memory = commandMemory({ ...p, hubMs });
  const telling = new Set<string>();
  /** The newest event of this run that has come here: the decider may be ahead. */
  let heardSeq = p.decider.seq();

  /** A final answer. It is on disk before it is told, and told until a broker has it. */
  async function settle(to: Addressed, id: string, given: Answer): Promise<void> {
    await memory.settled(id, to, given);
    await tell(id);
  }

  async function tell(id: string): Promise<void> {
    const to = memory.untold.get(id);
    const given = memory.answerTo(id);
    if (!to || !given || telling.has(id)) return;
    telling.add(id);
    const taken = await p.respond(to, { id, atMs: p.wallMs(), ...given });
    telling.delete(id);
    if (taken) memory.told(id);
  }

  async function obey(to: Addressed, request: CommandRequest): Promise<void> {
    const { id, by } = request;
    const before = memory.answerTo(id);
    if (before) return void p.respond(to, { id, atMs: p.wallMs(), ...before });
    // Anybody may send again what the hub has signed.
    if (p.unsigned) memory.isGoodUntil(id, request.sentAtMs + request.ttlMs);

    const actor: ActorName = to.kind === "site" ? "site" : (`${to.kind}:${to.id}` as ActorName);
    const known = verbOf(to);
    if (!p.exists(actor) || (to.kind === "site" && to.id !== p.site)) {
      return settle(to, id, refused("unknown_subject", `there is no ${to.kind} ${to.id} here`));
    }
    if (!known) return settle(to, id, refused("unknown_verb", `a ${to.kind} has no ${to.verb}`));
    const late = lateness(request);
    if (late && !(known.safe && late.code === "clock_unknown")) return settle(to, id, late);

    const problem = argsProblem(to.verb, request, p.wallMs());
    if (problem !== undefined) return settle(to, id, refused("malformed", problem));

    // One wish may concern several streams: both legs of one programme, or the whole site.
    const order = isOfItsStream(to.verb) ? p.streamOrder?.(to.id, request, to.verb) : undefined;
    if (order?.refused) return settle(to, id, refused("not_possible", order.refused));
    if (order?.done) return settle(to, id, { status: "done", message: order.done });
    const inputs = order
      ? order.inputs!
      : concerned(actor, to.verb).map((one) => inputFor(one, to.verb, request));
    const possible = inputs.filter((input) => p.can(input));
    if (possible.length === 0) {
      return settle(to, id, refused("not_possible", `not now: ${whyNot(inputs[0]!)}`));
    }
    for (const input of possible) {
      if (["failover", "return"].includes(input.event.type)) p.beforeMove?.(input);
    }
    if (request.dryRun) {
      const told = p.foresee?.(inputs[0]!);
      if (told) return settle(to, id, told);
      const so = p.consequence?.(inputs[0]!);
      const message = `${to.verb} would be possible now${so === undefined ? "" : `: ${so}`}`;
      const more = foreseen(to.verb, request, p.wallMs());
      return settle(to, id, { status: "done", message, ...more });
    }
    const accepted: Answer = {
      status: "accepted",
      message: `${to.verb} of ${to.id}, asked for by ${by}`,
    };
    const actors = new Set(possible.map((input) => input.to));
    const sealTo = request.args?.session?.sealTo;
    const open: OpenCommand = {
      ...{ to, actors, afterSeq: p.decider.seq(), given: false, restored: false },
      ...(sealTo && { sealTo }),
    };
    // Remembered before it is said: whoever hears "accepted" hears how it ended, too.
    await memory.accepted(id, open, accepted);
    void p.respond(to, { id, atMs: p.wallMs(), ...accepted });
    const so = p.consequence?.(possible[0]!);
    const turns = await Promise.all(possible.map((input) => p.decider.submit(input)));
    // The machines may have finished it within the turn itself.
    if (!memory.open.has(id) || open.isSealing) return;
    for (const [at, { accepted: taken }] of turns.entries()) {
      if (!taken) open.actors.delete(possible[at]!.to);
    }
    if (open.actors.size === 0) {
      await settle(to, id, refused("not_possible", `not now: ${whyNot(possible[0]!)}`));
    } else if (
      !isForSession(to.verb) &&
      (actors.has("site") ||
        to.kind === "storage" ||
        (to.kind === "encoder" && !isControl(to.verb) && !isOfItsStream(to.verb)))
    ) {
      const message = `${to.verb} of ${to.id}${so === undefined ? "" : `: ${so}`}`;
      await settle(to, id, { status: "done", message });
    } else {
      open.given = true;
      turned();
    }
  }

  /** Asked twice it is answered twice: nothing is to be remembered. */
  async function answer(to: Addressed, request: CommandRequest, args: unknown): Promise<void> {
    const late = lateness(request);
    const mayBeOld = to.kind === "encoder" && late?.code === "clock_unknown";
    const given =
      late && !mayBeOld
        ? late
        : p.exists(`${to.kind}:${to.id}` as ActorName)
          ? await p.question(to, args, request.by)
          : refused("unknown_subject", `there is no ${to.kind} ${to.id} here`);
    await p.respond(to, { id: request.id, atMs: p.wallMs(), ...given });
  }

  const whyNot = (input: CoreInput) => p.whyNot?.(input) ?? p.situation(input.to as ActorName);

  /** What the machines said of a command that was accepted. */
  function ended({ type, subject, message, data }: Heard): void {
    if (type !== "command.done" && type !== "command.refused") return;
    const said = data as { command?: string; code?: string; answer?: Answer["data"] };
    const { command: id, code, answer } = said;
    const open = id === undefined ? undefined : memory.open.get(id);
    if (id === undefined || !open) return;
    if (isForSession(open.to.verb)) open.actors.clear();
    else open.actors.delete(`${subject.kind}:${subject.id}`);
    if (type === "command.refused") {
      void settle(open.to, id, refused(code ?? "refused", message));
    } else if (open.actors.size === 0) {
      const done: Answer = { status: "done", message, ...(answer && { data: answer }) };
      void (open.sealTo ? settleSealed(id, open, done, open.sealTo) : settle(open.to, id, done));
    }
  }

  async function settleSealed(id: string, open: OpenCommand, given: Answer, sealTo: SealTo) {
    open.isSealing = true;
    const of = Opened.safeParse(given.data).data;
    const key = of && (await p.sealedKey?.(of, sealTo).catch(() => undefined));
    if (key === undefined) {
      const message = "the stream key could not be sealed to the key that came with the request";
      return settle(open.to, id, refused("not_sealed", message));
    }
    return settle(open.to, id, { ...given, data: { ...given.data, sealed: key } });
  }

  /** A command that no machine works on any more, and said nothing of, is over. */
  function turned(): void {
    // What was said of it may be on its way.
    if (heardSeq !== p.decider.seq()) return;
    for (const [id, { to, actors, given, restored, isSealing }] of memory.open) {
      if (!given || isSealing) continue;
      const left = [...actors].find((actor) => p.underWay(actor as ActorName) !== id);
      if (left === undefined) continue;
      const how = p.situation(left as ActorName);
      void settle(
        to,
        id,
        restored
          ? refused("interrupted", `the daemon was restarted before it was finished: ${how}`)
          : refused("superseded", `something else came before it was finished: ${how}`),
      );
    }
  }

  /** What the last run accepted: finished then, still under way, or lost. */
  async function takeUp(): Promise<void> {
    const restored = [...memory.open.values()].filter((open) => open.restored);
    if (restored.length === 0) return;
    const afterSeq = Math.min(...restored.map((open) => open.afterSeq));
    for await (const event of p.eventsAfter(afterSeq)) ended(event);
    for (const open of restored) open.given = true;
    turned();
  }

  function concerned(actor: ActorName, verb: string): ActorName[] {
    if (verb === "override-freeze" || isForSession(verb)) return [actor];
    if (actor === "site") return p.streams.map((s) => `stream:${s.id}` as const);
    const backup = p.streams.find((s) => `stream:${s.backupOf}` === actor);
    return backup ? [actor, `stream:${backup.id}`] : [actor];
  }

  function lateness({ sentAtMs, ttlMs }: CommandRequest): Answer | undefined {
    const offsetMs = p.clockOffsetMs();
    if (offsetMs === undefined) {
      return refused("clock_unknown", "the clocks of hub and site cannot be compared yet");
    }
    const ageMs = p.wallMs() + offsetMs - sentAtMs;
    if (ageMs <= ttlMs) return undefined;
    return refused(
      "expired",
      `it was sent ${Math.round(ageMs / 1000)} s ago and was good for ${Math.round(ttlMs / 1000)} s`,
    );
  }

  return {
    request(topic: ParsedTopic, payload: unknown): void {
      const to = { kind: topic.kind ?? "", id: topic.id ?? "", verb: topic.verb ?? "" };
      const id = (payload as { id?: unknown } | null)?.id;
      // Not kept: whoever is no hub must not push answers to the hub out of the memory.
      const refuse = (code: string, why: string) => {
        if (typeof id !== "string" || id === "" || id.length > 64) return;
        void p.respond(to, { id, atMs: p.wallMs(), ...refused(code, why) });
      };
      const unsigned = p.unsigned?.(topicFor(p.site, "request", to), payload);
      if (unsigned !== undefined) return refuse("bad_signature", unsigned);
      const parsed = CommandRequest.safeParse(payload);
      if (parsed.success) {
        if (isQuestion(to)) void answer(to, parsed.data, (payload as { args?: unknown }).args);
        else void obey(to, parsed.data);
        return;
      }
      const [issue] = parsed.error.issues;
      const place = issue?.path.join(".") ?? "";
      refuse("malformed", `${place}: ${issue?.message ?? "not a command"}`);
    },
    /** Every event, in its order. */
    heard(event: Heard): void {
      heardSeq = event.seq;
      ended(event);
    },
    /** After each turn. */
    turned,
    /** Once, when the machines run again. */
    takeUp,
    /** There is a broker again: what it has not been told is told now. */
    linkUp(): void {
      for (const id of memory.untold.keys()) void tell(id);
    },
  };
}

function refused(code: string, message: string): Answer {
  return { status: "refused", code, message };
}

/** What the verb promises; undefined for one that is not ours, also when every object has it. */
function verbOf({ kind, verb }: Addressed): { safe: boolean } | undefined {
  const kinds = new Map<string, object>(Object.entries(verbs));
  const ofKind = new Map<string, { safe: boolean }>(Object.entries(kinds.get(kind) ?? {}));
  return ofKind.get(verb);
}

const isQuestion = ({ kind, verb }: Addressed) =>
  (kind === "encoder" || kind === "stream" || kind === "output") &&
  (questions[kind] as readonly string[]).includes(verb);

/** Carried out by the box, which says how it ended; other verbs are done with their turn. */
const encoderControls: Readonly<Record<string, ControlVerb>> = {
  "start-recording": "startRecording",
  "stop-recording": "stopRecording",
  "recall-preset": "recallPreset",
  "select-profile": "selectProfile",
  "list-clips": "listClips",
  reboot: "reboot",
  "power-cycle": "powerCycle",
};
/** Asked of a box, and done by the stream that it is an encoder of. */
const isOfItsStream = (verb: string) => verb === "start-stream" || verb === "stop-stream";

/** What the answer to an opened session says, beside more. */
const Opened = z.object({ stream: z.string(), session: z.string() });
const isForSession = (verb: string) => verb === "open-session" || verb === "change-session";

const isControl = (verb: string) => Object.hasOwn(encoderControls, verb);

const encoderEvents = {
  maintenance: "maintenance",
  "in-service": "inService",
  repair: "repair",
  "reject-repair": "rejectRepair",
  sync: "sync",
  release: "release",
  "restore-power": "restorePower",
  cooldown: "cooldown",
} as const;

function inputFor(actor: ActorName, verb: string, request: CommandRequest): CoreInput {
  const { id, by, args } = request;
  const command = { id, by };
  if (actor.startsWith("encoder:")) {
    const to = actor as `encoder:${string}`;
    if (verb === "practise") {
      return { to: "site", event: { type: "practise", encoder: to.slice("encoder:".length), by } };
    }
    const asked = encoderControls[verb];
    if (asked === undefined) {
      return { to, event: { type: encoderEvents[verb as keyof typeof encoderEvents], by } };
    }
    const interrupt = args?.interrupt === true && { interrupt: true as const };
    const control: Control =
      asked === "recallPreset"
        ? { verb: asked, preset: args!.preset! }
        : asked === "selectProfile"
          ? { verb: asked, profile: args!.profile!, of: args?.of ?? "stream", ...interrupt }
          : asked === "reboot" || asked === "powerCycle"
            ? { verb: asked, ...interrupt }
            : { verb: asked };
    return { to, event: { type: "control", command, control } };
  }
  if (actor.startsWith("storage:")) {
    const to = actor as `storage:${string}`;
    if (verb === "move-recording") {
      const { medium } = args ?? {};
      return { to, event: { type: "moveRecording", ...(medium !== undefined && { medium }), by } };
    }
    const type = verb === "retire" ? "retire" : "bringBack";
    return { to, event: { type, medium: args!.medium!, by } };
  }
  if (args?.session && verb === "open-session") {
    return { to: "site", event: { type: "openSession", command, ask: args.session } };
  }
  if (args?.change && verb === "change-session") {
    const stream = actor.slice("stream:".length);
    return { to: "site", event: { type: "changeSession", stream, command, change: args.change } };
  }
  if (actor === "site") {
    return { to: "site", event: { type: "overrideFreeze", by, why: args?.why ?? "" } };
  }
  if (verb === "add-window" || verb === "remove-window") {
    const { window: rule, windowId } = args!;
    const event = rule
      ? ({ type: "addWindow", command, rule } as const)
      : ({ type: "removeWindow", command, rule: windowId! } as const);
    return { to: actor as `stream:${string}`, event };
  }
  if (verb === "off-air")
    return { to: actor as `stream:${string}`, event: { type: "stop", command } };
  if (verb === "drill") {
    const { consent } = args ?? {};
    const event = { type: "drill", command, ...(consent !== undefined && { consent }) } as const;
    return { to: actor as `stream:${string}`, event };
  }
  const event =
    verb === "failover"
      ? ({
          type: "failover",
          command,
          ...(args?.to !== undefined && { to: args.to }),
          ...(args?.unproven !== undefined && { unproven: args.unproven }),
        } as const)
      : ({ type: verb as "start" | "stop" | "return" | "abort" | "release", command } as const);
  return { to: actor as `stream:${string}`, event };
}
