/** Dashboards over a real socket: the page each shows, and the summary. */
import { io, type Socket } from "socket.io-client";
import { afterEach, expect, test, vi } from "vitest";
import { openSockets } from "../../../hub/api/socket.ts";
import { encoder, info, stream } from "../messages.ts";
import { withAStudio } from "./an-api.ts";
import { slow } from "../../setup/slow.ts";

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

type Rows = { snapshot: boolean; items: { ref: string; seq: number; thermal: string }[] };

async function aHub() {
  const api = await withAStudio();
  const { keys } = api;
  const inventory = [{ kind: "encoder" as const, id: "helo-z" }];
  api.hears("campus", "info", info({ site: "campus", inventory }));
  api.hears("campus", "availability", "online");
  api.hears("campus", "encoder/helo-z/state", encoder({ id: "helo-z" }));
  const url = await api.app.listen({ port: 0, host: "127.0.0.1" });
  const sockets = openSockets(api.app.server, {
    ...{ ...api.forSurfaces, addressOf: () => "127.0.0.1", mayConnect: () => true },
  });
  ends.push(() => sockets.close());

  async function aDashboard(sites: string[] | null = null) {
    const { secret } = await keys.make({ kind: "ro", name: "wall", sites });
    const socket: Socket = io(url, { transports: ["websocket"], auth: { token: secret } });
    ends.push(() => void socket.close());
    const rows: Rows[] = [];
    const summaries: Record<string, Record<string, number>>[] = [];
    socket.on("rows", (told: Rows) => rows.push(told));
    socket.on("summary", (told: (typeof summaries)[number]) => summaries.push(told));
    const ask = (wanted: object, what = "subscribe") =>
      socket.emitWithAck(what, wanted) as Promise<{ ok: boolean; error?: string }>;
    const refs = () => rows.flatMap(({ items }) => items.map(({ ref }) => ref));
    return { ask, rows, summaries, refs };
  }
  return { ...api, aDashboard };
}

const patience = { timeout: 10_000 };

test("a dashboard is shown its page at once, and then only what changes on it", async () => {
  const { aDashboard, hears } = await aHub();
  const wall = await aDashboard();
  expect(await wall.ask({ encoder_ids: ["helo-a"] })).toEqual({ ok: true });
  await vi.waitFor(() => expect(wall.rows).toMatchObject([{ snapshot: true }]), patience);
  hears("campus", "encoder/helo-z/state", encoder({ id: "helo-z", thermal: "warm" }));
  hears("studio", "encoder/helo-a/state", encoder({ thermal: "warm" }));
  await vi.waitFor(() => expect(wall.rows.at(-1)?.items[0]?.thermal).toBe("warm"), patience);
  expect(new Set(wall.refs())).toEqual(new Set(["studio~helo-a"]));
});

slow("the next page takes the place of the one before", async () => {
  const { aDashboard, hears } = await aHub();
  const wall = await aDashboard();
  await wall.ask({ encoder_ids: ["helo-a"] });
  await wall.ask({ encoder_ids: ["helo-z"] });
  wall.rows.splice(0);
  hears("studio", "encoder/helo-a/state", encoder({ thermal: "warm" }));
  hears("campus", "encoder/helo-z/state", encoder({ id: "helo-z", thermal: "warm" }));
  await vi.waitFor(() => expect(wall.refs()).toContain("campus~helo-z"), patience);
  expect(wall.refs()).not.toContain("studio~helo-a");
});

slow("a dashboard of one site neither gets rows of another nor counts them", async () => {
  const { aDashboard } = await aHub();
  const wall = await aDashboard(["campus"]);
  const foreign = await wall.ask({ encoder_ids: ["helo-z", "studio~helo-a"] });
  expect(foreign).toEqual(await wall.ask({ encoder_ids: ["nowhere~helo-a"] }));
  expect(foreign.ok).toBe(false);
  await wall.ask({ summary: true });
  await vi.waitFor(() => expect(wall.summaries).toHaveLength(1), patience);
  expect(wall.summaries[0]).toMatchObject({ sites: { total: 1 }, encoders: { total: 1 } });
  expect(wall.summaries[0]).toMatchObject({ streams: { total: 0 } });
});

slow("the summary is told again when it changes, with what is stale apart", async () => {
  const { aDashboard, hears } = await aHub();
  const wall = await aDashboard();
  await wall.ask({ summary: true });
  await vi.waitFor(
    () => expect(wall.summaries.at(-1)).toMatchObject({ streams: { total: 1, onAir: 1 } }),
    patience,
  );
  hears("studio", "stream/main/state", stream({ carriage: "offAir", understudy: "none" }));
  await vi.waitFor(
    () => expect(wall.summaries.at(-1)?.["streams"]).toMatchObject({ offAir: 1, onAir: 0 }),
    patience,
  );
  hears("studio", "availability", "offline");
  await vi.waitFor(
    () => expect(wall.summaries.at(-1)?.["streams"]).toMatchObject({ stale: 1, offAir: 0 }),
    patience,
  );
  expect(wall.summaries.at(-1)).toMatchObject({ sites: { total: 2, online: 1 } });
});

slow("more rows than a page has are refused", async () => {
  const { aDashboard } = await aHub();
  const wall = await aDashboard();
  const encoder_ids = Array.from({ length: 201 }, () => "helo-a");
  expect(await wall.ask({ encoder_ids })).toEqual({ ok: false, error: "malformed" });
});
