/** Sites, streams, encoders, storage, ingests, outputs and destinations: seen, watched, and asked of their site. */
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { contentOf, type HubClient, type ItemOf, type Subject } from "../client/client.ts";
import {
  askOptions,
  type AskOptions,
  askSite,
  encoderOffer,
  mayBeOnAir,
  type Question,
  streamOffer,
} from "./asking.ts";
import { asMs, type Cli, type Noun, type Option, type Program, textFrom } from "./cli.ts";
import * as columns from "./columns.ts";
import { titled } from "./columns.ts";
import type { Column } from "./print.ts";
import { siteVerbs, type Verb } from "./verbs.ts";
import { watch } from "./watch.ts";

const dayMs = 24 * 3_600_000;

type States = "sites" | "streams" | "encoders" | "storage" | "ingests" | "outputs" | "destinations";
type Spec<N extends States> = {
  noun: string;
  of: N;
  columns: { list: readonly Column<ItemOf<N>>[]; more: readonly Column<ItemOf<N>>[] };
  one: (hub: HubClient, id: string) => Promise<ItemOf<N>>;
};

const ofSite: Option = ["--site <site>", "only of this site"];
const at = (id: string) => ({ params: { path: { id } } });

export function addStates(program: Program): { stream: Noun } {
  const site = program.noun("site", "facilities, and what their daemons say", siteExamples);
  const sites: Spec<"sites"> = {
    ...{ noun: "site", of: "sites", columns: columns.site },
    one: (hub, id) =>
      contentOf(hub.api.GET("/api/sites/{site}", { params: { path: { site: id } } })),
  };
  addReading(site, sites);
  addAsking(site, "site", async (hub, ref, { asked }) => {
    if (asked.verb !== "off-air") return {};
    const streams = [];
    for await (const one of hub.list("streams", { site: ref })) {
      if (mayBeOnAir(one)) streams.push(one);
    }
    const will = "Each is stopped. Viewers lose it until somebody puts it on air again.";
    return { streams, offer: async () => ({ verb: asked.verb, label: "Off air", will }) };
  });

  const stream = program.noun(
    "stream",
    "programmes: on air or not, by whom, and moved",
    streamExamples,
  );
  const streams: Spec<"streams"> = {
    ...{ noun: "stream", of: "streams", columns: columns.stream },
    one: (hub, id) => contentOf(hub.api.GET("/api/streams/{id}", at(id))),
  };
  addReading(stream, streams);
  addAsking(stream, "stream", async (hub, ref, { asked }) => {
    const one = await streams.one(hub, ref);
    return {
      streams: mayBeOnAir(one) ? [one] : [],
      offer: () => streamOffer(hub, one, asked),
    };
  });

  const encoder = program.noun("encoder", "boxes and software encoders", encoderExamples);
  const encoders: Spec<"encoders"> = {
    ...{ noun: "encoder", of: "encoders", columns: columns.encoder },
    one: (hub, id) => contentOf(hub.api.GET("/api/encoders/{id}", at(id))),
  };
  addReading(encoder, encoders);
  encoder.verb<{ since?: number; step?: number }>(
    "history <encoder>",
    "how it was to talk to, as its site kept it for a week",
    async ({ hub, print }, { since = dayMs, step }, id = "") => {
      const path = { id };
      const from = new Date(Date.now() - since).toISOString();
      const query = { from, ...(step !== undefined && { step: Math.round(step / 1_000) }) };
      const of = await contentOf(
        (await hub()).api.GET("/api/encoders/{id}/connection/history", { params: { path, query } }),
      );
      await print.list(of.points, columns.connectionPoint);
    },
    [
      ["--since <time>", "of the last 2h, 7d, … (1d)", asMs],
      ["--step <time>", "of each line, a multiple of 30s", asMs],
    ],
  );
  addAsking(encoder, "encoder", async (hub, ref, { asked }) => {
    const one = await encoders.one(hub, ref);
    // Its recording starts and stops the stream, too.
    const carries = one.recording?.isLinked
      ? (one.outputs ?? []).flatMap((o) => o.stream ?? [])
      : [];
    const all = await Promise.all(carries.map((id) => streams.one(hub, `${one.site}~${id}`)));
    return { streams: all.filter(mayBeOnAir), offer: async () => encoderOffer(one, asked) };
  });

  const storage = program.noun("storage", "cards, disks and shares", storageExamples);
  addReading(storage, {
    ...{ noun: "storage", of: "storage", columns: columns.storage },
    one: (hub, id) => contentOf(hub.api.GET("/api/storage/{id}", at(id))),
  });
  addAsking(storage, "storage", async () => ({}));

  const ingest = program.noun("ingest", "what comes in, and from whom", ingestExamples);
  addReading(ingest, {
    ...{ noun: "ingest", of: "ingests", columns: columns.ingest },
    one: (hub, id) => contentOf(hub.api.GET("/api/ingests/{id}", at(id))),
  });

  const output = program.noun("output", "where else relayed streams go", outputExamples);
  addReading(output, {
    ...{ noun: "output", of: "outputs", columns: columns.output },
    one: (hub, id) => contentOf(hub.api.GET("/api/outputs/{id}", at(id))),
  });
  output.verb(
    "purge <output>",
    "have its CDN forget all that it has of it, now",
    async ({ hub, print }, _, id = "") => {
      const purged = contentOf((await hub()).api.POST("/api/outputs/{id}/purge", at(id)));
      print.one(await purged, [
        ["Output", ({ ref }) => ref],
        ["Answer", ({ message }) => message],
        ["Files", ({ files }) => files],
      ]);
    },
  );

  const destination = program.noun(
    "destination",
    "far ends, and what they see",
    destinationExamples,
  );
  addReading(destination, {
    ...{ noun: "destination", of: "destinations", columns: columns.destination },
    one: (hub, id) => contentOf(hub.api.GET("/api/destinations/{id}", at(id))),
  });
  return { stream };
}

