import { errorOf, HubError } from "./hub-error.ts";

type Needs = {
  key?: string | (() => string | undefined);
  answersWithinMs?: number;
  fetch?: (request: Request) => Promise<Response>;
};

/**
 * One request as the hub wants it. What may be asked twice without being done twice is asked once
 * more where the connection broke.
 * @returns 2xx and 304; everything else rejects with `HubError`
 */
export function sender(needs: Needs): (request: Request) => Promise<Response> {
  const { key, answersWithinMs = 15_000, fetch = (request) => globalThis.fetch(request) } = needs;
  return async (request) => {
    const secret = typeof key === "function" ? key() : key;
    if (secret !== undefined) request.headers.set("Authorization", `Bearer ${secret}`);
    const place = `${request.method} ${pathOf(request.url)}`;
    const isRepeatable = request.method === "GET" || request.headers.has("Idempotency-Key");
    const send = async (one: Request): Promise<Response> => {
      const limit = AbortSignal.timeout(answersWithinMs + waitMsOf(request));
      const signal = AbortSignal.any([request.signal, limit]);
      return fetch(new Request(one, { signal })).catch((cause: unknown) => {
        if (request.signal.aborted) throw cause;
        throw silence(place, limit.aborted, cause);
      });
    };
    const again = isRepeatable ? request.clone() : undefined;
    const response = await send(request).catch((error: unknown) => {
      const broke = error instanceof HubError && error.code === "unreachable";
      if (broke && again) return send(again);
      throw error;
    });
    if (response.ok || response.status === 304) return response;
    throw await errorOf(response, place);
  };
}

/** In a page, `Request` knows the whole address as well. */
const pathOf = (url: string) => new URL(url).pathname;

/** `Prefer: wait=10`: so much longer the answer takes. */
function waitMsOf({ headers }: Request): number {
  return Number(/wait=(\d+)/.exec(headers.get("Prefer") ?? "")?.[1] ?? 0) * 1_000;
}

function silence(place: string, isLate: boolean, cause: unknown): HubError {
  const inner = cause instanceof Error ? (cause.cause ?? cause) : cause;
  const why = inner instanceof Error ? (wordOf(inner) ?? inner.message) : String(inner);
  const message = isLate ? "the hub did not answer in time" : `the hub cannot be reached: ${why}`;
  return new HubError(
    message,
    { code: isLate ? "no_answer" : "unreachable", status: 0, place },
    { cause },
  );
}

const words: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "its name cannot be looked up now",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  ECONNRESET: "the connection broke",
  UND_ERR_SOCKET: "the connection broke",
  UND_ERR_CONNECT_TIMEOUT: "the host does not answer",
};
function wordOf(error: Error & { code?: string }): string | undefined {
  return error.code === undefined ? undefined : words[error.code];
}
