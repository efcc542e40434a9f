/** The way to the hub breaks while encoders fail: the site decides the same, and tells it later. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openJournal } from "../../daemon/journal/open-journal.ts";
import { now } from "../../daemon/clock.ts";
import { startFaultProxy } from "../fakes/fault-proxy.ts";
import { at } from "../setup/effort.ts";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, kill, until } from "./facility.ts";
import { Hub } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();
const backlog = at({ check: 500, test: 2_000, torture: 10_000 });
const writerUrl = new URL("../../dist/journal-writer.cjs", import.meta.url);

/** Decisions of an earlier day, through the daemon's own journal, which no hub has heard of. */
async function fillOutbox(facility: Facility, count: number): Promise<void> {
  const journal = await openJournal({ file: join(facility.stateDir, "site.db"), writerUrl, now });
  for (let done = 0; done < count; done += 500) {
    const events = Array.from({ length: Math.min(500, count - done) }, (_, n) => ({
      seq: journal.lastSeq + done + n + 1,
      atMs: Date.now(),
      type: "encoder.link",
      subject: { kind: "encoder", id: "a" },
      severity: "info" as const,
      message: `filler ${done + n + 1}`,
      data: { filler: true },
    }));
    await journal.commit({ events, resume: {}, intents: [], settledIntents: [] });
  }
  await journal.close();
}

async function aSite() {
  const hub = keep(await Hub.start());
  const proxy = keep(await startFaultProxy({ host: "127.0.0.1", port: hub.mqttPort }));
  // So slow that most of the backlog is still here when the fault comes.
  proxy.set({ bytesPerSecond: 20_000 });
  const facility = await aFacility({
    farEnd: { behaviour: "acceptBoth" },
    mqttUrl: `mqtt://127.0.0.1:${proxy.port}`,
  });
  await fillOutbox(facility, backlog);
  return { hub, proxy, facility };
}

/** a is killed, then b: two takeovers. Answers all that was decided, without how the world looked. */
async function twoFailovers(facility: Facility): Promise<string[]> {
  const from = facility.told().at(-1)?.seq ?? 0;
  const carried = () => facility.told("stream.onAir").length;
  for (const [dies, next] of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    const before = carried();
    kill(facility.enginePid(dies));
    await facility.untilOnAir(next);
    await until(`${next} is told`, () => carried() > before);
  }
  return facility
    .told()
    .filter((t) => t.seq > from && isDecision(t.type))
    .map((t) => `${t.type} ${t.subject.id} ${withoutTimes(t.data)}`);
}
/** What the world looked like between two looks is chance; what was done about it is not. */
const isDecision = (type: string) =>
  /^(stream|key)\.|^encoder\.(benched|repair)/.test(type) &&
  type !== "stream.carriage" &&
  type !== "stream.suspect";
const withoutTimes = (data: unknown) =>
  JSON.stringify(data, (key, value: unknown) => (key === "timeline" ? undefined : value))
    .replace(/"\w*(Ms|[gG]eneration)":(\d+|null),?/g, "")
    .replace(/"main-\w+-(\d)"/g, '"incident $1"');

type Fault = {
  name: string;
  breakIt: (site: Awaited<ReturnType<typeof aSite>>) => Promise<unknown> | void;
  mend: (site: Awaited<ReturnType<typeof aSite>>) => Promise<unknown> | void;
};
const faults: Fault[] = [
  {
    name: "the link is cut",
    breakIt: ({ proxy }) => proxy.down(true),
    mend: ({ proxy }) => proxy.heal(),
  },
  {
    name: "the hub is killed",
    breakIt: ({ hub }) => hub.kill(),
    mend: async ({ hub, proxy }) => {
      await hub.start();
      await proxy.heal();
    },
  },
  {
    name: "the broker is killed and comes back at once",
    breakIt: ({ hub }) => kill(hub.brokerPid()),
    mend: ({ proxy }) => proxy.heal(),
  },
  {
    name: "the broker stands still all the while",
    breakIt: ({ hub }) => kill(hub.brokerPid(), "SIGSTOP"),
    mend: async ({ hub, proxy }) => {
      kill(hub.brokerPid(), "SIGCONT");
      await proxy.heal();
    },
  },
  {
    name: "the network swallows everything without a word",
    breakIt: ({ proxy }) => proxy.set({ blackhole: true }),
    mend: ({ proxy }) => proxy.heal(),
  },
];

let control: string[] | undefined;

test.each(at({ check: faults.slice(0, 1), test: faults.slice(0, 2), torture: faults }))(
  "$name: the site decides as ever, and everything arrives once, in order",
  { timeout: 180_000 },
  async ({ breakIt, mend }) => {
    const site = await aSite();
    const { facility, hub } = site;
    control ??= await uncutRun();
    facility.startDaemon();
    await facility.untilOnAir("a");
    await facility.untilTold("stream.onAir");
    await until("the link is up", () => facility.log.includes("link_online"));

    expect(await acked(hub)).toBeLessThan(backlog);
    await breakIt(site);
    const decided = await twoFailovers(facility);
    expect(decided).toEqual(control);
    expect(facility.overlapMs()).toBe(0);
    await mend(site);
    const mendedAtMs = performance.now();

    const own = () => facility.told().map((t) => t.seq);
    const stored = await until(
      "the hub has it all",
      async () => {
        const seqs = (await hub.events()).map((e) => Number(e["seq"]));
        return seqs.length >= own().length && seqs;
      },
      120_000,
    );
    console.log(
      `${stored.length} events at the hub ${Math.round(performance.now() - mendedAtMs)} ms later`,
    );
    expect(stored).toEqual(stored.map((_, n) => n + 1));
    expect(stored.length).toBeGreaterThan(backlog);
    const [shown] = (await hub.get("/api/sites"))["items"] as Record<string, unknown>[];
    expect(shown).toMatchObject({ online: true, lostEvents: 0, quarantined: 0 });
  },
);

async function acked(hub: Hub): Promise<number> {
  const [site] = (await hub.get("/api/sites"))["items"] as Record<string, unknown>[];
  return Number(site?.["ackedSeq"] ?? 0);
}

/** The same faults of encoders, with the hub there all the time. */
async function uncutRun(): Promise<string[]> {
  const { facility, hub, proxy } = await aSite();
  await proxy.heal();
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  await until("the link is up", () => facility.log.includes("link_online"));
  const decided = await twoFailovers(facility);
  expect(decided.length).toBeGreaterThan(6);
  await facility.close();
  await hub.close();
  return decided;
}