function addReading<N extends States>(noun: Noun, { noun: name, of, columns, one }: Spec<N>): void {
  const bySite = of === "sites" ? [] : [ofSite];
  const whole = [...columns.list.map(titled), ...columns.more];
  noun.verb<{ site?: string }>(
    "list",
    `all of them`,
    async ({ hub, print, io }, query) =>
      print.list((await hub()).list(of, query, io.signal), columns.list),
    bySite,
  );
  noun.verb(
    `show <${name}>`,
    "one, with all that is worth knowing",
    async ({ hub, print }, _, id = "") => print.one(await one(await hub(), id), whole),
  );
  noun.verb<{ site?: string }>(
    `watch [${name}]`,
    "a line for each change, until Ctrl-C",
    async (cli, query, id) => {
      const only = id === undefined ? undefined : refOf(await one(await cli.hub(), id));
      return watch(cli, {
        ...{ of, query, columns: columns.list, keyOf: refOf },
        isWanted: (item) => only === undefined || refOf(item) === only,
      });
    },
    bySite,
  );
}

const refOf = (item: { id: string; ref?: unknown }) =>
  typeof item.ref === "string" ? item.ref : item.id;

type Found = { streams?: Question["streams"]; offer?: () => Promise<Question["offer"]> };

/** Every verb that a site knows for this kind. */
function addAsking(
  noun: Noun,
  kind: Subject["kind"],
  find: (hub: HubClient, ref: string, question: Pick<Question, "asked">) => Promise<Found>,
): void {
  const table: Record<string, Verb> = siteVerbs[kind];
  for (const [verb, { does, takes, interrupts }] of Object.entries(table)) {
    const usage = [verb, `<${kind}>`, ...(takes?.usage === undefined ? [] : [takes.usage])].join(
      " ",
    );
    noun.verb<AskOptions & Record<string, unknown>>(
      usage,
      does,
      async (cli, options, ref = "", extra) => {
        const given = await withFile(cli, verb, options);
        const args = takes?.args(given, extra);
        const asked = { verb, ...(args && { args }) };
        const question = { subject: { kind, ref }, asked, streams: [] };
        const mustAsk = interrupts === true && options.yes !== true && options.dryRun !== true;
        if (!mustAsk) return askSite(cli, question, options);
        const found = await find(await cli.hub(), ref, question);
        const offer = cli.io.ask && (await found.offer?.());
        return askSite(cli, { ...question, offer, streams: found.streams ?? [] }, options);
      },
      [...(takes?.options ?? []), ...askOptions],
    );
  }
}

/** A window comes as a file. @throws Ending */
async function withFile(cli: Cli, verb: string, options: Record<string, unknown>) {
  if (verb !== "add-window") return options;
  const { file } = options;
  if (typeof file !== "string") throw new Ending(exitCode.usage, "say --file <file>, or --file -");
  try {
    return { ...options, window: JSON.parse(await textFrom(file, cli.io)) as unknown };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new Ending(
      exitCode.usage,
      `${file === "-" ? "stdin" : file} is not JSON: ${cause.message}`,
    );
  }
}

const siteExamples = `
  understudy site list
  understudy site show studio
  understudy site off-air studio          everything of it, after your yes
  understudy site override-freeze studio --why "the mixer has to be exchanged"`;
const streamExamples = `
  understudy stream list                  what is on air, and by whom
  understudy stream watch                 a line for each change
  understudy stream failover main         to its understudy, after your yes
  understudy stream failover main -n      would the site do it?
  understudy stream stop main --yes       in a script
  understudy stream session open --resolution 1920x1080 --bitrate 5000000 --fps 30`;
const encoderExamples = `
  understudy encoder list
  understudy encoder show helo-1
  understudy encoder history helo-1 --since 2h
  understudy encoder maintenance helo-1   hands off, I work on it
  understudy encoder in-service helo-1    done with that`;
const ingestExamples = `
  understudy ingest list
  understudy ingest show stage`;
const outputExamples = `
  understudy output list
  understudy output show web
  understudy output purge web`;
const storageExamples = `
  understudy storage list
  understudy storage retire nas volume1
  understudy storage move-recording helo-1 --to usb`;
const destinationExamples = `
  understudy destination list             what the far ends see`;
