import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, killAgainAndAgain, startWriter } from "../daemon/journal/kill-loop.ts";
import { until } from "../e2e/facility.ts";
import { bundle, bundleWriter } from "../setup/writer-url.ts";
import { measureBacklog } from "./backlog.ts";
import type { Bench } from "./bench.ts";
import { figure } from "./figure.ts";
import type { Benchwork } from "./benchwork.ts";
import { measureTurns } from "./turns.ts";

/**
 * The journal on the disk of the temporary folder: `TMPDIR=/var/lib/understudy npm run bench --
 * journal` measures another one.
 */
export const journal: Bench = {
  name: "journal",
  about: "a turn beside a bare commit; draining a backlog; kill -9 and nothing lost",
  async run(options) {
    const { quick, kills = quick ? 20 : 1_000, figure: tell, say } = options;
    const root = mkdtempSync(join(tmpdir(), "understudy-bench-"));
    const writer = await bundleWriter();
    const program = await bundle("test/daemon/journal/endurance.ts");
    const work: Benchwork = {
      writer: writer.url,
      folder(name) {
        const path = join(root, name);
        mkdirSync(path);
        return path;
      },
    };
    try {
      await measureTurns(work, options);
      await measureBacklog(work, options);
      say(`${kills} × kill -9`);
      const file = join(work.folder("kills"), "site.db");
      const { acknowledged, lost } = await killAgainAndAgain({
        kills,
        start: () => startWriter({ program: program.url, writer: writer.url }, file),
        until: async (what, holds) => void (await until(what, holds)),
        killed: ({ text }) => {
          // A damaged file is moved aside: then nothing would be missing from the new one.
          if (text.includes("warning")) throw new Error(`the journal warned: ${text}`);
        },
      });
      const found = inspect(file);
      const intact = found.gaps === 0 && found.integrity === "ok";
      const value = lost + Math.max(0, acknowledged - found.seqs.length) + (intact ? 0 : 1);
      tell(figure({ id: "journal.killed.lost", unit: "events", value, goal: { exactly: 0 } }));
      tell(figure({ id: "journal.killed.kills", unit: "kills", value: kills }));
      tell(figure({ id: "journal.killed.events", unit: "events", value: found.seqs.length }));
    } finally {
      program.remove();
      writer.remove();
      rmSync(root, { recursive: true, force: true });
    }
  },
};
