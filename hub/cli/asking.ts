/** Asking a site for something: a question first where a programme is on air, then its answer. */
import { Ending, exitCode } from "../../config/exit-codes.ts";
import {
  type Asked,
  type Command,
  type HubClient,
  isEnded,
  type Schemas,
  type Subject,
} from "../client/client.ts";
import { encoderOffers } from "../web/encoder-offers.ts";
import type { Offer } from "../web/talk.ts";
import { streamOffers } from "../web/stream-offers.ts";
import { carriage, lengthOf } from "../web/words.ts";
import { asMs, type Cli, type Option } from "./cli.ts";
import type { Column } from "./print.ts";
import { tellProgress } from "./progress.ts";

export type AskOptions = { yes?: boolean; dryRun?: boolean; wait?: boolean; timeout?: number };
/** Two moves of at most two minutes each, and what is between them. */
const drillTakesMs = 260_000;

export const askOptions: readonly Option[] = [
  ["-y, --yes", "do not ask, even if a programme is on air"],
  ["-n, --dry-run", "only say whether the site would do it"],
  ["--timeout <time>", "how long its end is waited for (30s; of a drill 260s)", asMs],
  ["--wait", "until it is done or refused (the default)"],
  ["--no-wait", "not: say only that it was asked"],
];

type Stream = Schemas["StreamItem"];
/** What is asked, and of whom; `streams` are those that it may end or move. */
export type Question = {
  subject: Subject;
  asked: Asked;
  streams: readonly Stream[];
  offer?: Offer | undefined;
};

/** @returns the exit code. @throws Ending */
export async function askSite(cli: Cli, question: Question, options: AskOptions): Promise<number> {
  const hub = await cli.hub();
  const { subject, asked } = question;
  const { signal } = cli.io;
  const usuallyMs = asked.verb === "drill" ? drillTakesMs : 30_000;
  const waitMs = options.wait === false ? 0 : (options.timeout ?? usuallyMs);
  if (options.dryRun) {
    const answer = await hub.command(subject, { ...asked, dryRun: true }, { waitMs, signal });
    return tellAnswer(cli, answer, options);
  }
  if (!options.yes && question.streams.length > 0) await mayInterrupt(cli, hub, question);
  const progress = tellProgress(cli, `${asked.verb} ${subject.ref}: waiting for the site`);
  let known: Command | undefined;
  try {
    const answer = await hub.command(subject, asked, {
      ...{ waitMs, signal },
      onProgress: (command) => (known = command),
    });
    progress.end();
    return await tellAnswer(cli, answer, options);
  } catch (error) {
    progress.end();
    if (!signal.aborted) throw error;
    const later = known
      ? `: understudy command wait ${known.id}`
      : "; it may have been asked already";
    throw new Ending(exitCode.interrupted, `stopped waiting; the site goes on${later}`);
  }
}

/** The answer of a site, as data; what it refused ends with its code. */
export async function tellAnswer(
  cli: Cli,
  answer: Command,
  { wait = true }: Partial<AskOptions> = {},
): Promise<number> {
  const { print } = cli;
  const { status, code, message, id, verb, dryRun } = answer;
  if (print.shape === "json") print.line(answer, []);
  if (print.shape === "plain") print.line(answer, [status, code, message, id]);
  if (status === "refused")
    throw new Ending(
      exitCode.refused,
      `refused (${code ?? "no code"}): ${message ?? "no reason given"}`,
    );
  if (status === "unanswered")
    throw new Ending(
      exitCode.timedOut,
      `the site never answered; whether it was done is not known`,
    );
  if (!isEnded(answer) && wait) {
    const how = `understudy command wait ${id}`;
    throw new Ending(exitCode.timedOut, `${verb} is not over yet, the site goes on: ${how}`);
  }
  if (print.shape === "json") return exitCode.done;
  const what = dryRun ? "would be done" : status;
  if (print.shape === "table") print.text(`${what}: ${message ?? `${verb}, command ${id}`}\n`);
  // What was asked for: the clips of a box, the next windows of a stream.
  const rows = Object.values(answer.data ?? {}).find((value): value is Row[] =>
    Array.isArray(value),
  );
  if (rows?.[0]) await print.list(rows, Object.keys(rows[0]).map(columnOf));
  return exitCode.done;
}

