import { DriverError } from "../drivers/driver.ts";
import type {
  Found,
  HttpLook,
  HttpRecogniser,
  Recogniser,
  SnmpRecogniser,
} from "../drivers/recogniser.ts";
import type { SnmpAccess } from "../drivers/shared/snmp/access.ts";
import { openHttpEyes, openSnmpEyes, type Manners } from "./eyes.ts";
import { eachOf, openPace } from "./pace.ts";
import { plain } from "./plain.ts";
import type { Port } from "./ports.ts";

export type Box = Found & {
  address: string;
  port: number;
  over: Port["over"];
  driver: string;
  section: Recogniser["section"];
};
/** Something answers there and is none of the boxes we know. */
export type Stranger = { address: string; port: number; over: Port["over"]; saw: string };
export type Scan = {
  boxes: Box[];
  strangers: Stranger[];
  /** Addresses that were looked at, those where anything answered, requests that were sent. */
  addresses: number;
  answering: number;
  requests: number;
  /** False where it was broken off. */
  isWhole: boolean;
};

export type Pace = {
  /** Addresses looked at side by side; each has one connection at a time. */
  atOnce: number;
  /** Addresses begun in a second. */
  perSecond: number;
  answerWithinMs: number;
  /** All questions to one port of one box, ms. */
  boxWithinMs: number;
  mostRequests: number;
};
export const usualPace: Pace = {
  ...{ atOnce: 16, perSecond: 50, answerWithinMs: 1_500, boxWithinMs: 10_000, mostRequests: 12 },
};

/**
 * Looks at every port of every address, one after the other within an address. Nothing is written,
 * nobody is logged in, no redirect is followed. What hangs, drips or talks nonsense costs its own
 * time limit and nothing else. SNMP is spoken only with the access that was given.
 */
export async function scan(p: {
  addresses: readonly string[];
  ports: readonly Port[];
  recognisers: readonly Recogniser[];
  snmpAccess?: SnmpAccess | undefined;
  pace: Pace;
  signal: AbortSignal;
  progress: { found(box: Box): void; looked(addresses: number): void };
}): Promise<Scan> {
  const { pace, signal } = p;
  const boxes: Box[] = [];
  const strangers: Stranger[] = [];
  let requests = 0;
  let answering = 0;
  let done = 0;
  const overHttp = p.recognisers.filter((r) => r.over === "http");
  const overSnmp = p.recognisers.filter((r) => r.over === "snmp");

  /** @returns whether anything answered */
  async function look(address: string, { over, port }: Port): Promise<boolean> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(pace.boxWithinMs)]);
    const manners: Manners = { ...pace, signal: limit };
    const at = { address, port, over };
    const seen =
      over === "http"
        ? await lookOverHttp(address, port, overHttp, manners)
        : await lookOverSnmp(address, port, overSnmp, p.snmpAccess, manners);
    requests += seen.requests;
    if (seen.found) {
      const box: Box = { ...at, ...seen.found };
      boxes.push(box);
      p.progress.found(box);
    } else if (seen.saw !== undefined) strangers.push({ ...at, saw: seen.saw });
    return seen.found !== undefined || seen.saw !== undefined;
  }

  const turn = openPace(pace.perSecond, signal);
  await eachOf(p.addresses, pace.atOnce, signal, async (address) => {
    await turn().catch(() => undefined); // broken off: seen below
    let answered = false;
    for (const port of p.ports) {
      if (signal.aborted) return;
      if (port.over === "snmp" && p.snmpAccess === undefined) continue;
      answered = (await look(address, port)) || answered;
    }
    if (answered) answering += 1;
    done += 1;
    p.progress.looked(done);
  });
  const inOrder = new Map(p.addresses.map((address, at) => [address, at]));
  const byAddress = (a: { address: string; port: number }, b: typeof a) =>
    inOrder.get(a.address)! - inOrder.get(b.address)! || a.port - b.port;
  return {
    boxes: boxes.sort(byAddress),
    strangers: strangers.sort(byAddress),
    ...{ addresses: done, answering, requests, isWhole: !signal.aborted },
  };
}

type Recognised = Found & { driver: string; section: Recogniser["section"] };
type Seen = { requests: number; found?: Recognised; saw?: string };

