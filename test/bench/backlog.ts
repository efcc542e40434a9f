import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import mqtt from "mqtt";
import { openLink } from "../../daemon/link/link.ts";
import type { Journal } from "../../daemon/journal/journal.ts";
import type { Outbox } from "../../daemon/journal/outbox.ts";
import type { SiteInfo } from "../../machines/site/site.contract.ts";
import { until } from "../e2e/facility.ts";
import type { BenchOptions } from "./bench.ts";
import { monoMs, pause } from "./drill.ts";
import { figure, median } from "./figure.ts";
import { type Benchwork, openAt } from "./benchwork.ts";

const hub = "main";
const root = "understudy/v1/studio";
/** What a busy turn decides: suspicion, fence, key, takeover. */
const eventsPerTurn = 4;
/** Turns under way at once while the backlog is made. */
const turnsAtOnce = 500;
const readAtOnce = 1_000;
const goal = { atLeast: 50_000 };

const event = (seq: number) => ({
  seq,
  atMs: 1_700_000_000_000 + seq,
  type: "stream.carrier",
  subject: { kind: "stream", id: "main" },
  severity: "info" as const,
  message: `event ${seq}`.padEnd(300, "."),
  data: { seq },
});

/**
 * A backlog is written, turn by turn, and then drained: read in order and acknowledged by a hub,
 * first at the outbox itself, then through a link and a real broker. Beside it a bare table of
 * rows of the same size, committed 100 at a time, on the same disk, round by round.
 */
export async function measureBacklog(work: Benchwork, options: BenchOptions): Promise<void> {
  const { quick, figure: tell, say } = options;
  const events = quick ? 10_000 : 100_000;
  const rounds = quick ? 2 : 5;
  const rates = { append: [], drain: [], both: [], bare: [], mqtt: [] } as Record<string, number[]>;
  const perS = (ms: number) => (events * 1_000) / ms;
  for (let round = 1; round <= rounds; round++) {
    const folder = work.folder(`backlog-${round}`);
    rates["bare"]!.push(perS(appendBare(join(folder, "bare.db"), events)));
    const journal = await openAt(folder, work, say);
    try {
      journal.forgetHubsExcept([hub]);
      const appendMs = await append(journal, 0, events);
      const drainMs = await drain(journal, events);
      rates["append"]!.push(perS(appendMs));
      rates["drain"]!.push(perS(drainMs));
      rates["both"]!.push(perS(appendMs + drainMs));
      await append(journal, events, events);
      rates["mqtt"]!.push(perS(await drainByMqtt(journal, folder, 2 * events)));
    } finally {
      await journal.close();
    }
    say(`backlog ${round} of ${rounds}`);
  }
  const bare = median(rates["bare"]!);
  const against = { what: "bare rows, 100 a commit", value: bare };
  for (const name of ["append", "drain", "both", "mqtt"]) {
    const value = median(rates[name]!);
    const ratio = median(rates[name]!.map((rate, at) => rate / rates["bare"]![at]!));
    tell(
      figure({
        ...{ id: `journal.backlog.${name}`, unit: "events/s", value },
        against: { ...against, ratio },
        goal,
      }),
    );
  }
}

function appendBare(file: string, events: number): number {
  const db = new Database(file);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec("create table event (seq integer primary key, body text)");
  const insert = db.prepare("insert into event (seq, body) values (?, ?)");
  const hundred = db.transaction((from: number) => {
    for (let seq = from; seq < from + 100; seq++) insert.run(seq, JSON.stringify(event(seq)));
  });
  const beginMs = monoMs();
  for (let seq = 1; seq <= events; seq += 100) hundred(seq);
  const tookMs = monoMs() - beginMs;
  db.close();
  return tookMs;
}

/** @returns ms until the last event is on disk */
async function append(journal: Journal & Outbox, after: number, count: number): Promise<number> {
  const beginMs = monoMs();
  let seq = after;
  while (seq < after + count) {
    const turns: Promise<boolean>[] = [];
    for (let turn = 0; turn < turnsAtOnce && seq < after + count; turn++) {
      const events = Array.from({ length: eventsPerTurn }, () => event((seq += 1)));
      turns.push(journal.commit({ events, resume: {}, intents: [], settledIntents: [] }));
    }
    await Promise.all(turns);
  }
  await until("the disk has it all", () => journal.counts().durableSeq === seq);
  return monoMs() - beginMs;
}

/** @returns ms until a hub has acknowledged the last event it read */
async function drain(journal: Journal & Outbox, last: number): Promise<number> {
  const beginMs = monoMs();
  while (journal.cursor(hub) < last) {
    const rows = await journal.readPayloads(journal.cursor(hub), readAtOnce);
    await journal.acknowledged(hub, journal.epoch, rows.at(-1)!.seq);
  }
  // An answer to this comes after the last cursor was written.
  await journal.readPayloads(last, 1);
  return monoMs() - beginMs;
}

/** @returns ms from connecting until the hub's ack of the last event has moved the cursor */
async function drainByMqtt(journal: Journal & Outbox, folder: string, last: number) {
  const broker = await startMosquitto(folder);
  const subscriber = await mqtt.connectAsync(broker.url, { protocolVersion: 4 });
  let heard = journal.cursor(hub);
  subscriber.on("message", (_, payload) => {
    const { seq } = JSON.parse(payload.toString()) as { seq: number };
    if (seq === heard + 1) heard = seq;
  });
  await subscriber.subscribeAsync(`${root}/event`, { qos: 1 });
  const acknowledge = setInterval(() => {
    const ack = { epoch: journal.epoch, seq: heard, hubTimeMs: Date.now() };
    subscriber.publish(`${root}/ack/${hub}`, JSON.stringify(ack), { qos: 1, retain: true });
  }, 100);
  const info = (): SiteInfo => ({
    ...{ site: "studio", epoch: journal.epoch, session: journal.session, contractMinor: 0 },
    ...{ version: "0.0.0", bootId: "boot", startedAtMs: 1, seq: last, inventory: [] },
  });
  const quiet = { info: () => undefined, warn: () => undefined };
  const beginMs = monoMs();
  const link = openLink({
    ...{ url: broker.url, site: "studio", hubs: [hub], outbox: journal, info, log: quiet },
    ...{ states: () => [], onRequest: () => undefined, now: () => Date.now() },
  });
  try {
    await until("the hub has it all", () => journal.cursor(hub) === last, 300_000);
    return monoMs() - beginMs;
  } finally {
    clearInterval(acknowledge);
    await link.close();
    await subscriber.endAsync(true);
    broker.end();
  }
}

async function startMosquitto(folder: string): Promise<{ url: string; end: () => void }> {
  const port = await freePort();
  const config = join(folder, "mosquitto.conf");
  const lines = [`listener ${port} 127.0.0.1`, "allow_anonymous true", "max_queued_messages 0"];
  writeFileSync(config, `${lines.join("\n")}\nset_tcp_nodelay true\n`);
  const broker = spawn("mosquitto", ["-c", config], {
    stdio: "ignore",
    env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` },
  });
  const url = `mqtt://127.0.0.1:${port}`;
  for (let tries = 1; ; tries++) {
    try {
      const probe = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
      await probe.endAsync(true);
      return { url, end: () => void broker.kill("SIGKILL") };
    } catch (cause) {
      if (tries > 100) throw new Error("mosquitto does not come up", { cause });
      await pause(50);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
