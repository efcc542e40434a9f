/** Who stands ready for a stream, and what keeps the others from it. */
import { h } from "./dom.ts";
import type { StreamItem } from "./items.ts";

type Understudy = NonNullable<StreamItem["understudies"]>[number];

/** All who could take over but for something, each with what that is. */
export function understudyLines(
  { understudies = [] }: StreamItem,
  encoderName: (id: string) => string,
): HTMLElement[] {
  return understudies.map((one) =>
    h("span", { class: "muted" }, `${encoderName(one.encoder)}: ${standing(one)}`),
  );
}

function standing({ role, wants, is, isAsWanted, hindrance }: Understudy): string {
  const who = role === "spare" ? "spare, " : "";
  if (hindrance !== undefined) return `${who}${hindrance}`;
  if (is === "hot") return `${who}hot: the relay has its pictures already`;
  if (is === "warm") return `${who}warm`;
  if (wants === "cold") return `${who}cold, as asked for`;
  return isAsWanted === false
    ? `${who}could take over, and is set otherwise than wanted`
    : `${who}could take over, how it is set is not told`;
}
