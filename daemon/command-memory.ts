import { z } from "zod";
import { CommandResponse } from "../machines/command/command.contract.ts";
import { SealTo } from "../machines/session/session.contract.ts";

/** What a command is addressed to. */
export type Addressed = { kind: string; id: string; verb: string };
export type Answer = Pick<CommandResponse, "status" | "code" | "message" | "data">;

/** A command that was accepted and has no final answer yet. */
export type OpenCommand = {
  to: Addressed;
  /** Actors that have not finished it. */
  actors: Set<string>;
  /** The newest event before it was accepted: what became of it stands after this one. */
  afterSeq: number;
  /** The machines have it, so that one that no machine works on is over. */
  given: boolean;
  /** Accepted by an earlier run of the daemon. */
  restored: boolean;
  /** Whom the stream key in its answer is for. */
  sealTo?: SealTo;
  /** It is done, and its key is being sealed: nothing else may end it. */
  isSealing?: true;
};

/** Answers are remembered for so many commands, so that one asked twice is done once. */
const remembered = 200;

const To = z.object({ kind: z.string(), id: z.string(), verb: z.string() });
const recordSchema = () =>
  z.object({
    answered: z.array(
      z.tuple([
        z.string(),
        CommandResponse.pick({ status: true, code: true, message: true, data: true }),
      ]),
    ),
    open: z.array(
      z.object({
        id: z.string(),
        to: To,
        actors: z.array(z.string()),
        afterSeq: z.number(),
        sealTo: SealTo.optional(),
      }),
    ),
    untold: z.array(z.object({ id: z.string(), to: To })),
    goodUntil: z.array(z.tuple([z.string(), z.number()])).optional(),
  });

/**
 * What has to be known of commands after a restart: how each was answered, which were accepted and
 * are not finished, and which final answers no broker has taken yet.
 */
export function commandMemory(p: {
  /** As `keep` was given it by the last run. */
  kept: unknown;
  /** Resolves when it is on disk, or the disk did not take it in time. */
  keep: (record: unknown) => Promise<unknown>;
  /** Now by the hub's clock, ms. */
  hubMs: () => number;
}) {
  const before = p.kept === undefined ? undefined : recordSchema().safeParse(p.kept).data;
  const answered = new Map<string, Answer>(before?.answered);
  /** By the hub's clock; sent again before, one of these must be known. */
  const goodUntil = new Map<string, number>(before?.goodUntil);
  const untold = new Map<string, Addressed>(before?.untold.map(({ id, to }) => [id, to]));
  const open = new Map<string, OpenCommand>(
    before?.open.map(({ id, to, actors, afterSeq, sealTo }) => [
      id,
      {
        ...{ to, afterSeq, actors: new Set(actors), given: false, restored: true },
        ...(sealTo && { sealTo }),
      },
    ]),
  );

  function forgetOldest(): void {
    const hubMs = p.hubMs();
    for (const [id, untilMs] of goodUntil) if (hubMs > untilMs) goodUntil.delete(id);
    for (const id of answered.keys()) {
      if (answered.size <= remembered) return;
      if (!open.has(id) && !untold.has(id) && !goodUntil.has(id)) answered.delete(id);
    }
  }

  const save = (): Promise<unknown> => {
    forgetOldest();
    return p.keep({
      answered: [...answered],
      open: [...open].map(([id, { to, actors, afterSeq, sealTo }]) => {
        return { id, to, actors: [...actors], afterSeq, ...(sealTo && { sealTo }) };
      }),
      untold: [...untold].map(([id, to]) => ({ id, to })),
      goodUntil: [...goodUntil],
    } satisfies z.input<ReturnType<typeof recordSchema>>);
  };

  return {
    answerTo: (id: string) => answered.get(id),
    /** Its answer is remembered at least until then, however many others come. */
    isGoodUntil: (id: string, untilMs: number) => void goodUntil.set(id, untilMs),
    open: open as ReadonlyMap<string, OpenCommand>,
    untold: untold as ReadonlyMap<string, Addressed>,
    accepted(id: string, command: OpenCommand, answer: Answer): Promise<unknown> {
      open.set(id, command);
      answered.set(id, answer);
      return save();
    },
    /** Its last word: nothing that comes later changes it. */
    settled(id: string, to: Addressed, answer: Answer): Promise<unknown> {
      open.delete(id);
      answered.set(id, answer);
      untold.set(id, to);
      return save();
    },
    told(id: string): void {
      if (untold.delete(id)) void save();
    },
  };
}
