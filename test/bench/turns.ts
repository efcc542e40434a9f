import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { stringify } from "yaml";
import { loadSite } from "../../config/site.ts";
import { now } from "../../daemon/clock.ts";
import { openDecider } from "../../daemon/decider.ts";
import { vendors } from "../../daemon/drivers/index.ts";
import { planOf } from "../../daemon/plan.ts";
import type { EncoderReading } from "../../machines/encoder/reading.ts";
import { openSite } from "../../machines/site/site-core.ts";
import type { BenchOptions } from "./bench.ts";
import { monoMs } from "./drill.ts";
import { figure, median, p99 } from "./figure.ts";
import { type Benchwork, openAt } from "./benchwork.ts";

/** A site of two encoders whose machines decide for real; nobody carries out what they ask. */
function planIn(folder: string) {
  const file = join(folder, "site.yaml");
  const input = { kind: "testPattern", width: 320, height: 180, framesPerSecond: 15 };
  const encoder = (id: string) => ({ id, driver: "ffmpeg", source: "camera", input });
  const key = join(folder, "stream-key");
  writeFileSync(key, "not-a-key\n", { mode: 0o600 });
  writeFileSync(
    file,
    stringify({
      site: "studio",
      stateDir: folder,
      mqtt: { url: "mqtt://127.0.0.1:1" },
      encoders: [encoder("a"), encoder("b")],
      destinations: [{ id: "far", address: "rtmp://127.0.0.1:1/live", streamKey: `file:${key}` }],
      streams: [{ id: "main", destination: "far", encoders: ["a", "b"], autoStart: false }],
    }),
  );
  const schemas = Object.fromEntries(Object.entries(vendors).map(([n, v]) => [n, v.options]));
  return planOf(loadSite(file, { encoders: schemas }).config, vendors);
}

/**
 * One turn: an input is handed to the decider, its machine decides something, and the decision is
 * on disk. Beside it, one for one, the least that any durable writer does: one row of the same
 * size, inserted and committed with `synchronous=FULL` into a WAL on the same disk.
 */
export async function measureTurns(work: Benchwork, options: BenchOptions): Promise<void> {
  const { quick, figure: tell, say } = options;
  const folder = work.folder("turns");
  const count = quick ? 300 : 3_000;
  const journal = await openAt(folder, work, say);
  const core = openSite({ plan: planIn(folder), at: now(), resume: journal.resume });
  const nothing = () => undefined;
  const hooks = { begin: nothing, giveUp: nothing, onTurn: nothing };
  const decider = openDecider({ core, journal, now, ...hooks });
  const bare = new Database(join(folder, "bare.db"));
  bare.pragma("journal_mode = WAL");
  bare.pragma("synchronous = FULL");
  bare.exec("create table event (seq integer primary key, body text)");
  const insert = bare.prepare("insert into event (body) values (?)");

  const turns: number[] = [];
  const commits: number[] = [];
  try {
    for (let at = 0; at < count; at++) {
      const reading: EncoderReading = {
        outputs: { "stream-1": { state: "idle", target: "none" } },
        // Every other reading is another class, so each turn decides something.
        input: at % 2 === 0 ? "lost" : "good",
        figures: {},
      };
      const beginMs = monoMs();
      const turned = await decider.submit({ to: "encoder:a", event: { type: "reading", reading } });
      turns.push(monoMs() - beginMs);
      if (!turned.durable) throw new Error("a turn was not durable within its time");
      if (turned.events.length === 0) throw new Error("a turn that decides nothing is no measure");

      const body = JSON.stringify(turned.events);
      const bareMs = monoMs();
      insert.run(body);
      commits.push(monoMs() - bareMs);
    }
  } finally {
    bare.close();
    await decider.close();
    await journal.close();
  }
  const against = { what: "bare FULL commit" };
  tell(
    figure({
      ...{ id: "journal.turn.p50", unit: "ms", value: median(turns) },
      against: { ...against, value: median(commits) },
    }),
  );
  tell(
    figure({
      ...{ id: "journal.turn.p99", unit: "ms", value: p99(turns) },
      against: { ...against, value: p99(commits) },
      goal: { ratioAtMost: 3 },
    }),
  );
}
