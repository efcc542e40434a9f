import { expect, test, vi } from "vitest";
import { openFeed, type Changes } from "../../hub/feed.ts";
import { openView } from "../../hub/view.ts";

function aFeed(windowMs: number) {
  const feed = openFeed(windowMs);
  const told: Changes[] = [];
  feed.onTick((changes) => void told.push(changes));
  const view = openView(feed);
  const encoders = Array.from({ length: 500 }, (_, id) =>
    view.actor({ site: "s", kind: "encoder", id: `e${id}` }),
  );
  const encoder = (id: number) => feed.actor(encoders[id]!);
  return { feed, told, encoder };
}

test("one change after the other is told at once, long before the window ends", async () => {
  const { feed, told, encoder } = aFeed(60_000);
  for (let id = 1; id <= 10; id += 1) {
    encoder(id);
    await vi.waitFor(() => expect(told).toHaveLength(id), { timeout: 10_000 });
  }
  feed.close();
});

test("of many changes the first are told at once, the rest together when the window ends", async () => {
  vi.useFakeTimers();
  try {
    const { feed, told, encoder } = aFeed(100);
    vi.advanceTimersByTime(1_000);
    for (let id = 0; id < 500; id += 1) encoder(id);
    vi.advanceTimersByTime(1);
    expect(told.map(({ actors }) => actors.length)).toEqual([500]);
    for (let round = 0; round < 10; round += 1) {
      for (let id = 0; id < 500; id += 1) encoder(id);
      vi.advanceTimersByTime(5);
    }
    expect(told).toHaveLength(1);
    vi.advanceTimersByTime(100);
    expect(told.map(({ actors }) => actors.length)).toEqual([500, 500]);
    feed.close();
  } finally {
    vi.useRealTimers();
  }
});
