/** A picture at the far end: when it came, and its own time. */
export type Arrival = { atMs: number; timeMs: number; bytes: number };

/**
 * What came of a window that begins with the first picture after `fromMs`. By the pictures' own time:
 * so their number does not waver with how they came, and who falls behind or leaves some out has fewer.
 */
export function seenIn(
  arrivals: readonly Arrival[],
  p: { fromMs: number; windowMs: number; framesPerSecond: number },
) {
  const begin = arrivals.find(({ atMs }) => atMs >= p.fromMs)?.timeMs ?? 0;
  // The picture at the end is the next window's; its time is rounded.
  const end = begin + p.windowMs - 500 / p.framesPerSecond;
  const all = arrivals.filter(
    ({ atMs, timeMs }) => atMs >= p.fromMs && timeMs >= begin && timeMs < end,
  );
  const [first, last] = [all[0], all.at(-1)];
  const bytes = all.reduce((sum, picture) => sum + picture.bytes, 0);
  return {
    arrived: all.length,
    expected: Math.round((p.windowMs / 1_000) * p.framesPerSecond),
    speed: first && last ? (last.timeMs - first.timeMs) / (last.atMs - first.atMs) : 0,
    bitrateBps: (bytes * 8 * 1_000) / p.windowMs,
  };
}
