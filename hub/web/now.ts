/** What a card is drawn from. */
import type { Board } from "./items.ts";
import type { Talk } from "./talk.ts";
import type { Plan } from "./plan.ts";
import { lengthOf } from "./words.ts";

export type Now = {
  board: Board;
  /** By the hub's clock, ms. */
  nowMs: number;
  /** The hub has not answered for a while: all of it is old. */
  stale: boolean;
  talk: Talk | undefined;
  /** The window that is being planned. */
  plan: Plan | undefined;
  /** Whether the reader has opened the details of that key: closed ones are not drawn. */
  isOpen: (key: string) => boolean;
};

/** `4.2 s ago`; never a guess. */
export function ageOf(at: string | null | undefined, nowMs: number): string {
  return at == null ? "age not known" : `${lengthOf(nowMs - Date.parse(at))} ago`;
}

/** What people call an encoder of that site. */
export function encoderName({ board }: Pick<Now, "board">, site: string, id?: string | null) {
  if (id == null) return "nobody";
  return board.encoders.find((e) => e.site === site && e.id === id)?.name ?? id;
}
