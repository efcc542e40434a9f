/** `1.3.6.1.2.1.1.3.0`, without a leading dot. */
export const oidPattern = /^[0-2](\.\d{1,10}){1,127}$/;

/** Whether `oid` is below `root` (and not `root` itself). */
export const isBelow = (oid: string, root: string): boolean => oid.startsWith(`${root}.`);

/** The part of `oid` below `column`: the index of a row, such as `3` or `1.1.24`. */
export const indexOf = (oid: string, column: string): string => oid.slice(column.length + 1);

/** Agents must answer a walk in rising order; one that does not would keep us walking for ever. */
export function isAfter(oid: string, other: string): boolean {
  const [left, right] = [oid.split("."), other.split(".")];
  for (const [place, number] of left.entries()) {
    const before = right[place];
    if (before === undefined) return true;
    if (number !== before) return Number(number) > Number(before);
  }
  return false;
}
