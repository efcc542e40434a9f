import { z } from "zod";
import { CommandRequest, CommandResponse, verbs } from "../machines/command/command.contract.ts";
import type { ParsedTopic } from "../machines/contract.ts";
import type { SiteEvent } from "../machines/site/site.contract.ts";
import type { ActorName, CoreInput } from "../machines/site/site-core.ts";
import type { Decider } from "./decider.ts";

type Answer = Pick<CommandResponse, "status" | "code" | "message">;
type Addressed = { kind: string; id: string; verb: string };

/** Answers are remembered for so many commands, so that one asked twice is done once. */
const remembered = 200;
const Remembered = z.array(
  z.tuple([z.string(), CommandResponse.pick({ status: true, code: true, message: true })]),
);

/**
 * Commands from a hub: checked, judged by the clock they came with, given to the machines, and
 * answered with what became of them. The site may refuse any of them.
 */
export function openCommands(p: {
  decider: Decider;
  site: string;
  /** Every stream; the second leg of a programme names the first. */
  streams: readonly { id: string; backupOf?: string }[];
  exists: (actor: ActorName) => boolean;
  /** How a stream is doing, for the sentence of a refusal. */
  situation: (actor: ActorName) => string;
  can: (input: CoreInput) => boolean;
  respond: (to: Addressed, response: CommandResponse) => void;
  wallMs: () => number;
  /** The hub's clock minus ours; undefined until it is known. */
  clockOffsetMs: () => number | undefined;
  /** What the last run answered, oldest first, as `remember` was given it. */
  answered: unknown;
  /** Keep the answers over a restart: a command sent again must not be carried out again. */
  remember: (answered: unknown) => void;
}) {
  const answered = new Map(Remembered.safeParse(p.answered).data ?? []);
  const waiting = new Map<string, { to: Addressed; left: number }>();

  function answer(to: Addressed, id: string, given: Answer): void {
    answered.set(id, given);
    if (answered.size > remembered) answered.delete(answered.keys().next().value!);
    p.remember([...answered]);
    p.respond(to, { id, atMs: p.wallMs(), ...given });
  }

  async function obey(to: Addressed, request: CommandRequest): Promise<void> {
    const { id, by } = request;
    const before = answered.get(id);
    if (before) return p.respond(to, { id, atMs: p.wallMs(), ...before });

    const actor: ActorName = to.kind === "site" ? "site" : (`${to.kind}:${to.id}` as ActorName);
    const known = verbOf(to);
    if (!p.exists(actor) || (to.kind === "site" && to.id !== p.site)) {
      return answer(to, id, refused("unknown_subject", `there is no ${to.kind} ${to.id} here`));
    }
    if (!known) return answer(to, id, refused("unknown_verb", `a ${to.kind} has no ${to.verb}`));
    const late = lateness(request);
    if (late && !(known.safe && late.code === "clock_unknown")) return answer(to, id, late);

    // One wish may concern several streams: both legs of one programme, or the whole site.
    const inputs = concerned(actor).map((one) => inputFor(one, to.verb, request));
    const possible = inputs.filter((input) => p.can(input));
    if (possible.length === 0) {
      return answer(to, id, refused("not_possible", `not now: ${p.situation(actor)}`));
    }
    if (request.dryRun) {
      return answer(to, id, { status: "done", message: `${to.verb} would be possible now` });
    }
    // The machines may finish it within the turn itself: be ready before.
    waiting.set(id, { to, left: possible.length });
    answer(to, id, { status: "accepted", message: `${to.verb} of ${to.id}, asked for by ${by}` });
    const turns = await Promise.all(possible.map((input) => p.decider.submit(input)));
    if (turns.every((turned) => !turned.accepted)) {
      waiting.delete(id);
      answer(to, id, refused("not_possible", `not now: ${p.situation(actor)}`));
    } else if (to.kind === "encoder") {
      waiting.delete(id);
      answer(to, id, { status: "done", message: `${to.verb} of ${to.id}` });
    }
  }

  function concerned(actor: ActorName): ActorName[] {
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
      const parsed = CommandRequest.safeParse(payload);
      if (parsed.success) {
        void obey(to, parsed.data);
        return;
      }
      const id = (payload as { id?: unknown } | null)?.id;
      if (typeof id !== "string" || id === "" || id.length > 64) return;
      const [issue] = parsed.error.issues;
      const place = issue?.path.join(".") ?? "";
      p.respond(to, {
        id,
        atMs: p.wallMs(),
        ...refused("malformed", `${place}: ${issue?.message ?? "not a command"}`),
      });
    },
    /** What the machines said of a command that was accepted. */
    heard(event: Omit<SiteEvent, "epoch" | "session">): void {
      if (event.type !== "command.done" && event.type !== "command.refused") return;
      const { command, code } = event.data as { command?: string; code?: string };
      const asked = command === undefined ? undefined : waiting.get(command);
      if (command === undefined || !asked) return;
      asked.left -= 1;
      if (event.type === "command.done" && asked.left > 0) return;
      waiting.delete(command);
      answer(
        asked.to,
        command,
        event.type === "command.done"
          ? { status: "done", message: event.message }
          : refused(code ?? "refused", event.message),
      );
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

function inputFor(actor: ActorName, verb: string, request: CommandRequest): CoreInput {
  const { id, by, args } = request;
  const command = { id, by };
  if (actor.startsWith("encoder:")) {
    const type = verb === "maintenance" ? "maintenance" : "inService";
    return { to: actor as `encoder:${string}`, event: { type, by } };
  }
  if (verb === "off-air")
    return { to: actor as `stream:${string}`, event: { type: "stop", command } };
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
