import { DriverError, type DriverContext } from "../driver.ts";
import { isGivenUp } from "./given-up.ts";
import type { Http } from "./http/http.ts";
import type { Snmp } from "./snmp/session.ts";

type Teller = Pick<DriverContext, "now" | "exchanged" | "pooled">;

/**
 * Passes everything on, and tells of each exchange how long it took or that it failed, and of which
 * connections are open.
 */
export function talliedHttp(http: Http, teller: Teller): Http {
  if (http.pool) teller.pooled?.(() => http.pool!());
  return {
    send: (ask, signal) =>
      tallied(
        teller,
        signal,
        () => http.send(ask, signal),
        ({ status }) => status < 500,
      ),
    close: () => http.close(),
  };
}

/** A walk is many exchanges and says nothing of how long one takes. */
export function talliedSnmp(snmp: Snmp, teller: Teller): Snmp {
  return {
    ...snmp,
    get: (oids, signal) => tallied(teller, signal, () => snmp.get(oids, signal)),
    set: (oid, value, signal) => tallied(teller, signal, () => snmp.set(oid, value, signal)),
  };
}

async function tallied<T>(
  { now, exchanged }: Teller,
  signal: AbortSignal,
  work: () => Promise<T>,
  isAnswer: (result: T) => boolean = () => true,
): Promise<T> {
  const askedAtMs = now();
  try {
    const result = await work();
    exchanged?.({ atMs: now(), ...(isAnswer(result) && { latencyMs: now() - askedAtMs }) });
    return result;
  } catch (cause) {
    if (!isGivenUp(signal)) exchanged?.({ atMs: now(), ...(isReset(cause) && { isReset: true }) });
    throw cause;
  }
}

function isReset(cause: unknown): boolean {
  const code = cause instanceof DriverError && cause.cause instanceof Error && cause.cause.message;
  return code === "ECONNRESET" || code === "EPIPE";
}
