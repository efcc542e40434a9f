import { expect, test } from "vitest";
import { openPublisher, type PublishedState } from "../../daemon/publish.ts";
import { stateSchemas, type StatefulKind } from "../../machines/contract.ts";
import type { DestinationState } from "../../machines/destination/destination.contract.ts";
import type { SiteState } from "../../machines/site/site.contract.ts";
import type { PlannedUplink } from "../../machines/site/uplink.ts";
import { aDestinationPlan, aPlan, aStreamPlan, World } from "../machines/world.ts";

/** A facility whose machines run, and what is told of them. */
const latencyMs = { value: 4_200, atMs: 1, source: "its stamps" };
const noLine: PlannedUplink = { publishedBps: 8_000_000, unknown: [] };

function aPublisher(
  plan = aPlan(),
  warnings: readonly string[] = [],
  uplink: PlannedUplink = noLine,
) {
  const world = new World(plan);
  const sent: PublishedState[] = [];
  const pools: ReturnType<Parameters<typeof openPublisher>[0]["pool"]>[] = [];
  const publisher = openPublisher({
    core: world.core,
    journal: { epoch: "e1", session: "s1" },
    seq: () => 42,
    wallMs: () => world.now().wallMs,
    warnings: () => warnings,
    uplink,
    latencyMs: (id) => (id === "far" ? latencyMs : undefined),
    breaker: () => "open",
    pool: () => pools.shift(),
    send: (state) => void sent.push(state),
  });
  const everybody = [
    "site" as const,
    ...plan.encoders.map(({ id }) => `encoder:${id}` as const),
    ...plan.destinations.map(({ id }) => `destination:${id}` as const),
    ...plan.streams.map(({ id }) => `stream:${id}` as const),
  ];
  return {
    world,
    publisher,
    pools,
    sent,
    /** What is told when every actor may have changed. */
    tells: () => {
      sent.splice(0);
      publisher.changed(everybody);
      return sent.map(({ kind, id }) => `${kind}/${id}`);
    },
  };
}
const twoLegs = () =>
  aPlan({
    destinations: [
      aDestinationPlan({ takeover: "primaryBackup" }),
      aDestinationPlan({ id: "far-backup", takeover: "primaryBackup", observed: false }),
    ],
    streams: [
      aStreamPlan({ encoders: ["a"] }),
      aStreamPlan({
        ...{ id: "main-backup", backupOf: "main", destination: "far-backup" },
        encoders: ["b"],
      }),
    ],
  });

test("every state fits the contract, on the way on air as well", () => {
  const { world, publisher } = aPublisher();
  for (let second = 0; second < 20; second++) {
    for (const { kind, state } of publisher.all()) {
      const parsed = stateSchemas[kind as StatefulKind].safeParse(state);
      expect(parsed.error?.issues ?? []).toEqual([]);
    }
    world.pass(1);
  }
  expect(world.carriage()).toBe("onAir");
});

test("a state carries the epoch, the session and the newest event it tells of", () => {
  const { publisher, world } = aPublisher();
  for (const { id, state } of publisher.all()) {
    expect(state).toMatchObject({
      ...{ id, epoch: "e1", session: "s1", seq: 42, atMs: world.now().wallMs },
    });
  }
});

test("what has not changed is not told again; what only moved a little, every five seconds", () => {
  const { world, tells } = aPublisher();
  world.pass(20);
  expect(tells()).toEqual([
    "site/studio",
    "encoder/a",
    "encoder/b",
    "destination/far",
    "stream/main",
  ]);
  expect(tells()).toEqual([]);
  const second = (ms: number) => {
    world.wait(ms);
    for (const id of ["a", "b"]) world.read(id);
    world.look("far");
  };
  for (const ms of [1_000, 1_000, 1_000, 1_000, 999]) {
    second(ms);
    expect(tells()).not.toContain("encoder/b");
  }
  second(1);
  expect(tells()).toContain("encoder/b");
});

test("a wall clock that was set back does not keep figures from being told", () => {
  const { world, tells } = aPublisher();
  world.pass(20);
  tells();
  world.jumpWallClock(-3_600_000);
  expect(tells()).toContain("encoder/a");
});

