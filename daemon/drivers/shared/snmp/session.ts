import { DriverError } from "../../driver.ts";
import type { SnmpOptions } from "./access.ts";
import { isProtected } from "./downgrade.ts";
import { createManager, integerType, SocketForManager } from "./net-snmp.ts";
import { answeredStatusOf, deniedStatuses, isTimedOut, whyInvalid } from "./net-snmp.ts";
import type { Answered, Manager, RawVarbind } from "./net-snmp.ts";
import { isAfter, isBelow } from "./oid.ts";
import { valueOf, type SnmpValue, type SnmpValues } from "./value.ts";
import { openUdp, type OpenWire, type Wire } from "./wire.ts";

/** Rejects only with `DriverError`, at the latest when `signal` aborts. One request at a time. */
export type Snmp = {
  /** `host:port`, for messages. */
  where: string;
  /** What the agent has of `oids`. The rest is missing in the answer. */
  get(oids: readonly string[], signal: AbortSignal): Promise<SnmpValues>;
  /** Every value below `root`, usually one column of a table. */
  walk(root: string, signal: AbortSignal): Promise<SnmpValues>;
  /** Sent once, never again: a reboot asked for twice is two reboots. */
  set(oid: string, value: number, signal: AbortSignal): Promise<void>;
  close(): void;
};

/** Some agents truncate or drop answers above one Ethernet frame: 20 values fit. */
export const mostPerRequest = 20;
/** The largest table that is asked for has a row per disk, outlet or interface. */
const mostRows = 1_024;
/**
 * Datagrams that one question may bring: for v3 the agent's identity, its clock and the answer, each
 * perhaps twice. Each report of another engine costs a derivation of keys, some ms of processor.
 */
const mostAnswers = 8;
/** One walk may take so many times the time limit of one request. */
const walkTimeLimits = 5;

type Link = { manager: Manager; socket: SocketForManager; wire: Wire; heardGarbage: boolean };