async function lookOverHttp(
  host: string,
  port: number,
  recognisers: readonly HttpRecogniser[],
  manners: Manners,
): Promise<Seen> {
  const eyes = openHttpEyes(host, port, manners);
  let saw: string | undefined;
  const watched = {
    async get(path: string) {
      const look = await eyes.get(path);
      saw = webServerOf(look);
      return look;
    },
  };
  try {
    for (const recogniser of recognisers) {
      try {
        const found = await recogniser.recognise(watched);
        if (found) return { requests: eyes.requests(), found: named(found, recogniser) };
      } catch (error) {
        if (!(error instanceof DriverError)) throw error;
        // Nonsense to one question may be an answer to the next; silence will not be.
        if (error.code !== "malformed") return seenUntil(error, eyes.requests(), saw);
        saw ??= "something that is not HTTP";
      }
    }
    // None that we know: what it shows to people says best what it is.
    if (saw !== undefined) saw = await eyes.get("/").then(webServerOf, () => saw);
    return { requests: eyes.requests(), ...(saw !== undefined && { saw }) };
  } finally {
    eyes.close();
  }
}

function webServerOf({ status, body, server, challenge }: HttpLook): string {
  const [, title = ""] = /<title[^>]*>([^<]{1,500})/i.exec(body.slice(0, 10_000)) ?? [];
  const words = [
    `HTTP ${status}`,
    ...(server === undefined ? [] : [server]),
    ...(challenge === undefined ? [] : [`wants a login (${challenge})`]),
    ...(plain(title) === "" ? [] : [`"${plain(title)}"`]),
  ];
  return words.join(", ");
}

async function lookOverSnmp(
  host: string,
  port: number,
  recognisers: readonly SnmpRecogniser[],
  access: SnmpAccess | undefined,
  manners: Manners,
): Promise<Seen> {
  if (access === undefined) return { requests: 0 };
  let eyes;
  try {
    eyes = await openSnmpEyes(host, port, access, manners);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    const isThere = error.code === "unauthorized" || error.code === "malformed";
    return {
      requests: 1,
      ...(isThere && { saw: `SNMP, but it ${withoutPlace(error, host, port)}` }),
    };
  }
  const { objectId, description } = eyes.system;
  const saw =
    description === undefined ? "an SNMP agent that tells nothing of itself" : description;
  try {
    for (const recogniser of recognisers) {
      const isPossible = recogniser.objectIds.some((root) => `${objectId}.`.startsWith(`${root}.`));
      if (objectId !== undefined && !isPossible) continue;
      try {
        const found = await recogniser.recognise(eyes);
        if (found) return { requests: eyes.requests(), found: named(found, recogniser) };
      } catch (error) {
        if (!(error instanceof DriverError)) throw error;
        if (error.code === "timeout" || error.code === "refused")
          return seenUntil(error, eyes.requests(), saw);
      }
    }
    return { requests: eyes.requests(), saw };
  } finally {
    eyes.close();
  }
}

/** A first question without an answer is an address where nobody is; a later one is worth a word. */
function seenUntil(error: DriverError, requests: number, saw: string | undefined): Seen {
  if (saw !== undefined) return { requests, saw: `${saw}; then ${error.code}` };
  // A closed port and an empty address are no news; a port that accepts and says nothing is not told
  // from an empty address here, and costs no more than its time limit.
  return { requests };
}

function withoutPlace(error: Error, host: string, port: number): string {
  return error.message.replace(`${host}:${port} `, "");
}

/** Strangers' texts go to a terminal and into YAML. */
function named(found: Found, { driver, section }: Recogniser): Recognised {
  const clean = (text: string | undefined) => {
    const cleaned = text === undefined ? "" : plain(text);
    return cleaned === "" ? undefined : cleaned;
  };
  return {
    ...found,
    ...{ driver, section },
    because: clean(found.because) ?? "",
    name: clean(found.name),
    model: clean(found.model),
    serialNumber: clean(found.serialNumber),
    firmware: clean(found.firmware),
    entries: found.entries.map((entry) => ({ ...entry, name: clean(entry.name) })),
  };
}
