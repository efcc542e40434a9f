/** What belongs to a relayed stream, and nobody configures by hand, is named after it. */
import { idLimit } from "../../id.ts";

/** The "encoder" that publishes for its relay. */
export const pusherOf = (stream: string): string => short(`${stream}-relay`);

/** The stream, and the destination, by which an encoder feeds its relay. */
export const feedOf = (stream: string, encoder: string): string =>
  short(`${stream}-relay-${encoder}`);

/** An id has an end; what is cut off still makes a difference. */
function short(id: string): string {
  if (id.length <= idLimit) return id;
  let hash = 7;
  for (const letter of id) hash = (hash * 31 + letter.charCodeAt(0)) % 2 ** 32;
  const tail = hash.toString(36);
  return `${id.slice(0, idLimit - tail.length - 1).replace(/-+$/, "")}-${tail}`;
}