type Row = Record<string, unknown>;
const columnOf = (key: string): Column<Row> => [
  key.replace(/AtMs$/, "").toUpperCase(),
  ({ [key]: value }) =>
    typeof value !== "number" && typeof value !== "string"
      ? undefined
      : key.endsWith("AtMs")
        ? { at: new Date(value).toISOString() }
        : value,
];

/** Nobody can have stopped what is stopped; everything else may be on air. */
export const mayBeOnAir = ({ carrier, carriage: seen, stale }: Stream) =>
  stale || carrier !== "stopped" || seen === "onAir";

const titleOf = ({ name, ref }: Stream) => (name === undefined ? ref : `${name} (${ref})`);

/** Says what would happen, and whether the site would do it; then it is asked for. */
async function mayInterrupt(cli: Cli, hub: HubClient, question: Question): Promise<void> {
  const { subject, asked, streams, offer } = question;
  if (cli.io.ask) {
    const { signal } = cli.io;
    const foreseen = await hub.command(subject, { ...asked, dryRun: true }, { signal });
    if (foreseen.status === "refused") await tellAnswer(cli, foreseen);
    const isSure = foreseen.status === "done" ? " The site says: possible now." : "";
    await mustBeMeant(cli, streams, asked.verb, `${offer?.will ?? ""}${isSure}`, offer?.vouch);
  } else await mustBeMeant(cli, streams, asked.verb);
}

/** @throws Ending where it is not, or where nobody is there who could say so */
export async function mustBeMeant(
  { io, tell }: Pick<Cli, "io" | "tell">,
  streams: readonly Stream[],
  verb: string,
  will = "",
  vouch = "",
): Promise<void> {
  if (streams.length === 0) return;
  const names = streams.map(titleOf).join(", ");
  if (!io.ask) {
    const what = `${verb} touches what may be on air: ${names}`;
    throw new Ending(exitCode.usage, `${what}\nadd --yes if it is meant; nothing was asked`);
  }
  for (const stream of streams) tell(sentence(stream));
  if (will.trim() !== "") tell(will.trim());
  if (await io.ask(`${vouch === "" ? "" : `${vouch} `}${verb} ${names}? [y/N] `)) return;
  throw new Ending(exitCode.failed, "nothing was asked of the site");
}

function sentence(stream: Stream): string {
  const [, seen] = carriage(stream.carriage);
  const who = stream.encoder == null ? "" : `, carried by ${stream.encoder}`;
  const since =
    stream.since == null ? "" : ` for ${lengthOf(Date.now() - Date.parse(stream.since))}`;
  return `${titleOf(stream)} is ${seen}${who}${since}.${stream.stale ? " That is old: its site is away." : ""}`;
}

/** What will happen, in the page's words. */
export async function streamOffer(
  hub: HubClient,
  stream: Stream,
  { verb, args }: Asked,
): Promise<Offer | undefined> {
  const { site, id } = stream;
  const all = async <T>(items: AsyncIterable<T>) => {
    const found: T[] = [];
    for await (const item of items) found.push(item);
    return found;
  };
  const [encoders, incidents] = await Promise.all([
    all(hub.list("encoders", { site })),
    hub.api.GET("/api/incidents", { params: { query: { stream: `${site}~${id}`, limit: 20 } } }),
  ]);
  const board = {
    ...{ sites: [], streams: [stream], encoders, destinations: [], storage: [], clockOffsetMs: 0 },
    incidents: incidents.data?.items ?? [],
  };
  const nowMs = Date.now();
  const isUnproven = args?.unproven === true;
  const now = { board, nowMs, stale: false, talk: undefined, plan: undefined, isOpen: () => false };
  const wanted = args?.to === undefined ? stream : { ...stream, understudyEncoder: args.to };
  return streamOffers(wanted, now).find(
    (offer) => offer.verb === verb && (offer.args?.["unproven"] === true) === isUnproven,
  );
}

export const encoderOffer = (encoder: Schemas["EncoderItem"], { verb }: Asked): Offer | undefined =>
  encoderOffers(encoder).find((offer) => offer.verb === verb);