test("the two legs of one programme are told as one stream", () => {
  const { world, publisher, tells } = aPublisher(twoLegs());
  world.pass(20);
  expect(tells().filter((topic) => topic.startsWith("stream/"))).toEqual(["stream/main"]);
  expect(publisher.inventory().map(({ kind, id }) => `${kind}/${id}`)).toEqual([
    ...["site/studio", "encoder/a", "encoder/b", "destination/far", "destination/far-backup"],
    "stream/main",
  ]);
});

test("a box that does not answer is offline, one that does is online", () => {
  const { world, publisher } = aPublisher(aPlan({ kinds: { a: "helo", b: "helo" } }));
  const availability = () =>
    Object.fromEntries([...publisher.all()].map((told) => [told.id, told.availability]));
  expect(availability()).toMatchObject({ a: "offline", b: "offline" });
  world.pass(5);
  expect(availability()).toMatchObject({ a: "online", b: "online", main: undefined });
  world.box("a").reachable = false;
  world.pass(20);
  expect(availability()).toMatchObject({ a: "offline", b: "online" });
});

test("warnings of parts that no machine knows stand in the site's state", () => {
  const { publisher } = aPublisher(aPlan(), ["the local broker is down"]);
  const [site] = publisher.all();
  expect(site?.state).toMatchObject({ warnings: ["the local broker is down"] });
});

test("telemetry has the figures of boxes that answer, and no figure of one that does not", () => {
  const { world, publisher } = aPublisher(aPlan({ kinds: { a: "helo", b: "helo" } }));
  const figures = { temperatureC: { value: 61, source: "sensor" } };
  world.box("a").says = { figures };
  world.box("b").says = { figures };
  world.pass(5);
  expect(publisher.telemetry()).toEqual({
    atMs: world.now().wallMs,
    encoders: { a: { temperatureC: 61 }, b: { temperatureC: 61 } },
  });
  world.box("b").reachable = false;
  world.pass(20);
  expect(publisher.telemetry().encoders).toEqual({ a: { temperatureC: 61 }, b: {} });
});

test("telemetry has the connections of a box, also of one that does not answer", () => {
  const { publisher, pools } = aPublisher(aPlan({ kinds: { a: "helo", b: "helo" } }));
  const pool = { socketsOpen: 2, socketsBusy: 1, requestsWaiting: 3 };
  pools.push(pool);
  expect(publisher.telemetry().encoders).toEqual({ a: pool, b: {} });
});

test("since when something is so does not change with every look", () => {
  const { world, publisher } = aPublisher();
  world.pass(20);
  const sinceMs = () => {
    const found = [...publisher.all()].find(({ kind }) => kind === "destination");
    return (found?.state as { sinceMs: number }).sinceMs;
  };
  const first = sinceMs();
  world.pass(3);
  expect(sinceMs()).toBe(first);
  world.box("a").frozen = true;
  world.box("a").running = null;
  world.pass(1);
  expect(sinceMs()).toBeGreaterThan(first);
});

test("what is left of the site's line is what neither the plan nor the host uses, and is not known without its capacity", () => {
  const line: PlannedUplink = { publishedBps: 8e6, unknown: ["c"], capacityBps: 20e6 };
  const siteOf = ({ publisher }: ReturnType<typeof aPublisher>) =>
    [...publisher.all()].find(({ kind }) => kind === "site")!.state as SiteState;
  const facility = aPublisher(aPlan(), [], line);
  const { world } = facility;
  const told = () => siteOf(facility);
  expect(told().uplink).toEqual({ ...line, headroomBps: 12e6 });
  const load = { network: "eth0", networkSentBps: 15e6, networkReceivedBps: 1e6 };
  world.send({ to: "site", event: { type: "hostLoad", load } });
  expect(told().uplink?.headroomBps).toBe(5e6);
  expect(told().host?.networkSentBps).toMatchObject({ value: 15e6, source: "/sys/class/net/eth0" });
  expect(told().host).not.toHaveProperty("network");
  // What the host sent two minutes ago says nothing of now.
  world.pass(120);
  expect(told().uplink?.headroomBps).toBe(12e6);

  expect(siteOf(aPublisher()).uplink).toEqual(noLine);
});

test("how old the picture at a far end is stands there where it is known, and is no change by itself", () => {
  const { publisher, tells } = aPublisher();
  const far = [...publisher.all()].find(({ kind }) => kind === "destination")!;
  expect((far.state as DestinationState).figures).toEqual({ latencyMs });
  tells();
  latencyMs.value += 300;
  expect(tells()).toEqual([]);
});