/** @param sent told of each datagram that goes out: also of one sent again, or to get to know v3 */
export function openSnmp(
  options: SnmpOptions,
  openWire: OpenWire = openUdp,
  sent: () => void = () => undefined,
): Snmp {
  const { host, port, access, requestTimeoutMs } = options;
  const where = `${host}:${port}`;
  let tail: Promise<unknown> = Promise.resolve();
  let link: Link | undefined;
  let failNow: ((error: DriverError) => void) | undefined;
  let heardSinceAsked = 0;
  let closed = false;

  async function openLink(): Promise<Link> {
    const socket = new SocketForManager((datagram) => {
      sent();
      opened?.wire.send(datagram);
    });
    const manager = createManager(access, socket);
    let opened: Link | undefined;
    const garbage = () => void (opened && (opened.heardGarbage = true));
    manager.on("error", garbage);
    const level = access.version === "v3" && (access.privPassword ? "authPriv" : "authNoPriv");
    const wire = await openWire(host, port, {
      heard(datagram) {
        heardSinceAsked += 1;
        if (heardSinceAsked > mostAnswers)
          return failNow?.(new DriverError("malformed", `${where} does not stop answering`));
        try {
          if (level && !isProtected(datagram, level)) return garbage();
          socket.hear(datagram);
        } catch (cause) {
          // Decoding failed half way, and net-snmp may have forgotten the request by now.
          failNow?.(new DriverError("malformed", `${where} does not speak SNMP`, { cause }));
        }
      },
      failed: ({ code }) => failNow?.(unreachable(code)),
    });
    return (opened = { manager, socket, wire, heardGarbage: false });
  }

  const unreachable = (code = "unknown") =>
    new DriverError("refused", `${where} cannot be reached (${code})`, { cause: new Error(code) });

  /** A failure leaves nothing behind: keys, clocks and late answers are those of the old link. */
  function dropLink(): void {
    const old = link;
    link = undefined;
    old?.manager.cancelRequests(new Error("closed"));
    old?.wire.close();
  }

  function exchange<T>(
    ask: (manager: Manager, done: Answered<T>) => void,
    { isRepeatable, signal }: { isRepeatable: boolean; signal: AbortSignal },
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => fail(new DriverError("timeout", `${where} did not answer in time`));
      const onTimeout = () => fail(silence());
      const timer = setTimeout(onTimeout, requestTimeoutMs);
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        failNow = undefined;
      };
      let settled = false;
      const fail = (error: Error) => {
        if (settled) return;
        settled = true;
        settle();
        if (answeredStatusOf(error) === undefined) dropLink();
        reject(error);
      };
      const done: Answered<T> = (error, answer) => {
        if (error) return fail(answeredStatusOf(error) === undefined ? inOurWords(error) : error);
        if (settled) return;
        settled = true;
        settle();
        resolve(answer as T);
      };
      if (signal.aborted || closed) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      failNow = fail;
      heardSinceAsked = 0;
      const send = ({ manager }: Link) => {
        if (settled) return;
        manager.timeout = isRepeatable ? Math.ceil(requestTimeoutMs / 2) : requestTimeoutMs;
        manager.retries = isRepeatable ? 1 : 0;
        ask(manager, done);
      };
      if (link) send(link);
      else
        openLink().then(
          (opened) => {
            if (settled) return opened.wire.close();
            link = opened;
            send(opened);
          },
          ({ code }: NodeJS.ErrnoException) => fail(unreachable(code)),
        );
    });
  }

  function silence(): DriverError {
    if (link?.heardGarbage) return new DriverError("malformed", `${where} does not speak SNMP`);
    const hint = access.version === "v3" ? "" : " (to a wrong community agents are silent, too)";
    return new DriverError("timeout", `${where} did not answer${hint}`);
  }

  /** net-snmp's own texts hold digests and communities, so they are not passed on. */
  function inOurWords(error: Error): DriverError {
    if (error instanceof DriverError) return error;
    if (isTimedOut(error)) return silence();
    if (whyInvalid(error) === "unauthorized")
      return new DriverError("unauthorized", `${where} refused the user or the passwords`);
    return new DriverError("malformed", `${where} answered something else than was asked`);
  }

  /** RFC 1157 agents, and some later ones, fail a whole request because of one OID. */
  async function getSome(oids: readonly string[], signal: AbortSignal): Promise<RawVarbind[]> {
    try {
      const ask = (manager: Manager, done: Answered<RawVarbind[]>) => manager.get([...oids], done);
      return await exchange(ask, { isRepeatable: true, signal });
    } catch (error) {
      const status = answeredStatusOf(error as Error);
      if (status === undefined) throw error;
      if (oids.length > 1) {
        const half = Math.ceil(oids.length / 2);
        const first = await getSome(oids.slice(0, half), signal);
        return [...first, ...(await getSome(oids.slice(half), signal))];
      }
      if (!deniedStatuses.has(status)) return [];
      throw new DriverError("unauthorized", `${where} does not let us read`, { cause: error });
    }
  }

  async function getAll(oids: readonly string[], signal: AbortSignal): Promise<SnmpValues> {
    const values = new Map<string, SnmpValue>();
    for (let at = 0; at < oids.length; at += mostPerRequest)
      for (const varbind of await getSome(oids.slice(at, at + mostPerRequest), signal))
        keep(values, varbind);
    return values;
  }

  async function walkAll(root: string, signal: AbortSignal): Promise<SnmpValues> {
    const values = new Map<string, SnmpValue>();
    const limitMs = requestTimeoutMs * walkTimeLimits;
    const endsAtMs = performance.now() + limitMs;
    for (let last = root, rows = 0; ;) {
      const next = await nextOf(last, signal);
      if (next.length === 0) return values;
      for (const { oid, type, value } of next) {
        if (type === endOfMibView || !isBelow(oid, root)) return values;
        if (!isAfter(oid, last))
          throw new DriverError("malformed", `${where} walks in circles below ${root}`);
        if ((rows += 1) > mostRows)
          throw new DriverError("malformed", `${where} has more than ${mostRows} rows at ${root}`);
        keep(values, { oid, type, value });
        last = oid;
      }
      if (performance.now() > endsAtMs)
        throw new DriverError("timeout", `${where} needs more than ${limitMs} ms for ${root}`);
    }
  }

  /** The next values after `oid`, or none where the agent has no more. */
  async function nextOf(oid: string, signal: AbortSignal): Promise<RawVarbind[]> {
    const isOld = access.version === "v1";
    const one = (manager: Manager, done: Answered<RawVarbind[]>) => manager.getNext([oid], done);
    const many = (manager: Manager, done: Answered<RawVarbind[][]>) =>
      manager.getBulk([oid], 0, mostPerRequest, done);
    try {
      if (isOld) return await exchange(one, { isRepeatable: true, signal });
      const answer = await exchange(many, { isRepeatable: true, signal });
      return answer[0] ?? [];
    } catch (error) {
      if (answeredStatusOf(error as Error) === undefined) throw error;
      return [{ oid, type: endOfMibView, value: null }];
    }
  }

  async function setOne(oid: string, value: number, signal: AbortSignal): Promise<void> {
    const varbind = { oid, type: integerType, value };
    const ask = (manager: Manager, done: Answered<RawVarbind[]>) => manager.set([varbind], done);
    try {
      const [answer] = await exchange(ask, { isRepeatable: false, signal });
      // Some agents accept in the head of the answer and say "noSuchObject" in its body.
      if (answer && valueOf(answer.type, answer.value)) return;
    } catch (error) {
      const status = answeredStatusOf(error as Error);
      if (status === undefined) throw error;
      if (deniedStatuses.has(status))
        throw new DriverError("unauthorized", `${where} does not let us write`, { cause: error });
    }
    throw new DriverError("notPossible", `${where} has nothing to be set at ${oid}`);
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = tail.then(work);
    tail = mine.catch(() => undefined);
    return mine;
  }

  return {
    where,
    get: (oids, signal) =>
      orTimeout(
        inTurn(() => getAll(oids, signal)),
        where,
        signal,
      ),
    walk: (root, signal) =>
      orTimeout(
        inTurn(() => walkAll(root, signal)),
        where,
        signal,
      ),
    set: (oid, value, signal) =>
      orTimeout(
        inTurn(() => setOne(oid, value, signal)),
        where,
        signal,
      ),
    close() {
      closed = true;
      failNow?.(new DriverError("timeout", `${where} was let go of`));
      dropLink();
    },
  };
}

const endOfMibView = 0x82;

function keep(values: Map<string, SnmpValue>, { oid, type, value }: RawVarbind): void {
  const typed = valueOf(type, value);
  if (typed) values.set(oid, typed);
}

/** Settles when `work` does, or at the latest when `signal` aborts: also while still in the queue. */
function orTimeout<T>(work: Promise<T>, where: string, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new DriverError("timeout", `${where} did not answer in time`));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
