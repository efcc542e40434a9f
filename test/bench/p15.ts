import type { Bench, BenchOptions } from "./bench.ts";
import { cpuMsOf } from "./cost.ts";
import { pause } from "./drill.ts";
import { figure, median, p99 } from "./figure.ts";
import { type HubFacility, startHub } from "./hub-facility.ts";
import { refOf } from "./hub-refs.ts";
import { Running, type Speaking } from "./processes.ts";

const encoders = 10_000;

type Question = {
  name: string;
  path: string;
  connections: number;
  /** In one window. */
  requests: number;
  atLeast: number;
};

/**
 * A client with a key asks the hub, and asks a bare server that has the same bytes and asks nobody
 * who is calling. CPU for one answer is compared, window by window: the client needs CPU, too, and
 * whoever else works on the machine disturbs both alike.
 */
export const p15: Bench = {
  name: "p15",
  about: "answers of the API, beside a bare node:http server with the same bytes",
  async run(options) {
    const { realtime, say } = options;
    const running = new Running({ realtime });
    try {
      const hub = await startHub(running, encoders);
      say(`the hub knows ${encoders} encoders`);
      const one = `/api/encoders/${refOf(4_321)}`;
      const page = "/api/encoders?limit=100";
      const list = `/api/encoders?limit=${encoders}`;
      const bare = await running.fork("test/bench/p15-bare.ts", [
        ...[hub.url, hub.key],
        ...[one, page, list],
      ]);
      running.hurry(bare.pid);
      const load = await running.fork("test/bench/p15-load.ts");
      for (const question of [
        { name: "one", path: one, connections: 32, requests: 5_000, atLeast: 0.7 },
        { name: "page", path: page, connections: 32, requests: 1_500, atLeast: 0 },
        { name: "list", path: list, connections: 4, requests: 20, atLeast: 0.8 },
      ]) {
        await compare(question, { hub, bare, load }, options);
      }
      await age(hub, options);
    } finally {
      await running.end();
    }
  },
};

async function compare(
  { name, path, connections, requests, atLeast }: Question,
  { hub, bare, load }: { hub: HubFacility; bare: Speaking; load: Speaking },
  { quick, figure: tell, say }: BenchOptions,
): Promise<void> {
  const servers = [
    { pid: hub.pid, url: hub.url, perSecond: [] as number[] },
    { pid: bare.pid, url: String(bare.hello["url"]), perSecond: [] as number[] },
  ];
  const [ours, theirs] = servers as [(typeof servers)[0], (typeof servers)[0]];
  // The first round is for the compiler.
  for (let round = 0; round <= (quick ? 3 : 11); round += 1) {
    for (const { pid, url, perSecond } of servers) {
      const beginMs = cpuMsOf(pid);
      await load.ask({ url, path, key: hub.key, connections, requests });
      const rate = (1_000 * requests) / (cpuMsOf(pid) - beginMs);
      if (round > 0) perSecond.push(rate);
    }
  }
  const ratio = median(ours.perSecond.map((rate, at) => rate / theirs.perSecond[at]!));
  say(`${name}: ${Math.round(median(ours.perSecond))} a second on one core`);
  tell(
    figure({
      ...{ id: `p15.${name}`, unit: "answers/s of a core", value: median(ours.perSecond) },
      against: { what: "bare node:http", value: median(theirs.perSecond), ratio },
      ...(atLeast > 0 && { goal: { ratioAtLeast: atLeast } }),
    }),
  );
}

/** How old a state is when an answer still does not have it, while 500 encoders a second change. */
async function age(hub: HubFacility, { quick, figure: tell }: BenchOptions): Promise<void> {
  const at = 77;
  const ages: Record<"one" | "list", number[]> = { one: [], list: [] };
  const paths = {
    one: `/api/encoders/${refOf(at)}`,
    list: `/api/encoders?limit=${encoders}`,
  };
  await hub.sites.ask({ run: 500 });
  for (const which of ["one", "list"] as const) {
    for (let sample = 0; sample < (quick ? 5 : 20); sample += 1) {
      await pause(Math.random() * 200);
      const { bitrateBps } = await hub.sites.ask({ change: at });
      const published = performance.now();
      const says = `"bitrateBps":{"value":${String(bitrateBps)},`;
      // What an answer does not have when it is asked for is at least as old as the question.
      let askedAtMs = published;
      for (;;) {
        const asking = performance.now();
        if ((await hub.get(paths[which])).includes(says)) break;
        askedAtMs = asking;
      }
      ages[which].push(askedAtMs - published);
    }
  }
  await hub.sites.ask({ run: 0 });
  for (const which of ["one", "list"] as const) {
    const goal = { atMost: 100 };
    tell(figure({ id: `p15.age.${which}.p99`, unit: "ms", value: p99(ages[which]), goal }));
  }
}
