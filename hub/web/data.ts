/** Reading the hub and asking it for something. */
import type { Board } from "./items.ts";
import { renew, token } from "./login.ts";

/** The hub refused, or could not be reached (`status` 0). */
export class HubError extends Error {
  override readonly name = "HubError";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const used = token();
  let response = await send(path, init);
  if (response.status === 401 && (await renew(used).catch(() => false))) {
    response = await send(path, init);
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new HubError(response.status, problem.detail ?? `the hub answered ${response.status}`);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const by = token();
  const headers = { ...(by !== undefined && { Authorization: `Bearer ${by}` }), ...init.headers };
  const signal = AbortSignal.timeout(15_000);
  return fetch(path, { ...init, headers, signal }).catch((cause: unknown) => {
    throw new HubError(0, `the hub did not answer (${cause instanceof Error ? cause.name : "?"})`);
  });
}

async function list<T>(path: string): Promise<{ items: T[]; hubMs: number | null }> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (;;) {
    const from: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const response = await call(`${path}?limit=500${from}`);
    const page = (await response.json()) as { items: T[]; nextCursor: string | null };
    items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === null) {
      const date = response.headers.get("Date");
      return { items, hubMs: date === null ? null : Date.parse(date) };
    }
  }
}

/** @throws HubError */
export async function readBoard(): Promise<Board> {
  const [sites, streams, encoders, destinations, storage, incidents] = await Promise.all([
    list<Board["sites"][number]>("/api/sites"),
    list<Board["streams"][number]>("/api/streams"),
    list<Board["encoders"][number]>("/api/encoders"),
    list<Board["destinations"][number]>("/api/destinations"),
    list<Board["storage"][number]>("/api/storage"),
    call("/api/incidents?limit=20").then(async (response) => {
      return (await response.json()) as { items: Board["incidents"] };
    }),
  ]);
  // A Date header has whole seconds: on average half of one is missing.
  const offset = sites.hubMs === null ? 0 : sites.hubMs + 500 - Date.now();
  return {
    sites: sites.items,
    streams: streams.items,
    encoders: encoders.items,
    destinations: destinations.items,
    storage: storage.items,
    incidents: incidents.items,
    clockOffsetMs: Math.abs(offset) < 1_500 ? 0 : offset,
  };
}

export type Answer = {
  status: string;
  code?: string | null;
  message?: string | null;
  data?: Record<string, unknown> | null;
};

/**
 * Asks the site and waits up to 10 s for what it says.
 * @param asked with `dryRun` only what would happen
 * @throws HubError
 */
export async function command(
  { list, ref }: { list: string; ref: string },
  asked: { verb: string; args?: Readonly<Record<string, unknown>>; dryRun?: true },
): Promise<Answer> {
  const response = await call(`/api/${list}/${encodeURIComponent(ref)}/commands`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Prefer: "wait=10",
      "Idempotency-Key": onceOnly(),
    },
    body: JSON.stringify(asked),
  });
  return (await response.json()) as Answer;
}

/** `crypto.randomUUID` is missing where a hub is opened by plain HTTP under another name. */
function onceOnly(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("-");
}
