/** Reading for cross checks: out of a file that may be wrong in any other way. */
import { z } from "zod";
import type { Finding } from "./problems.ts";

export const text = z.string().optional().catch(undefined);
export const listOf = <T extends z.ZodType>(item: T) => z.array(item).catch([]);

/**
 * Entries of a list that repeat what must be unique, each pointing at the first.
 * @param list where it stands, `mqtt.broker.readers`
 */
export function duplicates<K extends string>(
  list: string,
  key: K,
  items: { [key in K]?: string | undefined }[],
): Finding[] {
  return items.flatMap((item, at) => {
    const value = item[key];
    const first = items.findIndex((other) => other[key] === value);
    if (value === undefined || first === at) return [];
    return [
      {
        path: [...list.split("."), at, key],
        what: `${value} is already the ${key} of ${list}[${first}]`,
      },
    ];
  });
}
