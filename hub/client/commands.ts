import type { Client } from "openapi-fetch";
import { HubError } from "./hub-error.ts";
import { pause } from "./lists.ts";
import type { components, paths } from "./schema.ts";

export type Command = components["schemas"]["CommandItem"];
/** What is asked of whom. */
export type Subject = { kind: "stream" | "encoder" | "storage" | "site"; ref: string };
export type Asked =
  paths["/api/streams/{id}/commands"]["post"]["requestBody"]["content"]["application/json"];

export type Waiting = {
  /** How long the end is waited for, ms; 30 s when left out, 0: not at all. */
  waitMs?: number;
  /** Ends the waiting; the site goes on. */
  signal?: AbortSignal;
  /** The command as it is known now; the first time when the hub has taken it. */
  onProgress?: (command: Command) => void;
};

export type Commands = {
  /**
   * Asks a site for something. Sent again after a broken connection it is still done once.
   * @returns its end, or what is known after `waitMs`: see `isEnded`
   */
  command(subject: Subject, asked: Asked, waiting?: Waiting): Promise<Command>;
  /** What became of a command. */
  commandEnd(id: string, waiting?: Waiting): Promise<Command>;
};

/** Nothing more is heard of it. */
export const isEnded = ({ status }: Command): boolean => status !== "sent" && status !== "accepted";

const roots = {
  stream: "streams",
  encoder: "encoders",
  storage: "storage",
  site: "sites",
} as const;
/** So long the first answer may wait for the end; until it comes nobody knows the command's id. */
const longestPreferS = 2;
const pauses = { firstMs: 250, longestMs: 2_000 };

export function openCommands(api: Client<paths>): Commands {
  async function commandEnd(id: string, waiting: Waiting = {}): Promise<Command> {
    const { waitMs = 30_000, signal, onProgress } = waiting;
    const endsAtMs = performance.now() + waitMs;
    let pauseMs = pauses.firstMs;
    for (;;) {
      const known = await api
        .GET("/api/commands/{id}", { params: { path: { id } }, ...(signal && { signal }) })
        .catch(unlessPassing);
      const command = known?.data;
      if (command) onProgress?.(command);
      const leftMs = endsAtMs - performance.now();
      if (command && (isEnded(command) || leftMs <= 0)) return command;
      if (leftMs <= 0)
        throw new HubError("the hub is away", {
          code: "no_answer",
          status: 0,
          place: `GET /api/commands/${id}`,
        });
      await pause(Math.min(pauseMs, leftMs), signal);
      pauseMs = Math.min(2 * pauseMs, pauses.longestMs);
    }
  }

  return {
    commandEnd,
    command: async ({ kind, ref }, asked, waiting = {}) => {
      const { waitMs = 30_000, signal, onProgress } = waiting;
      const sentAtMs = performance.now();
      const preferS = Math.min(Math.ceil(waitMs / 1_000), longestPreferS);
      const { data } = await api.POST(`/api/${roots[kind]}/{id}/commands`, {
        params: { path: { id: ref } },
        body: asked,
        headers: {
          "Idempotency-Key": onceOnly(),
          ...(preferS > 0 && { Prefer: `wait=${preferS}` }),
        },
        ...(signal && { signal }),
      });
      const command = data as Command;
      onProgress?.(command);
      const leftMs = waitMs - (performance.now() - sentAtMs);
      if (isEnded(command) || leftMs <= 0) return command;
      return commandEnd(command.id, { ...waiting, waitMs: leftMs });
    },
  };
}

/** A hub that restarts is back in a moment: the command is with the site. */
function unlessPassing(error: unknown): undefined {
  if (error instanceof HubError && [0, 429, 502, 503, 504].includes(error.status)) return undefined;
  throw error;
}

/** `crypto.randomUUID` is missing where a hub is opened by plain HTTP under another name. */
function onceOnly(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("-");
}
