/** What happened: incidents, decisions, commands. */
import { contentOf, type Schemas } from "../client/client.ts";
import { clock } from "../web/words.ts";
import { tellAnswer } from "./asking.ts";
import { asMs, asNumber, type Noun, type Option, type Program } from "./cli.ts";
import * as columns from "./columns.ts";
import { tellProgress } from "./progress.ts";
import { concatList, partsOf } from "./recording-parts.ts";
import { watch } from "./watch.ts";

type Limits = { site?: string; limit?: number; since?: number };
const limits: readonly Option[] = [
  ["--site <site>", "only of this site"],
  ["--limit <number>", "the newest so many (20)", asNumber],
  ["--since <time>", "of the last 2h, 7d, …", asMs],
];
const dayMs = 24 * 3_600_000;
const queryOf = ({ since, ...rest }: Limits) => ({
  ...rest,
  ...(since !== undefined && { since: new Date(Date.now() - since).toISOString() }),
});

/** More than any programme has. */
const mostIncidents = 500;

/** @param stream its noun */
export function addHistory(program: Program, stream: Noun): void {
  stream.verb<Limits>(
    "parts <stream> [files...]",
    "its recordings after a failover or restart, in order; with their files a list for ffmpeg",
    async ({ hub, print, io }, { since, site }, ref = "", ...files) => {
      const query = { ...queryOf({ since: since ?? dayMs, ...(site !== undefined && { site }) }) };
      const all = (await hub()).list(
        "incidents",
        { ...query, stream: ref, limit: mostIncidents },
        io.signal,
      );
      const found: Schemas["IncidentItem"][] = [];
      for await (const one of all) found.push(one);
      const parts = partsOf(found);
      if (files.length > 0) return print.text(concatList(parts, files));
      await print.list(parts, columns.recordingPart);
    },
    [limits[0]!, ["--since <time>", "since when: 3h, 2d, … (1d)", asMs]],
  );
  const incident = program.noun(
    "incident",
    "losses of picture: why, and for how long",
    `
  understudy incident list --since 24h
  understudy incident show studio~4711    where the seconds went, on what proof
  understudy incident watch`,
  );
  const ofStream: Option = ["--stream <stream>", "only of this stream"];
  incident.verb<Limits & { stream?: string }>(
    "list",
    "the newest first",
    async ({ hub, print, io }, { limit = 20, ...query }) =>
      print.list(
        columns.first(
          limit,
          (await hub()).list(
            "incidents",
            { ...queryOf(query), limit: Math.min(limit, 500) },
            io.signal,
          ),
        ),
        columns.incident.list,
      ),
    [...limits, ofStream],
  );
  incident.verb(
    "show <incident>",
    "its seconds, its proof and its story",
    async ({ hub, print }, _, id = "") => {
      const path = { id };
      const one = await contentOf(
        (await hub()).api.GET("/api/incidents/{id}", { params: { path } }),
      );
      const story = one.timeline.map(
        ({ at, what }, n) => [n === 0 ? "Story" : "", () => `${clock(at)} ${what}`] as const,
      );
      print.one(one, [
        ...columns.incident.list.map(columns.titled),
        ...columns.incident.more,
        ...story,
      ]);
    },
  );
  incident.verb<Limits & { stream?: string }>(
    "watch",
    "the newest, then each that opens or ends, until Ctrl-C",
    async (cli, { limit = 20, ...query }) =>
      watch(cli, {
        of: "incidents",
        query: { ...queryOf(query), limit },
        columns: columns.incident.list,
        keyOf: ({ ref }) => ref,
        isHistory: true,
      }),
    [...limits, ofStream],
  );

  const event = program.noun(
    "event",
    "every decision of the sites",
    `
  understudy event list --since 1h --kind stream
  understudy event watch --site studio`,
  );
  const about: readonly Option[] = [
    ["--kind <kind>", "stream, encoder, storage, site, …"],
    ["--subject <id>", "what it is about"],
    ["--type <type>", "for example stream.offAir"],
  ];
  type Events = Limits & { kind?: string; subject?: string; type?: string };
  event.verb<Events>(
    "list",
    "the newest first",
    async ({ hub, print, io }, { limit = 20, ...query }) =>
      print.list(
        columns.first(
          limit,
          (await hub()).list(
            "events",
            { ...queryOf(query), limit: Math.min(limit, 500) },
            io.signal,
          ),
        ),
        columns.event,
      ),
    [...limits, ...about],
  );
  event.verb<Events>(
    "watch",
    "the newest, then each new one, until Ctrl-C",
    async (cli, { limit = 20, ...query }) =>
      watch(cli, {
        of: "events",
        query: { ...queryOf(query), limit },
        columns: columns.event,
        keyOf: (e) => `${e.site}/${e.epoch}/${e.seq}`,
        isHistory: true,
      }),
    [...limits, ...about],
  );

  const command = program.noun(
    "command",
    "what was asked of sites, and their answers",
    `
  understudy command show 3f0c…
  understudy command wait 3f0c… --timeout 2min`,
  );
  command.verb("show <command>", "what became of it", async ({ hub, print }, _, id = "") => {
    const path = { id };
    print.one(
      await contentOf((await hub()).api.GET("/api/commands/{id}", { params: { path } })),
      columns.command,
    );
  });
  command.verb<{ timeout?: number }>(
    "wait <command>",
    "until it is done or refused",
    async (cli, { timeout = 30_000 }, id = "") => {
      const hub = await cli.hub();
      const progress = tellProgress(cli, `waiting for ${id}`);
      const waiting = { waitMs: timeout, signal: cli.io.signal };
      const answer = await hub.commandEnd(id, waiting).finally(() => progress.end());
      return tellAnswer(cli, answer);
    },
    [["--timeout <time>", "at most so long (30s)", asMs]],
  );
}
