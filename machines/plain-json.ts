/** Two pieces of plain JSON say the same. A key that is absent differs from any value. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  let keys = 0;
  for (const key in a) {
    keys += 1;
    if (!isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])) {
      return false;
    }
  }
  for (const _ in b) keys -= 1;
  return keys === 0;
}
