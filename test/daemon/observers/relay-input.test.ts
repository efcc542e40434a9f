import { EventEmitter, once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { stringify } from "yaml";
import { createActor } from "xstate";
import { parseConfig } from "../../../config/load.ts";
import { siteFormat } from "../../../config/site.ts";
import { allVendors, vendors } from "../../../daemon/drivers/index.ts";
import { watchFarEnd } from "../../../daemon/far-end.ts";
import type { IngestStatus } from "../../../daemon/ingest/status.ts";
import { openRelayInput } from "../../../daemon/observers/relay-input.ts";
import { planOf } from "../../../daemon/plan.ts";
import { withRelays } from "../../../daemon/relays/with-relays.ts";
import { destinationMachine } from "../../../machines/destination/destination.machine.ts";

const leg = "main-relay-a";

/** The input of a relay for `a`, as the daemon lays it out: for whoever looks, and as planned. */
function anInput() {
  const schemas = Object.fromEntries(Object.entries(vendors).map(([n, v]) => [n, v.options]));
  const text = stringify({
    ...{ site: "studio", mqtt: { url: "mqtt://127.0.0.1:1" } },
    encoders: [{ id: "a", driver: "aja-helo", source: "cam", host: "a.example.org" }],
    destinations: [{ id: "far", address: "rtmp://far/live", streamKey: "credential:k" }],
    streams: [
      {
        ...{ id: "main", destination: "far", encoders: ["a"], path: "relayed" },
        relay: { host: "192.0.2.5" },
      },
    ],
  });
  const { config } = parseConfig("site.yaml", text, siteFormat({ encoders: schemas }));
  const written = { ...config, stateDir: "/nowhere" };
  const { config: laidOut, relays } = withRelays(written, vendors, () => "k", {});
  const { destinations } = planOf(laidOut, allVendors, new Set(), relays);
  return {
    everyMs: laidOut.destinations.find(({ id }) => id === leg)!.observeEveryMs,
    plan: destinations.find(({ id }) => id === leg)!,
  };
}

const aStatus = (p: Partial<IngestStatus>): IngestStatus => ({
  ...{ run: "r", state: "receiving", why: null, publisher: null, epochs: 1, bytes: 0, frames: 0 },
  ...{ quietMs: 0, bitrateBps: null, framesPerSecond: null, video: null, audio: null },
  ...{ readers: 0, readerDrops: 0, refused: { count: 0, last: null } },
  ...p,
});

test("who is there and sends nothing publishes nothing; what does not work or tell is unseen, and never quiet", async () => {
  const sees = (status?: Partial<IngestStatus>) => {
    const heard = status ? Promise.resolve(aStatus(status)) : Promise.reject(new Error("late"));
    return openRelayInput(leg, () => heard).observe(new AbortController().signal);
  };
  const publisher = { from: "192.0.2.7:4711", sinceMs: 0 };
  expect(await sees({ state: "silent", publisher, bytes: 7 })).toEqual({
    ...{ word: "publishing", by: "192.0.2.7:4711", bytes: 7, publishers: 1 },
  });
  expect(await sees({ state: "waiting" })).toEqual({ word: "quiet" });
  expect(await sees({ state: "failing", why: "port 1936 is taken" })).toMatchObject({
    ...{ word: "unseen", detail: "port 1936 is taken" },
  });
  expect(await sees()).toMatchObject({ word: "unseen" });
});

test("what is counted twice a second and told twice a second is not taken for standing still", async () => {
  vi.useFakeTimers();
  const { plan, everyMs } = anInput();
  const process = new EventEmitter<{ status: [IngestStatus] }>();
  const now = () => ({ bootId: "b", monoMs: performance.now(), wallMs: Date.now() });
  const destination = createActor(destinationMachine, { input: { plan, now } }).start();
  const told: unknown[] = [];
  destination.on("*", (decision) => told.push(decision));
  const watch = watchFarEnd({
    observers: [
      openRelayInput(leg, async (signal) => {
        const [status] = (await once(process, "status", { signal })) as [IngestStatus];
        return status;
      }),
    ],
    everyMs,
    tell: (sight, source, provesAbsence) =>
      destination.send({ type: "sight", sight, source, provesAbsence }),
  });
  onTestFinished(async () => {
    await watch.close();
    vi.useRealTimers();
  });
  let bytes = 0;
  // ffmpeg says how far it is with the first packet after half a second.
  const counts = setInterval(() => (bytes += 1_000), 520);
  const tells = setInterval(() => process.emit("status", aStatus({ bytes })), 501);
  await vi.advanceTimersByTimeAsync(5_000);
  told.length = 0;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(told).toEqual([]);
  clearInterval(counts);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(destination.getSnapshot().value).toMatchObject({ publishing: { media: "stalled" } });
  clearInterval(tells);
});
